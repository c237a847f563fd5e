using Hitless.Core.Api;

namespace Hitless.Core.Upgrade;

/// <summary>Reads a journal for people: the state of a run, and the report of an ended one.</summary>
public static class RunView
{
    /// <summary>Where the run stands. <paramref name="journal"/> begins with the entry that holds the header.</summary>
    public static RunStatus Status(IReadOnlyList<JournalEntry> journal, DateTimeOffset now)
    {
        var header = journal[0].Header!;
        var forward = RunPlan.Steps(header, journal);
        var held = RunGates.Held(journal);
        var waiting = held is not null || RunGates.IsWaiting(header, journal, forward);
        var steps = Steps(journal, now);
        var done = steps.Count(s => s.Result == StepResult.Done || s.Result == StepResult.Skipped);
        var last = journal[^1];
        var current = journal.LastOrDefault(e => e.Kind is JournalEntryKind.Started or JournalEntryKind.Rollback or JournalEntryKind.End)
            ?? last;
        var rollingBack = journal.Any(e => e.Kind == JournalEntryKind.Rollback);
        var paused = RunJournal.IsPaused(journal);
        var state =
            last.Verdict is { } verdict ? verdict
            : rollingBack ? RunState.RollingBack
            : waiting ? RunState.Waiting
            : paused ? RunState.Paused
            : RunState.Running;
        var percent = last.Kind == JournalEntryKind.End ? 100 : Math.Min(99, done * 100 / forward.Count);
        return new RunStatus(
            header.Run,
            Mode(header),
            state,
            header.From,
            header.To,
            done,
            forward.Count,
            current.Step,
            current.Target,
            percent,
            held is null || state != RunState.Waiting ? current.Detail ?? "" : RunGates.Describe(held),
            steps
        )
        {
            Gate =
                state != RunState.Waiting ? null
                : held is null ? RunGates.Of(header, journal, forward, RunJournal.Next(forward, journal))
                : RunGates.Of(held, forward[Math.Min(RunJournal.Next(forward, journal), forward.Count - 1)]),
        };
    }

    /// <summary>The report; <paramref name="units"/> are the units as they are now.</summary>
    public static RunReport Report(IReadOnlyList<JournalEntry> journal, IReadOnlyList<ReportUnit> units)
    {
        var header = journal[0].Header!;
        var last = journal[^1];
        return new RunReport(
            header.Run,
            Mode(header),
            last.Verdict ?? Status(journal, last.Time).State,
            header.From,
            header.To,
            header.StartedAt,
            (last.Time - header.StartedAt).TotalMilliseconds,
            Reason(journal),
            Steps(journal, last.Time),
            [.. journal.Where(e => e.Kind == JournalEntryKind.Drive).Select(e => new ReportElection(e.Epoch, e.Unit, e.Detail ?? ""))],
            SwitchAccount.Of(journal),
            journal.Max(e => e.GapMs) ?? 0,
            units
        )
        {
            Baseline = Rehearsal.Measured(journal) ?? header.Baseline,
            Traffic = Traffic(journal),
            ReadyMin = journal.Min(e => e.ReadyMin),
            Words =
            [
                .. journal
                    .Where(e => e.Kind == JournalEntryKind.Command || e is { Kind: JournalEntryKind.Rollback, Step: "rollback" })
                    .Select(e => new ReportWord(
                        e.Time,
                        e.Kind == JournalEntryKind.Rollback ? "rollback"
                            : e.Step == RunStep.Command ? e.Detail ?? ""
                            : $"{e.Step} {e.Target}: {e.Detail}"
                    )),
            ],
        };
    }

    /// <summary>The breach, if there was one; else the last judgement.</summary>
    private static ReportTraffic Traffic(IReadOnlyList<JournalEntry> journal)
    {
        ReportTraffic[] all = [.. journal.Where(e => e.Traffic is not null).Select(e => e.Traffic!)];
        return Array.Find(all, each => each.Breach is not null)
            ?? all.LastOrDefault()
            ?? new ReportTraffic(TrafficVerdict.NotKnown, "no switch of this run was watched", null, null, null);
    }

    private static string? Reason(IReadOnlyList<JournalEntry> journal)
    {
        var cause = journal.FirstOrDefault(e => e.Kind == JournalEntryKind.Rollback)?.Detail
            ?? (RunJournal.IsAborted(journal) ? "aborted by an operator" : null);
        var leaving = journal.Where(e => e is { Kind: JournalEntryKind.Failed, Step: RunStep.Left });
        string[] left = [.. leaving.Select(e => e.Detail).OfType<string>()];

        // Why a unit is left says why the run went back, where that is the same.
        string[] all = cause is null || left.Any(why => why.StartsWith(cause, StringComparison.Ordinal)) ? left : [cause, .. left];
        return all.Length > 0 ? string.Join("; ", all) : null;
    }

    private static List<ReportStep> Steps(IReadOnlyList<JournalEntry> journal, DateTimeOffset now)
    {
        List<ReportStep> steps = [];
        JournalEntry? open = null;
        foreach (var entry in journal)
        {
            var matches = open is not null && open.Step == entry.Step && open.Target == entry.Target;
            if (entry.Kind == JournalEntryKind.Started)
            {
                // Begun again by another driver: one step still.
                open = matches ? open : entry;
            }
            else if (entry.Kind is JournalEntryKind.Done or JournalEntryKind.Failed or JournalEntryKind.Rollback && matches)
            {
                steps.Add(Row(open!, entry.Time, ResultOf(entry), entry.Detail));
                open = null;
            }
        }

        if (open is not null)
        {
            steps.Add(Row(open, now, StepResult.Running, open.Detail));
        }

        return steps;
    }

    // A service check that had nothing to compare with has not passed.
    private static StepResult ResultOf(JournalEntry entry) =>
        entry.Kind != JournalEntryKind.Done ? StepResult.Failed
        : entry is { Step: RunStep.ServiceCheck, Sessions: null } ? StepResult.Skipped
        : StepResult.Done;

    private static ReportStep Row(JournalEntry begun, DateTimeOffset end, StepResult result, string? detail) =>
        new(begun.Step, begun.Target, begun.Time, (end - begun.Time).TotalMilliseconds, result, detail);

    private static string Mode(RunHeader header) =>
        header switch
        {
            { TakesBack: not null } => "rollback",
            { RehearseOnly: true } => "rehearsal",
            { Guided: true } => "guided",
            _ => "automatic",
        };
}
