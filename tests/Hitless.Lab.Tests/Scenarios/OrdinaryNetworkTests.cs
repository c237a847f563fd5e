using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>What gateways of ordinary networks have, and what other programs do to them (docs/decisions/0040).</summary>
public sealed class OrdinaryNetworkTests
{
    private const string Far = "198.51.100.1";
    private const string Far6 = "2001:db8::1";

    [Scenario]
    public async Task An_upgrade_of_both_units_leaves_the_routes_that_hang_on_virtual_addresses()
    {
        using var cluster = await LabCluster.ReadyAsync();
        In(cluster, LabPlan.Server, $"address add {Far}/32 dev lo", $"address add {Far6}/128 dev lo nodad");
        foreach (var unit in cluster.Plan.Units)
        {
            In(
                cluster,
                unit,
                $"route replace default via {Addresses.Server} src {Addresses.VirtualWan}",
                $"route add 203.0.113.0/24 table 77 via {Addresses.Server} src {Addresses.VirtualWan} metric 5 mtu 1400",
                $"route add {Far6}/128 via {Addresses.Server6} src {Addresses.VirtualWan6}"
            );
        }

        var before = cluster.Plan.Units.ToDictionary(unit => unit, unit => Routes(cluster, unit));
        await cluster.UntilReadyAsync();

        var run = cluster.Watch.Cli("gw1").Run("upgrade", "start", Prerequisites.SecondImage);

        Assert.True(run.ExitCode == 0, run.Errors + run.Output);
        await cluster.UntilReadyAsync();
        foreach (var (unit, routes) in before)
        {
            await LabCluster.UntilAsync($"the routes of {unit} are those of before", () => Routes(cluster, unit) == routes);
        }

        Assert.True(Reaches(cluster, Far) && Reaches(cluster, Far6), "a default route is there and carries nothing");
    }

    [Scenario]
    public async Task A_standby_that_would_not_forward_what_the_primary_forwards_is_no_target()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        var standby = cluster.Plan.Units.Single(unit => unit != primary);
        (string Break, string Mend, string Name)[] faults =
        [
            ($"ip route add blackhole {Far}/32", $"ip route del blackhole {Far}/32", $"route {Far}/32"),
            ("ip link set wan0 mtu 1400", "ip link set wan0 mtu 1500", "interface wan0"),
            ("nft flush chain inet gateway hide", "nft -f /etc/hitless/nftables.conf", "nftables table inet gateway"),
            ("nft delete chain inet gateway hide", "nft -f /etc/hitless/nftables.conf", "nftables table inet gateway"),
        ];
        foreach (var (broken, mended, name) in faults)
        {
            Shell(cluster, standby, broken);
            await LabCluster.UntilAsync($"{name} keeps {standby} from being ready", () =>
                Differences(cluster, standby).Any(each => each.Name == name && each.LosesTraffic)
            );

            var refused = cluster.Watch.Cli(primary).Run("switchover");
            var check = cluster.Watch.Cli(primary).Run("upgrade", "check", Prerequisites.SecondImage);

            Assert.NotEqual(0, refused.ExitCode);
            Assert.NotEqual(0, check.ExitCode);
            Assert.Contains(check.Output.Split('\n'), line =>
                line.Contains("fail", StringComparison.Ordinal)
                && line.Contains($"forwarding: {standby} would not forward", StringComparison.Ordinal)
                && line.Contains(name, StringComparison.Ordinal)
            );
            Shell(cluster, standby, mended);
            await cluster.UntilReadyAsync();
        }

