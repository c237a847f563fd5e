using System.Text.Json;
using Hitless.Lab.Tests.Clusters;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>
/// "Upgrade of HA devices", step by step as an operator takes it. About two minutes: <c>./dev test lab -- -explicit only -class
/// '*ByHandTests'</c>.
/// </summary>
[TestCaseOrderer(typeof(ByName))]
public sealed class UpgradeByHandTests(UpgradeSite site) : IClassFixture<UpgradeSite>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact(Explicit = true)]
    public async Task Step_01_synchronizes_the_configuration_and_tries_a_switchover()
    {
        site.Ask("gw1", "config", "sync");
        site.Ask("gw1", "switchover", "--wait");
        await site.AllIsWellAsync("gw2", "0.9.0", "0.9.0");
        site.Ask("gw2", "switchover", "--wait");
        await site.AllIsWellAsync("gw1", "0.9.0", "0.9.0");
    }

    [Fact(Explicit = true)]
    public void Step_02_finds_the_synchronization_report_clean() =>
        Assert.True(site.Ask("gw1", "config", "report").GetProperty("inSync").GetBoolean());

    [Fact(Explicit = true)]
    public void Step_03_backs_up_both_units()
    {
        Assert.Equal("backup", GateOf(site.Ask("gw1", "upgrade", "start", Prerequisites.SecondImage, "--guided")));
        var gate = site.Ask("gw1", "upgrade", "next");
        Assert.Equal("copy", GateOf(gate));
        Assert.Contains(
            "gw1: 1 revisions of 2 units",
            gate.GetProperty("gate").GetProperty("checked").ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact(Explicit = true)]
    public async Task Step_04_holds_preemption()
    {
        // With the run open nobody is preempted: a younger primary stays what it is.
        Assert.Equal(1, site.Cluster.Watch.Cli("gw1").Run("age", "reset").ExitCode);
        await site.AllIsWellAsync("gw1", "0.9.0", "0.9.0");
    }

    [Fact(Explicit = true)]
    public async Task Step_05_upgrades_the_standby_alone()
    {
        Assert.Equal("switchover", GateOf(site.Ask("gw1", "upgrade", "next")));
        await site.AllIsWellAsync("gw1", "0.9.0", "1.0.0");
    }

    [Fact(Explicit = true)]
    public async Task Step_06_looks_at_the_session_difference_and_switches_over()
    {
        var difference = site.Ask("gw1", "sessions", "diff");
        Assert.Equal(0, difference.GetProperty("critical").GetInt32());
        Assert.DoesNotContain("breaks", difference.GetProperty("entries").ToString(), StringComparison.Ordinal);
        site.Transfer = site.Guests.Ftp("10.10.1.201", passive: true);
        await site.Transfer.UntilSaidAsync("RETR medium", Patience, TestContext.Current.CancellationToken);
        Assert.Equal("copy", GateOf(site.Ask("gw1", "upgrade", "next")));
        await site.AllIsWellAsync("gw2", "0.9.0", "1.0.0");
    }

    [Fact(Explicit = true)]
    public async Task Step_07_finds_the_services_good_and_upgrades_the_new_standby()
    {
        Assert.Contains(
            "\n3000000\n",
            await site.Transfer!.EndsWellAsync(Patience, TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.Equal("final-primary", GateOf(site.Ask("gw2", "upgrade", "next")));
        await site.AllIsWellAsync("gw2", "1.0.0", "1.0.0");
    }

    [Fact(Explicit = true)]
    public void Step_08_finds_the_synchronization_report_clean_again() =>
        Assert.True(site.Ask("gw2", "config", "report").GetProperty("inSync").GetBoolean());

    [Fact(Explicit = true)]
    public async Task Step_09_finds_every_service_as_it_was()
    {
        Assert.Equal(0, site.Ask("gw2", "sessions", "diff").GetProperty("critical").GetInt32());
        await site.AllIsWellAsync("gw2", "1.0.0", "1.0.0");
    }

    [Fact(Explicit = true)]
    public async Task Step_10_puts_preemption_back_and_nothing_was_lost()
    {
        var report = site.Ask("gw2", "upgrade", "next");
        Assert.Equal(
            ("completed", 0),
            (report.GetProperty("verdict").GetString(), report.GetProperty("sessions").GetProperty("lost").GetInt32())
        );
        await site.AllIsWellAsync("gw1", "1.0.0", "1.0.0");
        site.Ask("gw1", "age", "reset");
        await site.NothingWasLostAsync();
    }

    private static string? GateOf(JsonElement status) => status.GetProperty("gate").GetProperty("step").GetString();
}
