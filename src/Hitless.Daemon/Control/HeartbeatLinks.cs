using System.Net;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Keys;
using Hitless.Core.Wire;
using Hitless.Core.Wire.Floods;
using Hitless.Daemon.Common;
using Hitless.Daemon.Links;
using Hitless.Firmware.Images;
using Hitless.Linux.Links;
using Hitless.Linux.Polling;
using Hitless.Linux.Scheduling;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Control;

/// <summary>
/// The heartbeat links of a unit, and its ports as the last resort: seals what it says and sends it to every peer on every link, opens what
/// comes. Allocates nothing once the peers are known.
/// </summary>
public sealed class HeartbeatLinks : IDisposable
{
    private const int BufferBytes = 2048;
    private static readonly TimeSpan StrangerInterval = TimeSpan.FromMilliseconds(100);
    private readonly LinkSockets sockets;
    private readonly LinkSilence silence;
    private readonly EventLog events;
    private readonly string?[] told;
    private readonly Poller poller;
    private readonly DatagramEndpoint[][] peers;
    private readonly PortWires ports;
    private readonly KernelEchoes echoes;
    private readonly PortEchoes portEchoes;
    private readonly AddressQuestions questions;
    private readonly DatagramSealer sealer;
    private readonly DatagramOpener opener;
    private readonly byte[] payload = new byte[HeartbeatCodec.LengthMax];
    private readonly byte[] datagram = new byte[BufferBytes];
    private readonly byte[] plaintext = new byte[BufferBytes];
    private readonly Heartbeat heartbeat = new();
    private readonly HeartbeatComplaints complaints;
    private UnitId stranger;
    private TimeSpan strangerAfter;

    /// <summary>
    /// Opens a socket a link, watched by <paramref name="poller"/>; a link whose interface is missing is told of and stays silent until
    /// that is there.
    /// </summary>
    public HeartbeatLinks(UnitSettings settings, UnitIdentity identity, ClusterKeys keys, EventLog events, Poller poller)
    {
        this.events = events;
        this.poller = poller;
        complaints = new HeartbeatComplaints(settings.Cluster.Group, events);
        string[] names = [.. settings.Interfaces.Select(p => p.Name)];
        ports = new PortWires(settings.Cluster.Group, names, events);
        portEchoes = new PortEchoes(names, events);
        questions = new AddressQuestions(TrafficPort.From(settings.Cluster.Group, settings.Interfaces), events);
        echoes = new KernelEchoes(settings.Heartbeat.Links, events);
        var port = settings.Heartbeat.Port;
        var links = settings.Heartbeat.Links;
        peers = [.. links.Select(link => link.Peers.Select(p => new DatagramEndpoint(new IPEndPoint(p, port))).ToArray())];
        silence = new LinkSilence(links, peers);
        sockets = new LinkSockets(
            links,
            [.. links.Select(_ => "heartbeat.links")],
            port,
            new DatagramOptions(
                ReceiveBufferBytes: 1 << 20,
                Priority: 6,
                Refusals: true,
                Admits: new Admission(DatagramKind.Heartbeat, settings.Cluster.Group, Strict: false, [], [])
            ),
            poller,
            firstToken: 0
        );
        sealer = new DatagramSealer(
            keys.Sending,
            DatagramKind.Heartbeat,
            RunningRelease.WireMinor,
            settings.Cluster.Group,
            identity.Id,
            identity.Incarnation
        );
        opener = new DatagramOpener(keys.Accepted, DatagramKind.Heartbeat, settings.Cluster.Group, identity.Id, identity.Incarnation);
        told = new string?[links.Count];
        Follow();
    }

    /// <summary>
    /// How many tokens of the poller are taken, from 0 on: the links, the ports, both once more for the answers of kernels, and the ports
    /// for who has the virtual addresses.
    /// </summary>
    public int Count => FirstQuestion + questions.Count;

    private int FirstQuestion => FirstPortEcho + ports.Count;

    private int FirstEcho => sockets.Count + ports.Count;

    private int FirstPortEcho => FirstEcho + sockets.Count;

    /// <summary>What is wrong with the links now, in words; empty while all is well.</summary>
    public IReadOnlyList<string> Complaints =>
        [
            .. Missing,
            .. complaints.Now,
            .. silence.ProblemsAt(MonotonicClock.Now, link => sockets[link] is not null),
            .. sockets.FloodsAt(MonotonicClock.Now),
            .. ports.FloodsAt(MonotonicClock.Now),
        ];

    /// <summary>Any link can be used: its interface is there, with our address.</summary>
    public bool Usable => sockets.AnyWhole;

