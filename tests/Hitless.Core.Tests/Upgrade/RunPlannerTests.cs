using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

/// <summary>What an operator asks for becomes the header of a run, or is refused with the reason.</summary>
public sealed class RunPlannerTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(20_000);
    private static readonly DateTimeOffset WindowEnd = Now.AddHours(2);
    private static readonly UpgradeRequest All = new("image", Guided: false, KeepPrimary: false);
    private static readonly RunBaseline Baseline = new("run-3", Now, 4.2, 100, 0);
    private static readonly PlannedImage Image = new("hash", "1.1.0", Baseline);

    [Theory]
    [InlineData("""{"image":"image"}""")]
    [InlineData("""{"image":"image","guided":false,"extent":null}""")]
    public void A_request_that_leaves_the_rest_out_is_for_all_units(string json)
    {
        var request = JsonSerializer.Deserialize(json, ApiJson.Default.UpgradeRequest)!;
        Assert.Null(Plan(request, "1.1.0").Units);
    }

    [Fact]
    public void A_run_of_all_units_knows_who_they_are_and_what_they_run()
    {
        var header = Plan(All, "1.1.0");

        Assert.Equal(("run-7", 7L, "hash", "1.0.0", "1.1.0", "gw1"), Head(header));
        Assert.Equal(
            [("gw1", "1.0.0", "a", new UnitId(11)), ("gw2", "1.0.0", "b", new UnitId(22))],
            header.Members.Select(m => (m.Name, m.Version, m.Slot, m.Serial))
        );
        Assert.Equal((2000L, 60_000L, Now), (header.SoakMs, header.RejoinTimeoutMs, header.StartedAt));
        Assert.Null(header.Units);
        Assert.Equal((WindowEnd, Baseline), (header.Until, header.Baseline));
    }

    [Theory]
    [InlineData("all", null)]
    [InlineData("standbys", "gw2")]
    [InlineData("this", "gw9")]
    public void An_extent_names_units(string extent, string? unit) =>
        Assert.Equal(unit is null ? null : new[] { unit }, Plan(All with { Extent = extent }, "1.1.0").Units);

    [Fact]
    public void A_rehearsal_touches_no_unit_and_is_held_against_no_other()
    {
        var header = Plan(All with { RehearseOnly = true, Extent = "whatever" }, "1.1.0");
        Assert.Equal([], header.Units!);
        Assert.Null(header.Baseline);
    }

    [Fact]
    public void A_given_end_comes_before_the_window_s_and_outside_of_windows_there_is_none()
    {
        var until = Now.AddMinutes(5);
        Assert.Equal(until, Plan(All with { Until = until }, "1.1.0").Until);
        Assert.Null(Plan(All with { OutsideWindow = true }, "1.1.0").Until);
    }

    [Fact]
    public void What_is_upgraded_to_is_not_what_is_upgraded_from()
    {
        Assert.Equal("1.0.0", Plan(All, "1.1.0", "1.1.0", "1.0.0").From);
        Assert.Equal("0.1.0", Plan(All, "1.1.0", "1.1.0", "1.1.0").From);
    }

    [Theory]
    [InlineData("some", false, false, "is no extent")]
    [InlineData("standbys", true, false, "simultaneous")]
    [InlineData("all", true, true, "simultaneous")]
    public void What_cannot_be_is_refused(string extent, bool simultaneous, bool parallel, string expected)
    {
        var request = All with { Extent = extent, Simultaneous = simultaneous, Parallel = parallel };
        Assert.False(RunPlanner.TryPlan(Occasion(), request, "gw9", Image, out var header, out var why));
        Assert.Null(header);
        Assert.Contains(expected, why.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Redundancy_is_kept_with_three_units_one_at_a_time()
    {
        var keeps = All with { KeepRedundancy = true };
        Assert.True(Try(Occasion("1.0.0", "1.0.0", "1.0.0"), keeps, out var header, out _));
        Assert.True(header!.KeepRedundancy);

        Assert.False(Try(Occasion(), keeps, out _, out var why));
        Assert.Contains("this cluster has 2", why!.Error, StringComparison.Ordinal);
        foreach (var wish in (UpgradeRequest[])[keeps with { Parallel = true }, keeps with { Simultaneous = true }])
        {
            Assert.False(Try(Occasion("1.0.0", "1.0.0", "1.0.0"), wish, out _, out why));
            Assert.Contains("one unit at a time", why!.Error, StringComparison.Ordinal);
        }

        Assert.False(Try(Occasion("1.0.0", "1.0.0", "1.0.0"), keeps with { RehearseOnly = true }, out _, out why));
        Assert.Contains("takes no unit out", why!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_takes_a_run_back_keeps_redundancy_as_that_run_did_where_there_are_units_enough()
    {
        Assert.True(Try(Occasion("1.0.0", "1.0.0", "1.0.0"), All with { KeepRedundancy = true }, out var done, out _));
        Assert.True(RunPlanner.TryTakeBack(Occasion("1.1.0", "1.0.0", "1.0.0"), done!, out var header, out _));
        Assert.True(header.KeepRedundancy);
        Assert.True(RunPlanner.TryTakeBack(Occasion("1.1.0", "1.0.0"), done!, out header, out _));
        Assert.False(header.KeepRedundancy);
    }

    [Fact]
    public void Two_units_of_one_name_are_refused_unless_one_of_them_is_gone()
    {
        var occasion = Occasion();
        Assert.False(Try(occasion with { Units = [.. occasion.Units, ("gw2", new UnitId(33), true)] }, out var why));
        Assert.Contains("2 units are named gw2", why!.Error, StringComparison.Ordinal);
        Assert.True(Try(occasion with { Units = [.. occasion.Units, ("gw2", new UnitId(33), false)] }, out _));
    }

    [Fact]
    public void What_a_run_has_changed_is_taken_back_where_it_still_stands()
    {
        var done = Plan(All, "1.1.0");
        Assert.True(RunPlanner.TryTakeBack(Occasion("1.1.0", "1.0.0"), done, out var header, out _));
        Assert.Equal(("1.1.0", "1.0.0", "run-7"), (header.From, header.To, header.TakesBack));
        Assert.Equal(["gw1"], header.Units!);

        Assert.False(RunPlanner.TryTakeBack(Occasion(), done, out header, out var why));
        Assert.Null(header);
        Assert.Contains("no unit runs 1.1.0", why.Error, StringComparison.Ordinal);
    }

    private static bool Try(RunOccasion occasion, out Refusal? why) => Try(occasion, All, out _, out why);

    private static bool Try(RunOccasion occasion, UpgradeRequest request, out RunHeader? header, out Refusal? why) =>
        RunPlanner.TryPlan(occasion, request, "gw9", Image, out header, out why);

    private static RunHeader Plan(UpgradeRequest request, string version, params string[] versions)
    {
        Assert.True(
            RunPlanner.TryPlan(Occasion(versions), request, "gw9", Image with { Version = version }, out var header, out var why),
            why?.Error
        );
        return header;
    }

    private static RunOccasion Occasion(params string[] versions)
    {
        versions = versions.Length == 0 ? ["1.0.0", "1.0.0"] : versions;
        var status = new ClusterStatus(
            "edge",
            "active-passive",
            ClusterCondition.Ok,
            3,
            "gw1",
            "gw1",
            [.. versions.Select((version, index) => Unit($"gw{index + 1}", version, index == 0 ? "a" : "b"))],
            null,
            []
        );
        return new RunOccasion(
            "run-7",
            7,
            "gw1",
            "0.1.0",
            status,
            [.. versions.Select((_, index) => ($"gw{index + 1}", new UnitId(11 * ((ulong)index + 1)), true))],
            Now,
            TimeSpan.FromSeconds(2),
            TimeSpan.FromMinutes(1)
        )
        {
            WindowEnd = WindowEnd,
        };
    }

    private static UnitStatus Unit(string name, string version, string slot) =>
        new(name, UnitRoleWord.Standby, UnitStateWord.Ready, "", version, slot, 128, false, 0, 0, 0, SyncState.InSync, 1, [], []);

    private static (string, long, string, string, string, string) Head(RunHeader header) =>
        (header.Run, header.Number, header.Image, header.From, header.To, header.FormerPrimary);
}
