namespace Hitless.Core.Sessions;

/// <summary>
/// The session whose helper expected this one: protocol and original tuple. Family and zone are the expected session's own. Protocol 0:
/// nobody expected it.
/// </summary>
public readonly record struct SessionParent(byte Protocol, SessionTuple Original);
