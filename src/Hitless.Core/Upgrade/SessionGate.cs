using Hitless.Core.Api;

namespace Hitless.Core.Upgrade;

/// <summary>
/// What a switch may cost, held against <c>upgrade.session-difference-limit</c>: the sessions that the standby lacks, and those that only
/// the primary can carry. Of the critical ones, none. Above the limit
/// those that are bound need the operator's word (<c>--accept-interruption</c>): no waiting makes them fewer. What the operator has
/// excluded is his word already, unless it is critical.
/// </summary>
/// <param name="Missing">Sessions that should follow and would break.</param>
/// <param name="Bound">Sessions that cannot follow and would break.</param>
/// <param name="Critical">Of both, and of the excluded ones, those that <c>sessions.critical</c> names.</param>
/// <param name="Total">Sessions that go through the primary, excluded ones not counted.</param>
/// <param name="DifferenceIsOpen">What the standby lacks is within the limit.</param>
/// <param name="BoundIsOpen">What is bound is within the limit, or confirmed.</param>
public readonly record struct SessionGate(long Missing, long Bound, long Critical, long Total, bool DifferenceIsOpen, bool BoundIsOpen)
{
    /// <summary>The switch may be made.</summary>
    public bool IsOpen => DifferenceIsOpen && BoundIsOpen;

    /// <summary>Sessions that break.</summary>
    public long Breaking => Missing + Bound;

    /// <summary>Judges a difference between the primary and the unit to be switched to.</summary>
    /// <param name="difference">The difference, with the primary's classes.</param>
    /// <param name="limit">The share that may break, 0 to 1.</param>
    /// <param name="header">The run: whether it switches at all, and whether the operator confirms that the bound ones are lost.</param>
    public static SessionGate Of(SessionDifference difference, double limit, RunHeader header)
    {
        var missing = Math.Max(
            difference.Breaking,
            difference.Entries.Count(e => e.Fate == SwitchFate.Breaks && e.Session.Class == SessionClassWord.NotLookedAt)
        );
        var bound = difference.Causes.Where(IsBound).Sum(cause => cause.Breaking);
        var apart = difference.Causes.Sum(cause => cause.Critical);
        var total = difference.Compared + difference.Causes.Where(IsBound).Sum(cause => cause.Count);
        var max = limit * Math.Max(1, total);
        return new SessionGate(
            missing,
            bound,
            difference.Critical,
            total,
            missing <= max && difference.Critical <= apart,
            !RunPlan.Switches(header) || (apart == 0 && (header.AcceptInterruption || missing + bound <= max))
        );
    }

    /// <summary>Whether a cause is of the class <c>bound</c>.</summary>
    public static bool IsBound(SessionCauseCount cause) => cause.Class == SessionClassWord.Bound;

    /// <summary>
    /// The sessions that a switch breaks and that cannot follow, a line for each cause: how many, why, and, where wanted, what to write
    /// instead.
    /// </summary>
    public static IReadOnlyList<string> Lines(IEnumerable<SessionCauseCount> causes, bool withRemedies) =>
        [
            .. causes
                .Where(cause => cause.Breaking > 0)
                .Select(cause =>
                    $"{cause.Breaking} sessions {cause.Text} and are lost at a switch"
                    + (cause.Critical > 0 ? $", {cause.Critical} of them critical" : "")
                    + (withRemedies && cause.Remedy is not null ? $": {cause.Remedy}" : "")
                ),
        ];
}
