namespace Hitless.Core.Api;

/// <summary><c>GET /v1/sessions/count</c>.</summary>
public sealed record SessionCount(string Unit, long Total, IReadOnlyDictionary<string, long> ByProtocol);

/// <summary>One conntrack entry in words, for <c>GET /v1/sessions</c>. <c>Original</c> and <c>Reply</c> are "src:port -> dst:port".</summary>
public sealed record SessionEntry(string Protocol, string Original, string Reply, string State, long TimeoutSeconds, uint Mark, int Zone, bool Critical);

/// <summary>One difference. <c>Cause</c>: missing, extra, state, nat, helper. <c>Fate</c> at a switch: survives, breaks, not-needed.</summary>
public sealed record SessionDifferenceEntry(string Cause, string Fate, SessionEntry Session, string Detail);

/// <summary><c>GET /v1/sessions/diff?with=UNIT</c> (contract.md): this unit's table against another's.</summary>
public sealed record SessionDifference(
    string Unit,
    string With,
    long Missing,
    long Extra,
    long Different,
    long Critical,
    long BytesExchanged,
    long Compared,
    IReadOnlyList<SessionDifferenceEntry> Entries);

/// <summary>Counters of the replication, for status and tests. <c>Bulks</c>: sent or taken, to their end. <c>Audits</c>: comparisons with standbys; <c>Drift</c>: sessions that had drifted there, and were told anew; <c>Readings</c>: of this unit's whole table, for its ledger; <c>Corrected</c>: sessions that they found otherwise than the kernel had told; <c>AuditMs</c>: how long the last reading took that was made at leisure.</summary>
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
    long AuditMs = 0);
