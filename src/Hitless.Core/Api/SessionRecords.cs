namespace Hitless.Core.Api;

/// <summary><c>GET /v1/sessions/count</c>.</summary>
public sealed record SessionCount(string Unit, long Total, IReadOnlyDictionary<string, long> ByProtocol);

/// <summary>
/// One conntrack entry in words, for <c>GET /v1/sessions</c>. <c>Original</c> and <c>Reply</c> are "src:port -> dst:port".
/// </summary>
public sealed record SessionEntry(
    string Protocol,
    string Original,
    string Reply,
    string State,
    long TimeoutSeconds,
    uint Mark,
    int Zone,
    bool Critical
)
{
    /// <summary>Its class; <see cref="SessionClassWord.NotLookedAt"/> where nobody has looked.</summary>
    public SessionClassWord Class
    {
        get;
        init => field = SessionClassWord.Of(value.Word ?? "");
    } = SessionClassWord.NotLookedAt;

    /// <summary>The cause, where it is not follow (<see cref="SessionCauseCount"/>).</summary>
    public SessionCauseWord? Cause { get; init; }

    /// <summary>
    /// The unit that forwards its packets now, both ways, in mode <c>active-active</c>; null: the mode is active-passive (the primary
    /// forwards all), nothing of it is forwarded (class local), or it is not known.
    /// </summary>
    public string? ForwardedBy { get; init; }
}

/// <summary>
/// Each session of a unit's kernel is in one class: it follows a switch; it is bound to the unit, which alone has the address that it is
/// translated to; the operator has excluded it (<c>sessions:</c>); or
/// it is local: it begins or ends at a unit, or is not forwarded.
/// </summary>
public sealed record SessionClasses(long Follow, long Bound, long Excluded, long Local);

/// <summary>
/// Sessions that do not follow, by cause. <c>Breaking</c>: of <c>Count</c>, those that a switch breaks; <c>Critical</c>: of those, what
/// <c>sessions.critical</c> names. <c>Text</c> follows a number of sessions;
/// <c>Remedy</c>: what to write instead, where it was looked up.
/// </summary>
public sealed record SessionCauseCount(
    SessionCauseWord Cause,
    SessionClassWord Class,
    long Count,
    long Breaking,
    long Critical,
    string Text,
    string? Remedy
);

/// <summary>One difference: why it is one, and what becomes of the session at a switch.</summary>
public sealed record SessionDifferenceEntry(SessionCauseWord Cause, SwitchFate Fate, SessionEntry Session, string Detail);

/// <summary>
/// <c>GET /v1/sessions/diff?with=UNIT</c> (contract.md): this unit's table against another's. <c>Critical</c>: critical sessions that a
/// switch breaks, compared, bound or excluded.
/// </summary>
public sealed record SessionDifference(
    string Unit,
    string With,
    long Missing,
    long Extra,
    long Different,
    long Critical,
    long BytesExchanged,
    long Compared,
    IReadOnlyList<SessionDifferenceEntry> Entries
)
{
    /// <summary>
    /// Compared sessions that a switch would break, whether <c>Entries</c> has room for them or not; bound and excluded ones are in
    /// <c>Causes</c>.
    /// </summary>
    public long Breaking { get; init; }

    /// <summary>
    /// The unit whose sessions <c>Classes</c> and <c>Causes</c> count: the primary, if it is one of the two, or else <c>Unit</c>.
    /// </summary>
    public string? ClassesOf { get; init; }

    /// <summary>All sessions of that unit, by class; null: its version does not count them.</summary>
    public SessionClasses? Classes { get; init; }

    /// <summary>Its sessions that do not follow, by cause; those that a switch breaks have <c>Entries</c> too.</summary>
    public IReadOnlyList<SessionCauseCount> Causes
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>
/// Counters of the replication, for status and tests. <c>Bulks</c>: sent or taken, to their end. <c>Audits</c>: comparisons with standbys;
/// <c>Drift</c>: sessions that had drifted there, and were told anew; <c>Readings</c>: of this unit's whole table, for its ledger;
/// <c>Corrected</c>: sessions that they found otherwise than the kernel had told; <c>AuditMs</c>: how long the last reading took that was
/// made at leisure.
/// </summary>
public sealed record SessionReplicationStatus(
    long Sessions,
    long EventsSent,
    long EventsApplied,
    long DatagramsSent,
    long DatagramsReceived,
    long DatagramsRefused,
    long Retransmitted,
    long Overruns,
    long Bulks,
    long ApplyErrors,
    long LagMs,
    long Audits,
    long Drift,
    long Readings = 0,
    long Corrected = 0,
    long AuditMs = 0
);
