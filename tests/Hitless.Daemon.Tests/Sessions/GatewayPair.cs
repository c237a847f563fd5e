using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Core.Keys;
using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Hitless.Daemon.Sessions;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Netlink;
using Xunit;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>
/// A client and a server with two gateways between them, a strict firewall on both (forward policy drop, invalid dropped, tcp_loose=0), and
/// a session loop on each; what 10.91.1.130 sends is not translated. The virtual addresses 10.91.1.1, 10.91.2.1, fd91:1::1 and fd91:2::1
/// are moved by hand.
/// </summary>
internal sealed class GatewayPair : IDisposable
{
    public static readonly UnitId UnitA = new(0xA1);
    public static readonly UnitId UnitB = new(0xB2);
    public static readonly byte[] Secret = [.. Enumerable.Range(7, 32).Select(i => (byte)i)];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static int count;
    private readonly string prefix = $"hs-{Environment.ProcessId}-{Interlocked.Increment(ref count)}-";
    private readonly TimeSpan delay;
    private readonly bool sessionLink;
    private readonly IReadOnlyList<SessionExpression> exclude;
    private bool aIsOff;
    private readonly BlockingCollection<SessionNotice> noticesA = [];
    private readonly BlockingCollection<SessionNotice> noticesB = [];

    public GatewayPair(TimeSpan delay = default, bool sessionLink = false, string? exclude = null)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for network namespaces");
        Shell(
            $$"""
            set -e
            for n in switch client server a b; do ip netns add {{prefix}}$n; ip -n {{prefix}}$n link set lo up; done
            for b in lan wan; do ip -n {{prefix}}switch link add $b type bridge; ip -n {{prefix}}switch link set $b up; done
            plug() { ip -n {{prefix}}$1 link add $2 type veth peer name $1-$2 netns {{prefix}}switch
            ip -n {{prefix}}switch link set $1-$2 master $3 up; ip -n {{prefix}}$1 link set $2 up; }
            plug client eth0 lan; plug server eth0 wan; plug a lan0 lan; plug a wan0 wan; plug b lan0 lan; plug b wan0 wan
            ip -n {{A}} link add hb0 type veth peer name hb0 netns {{B}}; ip -n {{A}} link set hb0 up; ip -n {{B}} link set hb0 up
            ip -n {{A}} addr add 10.91.9.1/24 dev hb0; ip -n {{B}} addr add 10.91.9.2/24 dev hb0
            ip -n {{A}} link add ss0 type veth peer name ss0 netns {{B}}; ip -n {{A}} link set ss0 up; ip -n {{B}} link set ss0 up
            ip -n {{A}} addr add 10.91.8.1/24 dev ss0; ip -n {{B}} addr add 10.91.8.2/24 dev ss0
            host() { ip -n {{prefix}}$1 addr add $2 dev $3 $4; }
            host client 10.91.1.10/24 eth0; host client 10.91.1.130/24 eth0; host client fd91:1::10/64 eth0 nodad
            host server 10.91.2.10/24 eth0; host server fd91:2::10/64 eth0 nodad
            host a 10.91.1.2/24 lan0; host a 10.91.2.2/24 wan0; host b 10.91.1.3/24 lan0; host b 10.91.2.3/24 wan0
            ip -n {{Client}} route add default via 10.91.1.1; ip -n {{Client}} route add default via fd91:1::1
            ip -n {{Server}} route add default via 10.91.2.1; ip -n {{Server}} route add default via fd91:2::1
            for n in a b; do ip netns exec {{prefix}}$n sh -c '
              echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
              echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose; echo 1 > /proc/sys/net/netfilter/nf_conntrack_events
              nft -f - <<EOF
            table inet fw {
              counter refused { }
              chain forward { type filter hook forward priority 0; policy drop;
                ct state invalid counter name refused drop
                ct state established,related accept
                iifname "lan0" ct state new accept
                iifname "wan0" ct status dnat accept
                counter name refused
              }
            }
            table inet marks {
              chain pre { type filter hook prerouting priority -150; tcp dport 9004 ct mark set 0x77; tcp dport 9004 ct label set 5; }
            }
            table ip helpers {
              ct helper ftp { type "ftp" protocol tcp; }
              ct helper tftp { type "tftp" protocol udp; }
              ct helper sip { type "sip" protocol udp; }
              ct helper irc { type "irc" protocol tcp; }
              ct helper h323 { type "Q.931" protocol tcp; }
              ct helper ras { type "RAS" protocol udp; }
              ct helper pptp { type "pptp" protocol tcp; }
              chain pre { type filter hook prerouting priority -150; tcp dport 21 ct helper set "ftp"
              tcp dport 6667 ct helper set "irc"; tcp dport 1720 ct helper set "h323"; tcp dport 1723 ct helper set "pptp"
              udp dport 69 ct helper set "tftp"; udp dport 1719 ct helper set "ras"; udp dport 5060 ct helper set "sip"; }
            }
            table inet nat {
              chain pre { type nat hook prerouting priority -100
              iifname "wan0" ip daddr 10.91.2.1 tcp dport 8080 dnat ip to 10.91.1.10:9003; }
              chain post { type nat hook postrouting priority 100
              oifname "wan0" tcp dport { 21, 1720, 1723, 6667, 9002 } ip saddr 10.91.1.0/25 snat ip to 10.91.2.1
                oifname "wan0" udp dport { 69, 1719, 5060, 9002 } ip saddr 10.91.1.0/25 snat ip to 10.91.2.1
                oifname "wan0" meta l4proto { icmp, gre, sctp } ip saddr 10.91.1.0/25 snat ip to 10.91.2.1
                oifname "wan0" meta l4proto { tcp, udp } th dport 9010 masquerade
                oifname "wan0" tcp dport 9002 ip6 saddr fd91:1::/64 snat ip6 to fd91:2::1
              }
            }
            EOF
            '; done
            """
        );
        MoveTo(A);
        this.delay = delay;
        this.sessionLink = sessionLink;
        this.exclude =
            exclude is null ? []
            : SessionExpression.TryParse(exclude, out var expression, out var wrongAt) ? [expression]
            : throw new ArgumentException(wrongAt, nameof(exclude));
        LoopA = Start(A, UnitA, new(101), noticesA);
        LoopB = Start(B, UnitB, new(202), noticesB);
    }

    public SessionLoop LoopA { get; }

    public SessionLoop LoopB { get; private set; }

    public string A => $"{prefix}a";

    public string B => $"{prefix}b";

    public string Client => $"{prefix}client";

    public string Server => $"{prefix}server";

    public static string Shell(string script)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"exec 2>&1\n{script}");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"exit {process.ExitCode}: {output}");
    }

    /// <summary>A carries traffic, B follows and holds all of it.</summary>
    public void Follow()
    {
        LoopA.SetRole(true, null);
        LoopB.SetRole(false, UnitA);
        NoticeOfB(SessionNoticeKind.Synced);
        Task.WaitAll(LoopA.DigestsAsync(), LoopB.DigestsAsync());
    }

    /// <summary>Everything that A's kernel knows is in B's.</summary>
    public void HandOver()
    {
        LoopA.Barrier(new(1));
        var barrier = NoticeOfA(SessionNoticeKind.BarrierReached);
        LoopB.AwaitApplied(new(2), UnitA, barrier.Sequence, Patience);
        Assert.True(NoticeOfB(SessionNoticeKind.Applied).Ok);
    }

    public SessionNotice NoticeOfA(SessionNoticeKind kind) => Notice(noticesA, kind);

    public SessionNotice NoticeOfB(SessionNoticeKind kind) => Notice(noticesB, kind);

    /// <summary>The virtual addresses stand on this unit from now on.</summary>
    public void MoveTo(string unit) =>
        Shell(
            $$"""
            for n in {{A}} {{B}}; do
              ip -n $n addr del 10.91.1.1/24 dev lan0; ip -n $n addr del 10.91.2.1/24 dev wan0
              ip -n $n addr del fd91:1::1/64 dev lan0; ip -n $n addr del fd91:2::1/64 dev wan0
            done 2>/dev/null
            set -e
            ip -n {{unit}} addr add 10.91.1.1/24 dev lan0; ip -n {{unit}} addr add 10.91.2.1/24 dev wan0
            ip -n {{unit}} addr add fd91:1::1/64 dev lan0 nodad; ip -n {{unit}} addr add fd91:2::1/64 dev wan0 nodad
            ip -n {{Client}} neigh flush dev eth0; ip -n {{Server}} neigh flush dev eth0
            """
        );

    /// <summary>A socket of a host that waits for a connection.</summary>
    public static Socket Listen(string host, string address, int port) => NetworkNamespace.Run(host, () =>
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 10_000 };
            listener.Bind(new IPEndPoint(IPAddress.Parse(address), port));
            listener.Listen();
            return listener;
        });

    /// <summary>A host's UDP socket.</summary>
    public static Socket Bound(string host, string address, int port) => NetworkNamespace.Run(host, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 10_000 };
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), port));
            return socket;
        });

    /// <summary>A socket of the client that waits for a connection, and its port.</summary>
    public Socket ListenInside(out int port)
    {
        var listener = Listen(Client, ControlConnection.InsideAddress, 0);
        port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        return listener;
    }

    /// <summary>The server connects to what the client announced: the client's end and its own.</summary>
    public (Socket Near, Socket Far) ConnectInward((Socket Listener, IPEndPoint Target) announced, string name)
    {
        var far = NetworkNamespace.Run(Server, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        if (!far.ConnectAsync(announced.Target).Wait(TimeSpan.FromSeconds(10)))
            throw new TimeoutException($"no {name} connection to {announced.Target}");
        var near = announced.Listener.Accept();
        near.ReceiveTimeout = far.ReceiveTimeout = 10_000;
        return (near, far);
    }

    /// <summary>Packets that a unit's firewall refused.</summary>
    public long RefusedBy(string unit)
    {
        var words = Shell($"ip netns exec {unit} nft list counter inet fw refused")
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(words[Array.IndexOf(words, "packets") + 1]);
    }

    /// <summary>The unit's process starts anew (and its kernel keeps its table).</summary>
    public void RestartB()
    {
        LoopB.Dispose();
        while (noticesB.TryTake(out _)) { }

        LoopB = Start(B, UnitB, new(203), noticesB);
    }

    /// <summary>Replicated sessions of a unit's kernel.</summary>
    public static IReadOnlyList<SessionRecord> Sessions(string unit) => NetworkNamespace.Run(unit, () =>
        {
            var filter = new SessionFilter(
                new SessionSettings(true, true, true, true, TimeSpan.Zero, []),
                [],
                [IPAddress.Parse("10.91.9.1"), IPAddress.Parse("10.91.9.2"), IPAddress.Parse("10.91.8.1"), IPAddress.Parse("10.91.8.2")]
            );
            using var dump = new ConntrackDump();
            var records = new List<SessionRecord>();
            while (dump.Receive(out var reader) == NetlinkReceive.Data)
            {
                while (reader.TryNext(out _, out var record))
                {
                    if (filter.Replicates(record))
                        records.Add(record);
                }

                if (reader.Done)
                    break;
            }

            return records;
        });

    // Those of GRE are made anew from the sessions (PptpCall).
    private static HashSet<(SessionKey, byte, ushort)> Expected(string unit) => NetworkNamespace.Run(unit, () =>
        {
            using var dump = new ConntrackDump(expectations: true);
            var expected = new HashSet<(SessionKey, byte, ushort)>();
            while (dump.Receive(out var reader) == NetlinkReceive.Data)
            {
                while (reader.TryNext(out _, out _))
                {
                    if (reader.Expectation.Protocol != Protocols.Gre)
                        expected.Add((reader.Expectation.Parent, reader.Expectation.Protocol, reader.Expectation.Tuple.DestinationPort));
                }

                if (reader.Done)
                    break;
            }

            return expected;
        });

    /// <summary>What must be equal on both units.</summary>
    public static HashSet<(SessionKey, SessionTuple, TcpStateClass, int, int)> Essence(string unit) =>
        [
            .. Sessions(unit)
                .Select(record => (record.Key, record.Reply, record.Tcp.Class, record.AdjustOriginal.After, record.AdjustReply.After)),
        ];

    /// <summary>Waits until the tables are equal.</summary>
    public void AssertEqualSoon(TimeSpan within)
    {
        var clock = Stopwatch.StartNew();
        while (!Essence(A).SetEquals(Essence(B)))
        {
            Assert.True(
                clock.Elapsed < within,
                $"the tables still differ after {within.TotalSeconds} s: {Essence(A).Count} and {Essence(B).Count} sessions"
            );
            Thread.Yield();
        }
    }

    /// <summary>B becomes what A was: by a planned switch, or because A is dead at once, when B has been told all of it.</summary>
    public void TakeOver(bool powerOff)
    {
        if (powerOff)
        {
            AssertEqualSoon(Patience);
            var clock = Stopwatch.StartNew();
            while (!Expected(A).IsSubsetOf(Expected(B)))
                Assert.True(
                    clock.Elapsed < Patience,
                    $"expected at A: {string.Join(", ", Expected(A))}; at B: {string.Join(", ", Expected(B))}"
                );
            AssertLedger(LoopA);
            LoopA.Dispose();
            aIsOff = true;
            LoopB.Drain(new(9));
            NoticeOfB(SessionNoticeKind.Drained);
        }
        else
        {
            HandOver();
        }

        LoopB.SetRole(true, null);
        MoveTo(B);
    }

    /// <summary>Whatever a test has done: the ledgers hold what the kernels hold.</summary>
    public void Dispose()
    {
        try
        {
            if (!aIsOff)
                AssertLedger(LoopA);
            AssertLedger(LoopB);
        }
        finally
        {
            LoopA.Dispose();
            LoopB.Dispose();
            Shell($"for n in switch client server a b; do ip netns del {prefix}$n; done");
        }
    }

    private static void AssertLedger(SessionLoop loop)
    {
        Assert.True(
            Task.Run(async () =>
                {
                    await loop.DigestsAsync(anew: true);
                    Assert.Equal(0, (await loop.StatusAsync()).Corrected);
                })
                .Wait(Patience)
        );
    }

    private UnitSettings Settings(string name, UnitId unit)
    {
        var (self, peer) = unit == UnitA ? (1, 2) : (2, 1);
        HeartbeatLinkSettings Link(string port, int network) =>
            new(port, IPAddress.Parse($"10.91.{network}.{self}"), [IPAddress.Parse($"10.91.{network}.{peer}")]);
        return new UnitSettings(
            new ClusterSettings("test", 7, false, "/nowhere"),
            new IdentitySettings(name, 100, false),
            new HeartbeatSettings([Link("hb0", 9)], TimeSpan.FromMilliseconds(20), 4, 8417),
            [Port("lan0", "10.91.1.1", "fd91:1::1"), Port("wan0", "10.91.2.1", "fd91:2::1")],
            new SessionSettings(true, true, true, true, delay, []) { Exclude = exclude },
            [],
            [],
            new UpgradeSettings(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, null, 0)
        )
        {
            SessionLink = sessionLink ? Link("ss0", 8) : null,
        };
    }

    private static PortSettings Port(string name, params string[] addresses) =>
        new(
            name,
            [
                .. addresses.Select(address => new AddressPrefix(
                    IPAddress.Parse(address),
                    address.Contains(':', StringComparison.Ordinal) ? 64 : 24
                )),
            ],
            true
        );

    private SessionLoop Start(string unit, UnitId id, Incarnation incarnation, BlockingCollection<SessionNotice> notices) =>
        NetworkNamespace.Run(unit, () =>
            new SessionLoop(Settings(unit, id), new ClusterKeys(new ClusterKey(Secret)), id, incarnation, notices.Add)
        );

    private static SessionNotice Notice(BlockingCollection<SessionNotice> notices, SessionNoticeKind kind)
    {
        var end = Stopwatch.StartNew();
        while (notices.TryTake(out var notice, Patience - end.Elapsed > TimeSpan.Zero ? Patience - end.Elapsed : TimeSpan.Zero))
        {
            if (notice.Kind == kind)
                return notice;
        }

        throw new TimeoutException($"no notice {kind} within {Patience.TotalSeconds} s");
    }
}
