using System.Globalization;
using System.Net;
using Hitless.Core.Balance;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Core.Wire;
using Hitless.Linux.Balance;
using Hitless.Linux.Namespaces;

namespace Hitless.Linux.Tests.Balance;

/// <summary>Which unit forwards a packet, by each unit's own counters.</summary>
public sealed class BalanceTableTests : IDisposable
{
    private static readonly UnitId Primary = new(1);
    private static readonly UnitId Other = new(2);
    private static readonly string[] Sources = [.. Enumerable.Range(100, 24).Select(each => $"10.77.1.{each}")];
    private static readonly string[] Sources6 = [.. Enumerable.Range(100, 8).Select(each => $"fd77:1::{each}")];
    private readonly TwoUnits units = new();
    private readonly BalanceTable table;
    private readonly BalancePort[] ports;

    public BalanceTableTests()
    {
        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("a");
        units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("b");
        Shell.Run(
            string.Join('\n', Sources.Select(each => $"ip -n {units.Client} addr add {each}/24 dev eth0"))
                + "\n"
                + string.Join('\n', Sources6.Select(each => $"ip -n {units.Client} addr add {each}/64 dev eth0 nodad"))
        );
        table = NetworkNamespace.Run(units.A, () => new BalanceTable());
        ports =
        [
            new("lan0", units.Ports[0].VirtualMac!.Value, PortSide.Inside),
            new("wan0", units.Ports[1].VirtualMac!.Value, PortSide.Outside),
        ];
        foreach (var unit in (string[])[units.A, units.B])
        {
            Shell.Run(
                $"ip netns exec {unit} nft 'add table inet watch; add chain inet watch f {{ type filter hook forward priority 0; }}'\n"
                    + string.Join(
                        '\n',
                        Sources
                            .Concat(Sources6)
                            .SelectMany(each => (string[])[$"saddr {each}", $"daddr {each}"])
                            .Select(each =>
                                $"ip netns exec {unit} nft 'add rule inet watch f {(each.Contains(':') ? "ip6" : "ip")} {each} counter'"
                            )
                    )
            );
        }
    }

    [Fact]
    public void Each_flow_is_forwarded_both_ways_by_the_owner_of_its_inside_addresss_bucket()
    {
        Set(bucket => bucket % 2 == 0 ? Primary : Other);

        Ping();

        foreach (var source in Sources.Concat(Sources6))
        {
            var owner = BucketHash.Of(IPAddress.Parse(source)) % 2 == 0 ? units.A : units.B;
            Assert.Equal((1, 1), Seen(owner, source));
            Assert.Equal((0, 0), Seen(owner == units.A ? units.B : units.A, source));
        }

        Assert.Contains(Sources, each => BucketHash.Of(IPAddress.Parse(each)) % 2 == 0);
        Assert.Contains(Sources, each => BucketHash.Of(IPAddress.Parse(each)) % 2 == 1);
    }

    [Fact]
    public void What_is_kept_and_what_is_the_gateways_own_stays_on_the_primary()
    {
        Set(
            _ => Other,
            new(IPAddress.Parse("10.77.1.96"), 29),
            new(IPAddress.Parse("10.77.1.100"), 30),
            new(IPAddress.Parse("fd77:1::"), 64)
        );

        Ping();
        Shell.Run(
            $"ip netns exec {units.Client} ping -c 1 -W 2 -I {Sources[^1]} 10.77.1.1; ip netns exec {units.Client} ping -c 1 -W 2 10.77.2.1"
        );

        Assert.Equal((1, 1), Seen(units.A, "10.77.1.103"));
        Assert.Equal((0, 0), Seen(units.A, "10.77.1.104"));
        Assert.Equal((1, 1), Seen(units.B, "10.77.1.104"));
        Assert.All(Sources6, each => Assert.Equal((1, 1), Seen(units.A, each)));
    }

    [Fact]
    public void A_large_datagram_in_fragments_goes_one_way()
    {
        Set(_ => Other);

        Shell.Run(
            $"ip netns exec {units.Client} ping -c 2 -W 2 -s 8000 -I {Sources[0]} 10.77.2.10\n"
                + $"ip netns exec {units.Client} ping -c 2 -W 2 -s 8000 -I {Sources6[0]} fd77:2::10"
        );

        Assert.Equal((0, 0), Seen(units.A, Sources[0]));
        Assert.Equal((0, 0), Seen(units.A, Sources6[0]));
    }

    [Fact]
    public void Without_the_table_the_primary_forwards_everything()
    {
        Set(_ => Other);
        table.Remove().ThrowIfFailed("remove");

        Ping();

        Assert.All(Sources, each => Assert.Equal((1, 1), Seen(units.A, each)));
    }

