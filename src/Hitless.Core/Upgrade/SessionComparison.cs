using Hitless.Core.Api;

namespace Hitless.Core.Upgrade;

/// <summary>
/// The sessions of a primary right before it offered its role: 64-bit hashes of the keys of those that follow, which of them are critical,
/// and what does not follow.
/// </summary>
/// <param name="Run">The run that switches.</param>
/// <param name="Keys">Those that follow.</param>
/// <param name="Critical">Of those, the critical ones.</param>
public sealed record SessionSnapshot(string Run, IReadOnlyList<ulong> Keys, IReadOnlyList<ulong> Critical)
{
    /// <summary>The share of the packets that the primary took and neither forwarded nor delivered: what its own rules refuse.</summary>
    public double? DropShare { get; init; }

    /// <summary>The primary's epoch; 0: its version does not say.</summary>
    public long Epoch { get; init; }

    /// <summary>The step of the run that switches; empty: its version does not say.</summary>
    public string Step
    {
        get;
        init => field = value ?? "";
    } = "";

    /// <summary>Excluded sessions that have something to lose: some go on all the same, because the traffic makes a new entry.</summary>
    public IReadOnlyList<ulong> Excluded
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>Of all these, those that end within <see cref="EndingMax"/> unless a packet comes.</summary>
    public IReadOnlyList<ulong> Ending
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>In how many seconds each of <see cref="Ending"/> ends.</summary>
    public IReadOnlyList<int> EndingSeconds
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>How old this was when it was sent, in milliseconds.</summary>
    public long AgeMs { get; init; }

    /// <summary>All sessions by class; null: the version does not count them.</summary>
    public SessionClasses? Classes { get; init; }

    /// <summary>What does not follow, by cause.</summary>
    public IReadOnlyList<SessionCauseCount> Causes
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>A new primary's table is held against this one within so long.</summary>
    public static readonly TimeSpan EndingMax = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether it was taken for the switch that made <paramref name="epoch"/>: what was sent for another one says nothing of it. The rules'
    /// choice at the end is a switch of its own.
    /// </summary>
    public bool IsOf(string run, long epoch, bool atTheEnd = false) =>
        Run == run && (Epoch == 0 || Epoch + 1 == epoch) && Step == RunStep.FinalPrimary == atTheEnd;
}

/// <summary>Holds the table of a new primary against the former one's.</summary>
public static class SessionComparison
{
    // What was on its way to the new primary meanwhile, and the kernel's rounding.
    private static readonly TimeSpan Transit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// What became of the sessions, <paramref name="since"/> after the former primary's table arrived. What was about to end and is gone
    /// has ended, and counts neither as lost nor as there before. What was bound is lost, whatever stands in the new table under its key:
    /// that is another connection's translation. What was excluded is lost unless traffic has made its entry anew.
    /// </summary>
    public static RunSessions Of(SessionSnapshot before, SessionSnapshot after, TimeSpan since = default)
    {
        HashSet<ulong> here = [.. after.Keys];
        var age = since + TimeSpan.FromMilliseconds(before.AgeMs) + Transit;
        HashSet<ulong> ended =
        [
            .. before.Ending.Zip(before.EndingSeconds).Where(each => TimeSpan.FromSeconds(each.Second) <= age).Select(each => each.First),
        ];
        ended.ExceptWith(after.Keys);
        ended.ExceptWith(after.Excluded);
        bool IsLost(ulong key) => !here.Contains(key) && !ended.Contains(key);
        var lost = before.Keys.Count(IsLost);
        var criticalLost = before.Critical.Count(IsLost);
        here.UnionWith(after.Excluded);
        var bound = before.Causes.Where(SessionGate.IsBound).ToArray();
        var excludedLost = before.Excluded.Count(IsLost);
        var foreseen = bound.Sum(cause => cause.Breaking) + excludedLost;
        var total =
            before.Keys.Count(key => !ended.Contains(key))
            + bound.Sum(cause => cause.Breaking)
            + before.Excluded.Count(key => !ended.Contains(key));
        var excludedCritical = before.Causes.Where(cause => cause.Class == SessionClassWord.Excluded).Sum(cause => cause.Critical);
        return new RunSessions(
            total,
            total - lost - foreseen,
            lost + foreseen,
            criticalLost + bound.Sum(cause => cause.Critical) + Math.Min(excludedCritical, excludedLost)
        )
        {
            LostForeseen = foreseen,
            Classes = before.Classes,
            Causes = before.Causes,
        };
    }

    /// <summary>The account in words: "120 of 170 sessions came along, 50 lost: 50 are translated to …".</summary>
    public static string Text(RunSessions sessions)
    {
        if (sessions is { Before: 0, Classes: not null })
            return "no session went through the former primary";
        var text = $"{sessions.Survived} of {sessions.Before} sessions came along, {sessions.Lost} lost";
        var apart = sessions
            .Causes.Where(cause => cause.Breaking > 0 && cause.Class != SessionClassWord.Local)
            .Select(cause => $"{cause.Breaking} {cause.Text}")
            .ToArray();
        return sessions.Classes is null
                ? text + "; sessions that were bound to the former primary are not known: its version does not count them"
            : apart.Length > 0 ? $"{text}: {string.Join(", ", apart)}"
            : text;
    }
}
