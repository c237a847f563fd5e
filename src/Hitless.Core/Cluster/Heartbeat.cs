using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <summary>
/// What a unit says of itself, whole, in every heartbeat: nothing that the cluster agrees on is ever said only once, so a lost
/// datagram costs one interval and no retransmission logic (docs/decisions/0002). Mutable and reused: decoding allocates nothing
/// while names and versions stay as they are.
/// </summary>
public sealed class Heartbeat
{
    /// <summary>The most peers that a heartbeat can echo (a cluster has two to four units).</summary>
    public const int EchoCountMax = 7;

    /// <summary>The unit's name, at most 32 characters.</summary>
    public string Name { get; set; } = "";

    /// <summary>The version of the unit's software.</summary>
    public string Version { get; set; } = "";

    /// <summary>Highest minor version of the wire protocol that the sender speaks.</summary>
    public byte WireMinor { get; set; }

    /// <summary>The sender's role.</summary>
    public UnitRole Role { get; set; }

    /// <summary>The sender's state.</summary>
    public UnitState State { get; set; }

    /// <summary>The highest epoch that the sender knows; its own while it is primary.</summary>
    public Epoch Epoch { get; set; }

    /// <summary>0-255, higher wins.</summary>
    public byte Priority { get; set; }

    /// <summary>Preemption is on.</summary>
    public bool Override { get; set; }

    /// <summary>A run is open in which the sender takes part.</summary>
    public bool Upgrading { get; set; }

    /// <summary>The sender wants a heartbeat at once from whoever hears this.</summary>
    public bool WantsAnswer { get; set; }

    /// <summary>The sender answers a heartbeat that wants an answer.</summary>
    public bool AnswersAtOnce { get; set; }

    /// <summary>The offer that is open was asked for by failing probes: whoever takes it is under the flip guard.</summary>
    public bool OfferForProbes { get; set; }

    /// <summary>
    /// The sender misses a unit on all heartbeat links: whoever hears this, however it came, speaks over the traffic ports too.
    /// </summary>
    public bool MissesLinks { get; set; }

    /// <summary>An operator holds the sender, whatever its role and state.</summary>
    public bool Held { get; set; }

    /// <summary>Time in the cluster.</summary>
    public TimeSpan Age { get; set; }

    /// <summary>Failed monitored ports, and what failing probes cost.</summary>
    public ushort Failures { get; set; }

    /// <summary>The offer of a planned switchover, while one is open.</summary>
    public Offer? Offer { get; set; }

    /// <summary>Number and first eight bytes of the hash of the configuration revision in force.</summary>
    public long Revision { get; set; }

    /// <summary>First eight bytes of the revision's hash.</summary>
    public ulong RevisionTag { get; set; }

    /// <summary>Sessions in the kernel's table. Wire minor 1.</summary>
    public uint Sessions { get; set; }

    /// <summary>Monitored ports that are up, one bit each in the order of <c>interfaces:</c>. Wire minor 1.</summary>
    public ulong PortsUp { get; set; }

    /// <summary>The digest of what the sender forwards by; 0: it does not say.</summary>
    public ulong ForwardingDigest { get; set; }

    /// <summary>The longest that the sender's own loop came late, as far as that is not forgotten; whole milliseconds.</summary>
    public TimeSpan Lateness { get; set; }

    /// <summary>How long the sender's daemon took to start; whole milliseconds.</summary>
    public TimeSpan Start { get; set; }

    /// <summary>How many of <see cref="Echoes"/> count.</summary>
    public int EchoCount { get; set; }

    /// <summary>
    /// Whom the sender hears, with the tag of the incarnation that it hears: proof to that one that this heartbeat is not a replay from
    /// before its start.
    /// </summary>
    public Echo[] Echoes { get; } = new Echo[EchoCountMax];

    /// <summary>How many of <see cref="Heard"/> count.</summary>
    public int HeardCount { get; set; }

    /// <summary>
    /// Which incarnations the sender has heard since it started, also of units that are gone, and how far: an incarnation that is told of
    /// more than it has sent was set back with its machine.
    /// </summary>
    public HeardUpTo[] Heard { get; } = new HeardUpTo[EchoCountMax];

    /// <summary>Fields of a newer version that were skipped in the last decode.</summary>
    public int UnknownFields { get; set; }

    /// <summary>Takes over all that <paramref name="other"/> says.</summary>
    public void CopyFrom(Heartbeat other)
    {
        Name = other.Name;
        Version = other.Version;
        WireMinor = other.WireMinor;
        Role = other.Role;
        State = other.State;
        Epoch = other.Epoch;
        Priority = other.Priority;
        Override = other.Override;
        Upgrading = other.Upgrading;
        WantsAnswer = other.WantsAnswer;
        AnswersAtOnce = other.AnswersAtOnce;
        OfferForProbes = other.OfferForProbes;
        MissesLinks = other.MissesLinks;
        Held = other.Held;
        Age = other.Age;
        Failures = other.Failures;
        Offer = other.Offer;
        Revision = other.Revision;
        RevisionTag = other.RevisionTag;
        Sessions = other.Sessions;
        PortsUp = other.PortsUp;
        ForwardingDigest = other.ForwardingDigest;
        Lateness = other.Lateness;
        Start = other.Start;
        EchoCount = other.EchoCount;
        UnknownFields = other.UnknownFields;
        HeardCount = other.HeardCount;
        other.Echoes.AsSpan(0, other.EchoCount).CopyTo(Echoes);
        other.Heard.AsSpan(0, other.HeardCount).CopyTo(Heard);
    }

    /// <summary>
    /// The highest sequence of a start's heartbeats, by the tag of its incarnation, that the sender has heard; 0: none that it remembers.
    /// </summary>
    public ulong HeardOf(IncarnationTag start)
    {
        for (var i = 0; i < HeardCount; i++)
        {
            if (Heard[i].Start == start)
            {
                return Heard[i].Sequence;
            }
        }

        return 0;
    }

    /// <summary>Whether the sender hears this incarnation of <paramref name="unit"/>.</summary>
    public bool Hears(UnitId unit, IncarnationTag tag)
    {
        for (var i = 0; i < EchoCount; i++)
        {
            if (Echoes[i].Unit == unit && Echoes[i].Tag == tag)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A unit that is heard, and the tag of its incarnation.</summary>
public readonly record struct Echo(UnitId Unit, IncarnationTag Tag);

/// <summary>How far the heartbeats of an incarnation, by its tag, were heard.</summary>
public readonly record struct HeardUpTo(IncarnationTag Start, ulong Sequence);

/// <summary>
/// The primary offers its role to <c>Target</c>, who may claim once it has applied the primary's sessions up to <c>Sequence</c>.
/// <c>Request</c> tells one offer from another.
/// </summary>
public readonly record struct Offer(UnitId Target, RequestId Request, ulong Sequence);
