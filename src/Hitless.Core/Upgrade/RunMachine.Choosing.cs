using Hitless.Core.Api;

namespace Hitless.Core.Upgrade;

/// <content>What comes next: the list of steps on the way forward, <see cref="WayBack"/> on the way back.</content>
public sealed partial class RunMachine
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan GiveBackTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A unit that has just stepped down says for a moment that it is ready, from before it knows whose sessions it has to hold.
    /// </summary>
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(1);

    private void Choose(TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        if (TakeWord(wall, effects))
        {
            return;
        }

        if (RunJournal.IsAborted(journal) && (RollingBack || !header!.Members.Any(m => IsUnderWay(m.Name))))
        {
            EndAsItStands(wall, effects);
        }
        else if (RollingBack)
        {
            ChooseBackwards(now, wall, effects);
        }
        else
        {
            ChooseForward(now, wall, effects);
        }
    }

    /// <summary>An operator's word becomes an entry; true: it did.</summary>
    private bool TakeWord(DateTimeOffset wall, IRunEffects effects)
    {
        if (wanted is not { } word)
        {
            return false;
        }

        wanted = null;
        switch (word)
        {
            case RunCommand.Rollback when !RollingBack:
                Note(Entry(JournalEntryKind.Rollback, "rollback", null, "asked for by an operator", wall), effects);
                return true;
            case RunCommand.Rehearse when !RollingBack && NextForward() <= RunPlan.RehearsalAt(header!):
            case RunCommand.Pause or RunCommand.Resume or RunCommand.Abort:
                Note(Entry(JournalEntryKind.Command, RunStep.Command, null, word.ToString().ToLowerInvariant(), wall), effects);
                return true;
            default:
                return false;
        }
    }

    private void ChooseForward(TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        var next = NextForward();
        if (next == forward.Count)
        {
            EndForward(now, wall, effects);
            return;
        }

        Waiting = header!.Guided && !door.OpenedByOperator && RunPlan.IsGate(forward, next) && !RunJournal.IsBegun(forward[next], journal);
        if (Waiting || Paused)
        {
            door.Forget();
            return;
        }

        if (header.Until is { } until && RunPlan.IsGate(forward, next) && wall + RunPlan.TimeToNextGate(header, forward, next) > until)
        {
            Note(Entry(JournalEntryKind.Command, RunStep.Command, null, "pause", wall), effects);
            return;
        }

        if (HasHandedOver(forward[next]) && now - stepSince < RejoinTimeout)
        {
            return;
        }

        if (!RunJournal.IsBegun(forward[next], journal) && IsShut(forward[next], now, wall, effects))
        {
            return;
        }

        door.OpenedByOperator = false;
        Begin(forward[next], wall, effects);
    }

    /// <summary>Something outside keeps the step, or has just let it go, which is written down first; true: nothing begins now.</summary>
    private bool IsShut(RunStep next, TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        switch (door.Look(header!, journal, next, seen.Gates, now))
        {
            case GateAnswer.Open:
                return false;
            case GateAnswer.Waits waits:
                Note(Entry(JournalEntryKind.Command, RunStep.GateWaits, waits.Gate, waits.Why, wall), effects);
                break;
            case GateAnswer.Opened opened:
                Note(Entry(JournalEntryKind.Command, RunStep.GateOpened, opened.Gate, opened.Why, wall), effects);
                break;
            case GateAnswer.Refused refused:
                Note(Entry(JournalEntryKind.Rollback, RunStep.GateWaits, refused.Gate, refused.Why, wall), effects);
                break;
            default:
                break;
        }

        return true;
    }

    /// <summary>
    /// This unit has just handed over to the one that the next step is about: that one drives the run from here on, and this one is about
    /// to hear that it does not. Whoever takes the role back drives anew, and reads from the journal what was lost.
    /// </summary>
    private bool HasHandedOver(RunStep next) =>
        next.Name is RunStep.ServiceCheck or RunStep.Soak
        && next.Target != self
        && journal[^1] is { Kind: JournalEntryKind.Done, Step: RunStep.Switchover or RunStep.TrialSwitchover } done
        && done.Unit == self
        && done.Target == next.Target;

    /// <summary>
    /// The end is held against the units themselves: while the cluster was split, somebody else may have driven the run back.
    /// </summary>
    private void EndForward(TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        foreach (var member in header!.Members)
        {
            var (facts, goal) = (Facts(member.Name), header.Goal(member));
            if (facts.Present && facts.Version != goal)
            {
                Note(Entry(JournalEntryKind.Rollback, "end", member.Name, $"{member.Name} runs {facts.Version}", wall), effects);
                return;
            }

            if (IsSettled(facts) || (!facts.Present && RunJournal.WhyLeft(journal, member.Name) is not null))
            {
                continue;
            }

            settledSince = null;
            if (!facts.Present)
            {
                // It has kept the new version: that it is away is no reason to take that from the others.
                _ = TryLeave(member.Name, now, wall, effects);
            }
            else if (now - stepSince >= RejoinTimeout)
            {
                Note(Entry(JournalEntryKind.Rollback, "end", member.Name, $"{member.Name} is not ready on {goal}", wall), effects);
            }

            return;
        }

        settledSince ??= now;
        if (now - settledSince >= Steady && !seen.Judging)
        {
            Note(Entry(JournalEntryKind.End, "end", null, RunState.Completed.Word, wall) with { Traffic = seen.Traffic }, effects);
        }
    }

    /// <summary>Standby first, then the switch, then the other: from what each unit runs now.</summary>
    private void ChooseBackwards(TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        if (now < actAgainAt)
        {
            return;
        }

        actAgainAt = now + LookAgain;
        if (TryGiveBack(now, wall, effects))
        {
            return;
        }

        if (journal[^1] is { Kind: JournalEntryKind.Done, Step: RunStep.Revert } reverted)
        {
            Begin(new RunStep(RunStep.Return, reverted.Target), wall, effects);
            return;
        }

        var (move, unit) = WayBack.Next(
            header!,
            self,
            name => Facts(name),
            IsTrialOpen,
            name => RunJournal.WhyLeft(journal, name) is not null
        );
        if (unit is not null && TryLeave(unit, now, wall, effects))
        {
            return;
        }

        switch (move)
        {
            case WayBack.Move.Revert when WhyKept(new RunStep(RunStep.Revert, unit)) is not null:
                break;
            case WayBack.Move.Revert:
                Begin(new RunStep(RunStep.Revert, unit), wall, effects);
                break;
            case WayBack.Move.SwitchOver:
                Begin(new RunStep(RunStep.Switchover, unit), wall, effects);
                break;
            case WayBack.Move.End:
                EndAsItStands(wall, effects);
                break;
            case WayBack.Move.Wait:
            default:
                break;
        }
    }

    /// <summary>
    /// Nothing goes on here: before anything else whoever carried the traffic before carries it again. Once: a breach there would be
    /// another one. A unit that has just handed over needs a moment to be ready.
    /// </summary>
    private bool TryGiveBack(TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        var at = journal.FindLastIndex(e => e.Kind == JournalEntryKind.Rollback);
        if (
            at < 0
            || journal[at].Unit != self
            || journal[at].Traffic?.Breach is null
            || journal.FindIndex(at, e => e is { Kind: JournalEntryKind.Started, Step: RunStep.Switchover }) >= 0
        )
        {
            return false;
        }

        var giver = journal.FindLast(e => e.Unit != self && header!.Members.Any(m => m.Name == e.Unit))?.Unit;
        if (giver is null || !Facts(giver).Present)
        {
            return false;
        }

        if (!IsSettled(Facts(giver)))
        {
            return now - stepSince < GiveBackTimeout;
        }

        Begin(new RunStep(RunStep.Switchover, giver), wall, effects);
        return true;
    }

    /// <summary>
    /// A unit by which the run has been kept for the rejoin timeout, away or unwilling, is left as it is: a run ends even if a unit never
    /// comes back.
    /// </summary>
    private bool TryLeave(string unit, TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        kept = kept?.Unit == unit ? kept : (unit, now);
        if (now - kept.Value.Since < RejoinTimeout)
        {
            return false;
        }

        var facts = Facts(unit);
        var why =
            !facts.Present ? "did not come back"
            : facts.Version != WantedOf(unit) ? $"was not brought from {facts.Version} to {WantedOf(unit)}"
            : "did not become ready";
        var blocked = facts.Present ? WhyKept(new RunStep(RunStep.Revert, unit)) : null;
        Note(
            Entry(
                JournalEntryKind.Failed,
                RunStep.Left,
                unit,
                $"{unit} {why} within {RejoinTimeout.TotalSeconds:F0} s and is left as it is{(blocked is null ? "" : $": {blocked}")}",
                wall
            ),
            effects
        );
        return true;
    }

    /// <summary>
    /// Nothing further is touched. What the units run says what became of the run; one that was left because it never came back has no say.
    /// </summary>
    private void EndAsItStands(DateTimeOffset wall, IRunEffects effects)
    {
        var members = header!.Members.Where(m => Facts(m.Name).Present || RunJournal.WhyLeft(journal, m.Name) is null).ToArray();
        bool AllRun(Func<RunMember, string> version) =>
            members.All(m => Facts(m.Name) is { Present: true } now && now.Version == version(m));
        var verdict =
            AllRun(m => m.Version) ? RunState.RolledBack
            : AllRun(header.Goal) ? RunState.Completed
            : RunState.Failed;
        Note(Entry(JournalEntryKind.End, "end", null, verdict.Word, wall), effects);
    }

    private int NextForward() => RunJournal.Next(forward, journal);

    /// <summary>
    /// A trial of the member was ordered, and nothing has closed it since: its next start may still be one of the new version.
    /// </summary>
    private bool IsTrialOpen(string member)
    {
        var last = journal.FindLast(e =>
            e
                is { Step: RunStep.Trial, Kind: JournalEntryKind.Started }
                    or { Step: RunStep.Confirm or RunStep.Return, Kind: JournalEntryKind.Done }
            && TargetsOf(e).Contains(member)
        );
        return last is { Step: RunStep.Trial };
    }

    /// <summary>The member is between two slots: it was told to change, and its return has not been seen yet.</summary>
    private bool IsUnderWay(string member)
    {
        var last = journal.FindLast(e =>
            e
                is { Step: RunStep.Trial or RunStep.Revert, Kind: JournalEntryKind.Started }
                    or { Step: RunStep.Confirm or RunStep.Return, Kind: JournalEntryKind.Done }
            && TargetsOf(e).Contains(member)
        );
        return last is { Kind: JournalEntryKind.Started };
    }
}
