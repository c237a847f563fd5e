using Hitless.Core.Cluster.Membership;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <summary>What a unit knows of another one: its last heartbeat and when it came.</summary>
public sealed class Peer(UnitId unit, ClusterOptions options)
{
    /// <summary>Whether it is there.</summary>
    public Liveness Liveness { get; } = new(options);

    /// <summary>The peer's id.</summary>
    public UnitId Unit { get; } = unit;

    /// <summary>Tag of the incarnation that is believed: it has named our own incarnation, so it is no recording.</summary>
    public IncarnationTag Tag { get; internal set; }

    /// <summary>The number of the last of its datagrams: what comes with a lower one says how things were before.</summary>
    public ulong Sequence { get; internal set; }

    /// <summary>Tag of an incarnation that has not named ours yet; we name it, so that it can.</summary>
    public IncarnationTag PendingTag { get; internal set; }

    /// <summary>When the pending incarnation was last heard.</summary>
    public TimeSpan PendingAt { get; internal set; }

    /// <summary>When its last heartbeat came.</summary>
    public TimeSpan HeardAt => Liveness.HeardAt;

    /// <summary>When its last heartbeat on a heartbeat link came.</summary>
    public TimeSpan LinkHeardAt { get; internal set; } = TimeSpan.MinValue;

    /// <summary>When its last heartbeat through a port came.</summary>
    public TimeSpan TrafficHeardAt { get; internal set; } = TimeSpan.MinValue;

    /// <summary>It is present, and every heartbeat link to it is silent.</summary>
    public bool LinksCut { get; internal set; }

    /// <summary>Gone: silent for too long, or it said goodbye.</summary>
    public bool Absent { get; internal set; } = true;

    /// <summary>Its daemon has ended while its kernel forwards: not silent before then.</summary>
    public TimeSpan HeldUntil { get; internal set; } = TimeSpan.MinValue;

    /// <summary>The incarnation that was held; each is held once.</summary>
    public IncarnationTag HeldTag { get; internal set; }

    /// <summary>Since when, and when last, another incarnation than the believed one spoke beside it; and the name that it has.</summary>
    public TimeSpan RivalSince { get; internal set; } = TimeSpan.MinValue;

    /// <summary>When the other incarnation was heard last.</summary>
    public TimeSpan RivalAt { get; internal set; } = TimeSpan.MinValue;

    /// <summary>The name of the other incarnation.</summary>
    public string RivalName { get; internal set; } = "";

    /// <summary>When it last claimed an epoch that no unit can have come to.</summary>
    public TimeSpan AbsurdAt { get; internal set; } = TimeSpan.MinValue;

    /// <summary>The name that it had then.</summary>
    public string AbsurdName { get; internal set; } = "";

    /// <summary>Its last heartbeat.</summary>
    public Heartbeat Last { get; internal set; } = new();

    /// <summary>Its age now.</summary>
    public TimeSpan AgeAt(TimeSpan now) => Last.Age + (now - HeardAt);
}
