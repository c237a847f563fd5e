namespace Hitless.Core.Upgrade;

/// <summary>
/// Drives an upgrade run on the unit that is primary.
/// <code>
///   Idle ──Start / Drive──▶ Loading ──▶ Choosing ──next step──▶ Noting ──on disk──▶ Acting ──goal reached──▶ Noting ──▶ Choosing
///                                          │ last step done                            │ cannot be reached
///                                          ▼                                           ▼
///                                       Noting End ──▶ Idle                    Noting Rollback ──▶ Choosing (backwards)
/// </code>
/// The journal is the state: whoever becomes primary loads it and goes on behind its last entry. Each step is a goal, so a step
/// that was under way is simply begun again. Going back has no list: it looks at what each unit runs now and takes the next move
/// of three: revert a standby that runs the new version, switch to a ready standby that runs the old one, or end.
/// </summary>
public sealed class RunMachine(string self)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private readonly List<JournalEntry> journal = [];
    private IReadOnlyList<UnitFacts> units = [];
    private IReadOnlyList<RunStep> forward = [];
    private RunHeader? header;
    private State state = State.Idle;
    private RunStep step;
    private JournalEntry? pending;
    private uint ticket;
    private long epoch;
    private bool driving;
    private string driveReason = "";
    private bool gateOpen;
    private RunCommand? wanted;
    private bool acted;
    private TimeSpan? loadAgainAt;
    private TimeSpan stepSince;
    private TimeSpan actAgainAt;
    private ulong tagAtTrial;

    private enum State
    {
        Idle,
        Loading,
        Choosing,
        Noting,
        Acting,
    }

    /// <summary>The run that is open, if one is.</summary>
    public RunHeader? Header => header;

    /// <summary>The journal of the open run.</summary>
    public IReadOnlyList<JournalEntry> Journal => journal;

    /// <summary>Nothing is driven, and nothing is on its way to be.</summary>
    public bool Idle => state == State.Idle;

    /// <summary>The run waits for an operator to open the gate before its next step.</summary>
    public bool Waiting { get; private set; }

    /// <summary>An operator has asked the run to begin no further step.</summary>
    public bool Paused => journal.LastOrDefault(e => e.Kind == JournalEntryKind.Command)?.Detail == "pause";

    /// <summary>The run is on its way back.</summary>
    public bool RollingBack => journal.Exists(e => e.Kind == JournalEntryKind.Rollback);

    /// <summary>Takes one input at <paramref name="now"/> (monotonic; <paramref name="wall"/> is for the journal) and says what to do.</summary>
    public void Step(RunInput input, TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        switch (input)
        {
            case RunInput.Tick tick:
                units = tick.Units;
                break;
            case RunInput.Drive drive:
                OnDrive(drive, effects);
                break;
            case RunInput.Loaded loaded when state == State.Loading && loaded.Ticket == ticket:
                OnLoaded(loaded.Entries, wall, effects);
                break;
            case RunInput.Start start when state == State.Idle && driving:
                Open([]);
                header = start.Header;
                forward = RunPlan.Steps(header);
                Note(Entry(JournalEntryKind.Begin, "begin", null, $"{header.From} to {header.To}", wall) with { Header = header }, effects);
                break;
            case RunInput.Appended appended when state == State.Noting && appended.Ticket == ticket:
                OnAppended(appended.Ok, now, effects);
                break;
            case RunInput.Replied replied when state == State.Acting && replied.Ticket == ticket:
                OnReplied(replied, now, wall, effects);
                break;
            case RunInput.Command command when header is not null && driving:
                OnCommand(command.Word);
                break;
            default:
                break;
        }

        if (state == State.Noting && now >= loadAgainAt)
        {
            Load(effects);
        }

        if (state == State.Acting)
        {
            Watch(now, wall, effects);
        }

        if (state == State.Choosing)
        {
            Choose(now, wall, effects);
        }
    }

    private void OnDrive(RunInput.Drive drive, IRunEffects effects)
    {
        driving = drive.Primary;
        epoch = drive.Epoch;
        driveReason = drive.Reason;
        units = [];
        Open([]);
        if (driving)
        {
            Load(effects);
        }
    }

    private void Load(IRunEffects effects)
    {
        Open([]);
        state = State.Loading;
        effects.Load(++ticket);
    }

    private void OnLoaded(IReadOnlyList<JournalEntry> entries, DateTimeOffset wall, IRunEffects effects)
    {
        Open(entries);
        if (entries.Count == 0 || entries[0].Header is null || entries[^1].Kind == JournalEntryKind.End)
        {
            Open([]);
            return;
        }

        header = entries[0].Header!;
        forward = RunPlan.Steps(header);
        Note(Entry(JournalEntryKind.Drive, "drive", self, driveReason, wall), effects);
    }

    private void Open(IReadOnlyList<JournalEntry> entries)
    {
        journal.Clear();
        journal.AddRange(entries);
        header = null;
        state = State.Idle;
        pending = null;
        gateOpen = false;
        wanted = null;
        loadAgainAt = null;
        Waiting = false;
    }

    private void OnCommand(RunCommand word)
    {
        if (word == RunCommand.Next)
        {
            gateOpen = true;
        }
        else
        {
            wanted = word;
        }
    }

    private void OnAppended(bool ok, TimeSpan now, IRunEffects effects)
    {
        if (!ok)
        {
            // Our own disk did not take it, or has a journal that is further: nothing may act on the entry. Look again what is true.
            loadAgainAt = now + RetryDelay;
            return;
        }

        var entry = pending!;
        journal.Add(entry);
        pending = null;
        stepSince = now;
        if (entry.Kind == JournalEntryKind.End)
        {
            var ended = header!;
            JournalEntry[] whole = [.. journal];
            Open([]);
            effects.Ended(ended, entry.Detail!, whole);
        }
        else if (entry.Kind == JournalEntryKind.Started)
        {
            state = State.Acting;
            actAgainAt = now;
            acted = false;
            tagAtTrial = step.Name is RunStep.Trial or RunStep.Revert ? Facts(step.Target).Tag : tagAtTrial;
        }
        else
        {
            state = State.Choosing;
        }
    }

    private void OnReplied(RunInput.Replied reply, TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        if (reply.Ok)
        {
            NoteDone(reply.Detail, wall, effects, reply);
        }
        else if (reply.Retry && now - stepSince < RejoinTimeout)
        {
            acted = false;
            actAgainAt = now + RetryDelay;
        }
        else
        {
            Fail(reply.Detail ?? "failed", wall, effects);
        }
    }

    /// <summary>Begins the act of the present step, and sees whether a step that only waits has reached its goal.</summary>
    private void Watch(TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        var target = Facts(step.Target);
        var waited = now - stepSince;
        switch (step.Name)
        {
            case RunStep.Rejoin or RunStep.Return:
                var version = step.Name == RunStep.Rejoin ? header!.To : header!.From;
                if (target.Present && target.Ready && target.Version == version)
                {
                    NoteDone($"{step.Target} is back on {version}", wall, effects);
                }
                else if (target.Present && target.Ready && target.Version != version && target.Tag != tagAtTrial && tagAtTrial != 0)
                {
                    Fail($"{step.Target} came back on {target.Version}: {step.Name} to {version} failed", wall, effects);
                }
                else if (waited >= RejoinTimeout)
                {
                    Fail($"{step.Target} did not come back on {version} within {RejoinTimeout.TotalSeconds:F0} s", wall, effects);
                }

                break;
            case RunStep.Install or RunStep.Trial when target.Present && target.Version == header!.To:
                NoteDone($"{step.Target} runs {header.To}", wall, effects);
                break;
            case RunStep.Verify or RunStep.Confirm or RunStep.Switchover when !RollingBack && target.Present && target.Version != header!.To:
                Fail($"{step.Target} runs {target.Version} again", wall, effects);
                break;
            case RunStep.ServiceCheck or RunStep.Soak when step.Target != self:
                Fail($"{step.Target} lost the role of primary to {self}", wall, effects);
                break;
            case RunStep.Soak:
                if (Facts(self).Failures > 0)
                {
                    Fail($"failed ports or probes on {self} while it carried the traffic", wall, effects);
                }
                else if (waited >= TimeSpan.FromMilliseconds(header!.SoakMs))
                {
                    NoteDone($"carried the traffic for {waited.TotalSeconds:F0} s", wall, effects);
                }

                break;
            case RunStep.Freeze or RunStep.Release:
                // An open run in the journal is the freeze; its end is the release.
                NoteDone(null, wall, effects);
                break;
            case RunStep.Install or RunStep.Trial or RunStep.Revert when Facts(step.Target).Primary:
                // Invariants 4 and 5: a slot is never written or switched on a unit that carries traffic.
                Fail($"{step.Target} carries the traffic", wall, effects);
                break;
            default:
                if (!acted && now >= actAgainAt)
                {
                    acted = true;
                    effects.Act(++ticket, step, header!);
                }

                break;
        }
    }

    private void Choose(TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        if (RollingBack)
        {
            ChooseBackwards(now, wall, effects);
            return;
        }

        if (wanted is { } word)
        {
            wanted = null;
            Note(word == RunCommand.Rollback
                ? Entry(JournalEntryKind.Rollback, "rollback", null, "asked for by an operator", wall)
                : Entry(JournalEntryKind.Command, "command", null, word == RunCommand.Pause ? "pause" : "resume", wall), effects);
            return;
        }

        var next = NextForward();
        if (next == forward.Count)
        {
            EndForward(now, wall, effects);
            return;
        }

        Waiting = header!.Guided && !gateOpen;
        if (Waiting || Paused)
        {
            return;
        }

        gateOpen = false;
        Begin(forward[next], wall, effects);
    }

    /// <summary>The end is held against the units themselves: while the cluster was split, somebody else may have driven the run back.</summary>
    private void EndForward(TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        foreach (var member in header!.Members)
        {
            var facts = Facts(member.Name);
            if (facts.Present && facts.Version != header.To)
            {
                Note(Entry(JournalEntryKind.Rollback, "end", member.Name, $"{member.Name} runs {facts.Version}", wall), effects);
                return;
            }

            if (facts.Present && !facts.Ready && now - stepSince >= RejoinTimeout)
            {
                Note(Entry(JournalEntryKind.Rollback, "end", member.Name, $"{member.Name} is not ready on {header.To}", wall), effects);
                return;
            }

            if (!facts.Present || !facts.Ready)
            {
                return;
            }
        }

        Note(Entry(JournalEntryKind.End, "end", null, "completed", wall), effects);
    }

    /// <summary>Standby first, then the switch, then the other: from what each unit runs now.</summary>
    private void ChooseBackwards(TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        if (now < actAgainAt || units.Count == 0)
        {
            return;
        }

        actAgainAt = now + TimeSpan.FromMilliseconds(200);
        if (journal[^1] is { Kind: JournalEntryKind.Done, Step: RunStep.Revert } reverted)
        {
            Begin(new RunStep(RunStep.Return, reverted.Target), wall, effects);
            return;
        }

        var members = header!.Members;
        var standbys = members.Where(m => m.Name != self).ToArray();
        foreach (var member in standbys)
        {
            var facts = Facts(member.Name);
            if (facts.Present && !facts.Primary && (facts.Version != member.Version || IsTrialOpen(member.Name)))
            {
                Begin(new RunStep(RunStep.Revert, member.Name), wall, effects);
                return;
            }

            if (!facts.Present || !facts.Ready || facts.Primary)
            {
                // A trial that was not confirmed falls back by itself, and of two primaries one steps down: wait for it.
                return;
            }
        }

        if (Facts(self).Version == members.First(m => m.Name == self).Version)
        {
            Note(Entry(JournalEntryKind.End, "end", null, "rolled-back", wall), effects);
        }
        else if (standbys.Length > 0)
        {
            Begin(new RunStep(RunStep.Switchover, standbys.MaxBy(m => m.Priority)!.Name), wall, effects);
        }
    }

    /// <summary>A trial of the member was ordered, and nothing has closed it since: its next start may still be one of the new version.</summary>
    private bool IsTrialOpen(string member)
    {
        var last = journal.FindLast(e => e.Target == member && e is { Step: RunStep.Trial, Kind: JournalEntryKind.Started } or { Step: RunStep.Confirm or RunStep.Return, Kind: JournalEntryKind.Done });
        return last is { Step: RunStep.Trial };
    }

    private void Begin(RunStep next, DateTimeOffset wall, IRunEffects effects)
    {
        step = next;
        Note(Entry(JournalEntryKind.Started, step.Name, step.Target, RunPlan.Describe(step), wall), effects);
    }

    private void NoteDone(string? detail, DateTimeOffset wall, IRunEffects effects, RunInput.Replied? reply = null) =>
        Note(Entry(JournalEntryKind.Done, step.Name, step.Target, detail, wall) with { Sessions = reply?.Sessions, GapMs = reply?.GapMs }, effects);

    private void Fail(string why, DateTimeOffset wall, IRunEffects effects)
    {
        // On the way back a failed step is only tried again: there is no other way out.
        var kind = RollingBack ? JournalEntryKind.Failed : JournalEntryKind.Rollback;
        Note(Entry(kind, step.Name, step.Target, why, wall), effects);
    }

    private void Note(JournalEntry entry, IRunEffects effects)
    {
        pending = entry;
        state = State.Noting;
        effects.Append(++ticket, entry);
    }

    private JournalEntry Entry(JournalEntryKind kind, string name, string? target, string? detail, DateTimeOffset wall) =>
        new(header!.Run, epoch, journal.Count == 0 ? 1 : journal[^1].Sequence + 1, wall, self, kind, name, target, detail);

    private int NextForward()
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

    private UnitFacts Facts(string? name)
    {
        foreach (var facts in units)
        {
            if (facts.Name == name)
            {
                return facts;
            }
        }

        return default;
    }

    private TimeSpan RejoinTimeout => TimeSpan.FromMilliseconds(header!.RejoinTimeoutMs);
}
