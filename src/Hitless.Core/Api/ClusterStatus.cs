namespace Hitless.Core.Api;

/// <summary><c>GET /v1/status</c>: what one unit knows of its cluster (contract.md, "status --json").</summary>
public sealed record ClusterStatus(
    string Cluster,
    string Mode,
    ClusterCondition Health,
    long Epoch,
    string? Primary,
    string Self,
    IReadOnlyList<UnitStatus> Units,
    RunStatus? Upgrade,
    IReadOnlyList<string> Problems
);

/// <summary>One unit as seen from the answering unit.</summary>
public sealed record UnitStatus(
    string Name,
    UnitRoleWord Role,
    UnitStateWord State,
    string Reason,
    string Version,
    string Slot,
    int Priority,
    bool Override,
    long AgeSeconds,
    long Sessions,
    long SessionLag,
    SyncState Configuration,
    long ConfigurationRevision,
    IReadOnlyList<InterfaceStatus> Interfaces,
    IReadOnlyList<HealthStatus> Health
)
{
    /// <summary>Counters of the session replication; null when the unit does not answer.</summary>
    public SessionReplicationStatus? Replication { get; init; }

    /// <summary>The sessions of its kernel by class; null: not known now, or it does not answer.</summary>
    public SessionClasses? SessionClasses { get; init; }

    /// <summary>Its sessions that do not follow, by cause.</summary>
    public IReadOnlyList<SessionCauseCount> SessionCauses
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>
    /// Whether the unit would forward as the primary does; null: it is primary itself, does not answer, or has not compared yet.
    /// </summary>
    public ForwardingStatus? Forwarding { get; init; }

    /// <summary>How services and hooks follow the role; null: there are none, or it does not answer.</summary>
    public ServicesStatus? Services { get; init; }

    /// <summary>An operator holds it for maintenance; null: it is not held, or does not answer (then <c>State</c> says it).</summary>
    public HoldStatus? Hold { get; init; }

    /// <summary>Another one after each start of its daemon.</summary>
    public string Incarnation
    {
        get;
        init => field = value ?? "";
    } = "";

    /// <summary>How late heartbeats came to this unit; null when it does not answer.</summary>
    public HeartbeatStatus? Heartbeat { get; init; }

    /// <summary>What its clock said when it answered; null when it does not answer.</summary>
    public DateTimeOffset? Clock { get; init; }

    /// <summary>How many milliseconds that is ahead of the clock of the unit that was asked; null: not known.</summary>
    public long? ClockAheadMs { get; init; }

    /// <summary>How it shares flows out; null: it is not primary, the mode is active-passive, or it does not answer.</summary>
    public BalanceStatus? Balance { get; init; }
}

/// <summary>
/// The longest wait for a heartbeat of a present unit since one became present last, and the silence after which a unit counts as gone, as
/// configured; <c>Peers</c>: what is in force for each of the
/// others now.
/// </summary>
public sealed record HeartbeatStatus(double LongestSilenceMs, double LimitMs, IReadOnlyList<SilenceStatus> Peers);

/// <summary>
/// After which silence of <c>Unit</c> the answering unit takes it for gone, now: on which nobody answers (<c>SilenceLimitMs</c>), although
/// its kernel answers (<c>StallLimitMs</c>), and how long a
/// primary's kernel may answer nothing once a heartbeat is late (<c>EchoLimitMs</c>; null: it is not known to answer). <c>Reason</c> says
/// what raised them, or why there is no echo limit.
/// </summary>
public sealed record SilenceStatus(string Unit, double SilenceLimitMs, double StallLimitMs, double? EchoLimitMs, string Reason);

/// <summary>
/// The role that services and hooks were told of last; null: none yet. <c>Problems</c>: what failed, and how.
/// </summary>
public sealed record ServicesStatus(ServiceRoleWord? Role, ServicesState State, IReadOnlyList<string> Problems)
{
    /// <inheritdoc cref="ServicesStatus"/>
    public IReadOnlyList<string> Problems
    {
        get;
        init => field = value ?? [];
    } = Problems;
}

/// <summary>
/// What a standby was found to have otherwise than the primary, of all that forwarding depends on. <c>AsPrimary</c>: nothing of it would
/// cost traffic.
/// </summary>
public sealed record ForwardingStatus(bool AsPrimary, string Primary, IReadOnlyList<ForwardingDifference> Differences);

/// <summary>
/// One thing that forwarding depends on, as it is on the primary and on the standby (null: not there). <c>LosesTraffic</c>: it keeps the
/// standby from being ready.
/// </summary>
public sealed record ForwardingDifference(string Name, string? Primary, string? Standby, bool LosesTraffic);

/// <summary>One monitored port: its name, and whether it is up (administratively, and with carrier).</summary>
public sealed record InterfaceStatus(string Name, bool Up);

/// <summary>One probe of <c>health:</c>.</summary>
public sealed record HealthStatus(string Name, ProbeResult Result, string? Detail);

/// <summary><c>GET /v1/history</c> and the lines of <c>GET /v1/events</c> (server-sent events).</summary>
public sealed record ClusterEvent(long Number, DateTimeOffset Time, string Unit, string Kind, string Text, long? Epoch);

/// <summary>
/// <c>POST /v1/switchover</c>. <c>To</c> null: the best standby. The call answers when the switch is complete if <c>Wait</c>. <c>Force</c>:
/// also to a unit that is worse off than the primary.
/// </summary>
public sealed record SwitchoverRequest(string? To, bool Wait)
{
    /// <summary>Also to a unit with failed interfaces or probes, or one that would not forward as the primary does.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// With <c>Wait</c>: also until the new primary's kernel has told whether the traffic goes on (at most some seconds). If it does not,
    /// the former primary has it back, and the call is refused with the cause.
    /// </summary>
    public bool AwaitTraffic { get; init; }
}

/// <summary>The answer to a switchover: the new epoch and primary, and how long the switch took from request to claim.</summary>
public sealed record SwitchoverResult(long Epoch, string Primary, string FormerPrimary, double DurationMs)
{
    /// <summary>Whether the traffic went on; null: it was not asked for, or the new primary is of a version that cannot tell.</summary>
    public ReportTraffic? Traffic { get; init; }

    /// <summary>Sessions that could not follow and are lost; null: not known.</summary>
    public long? SessionsLost { get; init; }

    /// <summary>The same in words, a line for each cause; empty: there were none.</summary>
    public IReadOnlyList<string> Warnings
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>
/// <c>POST /v1/unit/leave</c>. <c>PlanOnly</c>: only say what would go. <c>Force</c>: also where no other unit can take over.
/// </summary>
public sealed record LeaveRequest(bool PlanOnly, bool Force);

/// <summary>
/// What goes when the unit leaves the cluster, or has gone: the virtual addresses on its interfaces, and the sysctls that get their former
/// values. <c>Successor</c>: who takes over first; null: this unit is not primary, or nobody can.
/// </summary>
public sealed record LeaveResult(string Unit, bool Left, string? Successor, IReadOnlyList<string> Addresses, IReadOnlyList<string> Sysctls);

/// <summary>The unit whose age began again, who is primary now, and why.</summary>
public sealed record AgeResetResult(string Unit, string? Primary, string Text);
