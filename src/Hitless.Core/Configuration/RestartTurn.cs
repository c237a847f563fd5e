namespace Hitless.Core.Configuration;

/// <summary>
/// One unit as its restart is planned. <c>Ready</c>: it could be primary now. <c>Due</c>: its daemon runs with settings that the current
/// revision has replaced.
/// </summary>
public readonly record struct RestartCandidate(string Unit, bool Ready, bool Due);

/// <summary>
/// Which daemon restarts next so that new settings take effect: one at a time and only while all units are ready, the standbys by name,
/// the primary last. Each unit works it out for itself.
/// </summary>
public static class RestartTurn
{
    /// <summary>A unit that is away may be just restarting, so the others wait for it; but not for ever.</summary>
    public static readonly TimeSpan AwaitAbsentMax = TimeSpan.FromSeconds(60);

    /// <summary>Whether it is the turn of <paramref name="self"/>, which is due since <paramref name="waited"/>.</summary>
    public static bool IsMine(string self, string? primary, IReadOnlyCollection<RestartCandidate> units, TimeSpan waited) =>
        primary is not null
        && (waited >= AwaitAbsentMax || units.All(u => u.Ready))
        && units
            .Where(u => u.Due)
            .OrderBy(u => u.Unit == primary)
            .ThenBy(u => u.Unit, StringComparer.Ordinal)
            .Select(u => u.Unit)
            .FirstOrDefault() == self;
}
