using System.Net;
using Hitless.Core.Configuration;
using Hitless.Core.Keys;
using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Hitless.Core.Wire.Floods;
using Hitless.Daemon.Links;
using Hitless.Firmware.Images;
using Hitless.Linux.Polling;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// The sealed datagrams between session loops: one UDP socket per link, the session link's first if there is one, then the heartbeat
/// links'. Which peer's address belongs to which unit is learnt from
/// authentic datagrams. Full frames go over one path per unit, the best; what is small (steering, single sessions) goes over all of them.
/// </summary>
internal sealed class SessionLinks : IDisposable
{
    private const int BufferBytes = 8 * 1024 * 1024;
    private const int SmallSizeMax = 64;
    private static readonly TimeSpan PathStale = TimeSpan.FromMilliseconds(600);

    private readonly LinkSockets sockets;
    private readonly List<Path> paths = [];
    private readonly DatagramSealer sealer;
    private readonly DatagramOpener opener;
    private readonly byte[] datagram = new byte[2048];
    private readonly byte[] received = new byte[2048];
    private readonly byte[] plaintext = new byte[2048];

    /// <summary>
    /// A link whose interface is missing is used as soon as that is there. The tokens of <paramref name="poller"/> count from
    /// <paramref name="firstToken"/>.
    /// </summary>
    public SessionLinks(UnitSettings settings, ClusterKeys keys, UnitId unit, Incarnation incarnation, Poller poller, int firstToken)
    {
        sealer = new DatagramSealer(
            keys.Sending,
            DatagramKind.Session,
            RunningRelease.WireMinor,
            settings.Cluster.Group,
            unit,
            incarnation
        );
        opener = new DatagramOpener(keys.Accepted, DatagramKind.Session, settings.Cluster.Group, unit);
        var port = settings.Heartbeat.Port + 1;
        var links = settings.SessionLinks;
        string[] settingNames =
        [
            .. links.Select((_, i) => i == 0 && settings.SessionLink is not null ? "sessions.link" : "heartbeat.links"),
        ];
        sockets = new LinkSockets(
            links,
            settingNames,
            port,
            new DatagramOptions(
                ReceiveBufferBytes: BufferBytes,
                SendBufferBytes: BufferBytes,
                Admits: new Admission(DatagramKind.Session, settings.Cluster.Group, Strict: false, [], [])
            ),
            poller,
            firstToken
        );
        for (var i = 0; i < links.Count; i++)
        {
            foreach (var peer in links[i].Peers)
                paths.Add(new Path(i, new DatagramEndpoint(new IPEndPoint(peer, port))));
        }
    }

    public long Sent { get; private set; }

    public long Received { get; private set; }

    public long Refused => opener.RefusedCount;

    public long SendFailures { get; private set; }

    public int Count => sockets.Count;

    /// <summary>No more datagrams than this can lie in a link's socket now.</summary>
    public int WaitingMax(int link) => sockets[link]?.WaitingMax ?? 0;

    /// <summary>Datagrams that ended in this verdict.</summary>
    public long CountOf(DatagramVerdict verdict) => opener.Count(verdict);

    /// <summary>
    /// What is wrong with the network for sessions alone, if there is one; what is wrong with the heartbeat links is told where heartbeats
    /// are. And who floods the links of sessions.
    /// </summary>
    public string? ProblemAt(TimeSpan now) =>
        (sockets.Count > 0 && sockets.KeyOf(0) == "sessions.link" ? sockets.ProblemOf(0) : null) ?? sockets.FloodsAt(now).FirstOrDefault();

    /// <summary>When <see cref="Follow"/> is to be called though nobody told of a change.</summary>
    public TimeSpan LookAt => sockets.LookAt;

    /// <summary>Takes the links up as they are in the kernel now.</summary>
    public void Follow(TimeSpan now) => sockets.Follow(now);

    /// <summary>Seals and opens with these keys from now on.</summary>
    public void Use(ClusterKeys keys)
    {
        sealer.Use(keys.Sending);
        opener.Accept(keys.Accepted);
    }

    public void Send(UnitId unit, ReadOnlySpan<byte> payload, TimeSpan now)
    {
        var everywhere = payload.Length <= SmallSizeMax;
        var length = 0;
        foreach (var path in paths)
        {
            if ((unit != ISessionEffects.EveryUnit && path.Unit != UnitId.None && path.Unit != unit) || (!everywhere && !IsBest(path, now)))
                continue;
            if (length == 0 || everywhere)
                length = sealer.Seal(payload, datagram);
            if (sockets[path.Link]?.Send(path.Peer, datagram.AsSpan(0, length)) == 0)
                Sent++;
            else
                SendFailures++;
        }
    }

    /// <summary>Has every socket take what its guard wants: to be called each turn. Costs some comparisons.</summary>
    public void KeepGuards(TimeSpan now)
    {
        for (var i = 0; i < sockets.Count; i++)
            sockets.TakeGuardChange(i, now);
    }

    /// <summary>
    /// Receives one authentic datagram of a link, if there is one among the next <paramref name="budget"/> that lie there; what is refused
    /// on the way is counted, and counts.
    /// </summary>
    public bool TryReceive(int link, ref int budget, TimeSpan now, out DatagramHeader header, out ReadOnlySpan<byte> payload)
    {
        while (budget-- > 0 && sockets[link] is { } socket && socket.TryReceive(received, out var length, out var from))
        {
            var verdict = opener.Open(received.AsSpan(0, length), plaintext, now, out header, out payload);
            if (verdict != DatagramVerdict.Accepted)
            {
                sockets.GuardOf(link).NoteRefused(verdict, received.AsSpan(0, length), from.Source, now);
                continue;
            }

            sockets.GuardOf(link).NoteAccepted(header, from.Source, now);
            Received++;
            foreach (var path in paths)
            {
                if (path.Link == link && path.Peer == from)
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
        sockets.Dispose();
        sealer.Dispose();
        opener.Dispose();
    }

    // The first path that was heard of lately; if none was, all of them. Paths whose unit is not known are used.
    private bool IsBest(Path path, TimeSpan now)
    {
        if (path.Unit == UnitId.None)
            return true;
        Path? best = null;
        foreach (var other in paths)
        {
            if (other.Unit == path.Unit && now - other.HeardAt < PathStale)
                best ??= other;
        }

        return best is null || best == path;
    }

    private sealed class Path(int link, DatagramEndpoint peer)
    {
        public int Link { get; } = link;

        public DatagramEndpoint Peer { get; } = peer;

        public UnitId Unit { get; set; }

        public TimeSpan HeardAt { get; set; }
    }
}
