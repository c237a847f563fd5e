using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

/// <summary>A run whose new primary does not forward.</summary>
public sealed class GivingBackTests
{
    private const string Nothing = "gw2 forwards nothing since the switch: no route";
    private readonly RunWorld world = new("gw1", "gw2");

    [Fact]
    public void A_switch_into_an_outage_goes_back_before_the_service_check_has_ended()
    {
        world.Breach = u => u.Name == "gw2" ? Nothing : null;
        world.Start(RunWorld.Header(world));
        Assert.True(world.Until(() => world["gw2"].Primary));
        var since = world.Now;
        Assert.True(world.Until(() => world["gw1"].Primary));
        Assert.True(world.Now - since < TimeSpan.FromSeconds(2), $"it took {world.Now - since}");
        Assert.Equal("rolled-back", world.Finish());
        Assert.Equal(["revert gw2"], world.Acts.Where(a => a.StartsWith(RunStep.Revert, StringComparison.Ordinal)));
        Assert.DoesNotContain("copy gw1", world.Acts);
        var report = RunView.Report(world.Journal, []);
        Assert.Equal((Nothing, TrafficVerdict.NothingForwarded, Nothing), (report.Reason, report.Traffic!.Verdict, report.Traffic.Text));
        Assert.Empty(world.Wrongs);
    }

    [Fact]
    public void Of_three_units_the_former_primary_has_the_traffic_back_before_any_other_unit_is_reverted()
    {
        var three = new RunWorld("gw1", "gw2", "gw3") { Breach = u => u.Name == "gw2" ? Nothing : null };
        three.Start(RunWorld.Header(three));
        Assert.True(three.Until(() => three["gw2"].Primary));
        Assert.True(three.Until(() => three["gw1"].Primary));
        Assert.DoesNotContain(three.Acts, a => a.StartsWith(RunStep.Revert, StringComparison.Ordinal));
        Assert.Equal("rolled-back", three.Finish());
        Assert.Equal(["revert gw2", "revert gw3"], three.Acts.Where(a => a.StartsWith(RunStep.Revert, StringComparison.Ordinal)).Order());
        Assert.Empty(three.Wrongs);
    }

    [Fact]
    public void A_trial_switchover_into_an_outage_hands_back_and_nothing_is_installed()
    {
        world.Breach = u => u.Name == "gw2" ? Nothing : null;
        world.Start(RunWorld.Header(world) with { Rehearse = true });
        Assert.Equal("rolled-back", world.Finish());
        Assert.Equal("gw1", world.Primary!.Name);
        Assert.DoesNotContain(world.Acts, a => a.StartsWith(RunStep.Install, StringComparison.Ordinal));
    }

    [Fact]
    public void When_the_last_change_of_primary_ends_in_an_outage_the_other_upgraded_unit_carries_the_traffic_meanwhile()
    {
        // gw1 forwarded until it was upgraded, and does not since.
        world.Breach = u => u is { Name: "gw1", Version: RunWorld.New } ? "gw1 forwards nothing since the switch: no route" : null;
        world.Chosen = "gw1";
        world.Start(RunWorld.Header(world));
        Assert.Equal("rolled-back", world.Finish());
        Assert.Contains("switchover gw2", world.Acts.SkipWhile(a => !a.StartsWith(RunStep.FinalPrimary, StringComparison.Ordinal)));
        Assert.All(world.Units, u => Assert.Equal(RunWorld.Old, u.Version));
        Assert.Empty(world.Wrongs);
    }

    [Fact]
    public void A_run_does_not_end_while_nobody_knows_whether_the_traffic_goes_on()
    {
        var known = false;
        world.Judging = _ => !known;
        world.Start(RunWorld.Header(world));
        Assert.True(world.Until(() => world.Journal.Any(e => e is { Kind: JournalEntryKind.Done, Step: RunStep.Release })));
        world.Beats(50);
        Assert.Null(world.Verdict);
        known = true;
        Assert.Equal("completed", world.Finish());
        Assert.Equal(TrafficVerdict.Forwards, RunView.Report(world.Journal, []).Traffic!.Verdict);
    }

    [Fact]
    public void A_run_whose_primary_was_never_watched_says_that_nothing_is_known()
    {
        var report = RunView.Report(
            [
                new JournalEntry("run-1", 1, 1, DateTimeOffset.UnixEpoch, "gw1", JournalEntryKind.Begin, "begin", null, null)
                {
                    Header = RunWorld.Header(world),
                },
            ],
            []
        );
        Assert.Equal(TrafficVerdict.NotKnown, report.Traffic!.Verdict);
        Assert.Null(report.Traffic.Before);
    }
}