    private IEnumerable<string> Missing => Enumerable.Range(0, sockets.Count).Select(sockets.ProblemOf).OfType<string>();

    /// <summary>
    /// Takes the heartbeat links up as they are in the kernel now: to be called when an interface or an address may have changed.
    /// <see cref="Retry"/> does it in time.
    /// </summary>
    public void Follow()
    {
        sockets.Follow(MonotonicClock.Now);
        echoes.Follow(sockets, poller, FirstEcho);
        for (var i = 0; i < told.Length; i++)
        {
            if (sockets.ProblemOf(i) is var problem && problem != told[i])
            {
                told[i] = problem;
                events.Add(EventKinds.Unit, problem ?? $"the heartbeat link on {silence.NameOf(i)} is used again");
            }
        }
    }

    /// <summary>
    /// While a link is missing it is looked for again and again, should the kernel's word of its return have been lost; while a link or a
    /// port is flooded, its socket takes what a peer may send and little else. Costs some comparisons.
    /// </summary>
    public void Retry(TimeSpan now)
    {
        if (now >= sockets.LookAt)
        {
            Follow();
        }

        for (var i = 0; i < sockets.Count + ports.Count; i++)
        {
            var guard = GuardOf(i);
            if (IsPort(i) ? ports.TakeGuardChange(PortOf(i), now) : sockets.TakeGuardChange(i, now))
            {
                complaints.NoteFlood(guard.Where, guard.ProblemAt(now));
            }
        }
    }

    private FloodGuard GuardOf(int link) => IsPort(link) ? ports.GuardOf(PortOf(link)) : sockets.GuardOf(link);

    /// <summary>The sequence of the last heartbeat that was sent.</summary>
    public ulong SentUpTo => sealer.Sequence;

    /// <summary>Seals and opens with these keys from now on.</summary>
    public void Use(ClusterKeys keys)
    {
        sealer.Use(keys.Sending);
        opener.Accept(keys.Accepted);
    }

    /// <summary>Whether a token is that of a port's answers for virtual addresses.</summary>
    public bool IsAddressAnswer(int token) => token >= FirstQuestion && token < Count;

    /// <summary>Asks on every port who has the virtual addresses.</summary>
    public void AskForAddresses() => questions.Ask();

    /// <summary>Takes the answers of a port; true if our virtual MAC has answered there for an address.</summary>
    public bool TryReadAddressAnswer(int token) => questions.TryReceive(token - FirstQuestion);

    /// <summary>
    /// Whether a heartbeat came from a peer's address since the last call that our key does not open, though nobody has sent another of its
    /// incarnation that it did; and the id that it bears. Ten times a second at most.
    /// </summary>
    public bool TakeStranger(TimeSpan now, out UnitId unit)
    {
        unit = stranger;
        if (stranger == UnitId.None || now < strangerAfter)
        {
            return false;
        }

        (stranger, strangerAfter) = (UnitId.None, now + StrangerInterval);
        return true;
    }

    /// <summary>Whether a token is that of a link's, or a port's, answers of kernels.</summary>
    public bool IsEcho(int token) => token >= FirstEcho;

    /// <summary>Whether a token is that of a port's answers of kernels.</summary>
    public bool IsPortEcho(int token) => token >= FirstPortEcho;

    /// <summary>Asks the kernel of every peer on every link, and of every unit that was heard there through every port.</summary>
    public void AskKernels(uint question)
    {
        echoes.Ask(question);
        portEchoes.Ask(question);
    }

    /// <summary>The next answer of a kernel through a port: to which question, and by which unit.</summary>
    public bool TryReadPortAnswer(int token, ref int budget, out uint question, out UnitId unit) =>
        portEchoes.TryReceive(token - FirstPortEcho, ref budget, out question, out unit);

    /// <summary>The next answer of a kernel: to which question, on which link, and by the peer of which endpoint.</summary>
    public bool TryReadAnswer(int token, ref int budget, out uint question, out int link, out DatagramEndpoint by)
    {
        link = token - FirstEcho;
        var read = echoes.TryReceive(link, ref budget, out question, out var peer);
        by = read ? peers[link][peer] : default;
        return read;
    }

    /// <summary>Whether a token is that of a port.</summary>
    public bool IsPort(int link) => link >= sockets.Count;

    /// <summary>Which port a token stands for, by its place in <c>interfaces:</c>.</summary>
    public int PortOf(int link) => link - sockets.Count;

    /// <summary>Takes up the ports as they are numbered in the kernel now.</summary>
    public void OpenPorts(Func<string, int> indexOf)
    {
        ports.Open(indexOf, poller, sockets.Count);
        portEchoes.Open(indexOf, poller, FirstPortEcho);
        questions.Open(indexOf, poller, FirstQuestion);
    }