    [Fact]
    public void A_unit_that_is_muted_hands_nothing_on()
    {
        Set(_ => Other);
        units.TableA.Apply(TrafficState.Muted).ThrowIfFailed("a");

        Assert.NotEqual(0, Shell.Try($"ip netns exec {units.Client} ping -c 2 -i 0.2 -W 1 -I {Sources[0]} 10.77.2.10").ExitCode);
        Assert.Equal((0, 0), Seen(units.B, Sources[0]));
    }

    [Fact]
    public void Frames_that_were_handed_on_come_from_the_primarys_own_mac_and_the_rest_from_the_others()
    {
        Set(_ => Other);
        Shell.Run(
            $"ip netns exec {units.Switch} nft 'add table netdev watch; add chain netdev watch a {{ type filter hook ingress device a-lan0 "
                + $"priority 0; }}; add rule netdev watch a ether saddr {units.LanMac} ip daddr 10.77.2.10 counter'"
        );

        Shell.Run($"ip netns exec {units.Client} ping -c 3 -i 0.2 -W 2 -I {Sources[0]} 10.77.2.10");

        Assert.Contains(
            "packets 0 bytes",
            Shell.Run($"ip netns exec {units.Switch} nft list table netdev watch"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Nft_reads_back_what_it_prints_of_the_table_and_cannot_flush_it()
    {
        Set(bucket => bucket < 100 ? Other : Primary, new AddressPrefix(IPAddress.Parse("10.77.1.192"), 26));

        var printed = Shell.Run($"ip netns exec {units.A} nft list table netdev {BalanceTable.DefaultName}");
        var file = Path.Combine(Path.GetTempPath(), $"{units.A}.nft");
        File.WriteAllText(file, printed.Replace($"netdev {BalanceTable.DefaultName}", "netdev copy", StringComparison.Ordinal));
        Shell.Run($"ip netns exec {units.A} nft -c -f {file}");
        File.Delete(file);
        Shell.Run($"ip netns exec {units.A} nft flush ruleset");

        Assert.Contains("10.77.1.192/26", printed, StringComparison.Ordinal);
        Assert.Contains(BalanceTable.DefaultName, Shell.Run($"ip netns exec {units.A} nft list tables"), StringComparison.Ordinal);
    }

    [Fact]
    public void Not_a_packet_is_lost_while_buckets_move()
    {
        Set(_ => Primary);
        using var ping = Shell.Start($"ip netns exec {units.Client} ping -i 0.002 -c 1000 -W 1 -I {Sources[0]} 10.77.2.10");
        for (var move = 0; move < 40; move++)
        {
            var owner = move % 2 == 0 ? Other : Primary;
            Set(_ => owner);
            Thread.Sleep(40);
        }

        Assert.Contains("1000 received", Shell.Finish(ping).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_kept_stays_on_the_primary_while_buckets_move()
    {
        var kept = new AddressPrefix(IPAddress.Parse(Sources[0]), 32);
        Set(_ => Primary, kept);
        using var ping = Shell.Start($"ip netns exec {units.Client} ping -f -c 60000 -W 1 -I {Sources[0]} 10.77.2.10");
        for (var move = 0; move < 80; move++)
        {
            var owner = move % 2 == 0 ? Other : Primary;
            Set(_ => owner, kept);
            Thread.Sleep(10);
        }

        _ = Shell.Finish(ping);
        Assert.Equal((0, 0), Seen(units.B, Sources[0]));
    }

    public void Dispose()
    {
        table.Dispose();
        units.Dispose();
    }

    private void Set(Func<int, UnitId> owner, params AddressPrefix[] kept)
    {
        UnitId[] owners = [.. Enumerable.Range(0, BucketHash.Buckets).Select(owner)];
        Dictionary<string, MacAddress> macs = [];
        foreach (var port in ports)
        {
            Assert.True(
                MacAddress.TryParse(Shell.Run($"ip netns exec {units.B} cat /sys/class/net/{port.Name}/address").Trim(), out var mac)
            );
            macs[port.Name] = mac;
        }

        table
            .Set(ports, owners, new Dictionary<UnitId, IReadOnlyDictionary<string, MacAddress>> { [Other] = macs }, kept)
            .ThrowIfFailed("balance");
    }

    private void Ping() =>
        Shell.Run(
            "set -e\n"
                + string.Join('\n', Sources.Select(each => $"ip netns exec {units.Client} ping -q -c 1 -W 2 -I {each} 10.77.2.10"))
                + "\n"
                + string.Join('\n', Sources6.Select(each => $"ip netns exec {units.Client} ping -q -c 1 -W 2 -I {each} fd77:2::10"))
        );

    private static (long From, long To) Seen(string unit, string address)
    {
        var lines = Shell.Run($"ip netns exec {unit} nft list table inet watch").Split('\n');
        long Of(string word) =>
            long.Parse(
                lines.Single(line => line.Contains($"{word} {address} ", StringComparison.Ordinal)).Split("packets ")[1].Split(' ')[0],
                CultureInfo.InvariantCulture
            );
        return (Of("saddr"), Of("daddr"));
    }
}
