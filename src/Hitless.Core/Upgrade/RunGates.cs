using Hitless.Core.Api;

namespace Hitless.Core.Upgrade;

/// <summary>
/// What a guided run shows at a gate: what was found on the way to it, and what can be done now (document 000's ten steps).
/// </summary>
public static class RunGates
{
    private const string Next = "hitless upgrade next";
    private const string Rollback = "hitless upgrade rollback";

    /// <summary>
    /// Whether a guided run stands at a gate: no step is under way, and the next one is behind a gate. Every unit can tell from its
    /// journal.
    /// </summary>
    public static bool IsWaiting(RunHeader header, IReadOnlyList<JournalEntry> journal, IReadOnlyList<RunStep> forward)
    {
        var next = RunJournal.Next(forward, journal);
        return header.Guided
            && RunJournal.IsOpen(journal)
            && journal[^1].Kind != JournalEntryKind.Started
            && next < forward.Count
            && RunPlan.IsGate(forward, next)
            && !RunJournal.IsBegun(forward[next], journal)
            && !journal.Any(e => e.Kind == JournalEntryKind.Rollback);
    }

    /// <summary>The gate before step <paramref name="next"/> of <paramref name="forward"/>.</summary>
    public static RunGate Of(RunHeader header, IReadOnlyList<JournalEntry> journal, IReadOnlyList<RunStep> forward, int next)
    {
        var step = forward[Math.Min(next, forward.Count - 1)];
        var first = next;
        while (first > 0 && (first == next || !RunPlan.IsGate(forward, first)))
        {
            first--;
        }

        var since = forward.Take(next).Skip(first).ToHashSet();
        var found = journal
            .Where(e => e.Kind == JournalEntryKind.Done && since.Contains(new RunStep(e.Step, e.Target)))
            .Select(e => $"{new RunStep(e.Step, e.Target)}: {e.Detail ?? "done"}");
        return new RunGate(step.Name, step.Target, RunPlan.Describe(step), [.. found], [.. Offers(header, journal, step, next)]);
    }

    private static IEnumerable<GateOffer> Offers(RunHeader header, IReadOnlyList<JournalEntry> journal, RunStep step, int next)
    {
        yield return new GateOffer(Next, RunPlan.Describe(step));
        if (next <= RunPlan.RehearsalAt(header) && header.Heir is { } heir && !header.Rehearse && !RunJournal.IsRehearsed(journal))
        {
            yield return new GateOffer($"{Next} --rehearse", $"first switch over to {heir.Name} and back, before anything is upgraded");
        }

        if (step.Name is RunStep.Switchover or RunStep.TrialSwitchover)
        {
            yield return new GateOffer("hitless sessions diff", "look at the session difference, and at the critical sessions in it");
        }

        yield return new GateOffer("hitless config report", "look at the synchronization report");
        yield return new GateOffer("hitless upgrade abort", "end here: what is upgraded stays, nothing further is touched");
        if (journal.Any(e => e.Kind == JournalEntryKind.Started && e.Step is RunStep.Trial or RunStep.Revert))
        {
            yield return new GateOffer(Rollback, "go back: the standby first, then switch, then the other unit");
        }
    }
}
