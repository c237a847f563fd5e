using System.Text.Json;
using Hitless.Lab.Tests.Clusters;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>
/// "Upgrading cluster firmware", the sequence that the cluster goes through by itself. About two minutes: <c>./dev test lab -- -explicit
/// only -class '*ByItselfTests'</c>.
/// </summary>
[TestCaseOrderer(typeof(ByName))]
public sealed class UpgradeByItselfTests(UpgradeSite site) : IClassFixture<UpgradeSite>
{
    private static string image = "";
    private static JsonElement plan;
    private static JsonElement report;

    [Fact(Explicit = true)]
    public void Step_1_takes_an_uploaded_image() =>
        image = site.Ask("gw1", "firmware", "upload", Prerequisites.SecondImage).GetProperty("hash").GetString()!;

    [Fact(Explicit = true)]
    public void Step_2_has_no_load_balancing_to_turn_off_when_one_unit_carries_all()
    {
        Assert.Equal("active-passive", site.Ask("gw1", "status").GetProperty("mode").GetString());
        plan = site.Ask("gw1", "upgrade", "plan", image);
    }

    [Fact(Explicit = true)]
    public async Task Step_3_upgrades_the_subordinate_unit_first()
    {
        site.Transfer = site.Guests.Ftp("10.10.1.202", passive: false);
        report = site.Ask("gw1", "upgrade", "start", image);
        Assert.Equal("completed", report.GetProperty("verdict").GetString());
        Assert.Equal(["gw2", "gw1"], Targets("install"));
        Assert.True(At("confirm", "gw2") < At("switchover", "gw2"));
        Assert.Contains(
            "\n3000000\n",
            await site.Transfer.EndsWellAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        await site.AllIsWellAsync("gw1", "1.0.0", "1.0.0");
    }

    [Fact(Explicit = true)]
    public void Step_4_selects_a_new_primary_that_runs_the_new_firmware()
    {
        Assert.Equal(
            ["gw2", "gw1"],
            report.GetProperty("elections").EnumerateArray().Select(election => election.GetProperty("primary").GetString())
        );
        Assert.True(At("switchover", "gw2") < At("install", "gw1"));
    }

    [Fact(Explicit = true)]
    public void Step_5_upgrades_the_former_primary_and_chooses_by_the_rules_as_planned()
    {
        Assert.True(At("confirm", "gw1") < At("final-primary", null));
        Assert.Equal(("gw1", true), (plan.GetProperty("finalPrimary").GetString(), plan.GetProperty("secondSwitch").GetBoolean()));
        Assert.Equal("gw1", site.Ask("gw2", "status").GetProperty("primary").GetString());
    }

    [Fact(Explicit = true)]
    public async Task Step_6_ends_as_it_began_and_nothing_was_lost()
    {
        Assert.Equal(0, report.GetProperty("sessions").GetProperty("lost").GetInt32());
        Assert.Equal(JsonValueKind.Null, site.Ask("gw1", "status").GetProperty("upgrade").ValueKind);
        await site.NothingWasLostAsync();
    }

    private static IEnumerable<string?> Targets(string step) => Steps(step).Select(each => each.GetProperty("unit").GetString());

    private static IEnumerable<JsonElement> Steps(string step) =>
        report.GetProperty("steps").EnumerateArray().Where(each => each.GetProperty("name").GetString() == step);

    private static DateTimeOffset At(string step, string? unit) =>
        Steps(step).Single(each => each.GetProperty("unit").GetString() == unit).GetProperty("startedAt").GetDateTimeOffset();
}
