using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Traffic;

public sealed class StaticRouterTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Traffic_through_a_plain_router_loses_nothing_and_uses_every_way()
    {
        using var cluster = LabCluster.StaticRouter();
        using var traffic = await cluster.FlowingAsync(connections: 100);
        var report = await traffic.FinishAsync();
        Assert.True(report.Clean, report.Losses);
        Assert.Equal((50, 20, 30), (report.Long.Hidden, report.Long.Forwarded, report.Long.Ipv6));
        Assert.True(report.Download.Intact, report.Download.Why);
        Assert.True(report.Probe.Sent > 0 && report.Short.Opened > 0);
    }

    [Fact]
    public async Task Lost_frames_are_counted_in_the_direction_in_which_they_were_lost()
    {
        using var cluster = LabCluster.StaticRouter();
        using var traffic = await cluster.FlowingAsync(connections: 10, ratePerSecond: 0);
        Faults.Drop(cluster.Unit("gw1"), "wan0", 20, fromUnit: true, toUnit: false);
        await Task.Delay(TimeSpan.FromSeconds(1), Cancellation);
        Faults.Drop(cluster.Unit("gw1"), "wan0", 0, fromUnit: true, toUnit: true);
        var report = await traffic.FinishAsync();
        Assert.True(report.Probe.LostToServer > 0);
        Assert.Equal(0, report.Probe.LostToClient);
        Assert.NotEmpty(report.Probe.ToServer.Missing);
        Assert.Equal(0, report.ConnectionsLost);
    }

    [Fact]
    public void A_unit_without_power_keeps_nothing_in_its_kernel()
    {
        using var cluster = LabCluster.StaticRouter();
        var unit = cluster.Unit("gw1");
        Faults.PowerOff(unit);
        Assert.DoesNotContain(
            "table",
            Tools.Tool.Run("ip", ["netns", "exec", unit.Namespace, "nft", "list", "ruleset"]),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "= 0",
            Tools.Tool.Run("ip", ["netns", "exec", unit.Namespace, "sysctl", "net.ipv4.ip_forward"]),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("10.10.", Tools.Tool.Run("ip", ["-n", unit.Namespace, "address"]), StringComparison.Ordinal);
        Faults.PowerOn(unit);
        Assert.Contains("10.10.1.1/24", Tools.Tool.Run("ip", ["-n", unit.Namespace, "address"]), StringComparison.Ordinal);
    }
}
