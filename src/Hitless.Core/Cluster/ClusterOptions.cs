using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <summary>
/// What a cluster machine is told of its own unit. <c>Self</c> is the unit's id (its serial), <c>Tag</c> that of this incarnation (random
/// at each start).
/// </summary>
public sealed record ClusterOptions(UnitId Self, IncarnationTag Tag, string Name, string Version, byte WireMinor)
{
    /// <summary>
    /// A machine that stands still as a whole mutes nobody: there is no successor whose announcement would have ended the claim.
    /// </summary>
    private static readonly TimeSpan RestartHoldMin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RestartHoldMax = TimeSpan.FromMinutes(1);

    private const double LongLease = 2.5;
    private const double LongestLease = 5;

    /// <summary>What follows a start until heartbeats go out, and the second try of a start that failed, want their time too.</summary>
    private const int StartsPerHold = 3;

    private const int StartsPerLateness = 40;
    private const int DrainPerLateness = 4;

    private static readonly TimeSpan ClaimLeaseLeast = TimeSpan.FromSeconds(1);

    /// <summary>A kernel that does not preempt lets a real-time thread wait longer than a tuned threshold at times.</summary>
    private static readonly TimeSpan StallPatienceLeast = TimeSpan.FromMilliseconds(160);

    /// <summary>0-255, higher wins.</summary>
    public byte Priority { get; init; } = 128;

    /// <summary>Preemption.</summary>
    public bool Override { get; init; }

    /// <summary>Time between heartbeats.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Heartbeats that must be missed in a row before a unit counts as silent.</summary>
    public int LostThreshold { get; init; } = 4;

