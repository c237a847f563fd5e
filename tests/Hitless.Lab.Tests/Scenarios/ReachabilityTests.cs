using Hitless.Core.Api;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>
/// What the units reach decides: probes, and a witness. A minute each: <c>./dev test lab -- -explicit only -class '*ReachabilityTests'</c>.
/// </summary>
public sealed class ReachabilityTests
{
    // Longer than probes that fail need to move the traffic: three misses a second apart, two rounds.
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario(Explicit = true)]
    public async Task A_failing_probe_moves_the_traffic_only_to_a_unit_that_reaches_the_target()
    {
        using var cluster = await LabCluster.ReadyAsync();
        using var traffic = await cluster.FlowingAsync();
        var first = cluster.Watch.Status()!.Primary!;
        var second = cluster.Plan.Units.Single(unit => unit != first);

        SetReaches(cluster, first, reaches: false);
        await UntilPrimaryAsync(cluster, second);
        Assert.Contains(
            $"hands over to {second}: failed ports and probes: 1 here, 0 on {second}",
            cluster.Watch.Cli(first).Run("history").Output
        );

        SetReaches(cluster, second, reaches: false);
        await LabCluster.UntilAsync("the probe fails on both", () =>
            cluster.Watch.Status()!.Units.All(unit => unit.Health.Any(probe => probe.Result == ProbeResult.Failing))
        );
        await Task.Delay(LongEnough, Cancellation);
        Assert.Equal(second, cluster.Watch.Primary());

        SetReaches(cluster, first, reaches: true);
        await UntilPrimaryAsync(cluster, first);
        SetReaches(cluster, second, reaches: true);
        await cluster.UntilReadyAsync();
        var report = await traffic.FinishAsync();
        Assert.Equal((0, 0), (report.ConnectionsLost, report.PacketsLost));
    }

    [Scenario(Explicit = true)]
    public async Task A_unit_that_hears_nobody_and_does_not_reach_the_witness_does_not_speak()
    {
        using var cluster = await LabCluster.ReadyAsync();
        cluster.RestartWith(("election: { ", $"election: {{ witness: {Addresses.PlainSources[0]}, "));
        await cluster.UntilReadyAsync();
        using var traffic = await cluster.FlowingAsync();
        var alone = cluster.Watch.Status()!.Primary!;
        var other = cluster.Plan.Units.Single(unit => unit != alone);

        // The one that is cut off from everything gives the addresses up, the one that reaches the witness takes them.
        Faults.SetCables(cluster.Unit(alone), cluster.Plan.UnitPorts, up: false);
        await LabCluster.UntilAsync("the other unit is primary", () => RoleOf(cluster, other) == UnitRoleWord.Primary);
        await LabCluster.UntilAsync("the unit that is alone is primary no more", () => RoleOf(cluster, alone) != UnitRoleWord.Primary);
        await Task.Delay(LongEnough, Cancellation);
        Assert.NotEqual(UnitRoleWord.Primary, RoleOf(cluster, alone));

        Faults.SetCables(cluster.Unit(alone), cluster.Plan.UnitPorts, up: true);
        var healed = await cluster.UntilReadyAsync();
        Assert.Equal(other, healed.Primary);
        var report = await traffic.FinishAsync();
        Assert.Equal(0, report.ConnectionsLost);
    }

    private static UnitRoleWord? RoleOf(LabCluster cluster, string unit) =>
        cluster.Watch.Status(unit, out _)?.Units.Single(each => each.Name == unit).Role;

    private static async Task UntilPrimaryAsync(LabCluster cluster, string unit) =>
        await LabCluster.UntilAsync($"{unit} is primary", () => cluster.Watch.Primary() == unit);

    /// <summary>Whether the probe of a unit gets out; nothing else is cut.</summary>
    private static void SetReaches(LabCluster cluster, string unit, bool reaches) =>
        Tool.Run(
            "ip",
            ["netns", "exec", cluster.Plan.NamespaceOf(unit), "nft", "-f", "-"],
            "table ip cut\ndelete table ip cut\n"
                + (
                    reaches
                        ? ""
                        : "add table ip cut\nadd chain ip cut out { type filter hook output priority 0; policy accept; }\n"
                            + $"add rule ip cut out ip daddr {Addresses.Server} icmp type echo-request drop\n"
                )
        );
}
