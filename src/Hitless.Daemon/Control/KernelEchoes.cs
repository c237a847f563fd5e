using System.Net;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Links;
using Hitless.Linux.Polling;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Control;

/// <summary>
/// Asks the kernels of the other units whether they are there, on every heartbeat link (docs/decisions/0027). Allocates nothing while the
/// links stay as they are.
/// </summary>
internal sealed class KernelEchoes : IDisposable
{
    private readonly IReadOnlyList<HeartbeatLinkSettings> links;
    private readonly EventLog events;
    private readonly EchoSocket?[] sockets;
    private readonly int[] indexes;
    private readonly DatagramEndpoint[][] hosts;

    /// <summary>Nobody is asked on a link before <see cref="Follow"/>.</summary>
    public KernelEchoes(IReadOnlyList<HeartbeatLinkSettings> links, EventLog events)
    {
        this.links = links;
        this.events = events;
        sockets = new EchoSocket?[links.Count];
        indexes = new int[links.Count];
        hosts = [.. links.Select(link => link.Peers.Select(HostOf).ToArray())];
    }

    /// <summary>
    /// Opens a socket for each link whose interface is another than before; where that cannot be, nobody is asked there and the threshold
    /// decides alone. Tokens count from <paramref name="firstToken"/>.
    /// </summary>
    public void Follow(LinkSockets present, Poller poller, int firstToken)
    {
        for (var i = 0; i < sockets.Length; i++)
        {
            if (present.IndexOf(i) != indexes[i])
            {
                indexes[i] = present.IndexOf(i);
                sockets[i]?.Dispose();
                sockets[i] = indexes[i] != 0 ? TryOpen(i, poller, firstToken + i) : null;
            }
        }
    }

    /// <summary>Asks every peer on every link; one that is down loses the question, as a cut cable would.</summary>
    public void Ask(uint question)
    {
        for (var i = 0; i < sockets.Length; i++)
        {
            foreach (ref readonly var host in hosts[i].AsSpan())
            {
                _ = sockets[i]?.Ask(host, question);
            }
        }
    }

    /// <summary>
    /// The next answer on a link: which question, and by which of the link's peers; see <see cref="EchoSocket.TryReceive"/>.
    /// </summary>
    public bool TryReceive(int link, ref int budget, out uint question, out int peer)
    {
        (question, peer) = (0, 0);
        while (sockets[link] is { } socket && socket.TryReceive(ref budget, out question, out var from))
        {
            peer = Array.IndexOf(hosts[link], from);
            if (peer >= 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(sockets, socket => socket?.Dispose());

    private EchoSocket? TryOpen(int link, Poller poller, int token)
    {
        try
        {
            var socket = new EchoSocket(HostOf(links[link].Address), links[link].Interface);
            poller.Add(socket.Handle, token);
            return socket;
        }
        catch (IOException e)
        {
            events.Add(EventKinds.Unit, $"kernels cannot be asked on {links[link].Interface}: {e.Message}");
            return null;
        }
    }

    private static DatagramEndpoint HostOf(IPAddress address) => new(new IPEndPoint(address, 0));
}
