using Hitless.Core.Cluster;
using Hitless.Core.Cluster.Membership;

namespace Hitless.Daemon.Control;

/// <summary>The cluster as this unit sees it at one moment. <c>Complaints</c>: what is wrong on the heartbeat links.</summary>
public sealed record ClusterView(Epoch Epoch, UnitView Self, IReadOnlyList<UnitView> Peers, string Reason, bool SyncedSessions, byte WireMinor, TimeSpan LastGap, IReadOnlyList<string> Complaints)
{
    /// <summary><see cref="ClusterMachine.LongestSilence"/>.</summary>
    public TimeSpan LongestSilence { get; init; }

    /// <summary>The limits for each unit that is present, by name.</summary>
    public IReadOnlyList<(string Unit, LivenessLimits Limits)> Limits { get; init; } = [];

    /// <summary>This unit, then the others.</summary>
    public IEnumerable<UnitView> Units => Peers.Prepend(Self);

    /// <summary>The unit that is primary.</summary>
    public UnitView? Primary => Units.Where(u => u.Present && u.Role == UnitRole.Primary).MaxBy(u => u.Epoch);
}

/// <summary>One unit of a <see cref="ClusterView"/>, itself or by its last heartbeat.</summary>
public sealed record UnitView(
    ulong Id,
    ulong Tag,
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
    bool Upgrading)
{
    /// <summary>Able to be primary now.</summary>
    public bool Ready => Present && (Role == UnitRole.Primary || (Role == UnitRole.Standby && State is UnitState.Ready or UnitState.Fault));

    /// <summary>A unit as its heartbeat tells of it.</summary>
    public static UnitView From(ulong id, ulong tag, Heartbeat heartbeat, bool present, TimeSpan age) => new(
        id, tag, heartbeat.Name, present, present ? heartbeat.Role : UnitRole.None, present ? heartbeat.State : UnitState.Absent, heartbeat.Epoch,
        heartbeat.Version, heartbeat.Priority, heartbeat.Override, age, heartbeat.Failures, heartbeat.Sessions, heartbeat.PortsUp,
        heartbeat.Revision, heartbeat.RevisionTag, heartbeat.Upgrading);
}
