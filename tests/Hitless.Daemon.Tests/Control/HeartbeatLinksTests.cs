using System.Net;
using System.Text;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Keys;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Daemon.Tests.Sessions;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Polling;
using Hitless.Linux.Sockets;
using Xunit;

namespace Hitless.Daemon.Tests.Control;

/// <summary>
/// A unit's heartbeat links in a namespace of their own; the far ends lie in another one, and any of them may be missing.
/// </summary>
public sealed class HeartbeatLinksTests : IDisposable
{
    private const string Settings = """
        cluster: { name: edge }
        unit: { name: gw1 }
        heartbeat:
          links:
            - { interface: hb0, address: 10.96.9.1, peers: [10.96.9.2] }
            - { interface: hb1, address: "fd96:9::1", peers: ["fd96:9::2"] }
        interfaces: [{ name: lan0, virtual-addresses: [10.96.1.1/24] }]
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-test-").FullName;
    private readonly string near = $"hl-near-{Environment.ProcessId}";
    private readonly string far = $"hl-far-{Environment.ProcessId}";
    private readonly EventLog events;
    private readonly Poller poller = new();
    private readonly Poller farPoller = new();

    public HeartbeatLinksTests()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for network namespaces");
        GatewayPair.Shell($"set -e; for n in {near} {far}; do ip netns add $n; ip -n $n link set lo up; done");
        events = new EventLog(folder, "gw1");
    }

    public void Dispose()
    {
        GatewayPair.Shell($"ip netns del {near}; ip netns del {far}");
        events.Dispose();
        poller.Dispose();
        farPoller.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_link_that_is_missing_at_the_start_is_named_and_used_once_it_is_there()
    {
        Plug("hb0");
        using var links = Open();
        using var peer = FarLinks();
        Assert.True(Hears(links, peer, 0));
        Assert.Contains(links.Complaints, c =>
            c.Contains("hb1", StringComparison.Ordinal) && c.Contains("does not exist", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(links.Complaints, c => c.Contains("hb0", StringComparison.Ordinal));

        Plug("hb1");
        NetworkNamespace.Run(near, links.Follow);
        NetworkNamespace.Run(far, peer.Follow);
        Assert.True(Hears(links, peer, 1));
        Assert.DoesNotContain(links.Complaints, c => c.Contains("does not exist", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("hb0", 0)]
    [InlineData("hb1", 1)]
    public void A_link_whose_interface_is_made_anew_is_heard_again(string name, int link)
    {
        Plug("hb0");
        Plug("hb1");
        using var links = Open();
        using var peer = FarLinks();
        Assert.True(Hears(links, peer, link));

        GatewayPair.Shell($"ip -n {near} link del {name}");
        NetworkNamespace.Run(near, links.Follow);
        NetworkNamespace.Run(far, peer.Follow);
        Assert.Contains(links.Complaints, c => c.Contains(name, StringComparison.Ordinal));
        links.Send(new Heartbeat { Name = "gw1" }, WireVersion.Minor, overTraffic: false);

        Plug(name);
        NetworkNamespace.Run(near, links.Follow);
        NetworkNamespace.Run(far, peer.Follow);
        Assert.True(Hears(links, peer, link));
    }

    [Fact]
    public void A_renamed_interface_is_another_one_and_its_name_is_not_forgotten()
    {
        Plug("hb0");
        Plug("hb1");
        using var links = Open();
        using var peer = FarLinks();
        GatewayPair.Shell($"ip -n {near} link set hb0 down; ip -n {near} link set hb0 name other0");
        NetworkNamespace.Run(near, links.Follow);
        Assert.Contains(links.Complaints, c => c.Contains("hb0", StringComparison.Ordinal));

        GatewayPair.Shell($"ip -n {near} link set other0 name hb0; ip -n {near} link set hb0 up");
        NetworkNamespace.Run(near, links.Follow);
        Assert.True(Hears(links, peer, 0));
    }

    [Fact]
    public void An_address_that_comes_late_is_named_until_it_is_there()
    {
        Plug("hb0");
        Plug("hb1");
        GatewayPair.Shell($"ip -n {near} addr del 10.96.9.1/24 dev hb0");
        using var links = Open();
        using var peer = FarLinks();
        Assert.Contains(links.Complaints, c => c.Contains("no usable address 10.96.9.1", StringComparison.Ordinal));

        GatewayPair.Shell($"ip -n {near} addr add 10.96.9.1/24 dev hb0");
        NetworkNamespace.Run(near, links.Follow);
        Assert.Empty(links.Complaints);
        Assert.True(Hears(links, peer, 0));
    }

    [Fact]
    public void A_link_that_is_dead_while_another_one_works_is_named()
    {
        HeartbeatLinkSettings[] links = [new("hb0", Address(1, 1), [Address(1, 2)]), new("hb1", Address(2, 1), [Address(2, 2)])];
        DatagramEndpoint[][] peers =
        [
            [new(new IPEndPoint(Address(1, 2), 8417))],
            [new(new IPEndPoint(Address(2, 2), 8417))],
        ];
        var silence = new LinkSilence(links, peers);
        silence.Heard(0, peers[0][0], new(7), At(0));
        Assert.Empty(silence.ProblemsAt(At(4), _ => true));
        silence.Heard(0, peers[0][0], new(7), At(6));
        Assert.Contains("10.0.2.2 on hb1 since the start", Assert.Single(silence.ProblemsAt(At(6), _ => true)), StringComparison.Ordinal);
        Assert.Empty(silence.ProblemsAt(At(6), link => link == 0));

        silence.Heard(1, peers[1][0], new(7), At(6));
        Assert.Empty(silence.ProblemsAt(At(7), _ => true));
        silence.Heard(1, peers[1][0], new(7), At(15));
        Assert.Contains("10.0.1.2 on hb0 for 9 s", Assert.Single(silence.ProblemsAt(At(15), _ => true)), StringComparison.Ordinal);

        // Who is silent everywhere is gone, and no link is to blame.
        Assert.Empty(silence.ProblemsAt(At(30), _ => true));
    }

    private static IPAddress Address(byte net, byte host) => new([10, 0, net, host]);

    private static TimeSpan At(int seconds) => TimeSpan.FromSeconds(1000 + seconds);

    private HeartbeatLinks Open() => NetworkNamespace.Run(near, () => Links(Settings, new(0xA1), poller));

    private HeartbeatLinks FarLinks() =>
        NetworkNamespace.Run(far, () =>
            Links(
                Settings
                    .Replace("9.1,", "9.9,", StringComparison.Ordinal)
                    .Replace("9.2]", "9.1]", StringComparison.Ordinal)
                    .Replace("9.9,", "9.2,", StringComparison.Ordinal)
                    .Replace("9::1\",", "9::9\",", StringComparison.Ordinal)
                    .Replace("9::2\"]", "9::1\"]", StringComparison.Ordinal)
                    .Replace("9::9\",", "9::2\",", StringComparison.Ordinal),
                new(0xB2),
                farPoller
            )
        );

    private HeartbeatLinks Links(string yaml, UnitId unit, Poller watch)
    {
        Assert.True(
            UnitFile.TryParse(Encoding.UTF8.GetBytes(yaml), "/unit.yaml", null, out var settings, out var problems),
            string.Join("\n", problems)
        );
        return new HeartbeatLinks(
            settings!,
            new UnitIdentity(unit, new Incarnation(new UInt128(unit.Number, 1))),
            new ClusterKeys(new ClusterKey(GatewayPair.Secret)),
            events,
            watch
        );
    }

    private static bool Hears(HeartbeatLinks to, HeartbeatLinks from, int link)
    {
        for (var since = System.Diagnostics.Stopwatch.StartNew(); since.Elapsed < Patience; Thread.Sleep(20))
        {
            from.Send(new Heartbeat { Name = "gw2" }, WireVersion.Minor, overTraffic: false);
            var budget = 100;
            if (to.TryReceive(link, ref budget, out var header, out _, out _) && header.UnitId == new UnitId(0xB2))
            {
                return true;
            }
        }

        return false;
    }

    private void Plug(string name)
    {
        var (own, other, dad) = name == "hb0" ? ("10.96.9.1/24", "10.96.9.2/24", "") : ("fd96:9::1/64", "fd96:9::2/64", "nodad");
        GatewayPair.Shell(
            $"""
            set -e
            ip -n {near} link add {name} type veth peer name {name} netns {far}
            ip -n {near} addr add {own} dev {name} {dad}; ip -n {far} addr add {other} dev {name} {dad}
            ip -n {near} link set {name} up; ip -n {far} link set {name} up
            """
        );
    }
}
