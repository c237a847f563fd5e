using System.Net;
using System.Net.Sockets;
using Hitless.Core.Joining;

namespace Hitless.Cli.Setup;

/// <summary>
/// Waits for a heartbeat of the inviting unit before the new unit starts: one that hears nobody would take the virtual addresses.
/// </summary>
internal static class FirstHeartbeat
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits for a datagram from the address of <paramref name="inviting"/> on the port of heartbeats.</summary>
    /// <param name="inviting">Where the invitation was listened for: the port of heartbeats and three.</param>
    /// <param name="restarts">How many daemons restart one after the other before the inviting unit's does.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="RefusedException">None came within thirty seconds for each daemon.</exception>
    public static async Task AwaitAsync(IPEndPoint inviting, int restarts, CancellationToken cancel)
    {
        var port = inviting.Port - InvitationCode.PortsAboveHeartbeats;
        var anybody = new IPEndPoint(inviting.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        using var socket = new Socket(inviting.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limit * (1 + restarts));
        var buffer = new byte[2048];
        try
        {
            socket.Bind(new IPEndPoint(anybody.Address, port));
            while (true)
            {
                var heard = await socket.ReceiveFromAsync(buffer, SocketFlags.None, anybody, limit.Token);
                if (heard.RemoteEndPoint is IPEndPoint from && from.Address.Equals(inviting.Address))
                {
                    return;
                }
            }
        }
        catch (SocketException failed)
        {
            throw new RefusedException(
                $"UDP port {port} cannot be listened on ({failed.Message}): the unit is set up, and was not started",
                $"does a hitlessd run here already? ss -lunp | grep {port}"
            );
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new RefusedException(
                $"no heartbeat of {inviting.Address} arrives on UDP port {port}: the unit is set up, and was not started",
                $"let heartbeats in on both units (UDP {port} and {port + 1}, "
                    + $"TCP {port + 2}, ICMP echo), then: systemctl enable --now hitless"
            );
        }
    }
}
