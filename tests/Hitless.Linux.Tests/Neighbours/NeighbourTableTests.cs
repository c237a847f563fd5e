using Hitless.Core.Cluster;
using Hitless.Core.Neighbours;
using Hitless.Linux.Announcements;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Neighbours;

namespace Hitless.Linux.Tests.Neighbours;

public sealed class NeighbourTableTests
{
    private static readonly string[] Ports = ["lan0", "wan0"];

    [Theory]
    [InlineData("10.77.2.10")]
    [InlineData("fd77:2::10")]
    public void The_first_packet_through_a_unit_that_was_told_needs_no_resolution(string server)
    {
        using var units = new TwoUnits();
        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("a");
        units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("b");
        Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 {server}");
        var told = NetworkNamespace.Run(units.A, Read);
        UInt128 host10 = server.Contains(':', StringComparison.Ordinal) ? 0x10u : 10u;
        Assert.Equal(2, NetworkNamespace.Run(units.B, () => Learn([.. told.Where(each => each.Address % 256 == host10)])));

        Shell.Run(
            $$"""
            for host in {{units.Client}} {{units.Server}}
            do ip netns exec $host nft 'table netdev asked { chain asked { type filter hook ingress device eth0 priority 0;
              arp operation request arp daddr ip { 10.77.1.10, 10.77.2.10 } counter
              icmpv6 type nd-neighbor-solicit counter
              }
              }'; done
            """
        );
        using var announcer = NetworkNamespace.Run(units.B, () => new Announcer(units.Ports));
        units.TableA.Apply(TrafficState.Muted).ThrowIfFailed("mute");
        units.TableB.Apply(TrafficState.Claimed).ThrowIfFailed("claim");
        Assert.Equal(0, announcer.AnnounceAll());
        Assert.Contains("1 received", Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 {server}"), StringComparison.Ordinal);

        foreach (var host in new[] { units.Client, units.Server })
        {
            Assert.Equal(2, Shell.Run($"ip netns exec {host} nft list table netdev asked").Split("packets 0 ").Length - 1);
        }
    }

    [Fact]
    public void What_a_kernel_knows_for_sure_is_left_alone_and_the_rest_is_put_right()
    {
        using var units = new TwoUnits();
        Shell.Run(
            $"""
            ip -n {units.B} neigh replace 10.77.1.10 lladdr 02:00:00:00:00:01 dev lan0 nud reachable
            ip -n {units.B} neigh replace 10.77.1.11 lladdr 02:00:00:00:00:01 dev lan0 nud stale
            ip -n {units.B} neigh replace 10.77.1.12 lladdr 02:00:00:00:00:01 dev lan0 nud permanent
            """
        );
        var other = new MacAddress(0x02_00_00_00_00_02);

        var learned = NetworkNamespace.Run(units.B, () =>
            Learn([.. new[] { 10, 11, 12, 13 }.Select(last => new Neighbour(0, false, (UInt128)(0x0a4d0100 + last), other))])
        );

        Assert.Equal(2, learned);
        var standing = Shell.Run($"ip -n {units.B} neigh show dev lan0");
        Assert.Contains("10.77.1.10 lladdr 02:00:00:00:00:01 REACHABLE", standing, StringComparison.Ordinal);
        Assert.Contains("10.77.1.11 lladdr 02:00:00:00:00:02 STALE", standing, StringComparison.Ordinal);
        Assert.Contains("10.77.1.12 lladdr 02:00:00:00:00:01 PERMANENT", standing, StringComparison.Ordinal);
        Assert.Contains("10.77.1.13 lladdr 02:00:00:00:00:02 STALE", standing, StringComparison.Ordinal);
    }

    private static List<Neighbour> Read()
    {
        using var table = new NeighbourTable(Ports);
        List<Neighbour> neighbours = [];
        table.Read(neighbours);
        return neighbours;
    }

    private static int Learn(IReadOnlyList<Neighbour> neighbours)
    {
        using var table = new NeighbourTable(Ports);
        return table.Learn(neighbours);
    }
}
