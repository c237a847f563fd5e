namespace Hitless.Core.Api;

/// <summary>
/// <c>POST /v1/unit/remove</c>: a unit that is lost. <c>Addresses</c>: its addresses on the heartbeat and session links; empty: those that
/// it was heard from. <c>Force</c>: also a unit that is heard, and also where others are missing.
/// </summary>
public sealed record RemovalRequest(string Unit, IReadOnlyList<string> Addresses, bool Force = false);

/// <summary>What was done to remove a unit.</summary>
/// <param name="Unit">It.</param>
/// <param name="Addresses">What was taken out of the peers of the others.</param>
/// <param name="Key">The rotation of the key that goes with it.</param>
/// <param name="Notes">What is left to do by hand.</param>
public sealed record RemovalResult(string Unit, IReadOnlyList<string> Addresses, KeyRotationResult Key, IReadOnlyList<string> Notes);
