using System.Text;
using Hitless.Core.Cluster;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Daemon.Gateway;
using Hitless.Daemon.Tests.Sessions;
using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;
using Xunit;

namespace Hitless.Daemon.Tests.Control;

/// <summary>A unit whose interface is a bridge, with a host behind one of its ports and the other unit behind the other.</summary>
public sealed class BridgePortTests
{
    private const string Settings = """
        cluster: { name: edge, group: 7 }
        unit: { name: gw2 }
        heartbeat: { links: [{ interface: hb0, address: 10.97.9.2, peers: [10.97.9.1] }] }
        interfaces: [{ name: br0, virtual-addresses: [10.97.1.1/24] }]
        """;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void Hosts_behind_a_standbys_bridge_reach_the_primary_and_then_the_standby_that_took_over()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for network namespaces");
        Assert.True(
            UnitFile.TryParse(Encoding.UTF8.GetBytes(Settings), "/unit.yaml", null, out var settings, out var problems),
            string.Join("\n", problems)
        );
        var mac = TrafficPort.From(7, settings!.Interfaces)[0].VirtualMac!.Value;
        var prefix = $"hb-{Environment.ProcessId}-";
        var folder = Directory.CreateTempSubdirectory("hitless-test-").FullName;

        // Unit a is a primary by hand: an interface with the virtual MAC and address.
        GatewayPair.Shell(
            $"""
            set -e
            for n in host a b; do ip netns add {prefix}$n; ip -n {prefix}$n link set lo up; done
            ip -n {prefix}b link add br0 type bridge; ip -n {prefix}b link set br0 up; ip -n {prefix}b addr add 10.97.1.3/24 dev br0
            ip -n {prefix}b link add hb0 up type veth peer name hb0-far
            for n in host a; do ip -n {prefix}$n link add eth0 type veth peer name to-$n netns {prefix}b
            ip -n {prefix}b link set to-$n master br0 up; done
            ip -n {prefix}a link set eth0 address {mac} up; ip -n {prefix}a addr add 10.97.1.1/24 dev eth0
            ip -n {prefix}host link set eth0 up; ip -n {prefix}host addr add 10.97.1.10/24 dev eth0
            """
        );
        try
        {
            using var events = new EventLog(folder, "gw2");
            using var kernel = NetworkNamespace.Run($"{prefix}b", () =>
            {
                var made = new GatewayKernel(
                    settings,
                    new SysctlKeeper(folder, ["br0"], events),
                    new SilenceKeeper([], events),
                    new ClaimTimes(Minute, Minute, Minute, Minute, Minute),
                    events
                );
                made.SetTraffic(TrafficState.Muted);
                made.Prepare();
                return made;
            });
            Assert.True(Reaches(prefix), "muted");

            GatewayPair.Shell($"ip -n {prefix}a link set eth0 down");
            kernel.SetTraffic(TrafficState.Claimed);
            kernel.Announce();
            Assert.True(Reaches(prefix), "claimed");

            kernel.SetTraffic(TrafficState.Draining);
            kernel.SetTraffic(TrafficState.Muted);
            Assert.False(Reaches(prefix), "somebody answers although nobody should");
            GatewayPair.Shell($"ip -n {prefix}a link set eth0 up");
            Assert.True(Reaches(prefix), "muted again");
        }
        finally
        {
            GatewayPair.Shell($"for n in host a b; do ip netns del {prefix}$n; done");
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A link that came up a moment ago may lose the first packets.</summary>
    private static bool Reaches(string prefix) =>
        GatewayPair.Shell($"ip netns exec {prefix}host ping -c 10 -i 0.2 -W 1 10.97.1.1 | grep -c from || true").Trim() != "0";
}
