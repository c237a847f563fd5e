using Hitless.Core.Cluster;
using Hitless.Core.Maintenance;
using Xunit;

namespace Hitless.Core.Tests.Maintenance;

/// <summary>Whether a unit may be held or rebooted, who carries the traffic meanwhile, and what is said before.</summary>
public sealed class MaintenanceRulesTests
{
    private static readonly MaintenanceUnit Primary = new("gw1", UnitRole.Primary, UnitState.Ready, Ready: true, Failures: 0);
    private static readonly MaintenanceUnit Standby = new("gw2", UnitRole.Standby, UnitState.Ready, Ready: true, Failures: 0);
    private static readonly MaintenanceUnit Third = Standby with { Name = "gw3" };

    [Fact]
    public void Who_carries_the_traffic_hands_over_to_a_unit_that_is_ready_and_no_worse()
    {
        Assert.Equal("gw3", Hold("gw1", Primary, Standby with { Failures = 1 }, Third).Successor);
        Assert.Equal("gw3", Reboot("gw1", Primary, Standby with { Ready = false, State = UnitState.Syncing }, Third).Successor);
        Assert.Equal("gw2", MaintenanceRules.Hold("gw1", [Primary, Standby with { Failures = 1 }], false, force: true).Successor);
    }

    [Theory]
    [InlineData(UnitState.Held, "gw2 is held")]
    [InlineData(UnitState.Syncing, "gw2 is syncing")]
    [InlineData(UnitState.Absent, "gw2 is absent")]
    public void Where_nobody_can_take_over_it_is_refused_with_the_reason(UnitState state, string why)
    {
        var other = Standby with { Ready = false, State = state };
        foreach (var plan in (MaintenancePlan[])[Hold("gw1", Primary, other), Reboot("gw1", Primary, other)])
        {
            Assert.Contains(why, plan.Refusal!.Error);
            Assert.Contains("--force", plan.Refusal.Remedy);
        }

        var forced = MaintenanceRules.Hold("gw1", [Primary, other], false, force: true);
        Assert.Null(forced.Refusal);
        Assert.Null(forced.Successor);
        Assert.Contains(forced.Warnings, line => line.Contains("carries the traffic on", StringComparison.Ordinal));
    }

    [Fact]
    public void A_standby_that_is_worse_is_named_as_the_reason()
    {
        Assert.Contains("gw2 is worse off", Hold("gw1", Primary, Standby with { Failures = 1 }).Refusal!.Error);
    }

    [Fact]
    public void The_last_standby_may_be_taken_away_and_what_that_means_is_said_before()
    {
        var line = Assert.Single(Hold("gw2", Primary, Standby).Warnings);
        Assert.Equal("while gw2 is away nobody takes over if gw1 fails", line);
        Assert.Empty(Hold("gw2", Primary, Standby, Third).Warnings);
        Assert.Equal("while gw1 is away nobody takes over if gw2 fails", Assert.Single(Reboot("gw1", Primary, Standby).Warnings));
        Assert.Empty(Reboot("gw1", Primary, Standby, Third).Warnings);
    }

    [Fact]
    public void During_a_run_and_without_a_primary_nobody_is_held()
    {
        Assert.Contains("upgrade", MaintenanceRules.Hold("gw2", [Primary, Standby], true, force: true).Refusal!.Error);
        Assert.Contains("upgrade", MaintenanceRules.Reboot("gw2", [Primary, Standby], true, force: true).Refusal!.Error);
        Assert.NotNull(Hold("gw2", Standby with { Name = "gw1" }, Standby).Refusal);
    }

    private static MaintenancePlan Hold(string unit, params MaintenanceUnit[] units) =>
        MaintenanceRules.Hold(unit, units, runIsOpen: false, force: false);

    private static MaintenancePlan Reboot(string unit, params MaintenanceUnit[] units) =>
        MaintenanceRules.Reboot(unit, units, runIsOpen: false, force: false);
}
