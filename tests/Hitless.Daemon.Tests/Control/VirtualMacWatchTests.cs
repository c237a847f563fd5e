using System.Net;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Daemon.Common;
using Hitless.Daemon.Gateway;
using Hitless.Daemon.Tests.Sessions;
using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Traffic;
using Xunit;

namespace Hitless.Daemon.Tests.Control;

/// <summary>A standby on a switch that lets only some MACs pass: a bridge whose ports drop frames (docs/decisions/0044).</summary>
public sealed class VirtualMacWatchTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Answers come within some microseconds; one that is late makes a round void, and the next one counts.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(50);
    private const int RoundsMax = 20;
    private readonly string prefix = $"vm-{Environment.ProcessId}-";
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-test-").FullName;
    private readonly List<TrafficTable> tables = [];
    private readonly IReadOnlyList<TrafficPort> ports;
    private readonly InBandHearing hearing = new(1);
    private TimeSpan now = Second;

    public VirtualMacWatchTests()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for network namespaces");
        ports = TrafficPort.From(7, [new PortSettings("lan0", [new AddressPrefix(IPAddress.Parse("10.96.1.1"), 24)], Monitor: true)]);
        GatewayPair.Shell(
            $"""
            set -e
            for n in switch a b; do ip netns add {prefix}$n; done
            ip -n {prefix}switch link add lan type bridge; ip -n {prefix}switch link set lan up
            for n in a b; do ip -n {prefix}$n link add lan0 type veth peer name $n-lan0 netns {prefix}switch
            ip -n {prefix}switch link set $n-lan0 master lan up; ip -n {prefix}$n link set lan0 up
              ip netns exec {prefix}$n sh -c 'echo 1 > /proc/sys/net/ipv4/conf/lan0/arp_ignore'; done
            """
        );
        Prepare("a", TrafficState.Claimed);
        Prepare("b", TrafficState.Muted);
    }

    [Fact]
    public void Where_the_virtual_mac_passes_nothing_is_said()
    {
        using var events = new EventLog(folder, "gw2");
        var watch = new VirtualMacWatch(ports, hearing, events);

        Rounds(watch, 5, primaryHeard: true);

        Assert.Empty(watch.Problems);
    }

    [Theory]
    [InlineData("chain c { type filter hook ingress device a-lan0 priority 0; ether saddr MAC drop; }", "frames from the virtual MAC ")]
    [InlineData("chain c { type filter hook ingress device b-lan0 priority 0; ether daddr MAC drop; }", "frames to the virtual MAC ")]
    public void What_the_switch_does_not_let_pass_is_named_with_the_remedy_and_taken_back_when_it_does(string chain, string problem)
    {
        using var events = new EventLog(folder, "gw2");
        var watch = new VirtualMacWatch(ports, hearing, events);
        var rules = chain.Replace("MAC", ports[0].VirtualMac.ToString(), StringComparison.Ordinal);
        GatewayPair.Shell($"ip netns exec {prefix}switch nft 'table netdev security {{ {rules}; }}'");

        for (var round = 0; round < RoundsMax && !watch.Problems.Any(each => each.StartsWith(problem, StringComparison.Ordinal)); round++)
        {
            Rounds(watch, 1, primaryHeard: true);
        }

        Assert.StartsWith($"{problem}{ports[0].VirtualMac}", Assert.Single(watch.Problems), StringComparison.Ordinal);
        Assert.Contains("virtual-mac: off", watch.Problems[0], StringComparison.Ordinal);

        GatewayPair.Shell($"ip netns exec {prefix}switch nft delete table netdev security");
        for (var round = 0; round < RoundsMax && watch.Problems.Count > 0; round++)
        {
            Rounds(watch, 1, primaryHeard: true);
        }

        Assert.Empty(watch.Problems);
    }

    [Fact]
    public void Nothing_is_said_where_no_primary_is_heard_and_where_there_is_no_virtual_mac()
    {
        using var events = new EventLog(folder, "gw2");
        var unheard = new VirtualMacWatch(ports, hearing, events);
        var without = new VirtualMacWatch([ports[0] with { VirtualMac = null }], hearing, events);
        GatewayPair.Shell($"ip -n {prefix}switch link set b-lan0 down");

        Rounds(unheard, 5, primaryHeard: false);
        Rounds(without, 5, primaryHeard: true);

        Assert.Empty(unheard.Problems);
        Assert.Empty(without.Problems);
    }

    public void Dispose()
    {
        tables.ForEach(table => table.Dispose());
        GatewayPair.Shell($"for n in switch a b; do ip netns del {prefix}$n; done");
        Directory.Delete(folder, recursive: true);
    }

    private void Rounds(VirtualMacWatch watch, int count, bool primaryHeard) => NetworkNamespace.Run($"{prefix}b", () =>
        {
            for (var second = 0; second < 10 * count; second++)
            {
                now += Second;
                if (primaryHeard)
                {
                    hearing.Heard(0, now);
                }

                watch.Tick(now);
                if (second % 10 < 2)
                {
                    Thread.Sleep(AnswerTime);
                }
            }
        });

    private void Prepare(string unit, TrafficState state) => NetworkNamespace.Run($"{prefix}{unit}", () =>
        {
            using var links = new LinkTable();
            using var addresses = new AddressTable();
            var link = links.Find("lan0")!.Value;
            var table = new TrafficTable(ports);
            tables.Add(table);
            table.Apply(state).ThrowIfFailed("table");
            var own = new AddressPrefix(IPAddress.Parse(unit == "a" ? "10.96.1.2" : "10.96.1.3"), 24);
            addresses
                .Ensure([new LinkAddress(link.Index, own), new LinkAddress(link.Index, ports[0].Addresses[0])])
                .ThrowIfFailed("addresses");
        });
}