    /// <summary>
    /// Sends a heartbeat to every peer on every link, as minor version <paramref name="minor"/> of the protocol;
    /// <paramref name="overTraffic"/>: and through every port.
    /// </summary>
    public void Send(Heartbeat outgoing, int minor, bool overTraffic)
    {
        var length = HeartbeatCodec.Write(outgoing, minor, payload);
        for (var i = 0; i < sockets.Count; i++)
        {
            if (sockets[i] is not { } socket)
            {
                continue;
            }

            var sealedLength = sealer.Seal(payload.AsSpan(0, length), datagram);
            foreach (ref readonly var peer in peers[i].AsSpan())
            {
                // A link that is down loses it, as a cut cable would.
                _ = socket.Send(peer, datagram.AsSpan(0, sealedLength));
            }
        }

        for (var i = 0; i < ports.Count && overTraffic; i++)
        {
            ports.Send(i, datagram.AsSpan(0, sealer.Seal(payload.AsSpan(0, length), datagram)));
        }
    }

    /// <summary>
    /// The next authentic heartbeat on a link, of another unit or (a clone's) with our own id; false when nothing is there now, or when
    /// <paramref name="budget"/> datagrams have been read: who floods a link must not keep the
    /// thread from its deadlines. The heartbeat is valid until the next call.
    /// </summary>
    public bool TryReceive(int link, ref int budget, out DatagramHeader header, out Heartbeat received, out DatagramEndpoint from)
    {
        received = heartbeat;
        from = default;
        var sender = default(MacAddress);
        while (budget-- > 0 && TryTake(link, out var length, out from, out sender))
        {
            var now = MonotonicClock.Now;
            var verdict = opener.Open(datagram.AsSpan(0, length), plaintext, now, out header, out var content);
            NoteVerdict(verdict, link, header, length, IsPort(link) ? new WireSource(0, sender.Bits, MacAddress.Bytes) : from.Source, now);
            if (verdict == DatagramVerdict.Twin && HeartbeatCodec.TryRead(content, heartbeat))
            {
                return true;
            }

            if (verdict == DatagramVerdict.Accepted && HeartbeatCodec.TryRead(content, heartbeat))
            {
                if (IsPort(link))
                {
                    portEchoes.Learn(link - sockets.Count, header.UnitId, sender);
                }
                else
                {
                    silence.Heard(link, from, header.UnitId, MonotonicClock.Now);
                }

                return true;
            }

            if (verdict == DatagramVerdict.BadTag && !opener.SenderWasKnown && !IsPort(link) && Array.IndexOf(peers[link], from) >= 0)
            {
                stranger = header.UnitId;
            }

            Complain(verdict, link, from);
        }

        header = default;
        return false;
    }

    private void NoteVerdict(DatagramVerdict verdict, int link, in DatagramHeader header, int length, in WireSource source, TimeSpan now)
    {
        if (verdict is DatagramVerdict.Accepted or DatagramVerdict.Twin)
        {
            GuardOf(link).NoteAccepted(header, source, now);
        }
        else
        {
            GuardOf(link).NoteRefused(verdict, datagram.AsSpan(0, length), source, now);
        }
    }

    private void Complain(DatagramVerdict verdict, int link, in DatagramEndpoint from)
    {
        var port = IsPort(link) ? ports.NameOf(PortOf(link)) : null;
        if (verdict is DatagramVerdict.Accepted or DatagramVerdict.Twin)
        {
            complaints.NoteNonsense(from, port);
        }
        else if (!GuardOf(link).IsStrict && (verdict != DatagramVerdict.BadTag || !opener.SenderWasKnown))
        {
            // A flood is told of by its guard; what is forged in a known sender's name is no word of an operator's mistake.
            complaints.Note(verdict, from, port);
        }
    }

    /// <summary>The next peer whose kernel told that nobody listens there for what we sent; false when there is none now.</summary>
    public bool TryReadRefusal(int link, out DatagramEndpoint by)
    {
        by = default;
        return !IsPort(link) && sockets[link] is { } socket && socket.TryReadRefusal(out by);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        sockets.Dispose();
        ports.Dispose();
        echoes.Dispose();
        portEchoes.Dispose();
        questions.Dispose();
        sealer.Dispose();
        opener.Dispose();
    }

    private bool TryTake(int link, out int length, out DatagramEndpoint from, out MacAddress sender)
    {
        (length, from, sender) = (0, default, default);
        return IsPort(link)
            ? ports.TryReceive(link - sockets.Count, datagram, out length, out sender)
            : sockets[link] is { } socket && socket.TryReceive(datagram, out length, out from);
    }
}
