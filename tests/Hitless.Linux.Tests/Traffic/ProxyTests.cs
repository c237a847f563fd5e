using System.Net;
using Hitless.Core.Cluster;
using Hitless.Linux.Announcements;
using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Neighbours;
using Hitless.Linux.Traffic;

namespace Hitless.Linux.Tests.Traffic;

/// <summary>Both units answer on behalf of the server (docs/decisions/0075); unit a is primary first.</summary>
public sealed class ProxyTests
{
    [Theory]
    [InlineData(TrafficState.Muted)]
    [InlineData(TrafficState.Draining)]
    public void Only_the_primary_answers_arp_for_others_and_with_the_virtual_mac(TrafficState other)
    {
        using var units = new TwoUnits();
        Watch(units);
        foreach (var unit in (string[])[units.A, units.B])
        {
            Shell.Run($"ip netns exec {unit} sh -c 'echo 1 > /proc/sys/net/ipv4/conf/lan0/proxy_arp'");
        }

        Shell.Run($"ip -n {units.Client} route add 10.77.2.10 dev eth0");
        Use(units, new ProxiedPort("lan0", Ipv4: true, []));
        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("a");
        units.TableB.Apply(other).ThrowIfFailed("b");

        Shell.Run($"ip netns exec {units.Client} ping -c 2 -W 3 10.77.2.10");
        Thread.Sleep(1500);

        Assert.Contains($"10.77.2.10 dev eth0 lladdr {units.LanMac}", Shell.Run($"ip -n {units.Client} neigh"), StringComparison.Ordinal);
        Assert.Equal(0, Heard(units));
        foreach (var own in (string[])["10.77.1.2", "10.77.1.3"])
        {
            Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 {own}");
            Assert.DoesNotContain(
                $"{own} dev eth0 lladdr {units.LanMac}",
                Shell.Run($"ip -n {units.Client} neigh"),
                StringComparison.Ordinal
            );
        }

        // The client's entry stays right.
        units.TableA.Apply(TrafficState.Muted).ThrowIfFailed("a");
        units.TableB.Apply(TrafficState.Claimed).ThrowIfFailed("b");
        using var announcer = NetworkNamespace.Run(units.B, () => new Announcer(units.Ports));
        announcer.AnnounceAll();
        Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 10.77.2.10");
    }

    [Fact]
    public void Listed_addresses_of_either_family_are_the_primarys_to_answer_for()
    {
        using var units = new TwoUnits();
        Watch(units);
        Shell.Run(
            $"ip -n {units.Server} addr add 10.77.1.77/32 dev lo; ip -n {units.Server} addr add fd77:1::77/128 dev lo nodad; "
                + $"ip -n {units.Server} route replace default via 10.77.2.1"
        );
        foreach (var unit in (string[])[units.A, units.B])
        {
            Shell.Run(
                $"ip netns exec {unit} sh -c 'echo 1 > /proc/sys/net/ipv6/conf/lan0/proxy_ndp'; "
                    + $"ip -n {unit} route add 10.77.1.77 via 10.77.2.10; ip -n {unit} route add fd77:1::77 via fd77:2::10; "
                    + $"ip -n {unit} neigh add proxy 10.77.1.77 dev lan0; ip -n {unit} neigh add proxy fd77:1::77 dev lan0"
            );
        }

        var entries = NetworkNamespace.Run(units.A, () =>
        {
            using var table = new ProxyEntries();
            return table.Read().Select(entry => entry.Address.ToString()).Order(StringComparer.Ordinal).ToArray();
        });
        Assert.Equal(["10.77.1.77", "fd77:1::77"], entries);
        Use(units, new ProxiedPort("lan0", Ipv4: true, [IPAddress.Parse("fd77:1::77")]));
        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("a");
        units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("b");

        Shell.Run($"ip netns exec {units.Client} ping -c 2 -W 3 10.77.1.77; ip netns exec {units.Client} ping -c 2 -W 3 fd77:1::77");
        Thread.Sleep(1500);

        var neighbours = Shell.Run($"ip -n {units.Client} neigh");
        Assert.Contains($"10.77.1.77 dev eth0 lladdr {units.LanMac}", neighbours, StringComparison.Ordinal);
        Assert.Contains($"fd77:1::77 dev eth0 lladdr {units.LanMac}", neighbours, StringComparison.Ordinal);
        Assert.Equal(0, Heard(units));
    }

    private static void Use(TwoUnits units, ProxiedPort port)
    {
        units.TableA.Use(new ProxiedAnswers([port], OwnOf(units.A)));
        units.TableB.Use(new ProxiedAnswers([port], OwnOf(units.B)));
    }

    private static IPAddress[] OwnOf(string unit) => NetworkNamespace.Run(unit, () =>
        {
            using var table = new AddressTable();
            return table
                .Read()
                .Where(each => !each.OfHitless && each.Prefix.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
                .Select(each => each.Prefix.Address)
                .ToArray();
        });

    // What unit b says on behalf of others.
    private static void Watch(TwoUnits units) =>
        Shell.Run(
            $"""
            ip netns exec {units.Switch} nft -f - <<E
            table netdev watch {"{"} counter seen {"{"} {"}"}
              chain c {"{"} type filter hook ingress device b-lan0 priority 0;
                arp operation reply arp saddr ip {"{"} 10.77.2.10, 10.77.1.77 {"}"} counter name seen
                icmpv6 type nd-neighbor-advert @th,64,128 0xfd770001000000000000000000000077 counter name seen
              {"}"}
            {"}"}
            E
            """
        );

    private static int Heard(TwoUnits units) =>
        int.Parse(
            Shell.Run($"ip netns exec {units.Switch} nft list counter netdev watch seen").Split("packets ")[1].Split(' ')[0],
            System.Globalization.CultureInfo.InvariantCulture
        );
}
