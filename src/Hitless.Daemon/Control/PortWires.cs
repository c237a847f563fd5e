using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Wire;
using Hitless.Core.Wire.Floods;
using Hitless.Daemon.Common;
using Hitless.Linux.Native;
using Hitless.Linux.Polling;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Control;

/// <summary>
/// The ports as the last way for heartbeats (docs/decisions/0023): frames of their own type to a multicast MAC of the cluster's group, so
/// that no other cluster's units are woken.
/// </summary>
internal sealed class PortWires(int group, IReadOnlyList<string> ports, EventLog events) : IDisposable
{
    private readonly PortSocket?[] sockets = new PortSocket?[ports.Count];
    private readonly FloodGuard[] guards =
    [
        .. ports.Select(port => new FloodGuard(DatagramKind.Heartbeat, group, $"{port} (heartbeats through the ports)", [])),
    ];

    /// <summary>How many ports there are.</summary>
    public int Count => ports.Count;

    /// <summary>The port's name.</summary>
    public string NameOf(int port) => ports[port];

    /// <summary>
    /// Opens what is new: <paramref name="indexOf"/> gives a port's present number in the kernel, 0 while it is absent. Tokens count from
    /// <paramref name="firstToken"/>.
    /// </summary>
    public void Open(Func<string, int> indexOf, Poller poller, int firstToken)
    {
        for (var i = 0; i < sockets.Length; i++)
        {
            var index = indexOf(ports[i]);
            if (index == (sockets[i]?.LinkIndex ?? 0))
            {
                continue;
            }

            sockets[i]?.Dispose();
            sockets[i] = null;
            if (index != 0)
            {
                OpenOne(i, index, poller, firstToken);
            }
        }
    }

    /// <summary>Sends through one port; a port that is down or absent loses it, as a cut cable would.</summary>
    public void Send(int port, ReadOnlySpan<byte> datagram) => _ = sockets[port]?.Send(datagram) ?? Errno.NoDevice;

    /// <summary>The next datagram that came through a port, and the MAC that it came from.</summary>
    public bool TryReceive(int port, Span<byte> buffer, out int length, out MacAddress sender)
    {
        (length, sender) = (0, default);
        return sockets[port]?.TryReceive(buffer, out length, out sender) ?? false;
    }

    /// <summary>Who counts what a port's socket refuses.</summary>
    public FloodGuard GuardOf(int port) => guards[port];

    /// <summary>Who floods the ports now, in words; empty while nobody does.</summary>
    public IEnumerable<string> FloodsAt(TimeSpan now) => guards.Select(guard => guard.ProblemAt(now)).OfType<string>();

    /// <summary>Has a port's socket take what its guard wants, if that is another than before; true then.</summary>
    public bool TakeGuardChange(int port, TimeSpan now) =>
        guards[port].TakeChange(now, out var wanted) && (sockets[port]?.Take(wanted) ?? 0) >= 0;

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(sockets, socket => socket?.Dispose());

    private void OpenOne(int port, int index, Poller poller, int firstToken)
    {
        try
        {
            var socket = new PortSocket(index, Group(group));
            poller.Add(socket.Handle, firstToken + port);
            sockets[port] = socket;
            guards[port].Renew();
        }
        catch (IOException e)
        {
            events.Add(EventKinds.Unit, $"heartbeats cannot go through {ports[port]}: {e.Message}");
        }
    }

    /// <summary>03:48:4c:GG:GG:00, the multicast form of the group's virtual MACs.</summary>
    private static MacAddress Group(int group) => new(VirtualMac.For(group, 0).Bits | 0x01_00_00_00_00_00UL);
}
