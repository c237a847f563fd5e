namespace Hitless.Cli.Display;

/// <summary>
/// A change to the web manager's file. <c>Revision</c>: it is on every unit by it; null: on this one alone. <c>Token</c>: a new one, in
/// full. <c>Authenticator</c>, <c>Recovery</c>: a new second factor, as an authenticator takes it, and its recovery codes.
/// </summary>
internal sealed record WebChange(
    string File,
    long? Revision,
    string? Token = null,
    string? Authenticator = null,
    IReadOnlyList<string>? Recovery = null
);

/// <summary><c>web list --json</c>.</summary>
internal sealed record WebAccess(IReadOnlyList<WebAccessUser> Users, IReadOnlyList<WebAccessToken> Tokens);

/// <summary>A user of the web manager.</summary>
internal sealed record WebAccessUser(string Name, string Role);

/// <summary>An API token.</summary>
internal sealed record WebAccessToken(string Name, string Role, DateTimeOffset ExpiresAt);
