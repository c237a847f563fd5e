using Hitless.Core.Sessions;
using Hitless.Daemon.Sessions;
using Xunit;

namespace Hitless.Daemon.Tests.Sessions;

public sealed class SwitchTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Connections_of_every_kind_go_on_at_the_other_unit_and_back(bool powerOff)
    {
        using var pair = new GatewayPair();
        pair.Follow();
        List<Conversation> conversations =
        [
            Conversation.Tcp("tcp", pair.Client, pair.Server, "10.91.2.10", 9001),
            Conversation.Tcp("tcp behind SNAT", pair.Client, pair.Server, "10.91.2.10", 9002),
            Conversation.Tcp("tcp behind DNAT", pair.Server, pair.Client, "10.91.1.10", 9003, ("10.91.2.1", 8080)),
            Conversation.Tcp("tcp v6", pair.Client, pair.Server, "fd91:2::10", 9001),
            Conversation.Tcp("tcp v6 behind SNAT", pair.Client, pair.Server, "fd91:2::10", 9002),
            Conversation.Udp("udp", pair.Client, pair.Server, "10.91.2.10", 9001),
            Conversation.Udp("udp behind SNAT", pair.Client, pair.Server, "10.91.2.10", 9002),
            Conversation.Udp("udp v6", pair.Client, pair.Server, "fd91:2::10", 9001),
        ];
        conversations.ForEach(each => each.Exchange());
        GatewayPair.Shell($"ip netns exec {pair.Client} ping -c 1 -W 5 10.91.2.10; ip netns exec {pair.Client} ping -c 1 -W 5 fd91:2::10");
        pair.TakeOver(powerOff);
        Assert.Equal(10, GatewayPair.Sessions(pair.A).Count);
        Assert.Equal(GatewayPair.Essence(pair.A), GatewayPair.Essence(pair.B));
        conversations.ForEach(each => each.Exchange(farBegins: true));
        conversations.ForEach(each => each.Exchange());
        Assert.Equal(0, pair.RefusedBy(pair.B));
        if (powerOff)
        {
            conversations.ForEach(each => each.Dispose());
            return;
        }

        pair.LoopA.SetRole(false, GatewayPair.UnitB);
        Assert.Equal(GatewayPair.UnitB, pair.NoticeOfA(SessionNoticeKind.Synced).Unit);

        // A session that is born and one that ends at B, then back to A.
        conversations.Add(Conversation.Tcp("born at b", pair.Client, pair.Server, "10.91.2.10", 9002));
        conversations[0].Dispose();
        conversations.RemoveAt(0);
        conversations.ForEach(each => each.Exchange());
        pair.LoopB.Barrier(new(7));
        var barrier = pair.NoticeOfB(SessionNoticeKind.BarrierReached);
        Assert.Equal(new(7), barrier.Request);
        pair.LoopA.AwaitApplied(new(8), GatewayPair.UnitB, barrier.Sequence, TimeSpan.FromSeconds(5));
        Assert.True(pair.NoticeOfA(SessionNoticeKind.Applied).Ok);
        pair.LoopA.SetRole(true, null);
        pair.MoveTo(pair.A);
        conversations.ForEach(each => each.Exchange());
        Assert.Equal(0, pair.RefusedBy(pair.A));
        conversations.ForEach(each => each.Dispose());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_masqueraded_to_a_virtual_address_goes_on(bool powerOff)
    {
        using var pair = new GatewayPair();
        // The kernel takes the port's first address: it has no other than the virtual one.
        GatewayPair.Shell($"ip -n {pair.A} addr flush dev wan0; ip -n {pair.B} addr flush dev wan0");
        pair.MoveTo(pair.A);
        pair.Follow();
        List<Conversation> conversations =
        [
            Conversation.Tcp("tcp", pair.Client, pair.Server, "10.91.2.10", 9010),
            Conversation.Udp("udp", pair.Client, pair.Server, "10.91.2.10", 9010),
        ];
        conversations.ForEach(each => each.Exchange());
        pair.TakeOver(powerOff);
        Assert.Equal(
            ["10.91.2.1", "10.91.2.1"],
            GatewayPair.Sessions(pair.B).Select(each => SessionTuple.Address(each.Reply.Destination, v6: false).ToString())
        );
        conversations.ForEach(each => each.Exchange(farBegins: true));
        conversations.ForEach(each => each.Exchange());
        Assert.Equal(0, pair.RefusedBy(pair.B));
        conversations.ForEach(each => each.Dispose());
    }

    // What the former primary tracked itself is not told to it again where it is equal; but it knows old windows.
    [Fact]
    public void Windows_that_moved_on_elsewhere_are_valid_on_return()
    {
        using var pair = new GatewayPair();
        ReplicationTests.Change(pair.A, table => Enumerable.Range(0, 2000).ToList().ForEach(i => table.Put(ReplicationTests.Session(i))));
        pair.Follow();
        using var conversation = Conversation.Tcp("tcp behind SNAT", pair.Client, pair.Server, "10.91.2.10", 9002);
        conversation.Exchange();
        pair.HandOver();
        pair.LoopB.SetRole(true, null);
        pair.MoveTo(pair.B);
        pair.LoopA.SetRole(false, GatewayPair.UnitB);

        // Until its next reading has freed them, its kernel takes any window (nf_conntrack_tcp_be_liberal, 0038): the notice says when that
        // may end.
        if (!pair.NoticeOfA(SessionNoticeKind.Synced).Ok)
            pair.NoticeOfA(SessionNoticeKind.WindowsFree);
        conversation.Pour(20_000_000);
        pair.LoopB.Barrier(new(7));
        var barrier = pair.NoticeOfB(SessionNoticeKind.BarrierReached);
        pair.LoopA.AwaitApplied(new(8), GatewayPair.UnitB, barrier.Sequence, TimeSpan.FromSeconds(5));
        Assert.True(pair.NoticeOfA(SessionNoticeKind.Applied).Ok);
        pair.LoopA.SetRole(true, null);
        pair.MoveTo(pair.A);
        conversation.Exchange();
        conversation.Exchange(farBegins: true);
        Assert.Equal(0, pair.RefusedBy(pair.A));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Marks_and_labels_follow_and_so_do_echoes_behind_translation(bool powerOff)
    {
        using var pair = new GatewayPair();
        pair.Follow();
        using var marked = Conversation.Tcp("marked", pair.Client, pair.Server, "10.91.2.10", 9004);
        marked.Exchange();
        // Many echoes of one identifier: the session that the switch meets lives on.
        using var ping = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("ip", $"netns exec {pair.Client} ping -i 0.1 -c 30 -q 10.91.2.10")
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        while (
            !GatewayPair.Sessions(pair.A).Any(each => each.Key.Protocol == Protocols.Icmp && each.Status.HasFlag(SessionStatus.SeenReply))
        )
            Thread.Yield();
        pair.TakeOver(powerOff);
        var held = GatewayPair.Sessions(pair.B).Single(each => each.Key.Protocol == Protocols.Tcp);
        Assert.Equal((0x77u, (UInt128)32), (held.Mark, held.Labels));
        var identifier = GatewayPair.Sessions(pair.B).Single(each => each.Key.Protocol == Protocols.Icmp);
        marked.Exchange(farBegins: true);
        ping.WaitForExit();
        Assert.Contains("30 packets transmitted, 30 received", ping.StandardOutput.ReadToEnd(), StringComparison.Ordinal);
        Assert.Equal(identifier.Reply, GatewayPair.Sessions(pair.B).Single(each => each.Key.Protocol == Protocols.Icmp).Reply);
        Assert.Equal(0, pair.RefusedBy(pair.B));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sctp_and_gre_go_on_behind_translation(bool powerOff)
    {
        using var pair = new GatewayPair();
        pair.Follow();
        var (gateway, target) = (System.Net.IPAddress.Parse("10.91.2.1"), System.Net.IPAddress.Parse("10.91.2.10"));
        using var client = new RawHost(pair.Client, "10.91.1.10", Protocols.Sctp);
        using var server = new RawHost(pair.Server, "10.91.2.10", Protocols.Sctp);
        client.Send(target, SctpPacket.Init(4000, 9002, tag: 11));
        var (port, _) = SctpPacket.Ports(server.Receive(out var from));
        Assert.Equal(gateway, from);
        server.Send(gateway, SctpPacket.InitAck(9002, port, peersTag: 11, tag: 22));
        client.Receive(out _);
        client.Send(target, SctpPacket.CookieEcho(4000, 9002, peersTag: 22));
        server.Receive(out _);
        server.Send(gateway, SctpPacket.CookieAck(9002, port, peersTag: 11));
        client.Receive(out _);

        using var near = new RawHost(pair.Client, "10.91.1.10", Protocols.Gre);
        using var far = new RawHost(pair.Server, "10.91.2.10", Protocols.Gre);
        near.Send(target, Gre(1));
        far.Receive(out from);
        Assert.Equal(gateway, from);
        far.Send(gateway, Gre(2));
        near.Receive(out _);

        pair.TakeOver(powerOff);
        server.Send(gateway, SctpPacket.Data(9002, port, peersTag: 11, value: 7));
        Assert.Equal(7, SctpPacket.Value(client.Receive(out _)));
        client.Send(target, SctpPacket.Data(4000, 9002, peersTag: 22, value: 8));
        Assert.Equal(8, SctpPacket.Value(server.Receive(out _)));
        foreach (var value in (byte[])[3, 4, 5])
        {
            far.Send(gateway, Gre(value));
            Assert.Equal(value, near.Receive(out _)[4]);
        }

        Assert.Equal(0, pair.RefusedBy(pair.B));
    }

    [Fact]
    public async Task What_another_unit_sends_through_is_its_own()
    {
        using var pair = new GatewayPair();
        pair.Follow();
        GatewayPair.Shell(
            $"ip -n {pair.B} route add 10.91.2.10/32 via 10.91.1.2; ip netns exec {pair.B} ping -c 1 -W 5 -I 10.91.1.3 10.91.2.10"
        );
        Assert.Contains(GatewayPair.Sessions(pair.A), each => each.Key.Protocol == Protocols.Icmp);
        Assert.Equal(0, (await pair.LoopA.DigestsAsync()).Sessions);
    }

    [Fact]
    public void A_units_own_sessions_stay_its_own()
    {
        using var pair = new GatewayPair();
        pair.Follow();
        GatewayPair.Shell(
            $"ip netns exec {pair.A} ping -c 1 -W 5 10.91.9.2; ip netns exec {pair.A} ping -c 1 -W 5 10.91.2.10; ip netns exec "
                + $"{pair.A} ping -c 1 127.0.0.1"
        );
        using var through = Conversation.Tcp("tcp", pair.Client, pair.Server, "10.91.2.10", 9001);
        pair.HandOver();
        Assert.Single(GatewayPair.Sessions(pair.B), record => record.Key.Protocol == Protocols.Tcp);
    }

    [Fact]
    public async Task A_busy_session_older_than_its_timeout_is_still_held()
    {
        using var pair = new GatewayPair();
        foreach (var unit in (string[])[pair.A, pair.B])
            GatewayPair.Shell(
                $"ip netns exec {unit} sh -c 'cd /proc/sys/net/netfilter; echo 3 > nf_conntrack_udp_timeout; echo 3 > "
                    + $"nf_conntrack_udp_timeout_stream'"
            );
        pair.LoopA.SetRole(true, null);
        pair.LoopB.SetRole(false, GatewayPair.UnitA);
        pair.NoticeOfB(SessionNoticeKind.Synced);
        using var conversation = Conversation.Udp("udp", pair.Client, pair.Server, "10.91.2.10", 9001);
        pair.AssertEqualSoon(TimeSpan.FromSeconds(5));
        // This is about the kernel's own clock: more than twice the timeout has to pass.
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(7))
        {
            conversation.Exchange();
            await Task.Delay(100, TestContext.Current.CancellationToken);
            Assert.Single(GatewayPair.Sessions(pair.B));
        }
    }

    // GRE without a key (RFC 2784): flags and version 0, protocol type, then four bytes (with fewer the kernel does not translate it).
    private static byte[] Gre(byte value) => [0, 0, 0x88, 0xB5, value, 0, 0, 0];

    // B takes over, as planned or because A is dead.
}
