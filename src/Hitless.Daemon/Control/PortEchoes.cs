using System.Net;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Linux.Polling;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Control;

/// <summary>
/// Asks the kernels of the other units through the ports, by the link-local address that follows from the MAC that their heartbeats there
/// came from (docs/decisions/0039). A port whose address was chosen in another way answers nothing. Allocates nothing once the units are
/// known.
/// </summary>
internal sealed class PortEchoes(IReadOnlyList<string> ports, EventLog events) : IDisposable
{
    private const int HostsMax = 16;
    private readonly EchoSocket?[] sockets = new EchoSocket?[ports.Count];
    private readonly int[] indexes = new int[ports.Count];
    private readonly (int Port, UnitId Unit, DatagramEndpoint At)[] hosts = new (int, UnitId, DatagramEndpoint)[HostsMax];
    private int hostCount;

    /// <summary>
    /// Opens what is new: <paramref name="indexOf"/> gives a port's present number in the kernel, 0 while it is absent. Tokens count from
    /// <paramref name="firstToken"/>.
    /// </summary>
    public void Open(Func<string, int> indexOf, Poller poller, int firstToken)
    {
        for (var i = 0; i < sockets.Length; i++)
        {
            var index = indexOf(ports[i]);
            if (index != indexes[i])
            {
                indexes[i] = index;
                sockets[i]?.Dispose();
                sockets[i] = index != 0 ? TryOpen(i, poller, firstToken) : null;
            }
        }
    }

    /// <summary>A heartbeat of <paramref name="unit"/> came through a port, from that MAC.</summary>
    public void Learn(int port, UnitId unit, in MacAddress from)
    {
        var at = DatagramEndpoint.LinkLocal(from, indexes[port]);
        for (var i = 0; i < hostCount; i++)
        {
            if (hosts[i].Port == port && hosts[i].Unit == unit)
            {
                hosts[i].At = at;
                return;
            }
        }

        if (hostCount < HostsMax)
        {
            hosts[hostCount++] = (port, unit, at);
        }
    }

    /// <summary>Asks every unit on every port; one that is down loses the question, as a cut cable would.</summary>
    public void Ask(uint question)
    {
        foreach (ref readonly var host in hosts.AsSpan(0, hostCount))
        {
            _ = sockets[host.Port]?.Ask(host.At, question);
        }
    }

    /// <summary>
    /// The next answer through a port: to which question, and by which unit's kernel; see <see cref="EchoSocket.TryReceive"/>.
    /// </summary>
    public bool TryReceive(int port, ref int budget, out uint question, out UnitId unit)
    {
        (question, unit) = (0, UnitId.None);
        while (sockets[port] is { } socket && socket.TryReceive(ref budget, out question, out var from))
        {
            foreach (ref readonly var host in hosts.AsSpan(0, hostCount))
            {
                if (host.Port == port && host.At == from)
                {
                    unit = host.Unit;
                    return true;
                }
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(sockets, socket => socket?.Dispose());

    private EchoSocket? TryOpen(int port, Poller poller, int firstToken)
    {
        try
        {
            var socket = new EchoSocket(new DatagramEndpoint(new IPEndPoint(IPAddress.IPv6Any, 0)), ports[port]);
            poller.Add(socket.Handle, firstToken + port);
            return socket;
        }
        catch (IOException e)
        {
            events.Add(EventKinds.Unit, $"kernels cannot be asked through {ports[port]}: {e.Message}");
            return null;
        }
    }
}
