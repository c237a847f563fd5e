using Hitless.Lab.Demo;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

public sealed class SwitchTests
{
    private static readonly TimeSpan TakeoverLimit = TimeSpan.FromSeconds(20);
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario]
    public async Task Twenty_switchovers_lose_no_connection()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var result = await new SwitchoverSeries(cluster.Plan, LabCluster.Say).RunAsync(
            20,
            connections: 500,
            ratePerSecond: 100,
            TimeSpan.FromSeconds(1),
            Cancellation
        );
        LabCluster.Say(
            $"{result.Traffic.PacketsLost} packets lost, longest gap {result.Traffic.LongestGapMs} ms, slowest new connection "
                + $"{result.Traffic.Short.SlowestMs} ms"
        );
        Assert.Equal(20, result.Switches.Count);
        Assert.Equal(0, result.Traffic.ConnectionsLost);
        Assert.Empty(result.Problems);
    }

    [Scenario]
    public async Task Connections_go_on_when_the_primary_loses_power()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        var standby = cluster.Plan.Units.Single(unit => unit != primary);
        using var traffic = await cluster.FlowingAsync();
        await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);
        Faults.PowerOff(cluster.Unit(primary));
        await cluster.Watch.UntilAsync(
            $"{standby} is primary",
            TakeoverLimit,
            seen => seen[standby]?.Primary == standby ? null : $"it says {seen[standby]?.Primary ?? "nothing"}",
            Cancellation
        );
        await Task.Delay(TimeSpan.FromSeconds(5), Cancellation);
        var report = await traffic.FinishAsync();
        LabCluster.Say(
            $"{report.PacketsLost} packets lost, longest gap {report.LongestGapMs} ms, longest stall {report.Long.LongestStallMs} ms"
        );
        Assert.Equal(0, report.Long.Lost);
        Assert.True(report.Download.Intact, report.Download.Why);
        Assert.True(report.PacketsLost > 0, "the probe has not noticed: was it the primary?");

        Faults.PowerOn(cluster.Unit(primary));
        Assert.Equal(standby, (await cluster.UntilReadyAsync()).Primary);
    }
}
