using System.Net;
using System.Net.Sockets;
using System.Text;
using Hitless.Core.Sessions;
using Hitless.Daemon.Sessions;
using Xunit;

namespace Hitless.Daemon.Tests.Sessions;

public sealed class HelperTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ftp_transfers_go_on_and_new_ones_open_where_only_the_inside_may(bool powerOff)
    {
        using var pair = new GatewayPair();
        pair.Follow();
        using var ftp = new FtpConversation(pair);
        var first = ftp.Announce();
        Assert.Equal("10.91.2.1", first.Target.Address.ToString());
        using var running = ftp.Open(first);
        running.Exchange();
        var announced = ftp.Announce();
        ftp.Exchange();
        pair.TakeOver(powerOff);
        Assert.Equal(GatewayPair.Essence(pair.A), GatewayPair.Essence(pair.B));
        Assert.Equal(0, (await pair.LoopB.StatusAsync()).ApplyErrors);
        Assert.Contains(GatewayPair.Sessions(pair.B), record =>
            record.Helper == KernelName.From("ftp") && record.AdjustOriginal.After == -2
        );
        Assert.Contains(GatewayPair.Sessions(pair.B), record =>
            record.Parent.Protocol == Protocols.Tcp && record.Status.HasFlag(SessionStatus.Expected)
        );

        running.Exchange(farBegins: true);
        using var opened = ftp.Open(announced);
        opened.Exchange();
        ftp.Exchange();
        var later = ftp.Announce();
        Assert.Equal("10.91.2.1", later.Target.Address.ToString());
        using var next = ftp.Open(later);
        next.Exchange();
        ftp.Exchange();
        Assert.Equal(0, pair.RefusedBy(pair.B));
    }

    [Fact]
    public async Task A_unit_that_joins_late_is_told_what_is_expected()
    {
        using var pair = new GatewayPair();
        pair.LoopA.SetRole(true, null);
        using var ftp = new FtpConversation(pair);
        using var running = ftp.Open(ftp.Announce());
        var announced = ftp.Announce();
        pair.LoopB.SetRole(false, GatewayPair.UnitA);
        pair.NoticeOfB(SessionNoticeKind.Synced);
        Assert.Equal(0, (await pair.LoopB.StatusAsync()).ApplyErrors);
        pair.HandOver();
        pair.LoopB.SetRole(true, null);
        pair.MoveTo(pair.B);
        running.Exchange();
        using var opened = ftp.Open(announced);
        opened.Exchange();
        Assert.Equal(0, pair.RefusedBy(pair.B));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_tftp_server_answers_from_a_port_of_its_own_after_the_switch(bool powerOff)
    {
        using var pair = new GatewayPair();
        pair.Follow();
        using var client = GatewayPair.Bound(pair.Client, "10.91.1.10", 4000);
        using var other = GatewayPair.Bound(pair.Client, "10.91.1.10", 4001);
        using var server = GatewayPair.Bound(pair.Server, "10.91.2.10", 69);
        byte[] request = [0, 1, .. "file\0octet\0"u8];
        Send(client, "10.91.2.10", 69, request);
        var from = Receive(server);
        pair.TakeOver(powerOff);
        using (var data = GatewayPair.Bound(pair.Server, "10.91.2.10", 5000))
        {
            data.SendTo([0, 3, 0, 1, 42], from);
            Receive(client);
        }

        Send(other, "10.91.2.10", 69, request);
        from = Receive(server);
        using var next = GatewayPair.Bound(pair.Server, "10.91.2.10", 5001);
        next.SendTo([0, 3, 0, 1, 42], from);
        Receive(other);
        Assert.Equal(0, pair.RefusedBy(pair.B));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_offered_in_a_chat_is_fetched_after_the_switch(bool powerOff)
    {
        using var pair = new GatewayPair();
        pair.Follow();
        using var chat = new IrcConversation(pair);
        var offered = chat.Offer();
        Assert.Equal("10.91.2.1", offered.Target.Address.ToString());
        pair.TakeOver(powerOff);
        using var fetched = chat.Fetch(offered);
        fetched.Exchange();
        using var next = chat.Fetch(chat.Offer());
        next.Exchange();
        Assert.Equal(0, pair.RefusedBy(pair.B));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_h323_call_opens_its_channels_after_the_switch(bool powerOff)
    {
        using var pair = new GatewayPair();
        pair.Follow();
        using var call = new H323Conversation(pair);
        using var ear = GatewayPair.Bound(pair.Client, "10.91.1.10", 20_000);
        using var mouth = GatewayPair.Bound(pair.Server, "10.91.2.10", 30_000);
        var (near, far) = call.Open(call.Announce());
        var media = H323Conversation.Listen((near, far), 20_000);
        var announced = call.Announce();
        Assert.Equal(("10.91.2.1", "10.91.2.1"), (media.Address.ToString(), announced.Target.Address.ToString()));
        pair.TakeOver(powerOff);
        Assert.Equal(0, (await pair.LoopB.StatusAsync()).ApplyErrors);
        mouth.SendTo([0x80, 0, 0, 1], media);
        Receive(ear);
        using var opened = Conversation.Over("h.245", near, far);
        opened.Exchange(farBegins: true);
        foreach (var each in ((Socket, IPEndPoint)[])[announced, call.Announce()])
        {
            (near, far) = call.Open(each);
            using var next = Conversation.Over("h.245", near, far);
            next.Exchange(farBegins: true);
        }

        Assert.Equal(0, pair.RefusedBy(pair.B));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_registered_h323_terminal_is_called_after_the_switch(bool powerOff)
    {
        using var pair = new GatewayPair();
        pair.Follow();
        using var ras = new RasConversation(pair);
        using var listener = pair.ListenInside(out var port);
        var registered = ras.Register(port);
        Assert.Equal("10.91.2.1", registered.Address.ToString());
        using var running = ras.Call(listener, registered);
        pair.TakeOver(powerOff);
        Assert.Equal(0, (await pair.LoopB.StatusAsync()).ApplyErrors);
        Assert.Equal(
            ["17 RAS", "6 Q.931"],
            GatewayPair.Sessions(pair.B).Select(record => $"{record.Key.Protocol} {record.Helper}").Order(StringComparer.Ordinal)
        );
        running.Exchange(farBegins: true);
        using var called = ras.Call(listener, registered);
        called.Exchange(farBegins: true);
        using var again = ras.Call(listener, ras.Register(port));
        again.Exchange(farBegins: true);
        Assert.Equal(0, pair.RefusedBy(pair.B));
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, false)]
    [InlineData(true, true, false)]
    [InlineData(false, false, true)]
    [InlineData(true, false, true)]
    [InlineData(true, true, true)]
    public async Task A_pptp_call_goes_on_after_the_switch(bool hasTalked, bool joinsLate, bool powerOff)
    {
        using var pair = new GatewayPair();
        pair.LoopA.SetRole(true, null);
        if (!joinsLate)
            pair.Follow();
        using var pptp = new PptpConversation(pair, "10.91.1.130");
        var call = pptp.Begin(nearId: 100, farId: 200);
        if (hasTalked)
            pptp.Talk(call);
        if (joinsLate)
            pair.Follow();
        pair.TakeOver(powerOff);
        Assert.Empty(Differences(pair));
        Assert.Equal(0, (await pair.LoopB.StatusAsync()).ApplyErrors);
        pptp.Talk(call);
        pptp.Talk(call);
        pptp.Echo();
        using var next = new PptpConversation(pair, "10.91.1.130");
        next.Talk(next.Begin(nearId: 101, farId: 201));
        pptp.Talk(call);
        Assert.Equal(0, pair.RefusedBy(pair.B));
    }

    [Fact]
    public async Task Pptp_behind_translation_keeps_its_control_connection_and_dials_anew()
    {
        using var pair = new GatewayPair();
        pair.Follow();
        using var pptp = new PptpConversation(pair, ControlConnection.InsideAddress);
        pptp.Talk(pptp.Begin(nearId: 100, farId: 200));
        pair.TakeOver(powerOff: false);
        Assert.Equal(["gre nat breaks"], Differences(pair));
        Assert.Equal(0, (await pair.LoopB.StatusAsync()).ApplyErrors);
        pptp.Echo();
        using var next = new PptpConversation(pair, ControlConnection.InsideAddress);
        next.Talk(next.Begin(nearId: 101, farId: 201));
        pptp.Echo();
        Assert.Equal(0, pair.RefusedBy(pair.B));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_call_is_heard_after_the_switch_though_nobody_had_spoken_before(bool powerOff)
    {
        using var pair = new GatewayPair();
        pair.Follow();
        using var phone = GatewayPair.Bound(pair.Client, "10.91.1.10", 5060);
        using var registrar = GatewayPair.Bound(pair.Server, "10.91.2.10", 5060);
        using var ear = GatewayPair.Bound(pair.Client, "10.91.1.10", 20_000);
        using var mouth = GatewayPair.Bound(pair.Server, "10.91.2.10", 30_000);
        Send(phone, "10.91.2.10", 5060, Invite("1"));
        var from = Receive(registrar, out var invited);
        Assert.Contains("c=IN IP4 10.91.2.1\r\n", invited, StringComparison.Ordinal);
        pair.TakeOver(powerOff);
        mouth.SendTo([0x80, 0, 0, 1], new IPEndPoint(IPAddress.Parse("10.91.2.1"), MediaPort(invited)));
        Receive(ear);
        registrar.SendTo(Encoding.ASCII.GetBytes("SIP/2.0 100 Trying\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"), from);
        Receive(phone);
        Send(phone, "10.91.2.10", 5060, Invite("2"));
        Receive(registrar, out invited);
        Assert.Contains("c=IN IP4 10.91.2.1\r\n", invited, StringComparison.Ordinal);
        mouth.SendTo([0x80, 0, 0, 2], new IPEndPoint(IPAddress.Parse("10.91.2.1"), MediaPort(invited)));
        Receive(ear);
        Assert.Equal(0, pair.RefusedBy(pair.B));
    }

    private static IEnumerable<string> Differences(GatewayPair pair) =>
        SessionDiffer
            .Compare("a", "b", GatewayPair.Sessions(pair.A), GatewayPair.Sessions(pair.B), 0, 0)
            .Entries.Select(each => $"{each.Session.Protocol} {each.Cause} {each.Fate}");

    private static int MediaPort(string message) =>
        int.Parse(message.Split("m=audio ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);

    private static byte[] Invite(string call)
    {
        var body = "v=0\r\no=a 1 1 IN IP4 10.91.1.10\r\ns=-\r\nc=IN IP4 10.91.1.10\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n";
        return Encoding.ASCII.GetBytes(
            "INVITE sip:b@10.91.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 10.91.1.10:5060;branch=z9hG4bK"
                + call
                + "\r\nFrom: <sip:a@10.91.1.10>;tag=1\r\nTo: <sip:b@10.91.2.10>\r\nCall-ID: "
                + call
                + "\r\nCSeq: 1 INVITE\r\nContact: <sip:a@10.91.1.10:5060>\r\nContent-Type: application/sdp\r\nContent-Length: "
                + body.Length
                + "\r\n\r\n"
                + body
        );
    }

    private static void Send(Socket from, string address, int port, byte[] bytes) =>
        from.SendTo(bytes, new IPEndPoint(IPAddress.Parse(address), port));

    private static EndPoint Receive(Socket socket) => Receive(socket, out _);

    private static EndPoint Receive(Socket socket, out string text)
    {
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        var buffer = new byte[2000];
        text = Encoding.ASCII.GetString(buffer, 0, socket.ReceiveFrom(buffer, ref from));
        return from;
    }
}