    /// <summary>Ages closer than this are equal.</summary>
    public TimeSpan Margin { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>How long a starting unit listens before it may become primary.</summary>
    public TimeSpan StartHold { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a starting unit waits for the first heartbeat link that can be used, before it claims without one.</summary>
    public TimeSpan LinksTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a former primary forwards what is still in flight, at the least.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>No former primary forwards longer than this.</summary>
    public TimeSpan DrainTimeMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>An offer that was not taken by then is withdrawn.</summary>
    public TimeSpan OfferTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long the target of an offer may be silent before the offer is withdrawn: the offering unit carries the traffic meanwhile, so
    /// nothing is lost by waiting for one that was not scheduled.
    /// </summary>
    public TimeSpan OfferPatience { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Time between two switchovers that the rules (not an operator) ask for. A port that falls meanwhile does not wait, unless nobody took
    /// up the last offer.
    /// </summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Failing probes move the traffic when they have stood for this long: a target that is gone for all is missed by each unit at its own
    /// moment.
    /// </summary>
    public TimeSpan ProbeSettle { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>After a switch that failing probes asked for, they ask for none more for so long.</summary>
    public TimeSpan FlipGuard { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long this unit's daemon took to start: from its process's first moment until it could look at its kernel.</summary>
    public TimeSpan Start { get; init; }

    /// <summary>How long a primary's kernel may forward without its daemon, once it has told that the daemon ended.</summary>
    public TimeSpan RestartHold => RestartHoldOf(Start);

    /// <summary>
    /// The same for a unit whose daemon took <paramref name="start"/> to start: it, and who waits for it, go by one number
    /// (docs/decisions/0049). 5 s to a minute.
    /// </summary>
    public static TimeSpan RestartHoldOf(TimeSpan start) =>
        start * StartsPerHold is var hold && hold < RestartHoldMin ? RestartHoldMin
        : hold > RestartHoldMax ? RestartHoldMax
        : hold;

    /// <summary>How long a primary whose link fell may take to answer on another one.</summary>
    public TimeSpan AskPatience { get; init; } = TimeSpan.FromMilliseconds(8);

    /// <summary>Time between two such questions.</summary>
    public TimeSpan AskEvery { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// How long a takeover waits until what was received is in the kernel (rule 2). Milliseconds, mostly; a session loop that stands still
    /// must not keep the addresses from everybody.
    /// </summary>
    public TimeSpan TakeoverDrainMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>For so long from its first moment on a unit starts, for itself and for who hears it (docs/decisions/0059).</summary>
    public TimeSpan StartTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Silences that were seen during a start fade within this.</summary>
    public TimeSpan StartMemory { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a silence that ended by itself raises the limits: less and less, in a straight line.</summary>
    public TimeSpan SilenceMemory { get; init; } = TimeSpan.FromHours(1);

    /// <summary>A witness arbitrates while units do not hear each other (docs/decisions/0024).</summary>
    public bool HasWitness { get; init; }

    /// <summary>There are virtual addresses that <see cref="IClusterEffects.AskForAddresses"/> can ask for.</summary>
    public bool CanAskForAddresses { get; init; } = true;

    /// <summary>The standbys carry flows too, which wait where one of them is gone.</summary>
    public bool ActiveActive { get; init; }

    /// <summary>How many units the cluster has, this one included.</summary>
    public int UnitCount { get; init; } = 2;

    /// <summary>What is left of an operator's hold that a daemon before this one had kept; null: there is none.</summary>
    public UnitHold? Hold { get; init; }

    /// <summary>Monitored ports, in the order of the port bits.</summary>
    public int PortCount { get; init; }

    /// <summary>The highest epoch that this unit had written down.</summary>
    public long EpochNumber { get; init; }

    /// <summary>
    /// The kernel's claim still stands from before a restart of the daemon: the unit is primary on, in <see cref="EpochNumber"/>.
    /// </summary>
    public bool AdoptClaim { get; init; }

    /// <summary>A daemon ran here before, and the kernel holds the sessions that it left: they may have gone on elsewhere.</summary>
    public bool KernelIsUsed { get; init; }

    /// <summary>
    /// How long the kernel's claim stands without a renewal. Longer than <see cref="StallPatience"/>: a primary that stalls for a moment
    /// while nobody takes over must
    /// not mute itself; one that is replaced hears the higher epoch when it wakes, and one that stays frozen is mute soon after.
    /// </summary>
    public TimeSpan ClaimLease => StallPatience * 1.25 > ClaimLeaseLeast ? StallPatience * 1.25 : ClaimLeaseLeast;

    /// <summary>
    /// A claim that was not renewed for so long is over as soon as its successor announces itself: as soon as there can be one.
    /// </summary>
    public TimeSpan ClaimFresh => (Interval * 1.25) + EchoLimitMin;

    /// <summary>All times of a claim, for the kernel.</summary>
    public ClaimTimes ClaimTimes => new(ClaimLease, ClaimLease * LongLease, ClaimLease * LongestLease, RestartHold, ClaimFresh);

    /// <summary>How long a claim stands without a further renewal; null: without an end.</summary>
    public TimeSpan? TimeOf(ClaimTerm term) =>
        term switch
        {
            ClaimTerm.Lease => ClaimLease,
            ClaimTerm.LongLease => ClaimLease * LongLease,
            ClaimTerm.LongestLease => ClaimLease * LongestLease,
            ClaimTerm.Restart => RestartHold,
            _ => null,
        };

    /// <summary>
    /// The lease of a primary whose own loop came late by <paramref name="lateness"/>: twice that, in three steps (the kernel has a rule
    /// for each). Who would replace it goes by the same number (docs/decisions/0049).
    /// </summary>
    public ClaimTerm LeaseOf(TimeSpan lateness) =>
        lateness * 2 <= ClaimLease ? ClaimTerm.Lease
        : lateness * 2 <= ClaimLease * LongLease ? ClaimTerm.LongLease
        : ClaimTerm.LongestLease;

    /// <summary>Silence after which a unit counts as gone.</summary>
    public TimeSpan Silence => Interval * LostThreshold;

    /// <summary>
    /// Silence after which a unit counts as gone although its kernel answers: it forwards meanwhile, and its daemon is likely to be
    /// scheduled again (docs/decisions/0027).
    /// </summary>
    public TimeSpan StallPatience => Silence * 2 > StallPatienceLeast ? Silence * 2 : StallPatienceLeast;

    /// <summary>
    /// How long the kernel of a primary whose heartbeat is late may answer nothing, at the least (docs/decisions/0039). In proportion to
    /// what the operator takes for a silence.
    /// </summary>
    public TimeSpan EchoLimitMin => Silence / 8;

    /// <summary>
    /// How long a former primary forwards whose own loop came late by <paramref name="lateness"/>: its kernel is behind with the packets
    /// that came before the switch, more than a real-time thread is late.
    /// </summary>
    public TimeSpan DrainTimeOf(TimeSpan lateness) =>
        DrainTime + (lateness * DrainPerLateness) is var time && time < DrainTimeMax ? time : DrainTimeMax;

    /// <summary>
    /// No limit for a unit whose own loop came late by <paramref name="lateness"/> grows beyond this, whatever was seen: the claim that it
    /// has as primary stands a quarter longer.
    /// </summary>
    public TimeSpan LimitMaxOf(TimeSpan lateness) => TimeOf(LeaseOf(lateness))!.Value / 1.25;

    /// <summary>
    /// What a machine's start tells of its pace, until its loop has told more: a daemon that takes ten seconds to start is late by a
    /// quarter of one at times, and one that takes a second (a cold disk) is not.
    /// </summary>
    public TimeSpan LatenessAtStart => Start / StartsPerLateness is var late && late < LatenessMax ? late : LatenessMax;

    /// <summary>The greatest lateness that tells of a machine's pace.</summary>
    public TimeSpan LatenessMax => ClaimLease * LongestLease / 1.25;
}
