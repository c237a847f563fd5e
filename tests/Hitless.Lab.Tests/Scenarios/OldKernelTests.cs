using Hitless.Core.Api;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>
/// Before 6.9 a kernel keeps no table both from others and beyond its owner's end, and the rules stand twice (docs/decisions/0040, 0052):
/// the same daemon, taking this machine's kernel for Debian 12's.
/// </summary>
public sealed class OldKernelTests
{
    private const string Kernel = "6.1";

    [Scenario]
    public async Task An_upgrade_loses_nothing_while_the_firewall_is_loaded_over_and_over()
    {
        using var cluster = LabCluster.Planned(kernel: Kernel);

        var report = await cluster.UpgradeAsync(
            Prerequisites.SecondImage,
            RunState.Completed,
            connections: 100,
            meanwhile: async (watch, cancellation) =>
            {
                for (var load = 0; load < 40; load++, await Task.Delay(500, cancellation))
                {
                    foreach (var unit in cluster.Plan.Units)
                    {
                        // A unit that restarts meanwhile has no firewall to load.
                        Tool.Try("ip", cluster.Unit(unit).Inside("nft", "-f", "/etc/hitless/nftables.conf"));
                    }
                }
            }
        );

        Assert.True(report.Passed, string.Join("; ", report.Problems));
    }

    /// <summary>
    /// A primary that is late hears its successor's announcement: the first of its two tables ends its claim, and the second never sees
    /// why.
    /// </summary>
    [Scenario]
    public async Task Traffic_follows_a_primary_that_stands_still_and_comes_back_each_time()
    {
        using var cluster = await LabCluster.ReadyAsync(kernel: Kernel);
        Assert.Contains("hitless-live", Tool.Run("ip", cluster.Unit("gw1").Inside("nft", "list", "tables")), StringComparison.Ordinal);
        var first = await cluster.UntilReadyAsync();
        using var traffic = await cluster.FlowingAsync(connections: 50);
        for (var round = 0; round < 4; round++)
        {
            var primary = (await cluster.UntilReadyAsync()).Primary!;
            Faults.Freeze(cluster.Unit(primary), frozen: true);
            await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            Faults.Freeze(cluster.Unit(primary), frozen: false);
            var status = await cluster.UntilReadyAsync();
            Assert.True(
                Tool.Try(
                    "ip",
                    ["netns", "exec", cluster.Plan.NamespaceOf(LabPlan.Client), "ping", "-c", "2", "-W", "2", Addresses.Server]
                ).Ok,
                $"{status.Primary} is primary and forwards nothing"
            );
        }

        // Later rounds are waited for: the units have learned that these machines stand still (docs/decisions/0049).
        Assert.InRange(cluster.Watch.Status()!.Epoch, first.Epoch + 1, long.MaxValue);
        Assert.Equal(0, (await traffic.FinishAsync()).Long.Lost);
    }
}