        Shell(cluster, primary, "sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.lan0.forwarding=0");
        await LabCluster.UntilAsync("what forwarding needs is put back", () =>
            Reaches(cluster, Addresses.Server) && Reaches(cluster, Addresses.Server6)
        );
    }

    [Scenario]
    public async Task A_firewall_that_is_loaded_over_and_over_on_both_units_costs_nothing()
    {
        const int loads = 50;
        using var cluster = await LabCluster.ReadyAsync();
        var before = await cluster.UntilReadyAsync();
        using var traffic = await cluster.FlowingAsync(connections: 50);
        for (var load = 0; load < loads; load++)
        {
            foreach (var unit in cluster.Plan.Units)
            {
                Shell(cluster, unit, "nft -f /etc/hitless/nftables.conf");
            }
        }

        var report = await traffic.FinishAsync();
        var after = await cluster.UntilReadyAsync();

        LabCluster.Say($"{report.PacketsLost} packets lost, longest gap {report.LongestGapMs} ms");
        Assert.Equal((before.Primary, before.Epoch), (after.Primary, after.Epoch));
        Assert.Equal((0, 0L), (report.Long.Lost, (long)report.PacketsLost));
        Assert.Contains(
            "02:48:4c",
            Tool.Run("ip", ["-n", cluster.Plan.NamespaceOf(LabPlan.Client), "neigh", "show", Addresses.VirtualLan]),
            StringComparison.Ordinal
        );
    }

    [Scenario]
    public async Task A_stop_leaves_virtual_addresses_mute_and_to_leave_takes_them_away()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        var standby = cluster.Plan.Units.Single(unit => unit != primary);

        // The own address comes back behind the virtual one.
        In(cluster, standby, $"address del {Own(standby)}/24 dev wan0", $"address add {Own(standby)}/24 dev wan0");
        await LabCluster.UntilAsync("the own address is the source again", () =>
            Tool.Run("ip", ["-n", cluster.Plan.NamespaceOf(standby), "route", "get", Addresses.Server])
                .Contains($"src {Own(standby)}", StringComparison.Ordinal)
        );

        var plan = cluster.Watch.Cli(standby).Ask<LeaveResult>(out _, "unit", "leave");
        Assert.Contains(plan!.Addresses, each => each.StartsWith(Addresses.VirtualWan, StringComparison.Ordinal));
        Assert.True(Stands(cluster, standby), "a plan changes nothing");

        await StopAsync(cluster, standby);
        Assert.True(Stands(cluster, standby), "a stop is not a removal");
        Assert.True(Reaches(cluster, Addresses.VirtualWan));
        Assert.DoesNotContain(
            MacOf(cluster, standby),
            Tool.Run("ip", ["-n", cluster.Plan.NamespaceOf(LabPlan.Client), "neigh", "show", Addresses.VirtualLan]),
            StringComparison.OrdinalIgnoreCase
        );

        Units.UnitPower.Boot(cluster.Unit(standby));
        await cluster.UntilReadyAsync();
        Assert.Equal(0, cluster.Watch.Cli(standby).Run("unit", "leave", "--yes").ExitCode);
        await LabCluster.UntilAsync($"{standby} has left", () => !cluster.Unit(standby).Running && !Stands(cluster, standby));
        Assert.True(Reaches(cluster, Addresses.Server));
    }

    [Scenario]
    public async Task A_stopped_unit_whose_firewall_is_loaded_anew_answers_nobody()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var first = (await cluster.UntilReadyAsync()).Primary!;
        var second = cluster.Plan.Units.Single(unit => unit != first);

        // The standby; then the one that was primary before.
        foreach (var stopped in (string[])[second, first])
        {
            if (stopped == first)
            {
                Units.UnitPower.Boot(cluster.Unit(second));
                await cluster.UntilReadyAsync();
                Assert.Equal(0, cluster.Watch.Cli(first).Run("switchover", "--wait").ExitCode);
            }

            await StopAsync(cluster, stopped);
            Shell(cluster, stopped, "nft -f /etc/hitless/nftables.conf");
            Assert.DoesNotContain(
                "netdev hitless",
                Tool.Run("ip", cluster.Unit(stopped).Inside("nft", "list", "tables")),
                StringComparison.Ordinal
            );

            AskOften(cluster, times: 100);

            foreach (var protocol in (string[])["arp", "discovery"])
            {
                var questions = Counted(cluster, $"{protocol}-questions");
                Assert.InRange(questions, 100, int.MaxValue);
                Assert.Equal((questions, 0), (Counted(cluster, $"{protocol}-answers"), Counted(cluster, $"{protocol}-foreign")));
            }

            Assert.True(Reaches(cluster, Addresses.Server) && Reaches(cluster, Addresses.Server6));
        }
    }

    private static async Task StopAsync(LabCluster cluster, string unit)
    {
        var choosers = Namespaces
            .Processes(cluster.Plan.NamespaceOf(unit))
            .Where(id => File.ReadAllText($"/proc/{id}/comm").Trim() == "hitless-boot");
        Namespaces.Signal([.. choosers], "TERM");
        await LabCluster.UntilAsync($"{unit} has stopped", () => !cluster.Unit(unit).Running);
    }

    /// <summary>
    /// The client asks for the virtual addresses of its network over and over; counts questions, answers, and those that came from no
    /// virtual MAC.
    /// </summary>
    private static void AskOften(LabCluster cluster, int times)
    {
        var client = cluster.Plan.NamespaceOf(LabPlan.Client);
        var device = Tool.Run("ip", ["-n", client, "-o", "route", "get", Addresses.VirtualLan])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
        const string foreign = "ether saddr & ff:ff:ff:00:00:00 != 02:48:4c:00:00:00";
        var target = $"@th,64,128 0x{Convert.ToHexString(System.Net.IPAddress.Parse(Addresses.VirtualLan6).GetAddressBytes())}";
        Tool.Run(
            "ip",
            ["netns", "exec", client, "nft", "-f", "-"],
            $$"""
            table netdev count { }
            delete table netdev count
            table netdev count {
              counter arp-questions { }
              counter arp-answers { }
              counter arp-foreign { }
              counter discovery-questions { }
              counter discovery-answers { }
              counter discovery-foreign { }
              chain sent { type filter hook egress device {{device}} priority 0;
                arp operation request arp daddr ip {{Addresses.VirtualLan}} counter name arp-questions
                icmpv6 type nd-neighbor-solicit {{target}} counter name discovery-questions
              }
              chain heard { type filter hook ingress device {{device}} priority 0;
                arp saddr ip {{Addresses.VirtualLan}} {{foreign}} counter name arp-foreign
                arp operation reply arp saddr ip {{Addresses.VirtualLan}} arp daddr ip != {{Addresses.VirtualLan}} counter name arp-answers
                icmpv6 type nd-neighbor-advert {{target}} {{foreign}} counter name discovery-foreign
                ip6 daddr != ff02::1 icmpv6 type nd-neighbor-advert {{target}} counter name discovery-answers
              }
            }
            """
        );
        Tool.Run(
            "ip",
            [
                "netns",
                "exec",
                client,
                "sh",
                "-c",
                $$"""
                for i in $(seq {{times}}); do for address in {{Addresses.VirtualLan}} {{Addresses.VirtualLan6}}; do
                  ip neigh flush to $address dev {{device}}
                  ping -q -c 1 -W 1 $address > /dev/null
                done; done
                """,
            ]
        );
    }

    private static int Counted(LabCluster cluster, string name)
    {
        var client = cluster.Plan.NamespaceOf(LabPlan.Client);
        var counter = Tool.Run("ip", ["netns", "exec", client, "nft", "list", "counter", "netdev", "count", name]);
        return int.Parse(counter.Split("packets ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Scenario]
    public async Task What_is_declared_stands_on_every_unit_and_what_is_no_longer_declared_on_none()
    {
        const string gone = "10.10.1.77",
            moved = "10.10.9.77",
            there = "198.51.100.0/24";
        using var cluster = await LabCluster.ReadyAsync(image: Prerequisites.SecondImage);
        var bench = new ConfigurationBench(cluster);
        await bench.UntilInSyncAsync();
        In(cluster, LabPlan.Server, $"address add {Far}/32 dev lo");
        var lan = $"{Addresses.VirtualLan}/24, \"{Addresses.VirtualLan6}/64\"";
        var wan = $"{Addresses.VirtualWan}/24, \"{Addresses.VirtualWan6}/64\"";
        await CommitAsync(
            cluster,
            bench,
            $$"""
            interfaces:
              - { name: lan0, virtual-addresses: [{{lan}}, {{gone}}/24, 10.10.7.1/28, {{moved}}/32] }
              - name: wan0
                virtual-addresses: [{{wan}}]
                routes: [{ to: {{there}}, via: {{Addresses.Server}}, source: {{Addresses.VirtualWan}}, table: 77 }]
            forwarding: { rules: [{ priority: 100, to: {{there}}, table: 77 }] }

            """
        );
        foreach (var unit in cluster.Plan.Units)
        {
            await LabCluster.UntilAsync($"{unit} has what is declared", () => Declared(cluster, unit) == "route rule");
            Assert.Equal("lan0 lan0 lan0", Where(cluster, unit, gone, "10.10.7.1/28", moved));
        }

        Assert.True(Reaches(cluster, Far) && Reaches(cluster, gone));
        Assert.True(
            Speaks(cluster, LabPlan.Client, moved) && !Speaks(cluster, LabPlan.Server, moved),
            $"{moved} does not answer on lan0 alone"
        );
        foreach (var unit in cluster.Plan.Units)
        {
            Shell(cluster, unit, "ip route flush table 77; ip rule del pref 100");
            await LabCluster.UntilAsync($"{unit} has put it back", () => Declared(cluster, unit) == "route rule");
        }

        Assert.True(Reaches(cluster, Far));
        await CommitAsync(
            cluster,
            bench,
            $$"""
            interfaces:
              - { name: lan0, virtual-addresses: [{{lan}}, 10.10.7.1/24] }
              - { name: wan0, virtual-addresses: [{{wan}}, {{moved}}/32] }

            """
        );
        foreach (var unit in cluster.Plan.Units)
        {
            await LabCluster.UntilAsync($"{unit} has nothing of it left", () => Declared(cluster, unit) == "");
            Assert.Equal(" lan0  wan0", Where(cluster, unit, gone, "10.10.7.1/24", "10.10.7.1/28", moved));
        }

        Assert.False(Speaks(cluster, LabPlan.Client, gone), $"{gone} is answered for");
        Assert.True(
            Speaks(cluster, LabPlan.Server, moved) && !Speaks(cluster, LabPlan.Client, moved),
            $"{moved} does not answer on wan0 alone"
        );
    }

    private static async Task CommitAsync(LabCluster cluster, ConfigurationBench bench, string settings)
    {
        ConfigurationBench.AssertOk(bench.Commit("gw1", ClusterFile.Path, settings));
        await bench.UntilInSyncAsync();
        await cluster.UntilReadyAsync();
    }

    private static string Declared(LabCluster cluster, string unit)
    {
        var space = cluster.Plan.NamespaceOf(unit);
        var route = Tool.Try("ip", ["-n", space, "route", "show", "table", "all", "proto", "72"]).Output.Length > 0;
        var rule = Tool.Try("ip", ["-n", space, "rule"]).Output.Contains("proto 72", StringComparison.Ordinal);
        return string.Join(' ', (string[])[.. route ? ["route"] : Array.Empty<string>(), .. rule ? ["rule"] : Array.Empty<string>()]);
    }

    /// <summary>On which interface each address stands.</summary>
    private static string Where(LabCluster cluster, string unit, params string[] addresses)
    {
        var lines = Tool.Run("ip", ["-o", "-n", cluster.Plan.NamespaceOf(unit), "address"]).Split('\n');
        return string.Join(
            ' ',
            addresses
                .Select(address => address + (address.Contains('/', StringComparison.Ordinal) ? " " : "/"))
                .Select(address =>
                    lines
                        .Where(line => line.Contains($" {address}", StringComparison.Ordinal))
                        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1])
                        .SingleOrDefault("")
                )
        );
    }

    /// <summary>Whether anybody answers ARP for the address on the network of that host.</summary>
    private static bool Speaks(LabCluster cluster, string host, string address)
    {
        var space = cluster.Plan.NamespaceOf(host);
        Tool.Run("ip", ["-n", space, "neigh", "flush", "to", address]);
        Tool.Run("ip", ["-n", space, "route", "replace", $"{address}/32", "dev", "eth0"]);
        _ = Tool.Try("ip", ["netns", "exec", space, "ping", "-q", "-c", "2", "-i", "0.3", "-W", "1", address]);
        var answered = Tool.Run("ip", ["-n", space, "neigh", "show", address]).Contains("lladdr", StringComparison.Ordinal);
        Tool.Run("ip", ["-n", space, "route", "del", $"{address}/32", "dev", "eth0"]);
        return answered;
    }

    private static string Own(string unit) => Addresses.Own("wan0", LabPlan.NumberOf(unit)).First().Split('/')[0];

    private static void In(LabCluster cluster, string node, params string[] lines) =>
        Tool.Run("ip", ["-n", cluster.Plan.NamespaceOf(node), "-batch", "-"], string.Join('\n', lines) + "\n");

    private static void Shell(LabCluster cluster, string unit, string command) =>
        Tool.Run("ip", cluster.Unit(unit).Inside("sh", "-c", command));

    private static IReadOnlyList<ForwardingDifference> Differences(LabCluster cluster, string unit) =>
        cluster.Watch.Status(unit, out _)?.Units.FirstOrDefault(each => each.Name == unit)?.Forwarding?.Differences ?? [];

    private static bool Stands(LabCluster cluster, string unit) =>
        Tool.Run("ip", ["-n", cluster.Plan.NamespaceOf(unit), "address", "show", "dev", "wan0"])
            .Contains($"{Addresses.VirtualWan}/", StringComparison.Ordinal);

    private static string Routes(LabCluster cluster, string unit) =>
        string.Join(
            "\n",
            Tool.Run("ip", ["-n", cluster.Plan.NamespaceOf(unit), "route", "show", "table", "all", "proto", "boot"])
                + Tool.Run("ip", ["-6", "-n", cluster.Plan.NamespaceOf(unit), "route", "show", "table", "all", "proto", "boot"])
        );

    private static bool Reaches(LabCluster cluster, string address) =>
        Tool.Try("ip", ["netns", "exec", cluster.Plan.NamespaceOf(LabPlan.Client), "ping", "-q", "-c", "1", "-W", "1", address]).ExitCode
        == 0;

    private static string MacOf(LabCluster cluster, string unit) =>
        Tool.Run("ip", ["-n", cluster.Plan.NamespaceOf(unit), "-br", "link", "show", "lan0"])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
}
