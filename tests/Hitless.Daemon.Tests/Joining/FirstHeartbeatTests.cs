using System.Net;
using System.Net.Sockets;
using Hitless.Cli;
using Hitless.Cli.Setup;
using Hitless.Core.Joining;
using Xunit;

namespace Hitless.Daemon.Tests.Joining;

/// <summary>A new unit starts only when the inviting one is heard.</summary>
public sealed class FirstHeartbeatTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.2")]
    [InlineData("::1", null)]
    public async Task A_datagram_of_the_inviting_unit_ends_the_wait_and_nobody_elses_does(string inviting, string? other)
    {
        var port = FreePort();
        var waiting = FirstHeartbeat.AwaitAsync(
            new IPEndPoint(IPAddress.Parse(inviting), port + InvitationCode.PortsAboveHeartbeats),
            restarts: 0,
            Cancel
        );
        if (other is not null)
        {
            await SendAsync(other, inviting, port);
            await Task.Delay(100, Cancel);
            Assert.False(waiting.IsCompleted);
        }

        await SendAsync(inviting, inviting, port);
        await waiting;
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.Any, 0));
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var refused = await Assert.ThrowsAsync<RefusedException>(() =>
            FirstHeartbeat.AwaitAsync(new IPEndPoint(IPAddress.Loopback, port + InvitationCode.PortsAboveHeartbeats), restarts: 0, Cancel)
        );
        Assert.Contains($"UDP port {port}", refused.Message, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var free = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        free.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        return ((IPEndPoint)free.LocalEndPoint!).Port;
    }

    private static async Task SendAsync(string from, string to, int port)
    {
        var address = IPAddress.Parse(from);
        using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        await socket.SendToAsync(new byte[64], new IPEndPoint(IPAddress.Parse(to), port), Cancel);
    }
}
