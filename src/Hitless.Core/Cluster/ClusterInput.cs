using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <summary>What can happen to a cluster machine. A value, so that a heartbeat costs no allocation; made by the factory methods.</summary>
public readonly record struct ClusterInput
{
    private ClusterInput(ClusterInputKind kind) => Kind = kind;

    /// <summary>Which of the factory methods made it.</summary>
    public ClusterInputKind Kind { get; }

    /// <summary>The unit that it is about.</summary>
    public UnitId Unit { get; private init; }

    /// <summary>The start of the unit's daemon that it is about.</summary>
    public IncarnationTag Tag { get; private init; }

    /// <summary>The request that it answers.</summary>
    public RequestId Request { get; private init; }

    /// <summary>Where it stands among those of its kind: heartbeats of one incarnation, frames of sessions, revisions.</summary>
    public ulong Sequence { get; private init; }

    /// <summary>Port bits, a digest, yes or no, or ticks.</summary>
    public ulong Value { get; private init; }

    /// <summary>A question's number, a penalty, or how many sessions.</summary>
    public uint Count { get; private init; }

    /// <summary>The number of a heartbeat link.</summary>
    public int Link { get; private init; }

    /// <summary>Yes or no.</summary>
    public bool Flag { get; private init; }

    /// <summary>The decoded heartbeat; valid during the step only.</summary>
    public Heartbeat? Heartbeat { get; private init; }

    /// <summary>Why, in words.</summary>
    public string? Text { get; private init; }

    /// <summary>The hold of <see cref="UnitHeld"/>.</summary>
    public UnitHold Hold => new(Text ?? "", Flag ? TimeSpan.FromTicks((long)Value) : null);

    /// <summary>A deadline passed, or nothing did: look at the time.</summary>
    public static ClusterInput Tick => new(ClusterInputKind.Tick);

    /// <summary>
    /// An authentic heartbeat of another unit; <paramref name="tag"/> is that of its incarnation, <paramref name="sequence"/> the
    /// datagram's number in it. <paramref name="overTraffic"/>: it came through a port, not on the heartbeat link of number
    /// <paramref name="link"/>.
    /// </summary>
    public static ClusterInput HeartbeatReceived(
        UnitId unit,
        IncarnationTag tag,
        ulong sequence,
        Heartbeat heartbeat,
        bool overTraffic = false,
        int link = 0
    ) =>
        new(ClusterInputKind.Heartbeat)
        {
            Unit = unit,
            Tag = tag,
            Sequence = sequence,
            Heartbeat = heartbeat,
            Flag = overTraffic,
            Link = link,
        };

    /// <summary>
    /// An authentic heartbeat with this unit's own id, of another incarnation: of a cloned machine, or a recording of a former start.
    /// <paramref name="tag"/>: of that incarnation.
    /// </summary>
    public static ClusterInput TwinHeard(IncarnationTag tag, Heartbeat heartbeat, bool overTraffic = false) =>
        new(ClusterInputKind.Twin)
        {
            Tag = tag,
            Heartbeat = heartbeat,
            Flag = overTraffic,
        };

    /// <summary>
    /// A heartbeat of our group came on a heartbeat link, and our key does not open it; <paramref name="unit"/> is the id that it bears,
    /// which anybody may have written.
    /// </summary>
    public static ClusterInput StrangerHeard(UnitId unit) => new(ClusterInputKind.Stranger) { Unit = unit };

    /// <summary>
    /// Our own virtual MAC has answered for a virtual address (<see cref="IClusterEffects.AskForAddresses"/>), and not from this unit.
    /// </summary>
    public static ClusterInput AddressesAnswered => new(ClusterInputKind.AddressesAnswered);

    /// <summary>
    /// Frames came from our own virtual MAC on these ports (one bit each, by place in <c>interfaces:</c>): somebody else speaks with it, or
    /// the network has a loop.
    /// </summary>
    public static ClusterInput VirtualMacHeard(ulong ports) => new(ClusterInputKind.VirtualMacHeard) { Value = ports };

    /// <summary>The witness has answered (docs/decisions/0024).</summary>
    public static ClusterInput WitnessAnswered => new(ClusterInputKind.WitnessAnswered);

    /// <summary>
    /// The sessions that were born here during a split are at the primary now, or cannot be had there; <paramref name="text"/> tells how
    /// many.
    /// </summary>
    public static ClusterInput SessionsMerged(string text) => new(ClusterInputKind.Merged) { Text = text };

    /// <summary>
    /// The kernel of <paramref name="unit"/> says that nobody listens for heartbeats there: its daemon has ended, and the kernel's claim
    /// stands on for <see cref="ClusterOptions.RestartHold"/>. <see cref="UnitId.None"/>: a unit that was not heard yet.
    /// </summary>
    public static ClusterInput DaemonEnded(UnitId unit) => new(ClusterInputKind.DaemonEnded) { Unit = unit };

    /// <summary>
    /// The kernel of <paramref name="unit"/> answers the question of that number (<see cref="IClusterEffects.AskKernels"/>), whatever its
    /// daemon does. <paramref name="overTraffic"/>: through a port, not on the heartbeat link of number <paramref name="link"/>.
    /// </summary>
    public static ClusterInput KernelAnswered(UnitId unit, uint question, bool overTraffic = false, int link = 0) =>
        new(ClusterInputKind.KernelAnswered)
        {
            Unit = unit,
            Count = question,
            Flag = overTraffic,
            Link = link,
        };

    /// <summary>A heartbeat link lost its carrier; <paramref name="others"/>: another one has it still.</summary>
    public static ClusterInput CableLost(bool others) => new(ClusterInputKind.CableLost) { Flag = others };

    /// <summary>Which monitored ports are up (one bit each).</summary>
    public static ClusterInput PortsChanged(ulong portsUp) => new(ClusterInputKind.Ports) { Value = portsUp };

    /// <summary>Whether any heartbeat link can be used: its interface is there, with our address. Until told otherwise one can.</summary>
    public static ClusterInput LinksChanged(bool usable) => new(ClusterInputKind.Links) { Flag = usable };

    /// <summary>What failing probes cost the unit now (<see cref="ProbeTally.Penalty"/>).</summary>
    public static ClusterInput ProbesChanged(int penalty) => new(ClusterInputKind.Probes) { Count = (uint)penalty };

    /// <summary>
    /// What the unit forwards by has this digest (<see cref="Forwarding.ForwardingState.Digest"/>), for the next heartbeats.
    /// </summary>
    public static ClusterInput ForwardingKnown(ulong digest) => new(ClusterInputKind.ForwardingKnown) { Value = digest };

    /// <summary>This standby would (or, <paramref name="asPrimary"/> false, would not) forward what the primary forwards.</summary>
    public static ClusterInput ForwardingCompared(bool asPrimary) => new(ClusterInputKind.ForwardingCompared) { Flag = asPrimary };

    /// <summary>
    /// All sessions of <paramref name="unit"/> have been applied; without <paramref name="windows"/>, <see cref="WindowsFree"/> follows.
    /// </summary>
    public static ClusterInput SessionsSynced(UnitId unit, bool windows = true) =>
        new(ClusterInputKind.Synced) { Unit = unit, Flag = windows };

    /// <summary>No TCP session that went on elsewhere has a window in this kernel any more that stood still meanwhile.</summary>
    public static ClusterInput WindowsFree => new(ClusterInputKind.WindowsFree);

    /// <summary>The table must be fetched again (overrun, too large a gap).</summary>
    public static ClusterInput SessionsLost() => new(ClusterInputKind.SyncLost);

    /// <summary>Everything up to <paramref name="sequence"/> is sent.</summary>
    public static ClusterInput BarrierReached(RequestId request, ulong sequence) =>
        new(ClusterInputKind.Barrier) { Request = request, Sequence = sequence };

    /// <summary>The awaited sessions are in the kernel, or could not be had in time.</summary>
    public static ClusterInput SessionsApplied(RequestId request, bool ok) =>
        new(ClusterInputKind.Applied) { Request = request, Flag = ok };

    /// <summary>All that had arrived is in the kernel.</summary>
    public static ClusterInput Drained(RequestId request) => new(ClusterInputKind.Drained) { Request = request };

    /// <summary>
    /// An operator or a run asks for a switchover; <paramref name="target"/> null: to the best standby. <paramref name="evenIfWorse"/>:
    /// also to a unit with more failed ports and probes.
    /// </summary>
    public static ClusterInput SwitchoverRequested(UnitId? target, string reason, bool evenIfWorse = false) =>
        new(ClusterInputKind.Switchover)
        {
            Unit = target ?? UnitId.None,
            Flag = target is not null,
            Text = reason,
            Value = evenIfWorse ? 1u : 0u,
        };

    /// <summary>Choose the primary by the rules now, as after an upgrade.</summary>
    public static ClusterInput Renegotiate(string reason) => new(ClusterInputKind.Renegotiate) { Text = reason };

    /// <summary>The operator sets the unit's age to 0; a primary then lets the rules choose.</summary>
    public static ClusterInput AgeReset => new(ClusterInputKind.AgeReset);

    /// <summary>
    /// The operator holds this unit for maintenance: it does not become primary any more, and a primary hands over as soon as it can. Not
    /// taken during a run.
    /// </summary>
    public static ClusterInput UnitHeld(UnitHold hold) =>
        new(ClusterInputKind.UnitHeld)
        {
            Text = hold.Reason,
            Flag = hold.Remaining is not null,
            Value = (ulong)(hold.Remaining ?? TimeSpan.Zero).Ticks,
        };

    /// <summary>The operator ends the hold.</summary>
    public static ClusterInput UnitReleased => new(ClusterInputKind.UnitReleased);

    /// <summary>A run is open (true): nobody preempts until it ends.</summary>
    public static ClusterInput HoldChanged(bool hold) => new(ClusterInputKind.Hold) { Flag = hold };

    /// <summary>
    /// A standby that is about to restart into another slot promises (true) to become primary no more until it has; false takes it back.
    /// </summary>
    public static ClusterInput StandAside(bool aside) => new(ClusterInputKind.Aside) { Flag = aside };

    /// <summary>The kernel's claim was over when it was to be renewed: this unit is mute, whatever its own clock says.</summary>
    public static ClusterInput ClaimLost => new(ClusterInputKind.ClaimLost);

    /// <summary>The process is asked to end: hand over first.</summary>
    public static ClusterInput StopRequested => new(ClusterInputKind.Stop);

    /// <summary>The kernel's number of sessions and the configuration in force, for the next heartbeats.</summary>
    public static ClusterInput FactsChanged(uint sessions, long revision, ulong revisionTag) =>
        new(ClusterInputKind.Facts)
        {
            Count = sessions,
            Sequence = (ulong)revision,
            Value = revisionTag,
        };
}

