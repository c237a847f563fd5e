using Hitless.Core.Api;
using Hitless.Core.Configuration;

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

    /// <summary>
    /// The gates that somebody outside opens before the step; pages last: what they showed while a word was waited for may be over.
    /// </summary>
    public static IEnumerable<OutsideGate> Before(RunStep step, RunHeader header) =>
        header.TakesBack is null ? header.Gates.Where(gate => StandsBefore(gate, step)).OrderBy(gate => gate.Alerts is not null) : [];

    private static bool StandsBefore(OutsideGate gate, RunStep step) =>
        step.Name switch
        {
            RunStep.Backup => gate.Before.Contains(OutsideGate.Start),
            RunStep.Copy => gate.Before.Contains(OutsideGate.Install),
            RunStep.Switchover or RunStep.TrialSwitchover => gate.Before.Contains(OutsideGate.Switch),
            RunStep.FinalPrimary => gate.Before.Contains(OutsideGate.End),
            _ => false,
        };

    /// <summary>Whether an entry of a gate that stands open to the outside was written since the last step was done.</summary>
    public static bool IsNoted(IReadOnlyList<JournalEntry> journal, string step, string gate) =>
        journal
            .Reverse()
            .TakeWhile(e => e.Kind != JournalEntryKind.Done)
            .Any(e => e.Kind == JournalEntryKind.Command && e.Step == step && e.Target == gate);

    /// <summary>The entry by which the run waits for such a gate; null: it does not.</summary>
    public static JournalEntry? Held(IReadOnlyList<JournalEntry> journal) =>
        journal
            .Reverse()
            .TakeWhile(e => e.Kind is JournalEntryKind.Command or JournalEntryKind.Drive)
            .FirstOrDefault(e => e.Step == RunStep.GateWaits && !IsNoted(journal, RunStep.GateOpened, e.Target!));

    /// <summary>That gate: what it waits for, and what can be done.</summary>
    public static RunGate Of(JournalEntry held, RunStep next) =>
        new(
            next.Name,
            next.Target,
            Describe(held),
            [],
            [
                new GateOffer($"hitless upgrade approve {held.Target}", "let the run go on"),
                new GateOffer($"hitless upgrade refuse {held.Target}", "let the run go back"),
                new GateOffer("hitless upgrade abort", "end here: what is upgraded stays, nothing further is touched"),
            ]
        )
        {
            Name = held.Target,
        };

    /// <summary>What the run waits for.</summary>
    public static string Describe(JournalEntry held) => $"gate {held.Target} {held.Detail}";

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
