using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>What one fault does to several units at once: a setting pushed to all, a package that restarts.</summary>
public sealed class SeveralDaemonsTests
{
    /// <summary>They compare their tables with one primary at the same time, each in its own pace.</summary>
    [Scenario]
    public async Task The_daemons_of_both_standbys_die_at_once_again_and_again_and_both_are_ready_again()
    {
        using var cluster = await LabCluster.ReadyAsync(units: 3);
        using var traffic = await cluster.FlowingAsync(connections: 300, ratePerSecond: 200);
        for (var round = 0; round < 3; round++)
        {
            foreach (var unit in cluster.Plan.Units.Except(["gw1"]))
            {
                Faults.Kill(cluster.Unit(unit));
            }

            await cluster.UntilReadyAsync();
        }

        var report = await traffic.FinishAsync();
        Assert.True(report.ConnectionsLost == 0, report.Losses);
        Assert.Equal(("gw1", 1UL), (cluster.Watch.Primary(), (ulong)cluster.Watch.Status("gw1", out _)!.Epoch));
    }
}
