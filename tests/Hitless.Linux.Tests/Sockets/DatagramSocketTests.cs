using System.Net;
using Hitless.Core.Tests.Memory;
using Hitless.Linux.Native;
using Hitless.Linux.Polling;
using Hitless.Linux.Sockets;

namespace Hitless.Linux.Tests.Sockets;

public sealed class DatagramSocketTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void A_datagram_arrives_with_its_senders_endpoint_and_without_allocations(string address)
    {
        using var poller = new Poller();
        using var sender = new DatagramSocket(
            new DatagramEndpoint(new IPEndPoint(IPAddress.Parse(address), 0)),
            new DatagramOptions(Priority: 6)
        );
        using var receiver = new DatagramSocket(
            new DatagramEndpoint(new IPEndPoint(IPAddress.Parse(address), 0)),
            new DatagramOptions("lo", 1 << 20, 1 << 20)
        );
        poller.Add(receiver.Handle, 7);
        var to = receiver.Local;
        var buffer = new byte[64];
        Allocation.AssertNone(() =>
        {
            Span<int> ready = stackalloc int[4];
            var errno = sender.Send(to, "hello"u8);
            var count = poller.Wait(TimeSpan.FromSeconds(5), ready);
            var received = receiver.TryReceive(buffer, out var length, out var from);
            if (
                errno != 0
                || count != 1
                || ready[0] != 7
                || !received
                || length != 5
                || from.Port != sender.Local.Port
                || receiver.TryReceive(buffer, out _, out _)
            )
            {
                Assert.Fail($"errno {errno}, {count} ready, received {received}");
            }
        });
        Assert.Equal(sender.Local, new DatagramEndpoint(sender.Local.ToIPEndPoint()));
    }

    [Fact]
    public void A_datagram_larger_than_the_buffer_is_dropped_and_counted()
    {
        using var socket = new DatagramSocket(new DatagramEndpoint(new IPEndPoint(IPAddress.Loopback, 0)));
        socket.Send(socket.Local, new byte[100]);
        socket.Send(socket.Local, new byte[10]);

        Assert.True(socket.TryReceive(new byte[50], out var length, out _));
        Assert.Equal(10, length);
        Assert.Equal(1, socket.Truncated);
    }

    [Fact]
    public void A_socket_is_bound_before_its_address_exists()
    {
        using var socket = new DatagramSocket(new DatagramEndpoint(new IPEndPoint(IPAddress.Parse("192.0.2.77"), 0)));

        Assert.Equal("192.0.2.77", socket.Local.ToIPEndPoint().Address.ToString());
    }

    [Fact]
    public void An_absent_interface_is_named()
    {
        var failure = Assert.Throws<IOException>(() =>
            new DatagramSocket(new DatagramEndpoint(new IPEndPoint(IPAddress.Loopback, 0)), new DatagramOptions("absent0"))
        );

        Assert.Contains("absent0", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_socket_lives_on_when_its_interface_goes_down_and_up()
    {
        using var units = new TwoUnits();
        var local = new DatagramEndpoint(new IPEndPoint(IPAddress.Parse("10.77.1.2"), 8417));
        var peer = new DatagramEndpoint(new IPEndPoint(IPAddress.Parse("10.77.1.3"), 8417));
        using var a = Namespaces.NetworkNamespace.Run(units.A, () => new DatagramSocket(local, new DatagramOptions("lan0")));
        using var b = Namespaces.NetworkNamespace.Run(units.B, () => new DatagramSocket(peer, new DatagramOptions("lan0")));

        Shell.Run($"ip -n {units.A} link set lan0 down");
        Assert.Contains(a.Send(peer, "x"u8), (int[])[Errno.NetworkUnreachable, Errno.NetworkDown]);
        Assert.False(a.TryReceive(new byte[9], out _, out _));
        Shell.Run($"ip -n {units.A} link set lan0 up");

        using var poller = new Poller();
        poller.Add(b.Handle, 0);
        Assert.Equal(0, a.Send(peer, "x"u8));
        Assert.Equal(1, poller.Wait(TimeSpan.FromSeconds(5), stackalloc int[1]));
        Assert.True(b.TryReceive(new byte[9], out _, out var from));
        Assert.Equal(local, from);
    }
}
