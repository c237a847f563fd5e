namespace Hitless.Core.Api;

/// <summary>
/// <c>POST /v1/key/rotate</c>. <c>Force</c>: also without units that are missing, which have the former key then and are refused. A
/// rotation that is under way goes on, with <c>Force</c> without those that it waits for.
/// </summary>
public sealed record KeyRotationRequest(bool Force = false);

/// <summary>How a rotation of the cluster's key stands.</summary>
/// <param name="Done">Every unit that takes part has the new key alone; else it goes on by itself.</param>
/// <param name="Key">What tells the new key from others.</param>
/// <param name="Units">The units that take part.</param>
/// <param name="LeftBehind">Known units that do not.</param>
/// <param name="Waiting">Why it is not done; null: it is.</param>
public sealed record KeyRotationResult(
    bool Done,
    string Key,
    IReadOnlyList<string> Units,
    IReadOnlyList<string> LeftBehind,
    string? Waiting
);
