using Hitless.Core.Cluster;
using Hitless.Core.Cluster.Membership;
using Hitless.Core.Wire;

namespace Hitless.Daemon.Control;

/// <summary>The cluster as this unit sees it at one moment. <c>Complaints</c>: what is wrong on the heartbeat links.</summary>
public sealed record ClusterView(
    Epoch Epoch,
    UnitView Self,
    IReadOnlyList<UnitView> Peers,
    string Reason,
    bool SyncedSessions,
    byte WireMinor,
    TimeSpan LastGap,
    IReadOnlyList<string> Complaints
)
{
    /// <summary><see cref="ClusterMachine.LongestSilence"/>.</summary>
    public TimeSpan LongestSilence { get; init; }

    /// <summary>The limits for each unit that is present, by name.</summary>
    public IReadOnlyList<(string Unit, LivenessLimits Limits)> Limits { get; init; } = [];

    /// <summary>The operator's hold of this unit; null: it is not held.</summary>
    public UnitHold? Hold { get; init; }

    /// <summary>This unit, then the others.</summary>
    public IEnumerable<UnitView> Units => Peers.Prepend(Self);

    /// <summary>The unit that is primary.</summary>
    public UnitView? Primary => Units.Where(u => u.Present && u.Role == UnitRole.Primary).MaxBy(u => u.Epoch);

    /// <summary>
    /// The cluster as the machine sees it at <paramref name="now"/>; <paramref name="complaints"/> are those of the links.
    /// </summary>
    public static ClusterView Of(ClusterMachine machine, UnitIdentity identity, IEnumerable<string> complaints, TimeSpan now)
    {
        var own = UnitView.From(identity.Id, identity.Tag, machine.Outgoing, present: true, machine.AgeAt(now)) with
        {
            Role = machine.Role,
            State = machine.State,
            Epoch = machine.Epoch,
        };
        return new ClusterView(
            machine.Epoch,
            own,
            [
                .. machine
                    .Peers.Where(p => p.Tag != IncarnationTag.None && !IsReplaced(p, machine))
                    .Select(p => UnitView.From(p.Unit, p.Tag, p.Last, !p.Absent, p.AgeAt(now))),
            ],
            machine.Reason,
            machine.Synced,
            machine.AgreedWireMinor,
            machine.LastGap,
            [.. complaints, .. machine.ProblemsAt(now)]
        )
        {
            LongestSilence = machine.LongestSilence,
            Hold = machine.OperatorHold.At(now),
            Limits = [.. machine.Peers.Where(p => !p.Absent).Select(p => (p.Last.Name, p.Liveness.LimitsAt(now)))],
        };
    }

    /// <summary>A new machine has taken its place: it has its name and another id.</summary>
    private static bool IsReplaced(Peer peer, ClusterMachine machine) =>
        peer.Absent && machine.Peers.Any(other => other.Tag != IncarnationTag.None && !other.Absent && other.Last.Name == peer.Last.Name);
}

/// <summary>One unit of a <see cref="ClusterView"/>, itself or by its last heartbeat.</summary>
public sealed record UnitView(
    UnitId Id,
    IncarnationTag Tag,
    string Name,
    bool Present,
    UnitRole Role,
    UnitState State,
    Epoch Epoch,
    string Version,
    int Priority,
    bool Override,
    TimeSpan Age,
    int Failures,
    long Sessions,
    ulong PortsUp,
    long Revision,
    ulong RevisionTag,
    bool Upgrading,
    ulong ForwardingDigest
)
{
    /// <summary>Able to be primary now.</summary>
    public bool Ready => Present && (Role == UnitRole.Primary || (Role == UnitRole.Standby && State is UnitState.Ready or UnitState.Fault));

    /// <summary>A unit as its heartbeat tells of it.</summary>
    public static UnitView From(UnitId id, IncarnationTag tag, Heartbeat heartbeat, bool present, TimeSpan age) =>
        new(
            id,
            tag,
            heartbeat.Name,
            present,
            present ? heartbeat.Role : UnitRole.None,
            present ? heartbeat.State : UnitState.Absent,
            heartbeat.Epoch,
            heartbeat.Version,
            heartbeat.Priority,
            heartbeat.Override,
            age,
            heartbeat.Failures,
            heartbeat.Sessions,
            heartbeat.PortsUp,
            heartbeat.Revision,
            heartbeat.RevisionTag,
            heartbeat.Upgrading,
            heartbeat.ForwardingDigest
        );
}
