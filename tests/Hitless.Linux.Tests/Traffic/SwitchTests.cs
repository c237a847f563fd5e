using Hitless.Core.Cluster;
using Hitless.Core.Tests.Memory;
using Hitless.Linux.Announcements;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Traffic;

namespace Hitless.Linux.Tests.Traffic;

public sealed class SwitchTests
{
    [Theory]
    [InlineData("10.77.1.1", true)]
    [InlineData("fd77:1::1", true)]
    [InlineData("10.77.2.10", true)]
    [InlineData("fd77:2::10", true)]
    [InlineData("10.77.1.1", false)]
    [InlineData("fd77:1::1", false)]
    [InlineData("10.77.2.10", false)]
    [InlineData("fd77:2::10", false)]
    public void A_planned_switch_loses_no_packet(string target, bool virtualMac)
    {
        using var units = new TwoUnits(virtualMac);
        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("a");
        units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("b");
        using var announcerA = NetworkNamespace.Run(units.A, () => new Announcer(units.Ports));
        using var announcerB = NetworkNamespace.Run(units.B, () => new Announcer(units.Ports));
        Assert.Equal(0, announcerA.AnnounceAll());
        Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 {target}");

        using var ping = Shell.Start($"exec ip netns exec {units.Client} ping -i 0.002 -c 700 -W 2 {target}");
        var received = 0;
        while (received < 200)
        {
            received += ping.StandardOutput.ReadLine()!.Contains("icmp_seq", StringComparison.Ordinal) ? 1 : 0;
        }

        units.TableB.Apply(TrafficState.Claimed).ThrowIfFailed("claim");
        Assert.Equal(0, announcerB.AnnounceAll());
        units.TableA.Apply(TrafficState.Draining).ThrowIfFailed("drain");
        while (received < 450)
        {
            received += ping.StandardOutput.ReadLine()!.Contains("icmp_seq", StringComparison.Ordinal) ? 1 : 0;
        }

        units.TableA.Apply(TrafficState.Muted).ThrowIfFailed("mute");
        var (_, output) = Shell.Finish(ping);

        Assert.Contains("700 packets transmitted, 700 received", output, StringComparison.Ordinal);
        Assert.DoesNotContain("duplicates", output, StringComparison.Ordinal);
        Assert.Contains($"{units.MacOf(units.B)} dev b-lan0", Shell.Run($"bridge -n {units.Switch} fdb"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Announcements_repair_a_host_that_knows_another_mac(bool virtualMac)
    {
        using var units = new TwoUnits(virtualMac);
        units.TableB.Apply(TrafficState.Claimed).ThrowIfFailed("b");
        Shell.Run(
            $"""
            ip -n {units.Client} neigh replace 10.77.1.1 lladdr 02:00:00:00:00:99 dev eth0 nud stale
            ip -n {units.Client} neigh replace fd77:1::1 lladdr 02:00:00:00:00:99 dev eth0 nud stale
            """
        );
        using var announcer = NetworkNamespace.Run(units.B, () => new Announcer(units.Ports));

        Assert.Equal(0, announcer.AnnounceAll());

        var neighbours = Shell.Run($"ip -n {units.Client} neigh");
        Assert.Contains($"10.77.1.1 dev eth0 lladdr {units.MacOf(units.B)}", neighbours, StringComparison.Ordinal);
        Assert.Contains($"fd77:1::1 dev eth0 lladdr {units.MacOf(units.B)}", neighbours, StringComparison.Ordinal);
    }

    [Fact]
    public void Announcing_allocates_nothing()
    {
        using var units = new TwoUnits();
        using var announcer = NetworkNamespace.Run(units.A, () => new Announcer(units.Ports));
        Allocation.AssertNone(() => announcer.AnnounceAll());
    }
}
