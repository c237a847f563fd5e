using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Upgrade.Forwarding;
using Hitless.Linux.Counters;
using Hitless.Linux.Namespaces;

namespace Hitless.Linux.Tests.Counters;

/// <summary>Which counter a real kernel moves for which fault, IPv4 and IPv6: 40 packets each through a unit.</summary>
public sealed class ForwardingReaderTests
{
    private const int Count = 40;

    [Fact]
    public void What_is_forwarded_leaves_and_nothing_is_missing()
    {
        using var units = new TwoUnits();
        var seen = Seen(units, "true");
        Assert.InRange(seen.Left, 4 * Count, (4 * Count) + 8);
        Assert.InRange(seen.Wanted, 4 * Count, (4 * Count) + 8);
        Assert.All(seen.Losses(), loss => Assert.True(loss.Lost <= 4, loss.ToString()));
        Assert.All(seen.Interfaces, each => Assert.True(each is { Received: >= 2 * Count, Sent: >= 2 * Count }, each.ToString()));
    }

    [Theory]
    [InlineData("ip netns exec $unit nft 'table inet bad { chain f { type filter hook forward priority 0; drop; }; }'", LossCauses.Refused)]
    [InlineData(
        "ip netns exec $unit nft 'table inet bad { chain f { type filter hook postrouting priority 0; meta iif 0 drop; oifname wan0 "
            + "iifname lan0 drop; }; }'",
        LossCauses.Refused
    )]
    [InlineData(
        "ip netns exec $unit nft 'table inet bad { chain f { type filter hook prerouting priority 0; iifname lan0 drop; }; }'",
        LossCauses.Vanished
    )]
    [InlineData("ip -n $unit route add blackhole 10.77.2.10; ip -n $unit route add blackhole fd77:2::10", LossCauses.Vanished)]
    [InlineData("ip -n $unit route del 10.77.2.0/24; ip -n $unit -6 route del fd77:2::/64", LossCauses.NoRoute)]
    [InlineData("ip netns exec $unit sysctl -qw net.ipv4.ip_forward=0; ip -n $unit -6 route del fd77:2::/64", LossCauses.NotForwarding)]
    public void What_is_not_forwarded_is_counted_by_its_cause(string fault, string cause)
    {
        using var units = new TwoUnits();
        var seen = Seen(units, fault);
        var losses = seen.Losses().Where(loss => loss.Interface is null && loss.Cause != LossCauses.Unreachable).ToList();
        Assert.InRange(seen.Left, 0, 8);
        Assert.True(losses.Single(loss => loss.Cause == cause).Lost >= Count - 4, string.Join(", ", losses));
        Assert.InRange(losses.Sum(loss => loss.Lost), (2 * Count) - 4, (2 * Count) + 12);
    }

    [Fact]
    public void Counters_are_those_of_the_namespace_in_which_it_was_made_whoever_reads()
    {
        using var units = new TwoUnits();
        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("a");
        using var here = new ForwardingReader(["lan0", "wan0"]);
        using var there = NetworkNamespace.Run(units.A, () => new ForwardingReader(["lan0", "wan0"]));
        Assert.Empty(here.Read(default, 0, 0).Interfaces);
        Assert.Equal(["lan0", "wan0"], there.Read(default, 0, 0).Interfaces.Select(each => each.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Files_of_other_kernels_are_read_by_their_names()
    {
        Dictionary<string, long> values = [];
        ForwardingReader.ReadPairs(
            ["Ip: Forwarding InReceives Later", "Ip: 1 42 7 9", "Icmp: OutDestUnreachs", "Icmp: 18446744073709551615"],
            values
        );
        Assert.Equal((42, -1), (values["Ip.InReceives"], values["Icmp.OutDestUnreachs"]));
        Assert.Equal(0x30, ForwardingReader.ReadTable(["entries  drop", "00000001  00000010", "00000001  00000020"])["drop"]);
        Assert.Equal(
            new InterfaceCounters("wan0", 2, 10, 7, 23),
            ForwardingReader.ReadDevice("  wan0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16")
        );
        Assert.Null(ForwardingReader.ReadDevice("Inter-|   Receive").Name);
        Assert.Empty(ForwardingReader.ReadTable([]));
    }

    private static ForwardingInterval Seen(TwoUnits units, string fault)
    {
        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("a");
        units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("b");
        string Ping(string host) => $"ip netns exec {units.Client} ping -q -i 0.002 -c {Count} -W 1 {host} & ";
        Shell.Run($"{Ping("10.77.2.10")}{Ping("fd77:2::10")} wait");
        using var reader = NetworkNamespace.Run(units.A, () => new ForwardingReader(["lan0", "wan0"]));
        Shell.Run($"unit={units.A}; {fault}");
        var before = reader.Read(TimeSpan.Zero, 0, 0);
        _ = Shell.Try($"{Ping("10.77.2.10")}{Ping("fd77:2::10")} wait");
        return new ForwardingInterval(before, reader.Read(TimeSpan.FromSeconds(1), 0, 0));
    }
}
