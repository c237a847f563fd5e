using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>A unit that passes every check and forwards nothing once it is primary (docs/decisions/0043).</summary>
public sealed class OutageTests
{
    // More than a second of a thousand packets a second each way would be lost without the return.
    private const long LostMax = 3500;
    private static readonly TimeSpan FiguresTime = TimeSpan.FromSeconds(7);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario]
    public async Task A_switchover_into_a_closed_firewall_or_a_rule_before_routing_goes_back_and_names_the_cause()
    {
        using var cluster = await LabCluster.ReadyAsync();
        using var traffic = await cluster.FlowingAsync(connections: 50, ratePerSecond: 20);
        await Task.Delay(FiguresTime, Cancellation);
        var (primary, standby) = (cluster.Watch.Primary()!, cluster.Plan.Units.Single(unit => unit != cluster.Watch.Primary()));
        foreach (
            var (rule, cause) in new[]
            {
                ("hook forward priority 10; policy accept; drop", "a firewall rule drops them"),
                ("hook prerouting priority -400; policy accept; iifname \"lan0\" drop", "vanish"),
            }
        )
        {
            SetRule(cluster, standby, rule);
            var refused = cluster.Watch.Cli(primary).Run("switchover", "--to", standby, "--wait");
            LabCluster.Say(refused.Errors);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains(cause, refused.Errors, StringComparison.Ordinal);
            Assert.Contains($"{primary} carries the traffic again", refused.Errors, StringComparison.Ordinal);
            Assert.Equal(primary, (await cluster.UntilReadyAsync()).Primary);
            Assert.Contains($"{standby} forwards nothing", cluster.Watch.Cli(standby).Run("history").Output, StringComparison.Ordinal);
            SetRule(cluster, standby, null);
            await Task.Delay(FiguresTime, Cancellation);
        }

        var done = cluster.Watch.Cli(primary).Ask<SwitchoverResult>(out _, "switchover", "--to", standby, "--wait");
        Assert.Equal((standby, TrafficVerdict.Forwards), (done?.Primary, done?.Traffic?.Verdict));
        var report = await traffic.FinishAsync();
        LabCluster.Say($"{report.PacketsLost} packets lost, longest gap {report.LongestGapMs} ms");
        Assert.Equal(0, report.ConnectionsLost);
        Assert.InRange(report.PacketsLost, 1, 2 * LostMax);
    }

    [Scenario]
    public async Task A_run_whose_new_primary_has_no_way_to_the_server_is_rolled_back_within_seconds()
    {
        using var cluster = LabCluster.Planned();
        var report = await cluster.UpgradeAsync(Prerequisites.SecondImage, RunState.RolledBack, connections: 100, async (_, cancellation) =>
        {
            // After the unit's restart, which would flush the rule, and after its last check.
            while (
                !JournalOnDisk
                    .Longest(cluster.Plan)
                    .Any(entry => JournalOnDisk.Has(entry, "kind", "Started") && JournalOnDisk.Has(entry, "step", RunStep.Switchover))
            )
            {
                await Task.Delay(10, cancellation);
            }

            // Only the packets of hosts: the unit's own probe goes on, so nothing but the traffic tells.
            SetRule(cluster, "gw2", "hook prerouting priority -400; policy accept; iifname \"lan0\" drop");
        });
        LabCluster.Say(string.Join("; ", report.Problems));
        Assert.Equal(RunState.RolledBack, report.Verdict);
        Assert.Contains("gw2 forwards nothing", report.Run!.Reason, StringComparison.Ordinal);
        Assert.Equal((TrafficVerdict.NothingForwarded, "gw1"), (report.Run.Traffic!.Verdict, report.Run.Traffic.Before!.Unit));
        Assert.InRange(report.Traffic!.PacketsLost, 1, LostMax);
        Assert.Equal(0, report.Traffic.ConnectionsLost);
        Assert.All(report.Status!.Units, unit => Assert.Equal("0.9.0", unit.Version));
    }

    private static void SetRule(LabCluster cluster, string unit, string? rule) =>
        Tool.Run(
            "ip",
            ["netns", "exec", cluster.Plan.NamespaceOf(unit), "nft", "-f", "-"],
            $"table inet closed\ndelete table inet "
                + $"closed\n{(rule is null ? "" : $"table inet closed {{\nchain closed {{ type filter {rule}\n}}\n}}\n")}"
        );
}
