namespace Hitless.Core.Api;

/// <summary><c>GET /v1/sessions</c>: the first entries that match; <c>Total</c> counts all that match.</summary>
public sealed record SessionList(string Unit, long Total, IReadOnlyList<SessionEntry> Entries);

/// <summary><c>POST /v1/sessions/resync</c>: a bulk transfer from <c>From</c> was asked for and is complete.</summary>
public sealed record ResyncResult(string From, string To, long Sessions, double DurationMs);
