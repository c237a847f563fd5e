using System.Globalization;
using Hitless.Core.Api;

namespace Hitless.Core.Upgrade;

/// <summary>
/// What a rehearsal measures under the real traffic, there and back on the old version, and what a run of the same image is held against
/// after its own switch.
/// </summary>
public static class Rehearsal
{
    /// <summary>
    /// A switch is as good as the rehearsed one while its gap is longer by no more than this, in milliseconds: a busy machine's own jitter.
    /// </summary>
    private const double GapMoreMs = 250;

    /// <summary>
    /// The share of the sessions that may be lost beyond that of the rehearsal: some end by themselves between two looks.
    /// </summary>
    private const double LostShareMore = 0.005;

    /// <summary>As <see cref="LostShareMore"/>, for small tables.</summary>
    private const long LostMore = 5;

    /// <summary>
    /// What the newest completed rehearsal of the image measured; null: there was none. <paramref name="journals"/>: the newest first.
    /// </summary>
    public static RunBaseline? BaselineFor(string image, IEnumerable<IReadOnlyList<JournalEntry>> journals) =>
        journals
            .Where(journal =>
                journal is [{ Header: { RehearseOnly: true } header }, .., { Verdict: { } verdict }]
                && verdict == RunState.Completed
                && header.Image == image
            )
            .Select(Measured)
            .FirstOrDefault(baseline => baseline is not null);

    /// <summary>The worst of what the trial switchovers of this journal measured; null: there was none.</summary>
    public static RunBaseline? Measured(IReadOnlyList<JournalEntry> journal)
    {
        var trying = false;
        List<JournalEntry> measured = [];
        foreach (var entry in journal.Where(e => e.Kind == JournalEntryKind.Done))
        {
            trying = entry.Step == RunStep.TrialSwitchover || (trying && entry.Step is RunStep.ServiceCheck or RunStep.Soak);
            if (trying && entry.Step != RunStep.TrialSwitchover)
            {
                measured.Add(entry);
            }
        }

        var worst = measured.Where(e => e.Sessions is not null).Select(e => e.Sessions!).MaxBy(s => (s.LostUnforeseen, s.Lost));
        return measured.Max(e => e.GapMs) is { } gap
            ? new RunBaseline(journal[0].Run, measured[^1].Time, gap, worst?.Before ?? 0, worst?.Lost ?? 0)
            {
                SessionsLostForeseen = worst?.LostForeseen ?? 0,
                DropShare = measured.Max(e => e.DropShare),
            }
            : null;
    }

    /// <summary>What is worse at a switch than it was in the rehearsal; null: nothing.</summary>
    public static string? Breach(RunBaseline baseline, RunSessions? sessions, double? gapMs)
    {
        // What cannot follow was confirmed, and is as much as it is at that time of the day.
        var rehearsed = baseline.SessionsLost - baseline.SessionsLostForeseen;
        var lostMax = rehearsed + Math.Max(LostMore, (long)(LostShareMore * (sessions?.Before ?? 0)));
        return gapMs > baseline.GapMs + GapMoreMs
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"the switch took {gapMs:F0} ms; it took {baseline.GapMs:F0} ms in the rehearsal {baseline.Run}"
                )
            : sessions?.LostUnforeseen > lostMax
                ? $"{sessions.LostUnforeseen} of {sessions.Before} sessions did not come along; it was {rehearsed} of "
                    + $"{baseline.SessionsBefore} in the rehearsal {baseline.Run}"
            : null;
    }
}
