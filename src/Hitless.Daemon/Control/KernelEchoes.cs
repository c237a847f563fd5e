using System.Net;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Linux.Polling;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Control;

/// <summary>Asks the kernels of the other units whether they are there, on every heartbeat link (docs/decisions/0027). Allocates nothing once made.</summary>
internal sealed class KernelEchoes : IDisposable
{
    private readonly EchoSocket?[] sockets;
    private readonly DatagramEndpoint[][] hosts;

    /// <summary>Opens a socket a link; where that cannot be, nobody is asked there and the threshold decides alone.</summary>
    public KernelEchoes(IReadOnlyList<HeartbeatLinkSettings> links, EventLog events)
    {
        sockets = new EchoSocket?[links.Count];
        hosts = [.. links.Select(link => link.Peers.Select(HostOf).ToArray())];
        for (var i = 0; i < links.Count; i++)
        {
            try
            {
                sockets[i] = new EchoSocket(HostOf(links[i].Address), links[i].Interface);
            }
            catch (IOException e)
            {
                events.Add(EventKinds.Unit, $"kernels cannot be asked on {links[i].Interface}: {e.Message}");
            }
        }
    }

    /// <summary>Watches the links; tokens count from <paramref name="firstToken"/>.</summary>
    public void AddTo(Poller poller, int firstToken)
    {
        for (var i = 0; i < sockets.Length; i++)
        {
            if (sockets[i] is { } socket)
            {
                poller.Add(socket.Handle, firstToken + i);
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

    /// <summary>The next answer on a link: which question, and by which of the link's peers.</summary>
    public bool TryReceive(int link, out uint question, out int peer)
    {
        (question, peer) = (0, 0);
        while (sockets[link] is { } socket && socket.TryReceive(out question, out var from))
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

    private static DatagramEndpoint HostOf(IPAddress address) => new(new IPEndPoint(address, 0));
}
