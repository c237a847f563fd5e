using System.Net;
using Hitless.Core.Configuration;
using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Hitless.Firmware.Images;
using Hitless.Linux.Polling;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// The sealed datagrams between session loops: one UDP socket per link, the session link's first if there is one, then the heartbeat links'. Which peer's address belongs to which unit is learnt from
/// authentic datagrams. Full frames go over one path per unit, the best; what is small (steering, single sessions) goes over all of them.
/// </summary>
internal sealed class SessionLinks : IDisposable
{
    private const int BufferBytes = 8 * 1024 * 1024;
    private const int SmallSizeMax = 64;
    private static readonly TimeSpan PathStale = TimeSpan.FromMilliseconds(600);

    private readonly List<DatagramSocket> sockets = [];
    private readonly List<Path> paths = [];
    private readonly DatagramSealer sealer;
    private readonly DatagramOpener opener;
    private readonly byte[] datagram = new byte[2048];
    private readonly byte[] received = new byte[2048];
    private readonly byte[] plaintext = new byte[2048];

    public SessionLinks(UnitSettings settings, ClusterKey key, ulong unit, UInt128 incarnation)
    {
        sealer = new DatagramSealer(key, DatagramKind.Session, RunningRelease.WireMinor, settings.Cluster.Group, unit, incarnation);
        opener = new DatagramOpener(key, DatagramKind.Session, settings.Cluster.Group, unit);
        var port = settings.Heartbeat.Port + 1;
        foreach (var link in settings.SessionLinks)
        {
            var socket = new DatagramSocket(new DatagramEndpoint(new IPEndPoint(link.Address, port)), new DatagramOptions(link.Interface, BufferBytes, BufferBytes));
            sockets.Add(socket);
            foreach (var peer in link.Peers)
                paths.Add(new Path(socket, new DatagramEndpoint(new IPEndPoint(peer, port))));
        }
    }

    public long Sent { get; private set; }

    public long Received { get; private set; }

    public long Refused => opener.RefusedCount;

    public long SendFailures { get; private set; }

    public int Count => sockets.Count;

    /// <summary>Datagrams that ended in this verdict.</summary>
    public long CountOf(DatagramVerdict verdict) => opener.Count(verdict);

    public void Watch(Poller poller, int firstToken)
    {
        for (var i = 0; i < sockets.Count; i++)
            poller.Add(sockets[i].Handle, firstToken + i);
    }

    public void Send(ulong unit, ReadOnlySpan<byte> payload, TimeSpan now)
    {
        var everywhere = payload.Length <= SmallSizeMax;
        var length = 0;
        foreach (var path in paths)
        {
            if ((unit != ISessionEffects.EveryUnit && path.Unit != 0 && path.Unit != unit) || (!everywhere && !IsBest(path, now)))
                continue;
            if (length == 0 || everywhere)
                length = sealer.Seal(payload, datagram);
            if (path.Socket.Send(path.Peer, datagram.AsSpan(0, length)) == 0)
                Sent++;
            else
                SendFailures++;
        }
    }

    /// <summary>Receives one authentic datagram of a link, if there is one; what is refused on the way is counted.</summary>
    public bool TryReceive(int link, TimeSpan now, out DatagramHeader header, out ReadOnlySpan<byte> payload)
    {
        while (sockets[link].TryReceive(received, out var length, out var from))
        {
            if (opener.Open(received.AsSpan(0, length), plaintext, now, out header, out payload) != DatagramVerdict.Accepted)
                continue;
            Received++;
            foreach (var path in paths)
            {
                if (path.Socket == sockets[link] && path.Peer == from)
                    (path.Unit, path.HeardAt) = (header.UnitId, now);
            }

            return true;
        }

        header = default;
        payload = default;
        return false;
    }

    public void Dispose()
    {
        sockets.ForEach(socket => socket.Dispose());
        sealer.Dispose();
        opener.Dispose();
    }

    // The first path that was heard of lately; if none was, all of them. Paths whose unit is not known are used.
    private bool IsBest(Path path, TimeSpan now)
    {
        if (path.Unit == 0)
            return true;
        Path? best = null;
        foreach (var other in paths)
        {
            if (other.Unit == path.Unit && now - other.HeardAt < PathStale)
                best ??= other;
        }

        return best is null || best == path;
    }

    private sealed class Path(DatagramSocket socket, DatagramEndpoint peer)
    {
        public DatagramSocket Socket { get; } = socket;

        public DatagramEndpoint Peer { get; } = peer;

        public ulong Unit { get; set; }

        public TimeSpan HeardAt { get; set; }
    }
}