/// <summary>The kinds of <see cref="ClusterInput"/>.</summary>
public enum ClusterInputKind : byte
{
    /// <summary>Time has passed.</summary>
    Tick,

    /// <summary>A heartbeat came.</summary>
    Heartbeat,

    /// <summary>A daemon has ended, its kernel lives.</summary>
    DaemonEnded,

    /// <summary>A kernel answers.</summary>
    KernelAnswered,

    /// <summary>A heartbeat link fell.</summary>
    CableLost,

    /// <summary>Ports went up or down.</summary>
    Ports,

    /// <summary>Heartbeat links can be used, or none can any more.</summary>
    Links,

    /// <summary>Probes changed.</summary>
    Probes,

    /// <summary>The digest of what the unit forwards by.</summary>
    ForwardingKnown,

    /// <summary>It was held against the primary's.</summary>
    ForwardingCompared,

    /// <summary>The table is fetched.</summary>
    Synced,

    /// <summary>Windows that stood still are gone.</summary>
    WindowsFree,

    /// <summary>The table is no longer whole.</summary>
    SyncLost,

    /// <summary>A barrier is reached.</summary>
    Barrier,

    /// <summary>Awaited sessions are applied.</summary>
    Applied,

    /// <summary>Arrived sessions are applied.</summary>
    Drained,

    /// <summary>A switchover is asked for.</summary>
    Switchover,

    /// <summary>The rules are to choose anew.</summary>
    Renegotiate,

    /// <summary>The age begins again.</summary>
    AgeReset,

    /// <summary>An operator holds this unit.</summary>
    UnitHeld,

    /// <summary>An operator releases it.</summary>
    UnitReleased,

    /// <summary>Preemption is held or released.</summary>
    Hold,

    /// <summary>The unit stands aside, or no more.</summary>
    Aside,

    /// <summary>The kernel has muted the unit.</summary>
    ClaimLost,

    /// <summary>The process ends.</summary>
    Stop,

    /// <summary>Facts for heartbeats.</summary>
    Facts,

    /// <summary>Somebody else speaks with our virtual MAC.</summary>
    VirtualMacHeard,

    /// <summary>The witness has answered.</summary>
    WitnessAnswered,

    /// <summary>Sessions of a split are merged.</summary>
    Merged,

    /// <summary>Another unit speaks with our id.</summary>
    Twin,

    /// <summary>A heartbeat that our key does not open.</summary>
    Stranger,

    /// <summary>Somebody speaks for the virtual addresses.</summary>
    AddressesAnswered,
}
