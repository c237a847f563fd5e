namespace Hitless.Core.Upgrade;

/// <summary>
/// Which of two journals is the true one. Of two runs, the later; of one run, the one that has ended: an end is written once and nothing
/// comes after it, however high the epoch of a unit that had not heard of it; else the one with the higher last entry.
/// </summary>
public static class RunJournal
{
    /// <summary>
    /// The highest epoch in which something was written; 0 for an empty journal. A unit whose own note of the epoch did not reach the disk
    /// before it was killed has it from here.
    /// </summary>
    public static long EpochOf(IReadOnlyList<JournalEntry> journal) => journal.Count == 0 ? 0 : journal.Max(entry => entry.Epoch);

    /// <summary>A run that has not ended.</summary>
    public static bool IsOpen(IReadOnlyList<JournalEntry> journal) => journal.Count > 0 && journal[^1].Kind != JournalEntryKind.End;

    /// <summary>
    /// A run is open that has not turned load balancing on again, or has turned back since: the primary carries everything.
    /// </summary>
    public static bool HoldsLoad(IReadOnlyList<JournalEntry> journal) =>
        IsOpen(journal)
        && journal.LastOrDefault(e =>
            e.Kind == JournalEntryKind.Rollback || e is { Kind: JournalEntryKind.Started, Step: RunStep.BalanceOn }
        )
            is not { Kind: JournalEntryKind.Started };

    /// <summary>
    /// Compares the last entries of two journals of one run: positive if <paramref name="a"/> is the true one. In a split several units may
    /// drive it in epochs of one number, and reach the same sequence: one of them counts, and they are never the same (decision 0103).
    /// </summary>
    public static int Compare(JournalEntry a, JournalEntry b) =>
        (a.Kind == JournalEntryKind.End, a.Epoch, a.Sequence).CompareTo((b.Kind == JournalEntryKind.End, b.Epoch, b.Sequence))
            is not 0
                and var order
            ? order
            : string.CompareOrdinal(a.Unit, b.Unit);

    /// <summary>
    /// Orders two runs by the first entries of their journals: by epoch, then by number. No clock has a say in it; names, which hold one,
    /// only where an older version began both in one epoch.
    /// </summary>
    public static int CompareRuns(JournalEntry a, JournalEntry b)
    {
        var byEpoch = (a.Epoch, a.Header?.Number ?? 0).CompareTo((b.Epoch, b.Header?.Number ?? 0));
        return byEpoch != 0 ? byEpoch : string.CompareOrdinal(a.Run, b.Run);
    }

    /// <summary>The true one of two journals, either of which may be empty.</summary>
    public static IReadOnlyList<JournalEntry> Further(IReadOnlyList<JournalEntry> a, IReadOnlyList<JournalEntry> b)
    {
        if (a.Count == 0 || b.Count == 0)
        {
            return a.Count == 0 ? b : a;
        }

        return a[0].Run != b[0].Run ? (CompareRuns(a[0], b[0]) > 0 ? a : b)
            : Compare(a[^1], b[^1]) >= 0 ? a
            : b;
    }

    /// <summary>An operator has asked the run to begin no further step, and has not said otherwise since.</summary>
    public static bool IsPaused(IReadOnlyList<JournalEntry> journal) =>
        journal.LastOrDefault(e => e is { Kind: JournalEntryKind.Command, Step: RunStep.Command, Detail: "pause" or "resume" })?.Detail
        == "pause";

    /// <summary>An operator has asked the run to end where it is safe.</summary>
    public static bool IsAborted(IReadOnlyList<JournalEntry> journal) =>
        journal.Any(e => e is { Kind: JournalEntryKind.Command, Step: RunStep.Command, Detail: "abort" });

    /// <summary>An operator wants a trial switchover first.</summary>
    public static bool IsRehearsed(IReadOnlyList<JournalEntry> journal) =>
        journal.Any(e => e is { Kind: JournalEntryKind.Command, Step: RunStep.Command, Detail: "rehearse" });

    /// <summary>Why the run has given the unit up and leaves it as it is; null: it has not.</summary>
    public static string? WhyLeft(IReadOnlyList<JournalEntry> journal, string unit) =>
        journal.FirstOrDefault(e => e is { Kind: JournalEntryKind.Failed, Step: RunStep.Left } && e.Target == unit)?.Detail;

    /// <summary>How many of the steps forward are done: the index of the next.</summary>
    public static int Next(IReadOnlyList<RunStep> forward, IReadOnlyList<JournalEntry> journal)
    {
        var next = 0;
        foreach (var entry in journal)
        {
            if (entry.Kind == JournalEntryKind.Done && next < forward.Count && forward[next] == new RunStep(entry.Step, entry.Target))
            {
                next++;
            }
        }

        return next;
    }

    /// <summary>Whether a step has been begun, by whichever driver, since the step before it was done: its gate has been opened.</summary>
    public static bool IsBegun(RunStep step, IReadOnlyList<JournalEntry> journal)
    {
        for (var i = journal.Count - 1; i >= 0 && journal[i].Kind != JournalEntryKind.Done; i--)
        {
            if (journal[i].Kind == JournalEntryKind.Started && new RunStep(journal[i].Step, journal[i].Target) == step)
            {
                return true;
            }
        }

        return false;
    }
}
