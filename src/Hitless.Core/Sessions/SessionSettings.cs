namespace Hitless.Core.Sessions;

/// <summary>
/// <c>sessions:</c>. <c>Delay</c>: only sessions older than this are replicated. <c>Critical</c>: those that an upgrade must not lose.
/// </summary>
public sealed record SessionSettings(
    bool Tcp,
    bool Connectionless,
    bool Expectations,
    bool Nat,
    TimeSpan Delay,
    IReadOnlyList<SessionExpression> Critical
)
{
    /// <summary><c>sessions.exclude</c>: sessions that stay where they are.</summary>
    public IReadOnlyList<SessionExpression> Exclude { get; init; } = [];
}
