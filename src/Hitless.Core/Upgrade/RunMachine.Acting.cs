using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Upgrade;

/// <content>A step under way.</content>
public sealed partial class RunMachine
{
    private void OnReplied(RunInput.Replied reply, TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        if (
            reply.Ok
            && Baseline is { } baseline
            && step.Name == RunStep.ServiceCheck
            && forward[NextForward() - 1].Name == RunStep.Switchover
            && Rehearsal.Breach(baseline, reply.Sessions, reply.GapMs) is { } worse
        )
        {
            Fail(worse, wall, effects, reply);
        }
        else if (reply.Ok)
        {
            NoteDone(reply.Detail, wall, effects, reply);
        }
        else if (reply.Retry && now - stepSince < RejoinTimeout)
        {
            ActAgain(now);
        }
        else
        {
            Fail(reply.Detail ?? StepResult.Failed.ToString(), wall, effects, reply);
        }
    }

    /// <summary>
    /// Begins the act of the present step, and sees whether a step that only waits has reached its goal, or whether what it waits for
    /// cannot come any more.
    /// </summary>
    private void Watch(TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        if (wanted is RunCommand.Rollback or RunCommand.Abort && !RollingBack && MayLeave)
        {
            // What was asked of a unit may still be done there; whatever comes next finds it done or not.
            state = State.Choosing;
            return;
        }

        var targets = step.Targets.Select(t => Facts(t)).ToArray();
        switch (step.Name)
        {
            case RunStep.Rejoin or RunStep.Return:
                WatchComeBack(targets, now, wall, effects);
                break;
            case RunStep.Install or RunStep.Trial when Array.TrueForAll(targets, t => t.Present && t.Version == header!.To):
                NoteDone($"{step.Target} runs {header!.To}", wall, effects);
                break;
            case RunStep.Copy
            or RunStep.Install
            or RunStep.Trial
            or RunStep.Revert when Array.Exists(targets, t => t.Primary) && !(header!.Simultaneous && !RollingBack):
                // Invariants 4 and 5: a slot is never written or switched on a unit that carries traffic, unless an operator wants all at
                // once.
                Fail($"{targets.First(t => t.Primary).Name} carries the traffic", wall, effects);
                break;
            case RunStep.Verify
            or RunStep.Confirm
            or RunStep.Switchover when !RollingBack && Array.Exists(targets, t => t.Present && t.Version != GoalOf(t.Name)):
                Fail($"{string.Join(", ", targets.Select(t => $"{t.Name} runs {t.Version}"))} again", wall, effects);
                break;
            case RunStep.ServiceCheck or RunStep.Soak when step.Target != self:
                Fail($"{step.Target} lost the role of primary to {self}", wall, effects);
                break;
            case RunStep.Soak:
                WatchSoak(now, wall, effects);
                break;
            case RunStep.Redundancy:
                WatchRedundancy(now, wall, effects);
                break;
            case RunStep.Freeze or RunStep.Release:
                // An open run in the journal is the freeze; its end is the release.
                NoteDone(null, wall, effects);
                break;
            default:
                WatchAct(targets, now, wall, effects);
                break;
        }
    }

    /// <summary>The step changes nothing, or nothing has been asked for yet: an operator's word need not wait for its end.</summary>
    private bool MayLeave =>
        !acted || step.Name is RunStep.Preflight or RunStep.Backup or RunStep.Copy or RunStep.Verify or RunStep.ServiceCheck;

    private void WatchComeBack(UnitFacts[] targets, TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        // The way forward is not gone with a unit whose ports or probes fail while the primary's do not.
        var own = Facts(self).Failures;
        if (Array.TrueForAll(targets, t => IsSettled(t) && t.Version == WantedOf(t.Name) && (RollingBack || t.Failures <= own)))
        {
            NoteDone($"{step.Target} is back on {targets[0].Version}", wall, effects);
        }
        else if (
            Array.FindIndex(targets, t => t.Present && t.Ready && t.Version != WantedOf(t.Name) && HasRestarted(t)) is >= 0 and var lost
        )
        {
            Fail(
                $"{targets[lost].Name} came back on {targets[lost].Version}: {step.Name} to {WantedOf(targets[lost].Name)} failed",
                wall,
                effects
            );
        }
        else if (now - stepSince >= RejoinTimeout)
        {
            Fail(
                $"{step.Target} did not come back healthy on {WantedOf(targets[0].Name)} within {RejoinTimeout.TotalSeconds:F0} s",
                wall,
                effects
            );
        }
    }

    private void WatchSoak(TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        // What fails on every unit is not the new version's fault, and going back would not help.
        var own = Facts(self).Failures;
        if (own > 0 && seen.Units.Any(u => u.Name != self && u.Ready && u.Failures < own))
        {
            Fail($"failed ports or probes on {self} while it carried the traffic", wall, effects);
        }
        else if (now - stepSince >= TimeSpan.FromMilliseconds(header!.SoakMs))
        {
            NoteDone($"carried the traffic for {(now - stepSince).TotalSeconds:F0} s", wall, effects);
        }
    }

    private void WatchAct(UnitFacts[] targets, TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        if (acted && Array.Exists(targets, t => t.Name != self && !t.Present))
        {
            // Nobody will answer that call: ask again when the unit is back.
            ActAgain(now);
        }

        if (Array.Exists(targets, t => !t.Present) && now - stepSince >= RejoinTimeout)
        {
            Fail($"{step.Target} did not come back within {RejoinTimeout.TotalSeconds:F0} s", wall, effects);
        }
        else if (!acted && WhyKept(step) is { } why)
        {
            // A unit has failed since the step was begun, or since it was asked for the first time.
            FailIfLate(why, now, wall, effects);
        }
        else if (!acted && TakesOut(step) && !IsLookedAt)
        {
            // What was seen before the entry was on disk may be over.
        }
        else if (!acted && now >= actAgainAt)
        {
            acted = true;
            effects.Act(++request, step, header!);
        }
    }

    /// <summary>It lacks only what may still come: a unit that joins again, a probe that passes again.</summary>
    private void WatchRedundancy(TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        if (WhyKept(step) is { } why)
        {
            FailIfLate(why, now, wall, effects);
        }
        else if (IsLookedAt)
        {
            NoteDone(Redundancy.Describe(seen.Units, step.Targets, self), wall, effects);
        }
    }

    private void FailIfLate(string why, TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        if (now - stepSince >= RejoinTimeout)
        {
            Fail(why, wall, effects);
        }
    }

    /// <summary>The units have been looked at since the step was begun.</summary>
    private bool IsLookedAt => seenAt > stepSince;

    /// <summary>The step may leave too few units ready, and the run is to keep to that.</summary>
    private bool TakesOut(RunStep of) => header!.KeepRedundancy && (of.Name is RunStep.Redundancy or RunStep.Trial or RunStep.Revert);

    /// <summary>
    /// Why the step would leave too few units ready (<see cref="RunHeader.KeepRedundancy"/>); null: it would not, or need not care.
    /// </summary>
    private string? WhyKept(RunStep of) =>
        TakesOut(of) && Redundancy.WhyNot(seen.Units, of.Targets, self) is { } why ? $"{of.Target} is not taken out: {why}" : null;

    /// <summary>A unit that has a primary beside it and calls itself one, too, has a past to give up before it is ready.</summary>
    private bool IsSettled(in UnitFacts unit) => unit.Present && unit.Ready && (!unit.Primary || unit.Name == self);

    private void ActAgain(TimeSpan now)
    {
        acted = false;
        request++;
        actAgainAt = now + RetryDelay;
    }

    private string GoalOf(string unit) =>
        header!.Members.FirstOrDefault(m => m.Name == unit) is { } member ? header.Goal(member) : header!.To;

    private string WantedOf(string unit) =>
        RollingBack ? header!.Members.FirstOrDefault(m => m.Name == unit)?.Version ?? header!.From : GoalOf(unit);

    /// <summary>The unit's daemon is another start of it than the one that was last told to change slots.</summary>
    private bool HasRestarted(in UnitFacts unit)
    {
        var name = unit.Name;
        var told = journal.FindLast(e =>
            e is { Kind: JournalEntryKind.Started, Step: RunStep.Trial or RunStep.Revert, Tags: not null } && TargetsOf(e).Contains(name)
        );
        return told is { Tags: { } tags }
            && TargetsOf(told) is var targets
            && tags.Count == targets.Count
            && tags[targets.ToList().IndexOf(name)] is var tag
            && tag != IncarnationTag.None
            && unit.Tag != tag;
    }

    private void NoteDone(string? detail, DateTimeOffset wall, IRunEffects effects, RunInput.Replied? reply = null)
    {
        // Only what was asked for has been done by a revert: its unit still keeps the run until its return.
        kept = step.Name == RunStep.Revert ? kept : null;
        Note(
            Entry(JournalEntryKind.Done, step.Name, step.Target, detail, wall) with
            {
                Sessions = reply?.Sessions,
                GapMs = reply?.GapMs,
                DropShare = step.Name == RunStep.Soak ? seen.DropShare : null,
                Traffic = step.Name == RunStep.Soak ? seen.Traffic : null,
            },
            effects
        );
    }

    private void Fail(string why, DateTimeOffset wall, IRunEffects effects, RunInput.Replied? reply = null)
    {
        // On the way back a failed step is only tried again: there is no other way out.
        var kind = RollingBack ? JournalEntryKind.Failed : JournalEntryKind.Rollback;
        Note(Entry(kind, step.Name, step.Target, why, wall) with { Sessions = reply?.Sessions, GapMs = reply?.GapMs }, effects);
    }

    /// <summary>
    /// From the switch to the end of the soak, and from the last change of primary to the end of the run: what the kernel of the new
    /// primary tells. A breach ends what was under way at once.
    /// </summary>
    private void FailIfNothingGoesOn(DateTimeOffset wall, IRunEffects effects)
    {
        if (seen.Breach is not { } why || seen.Units.Count == 0 || state is not (State.Acting or State.Choosing) || RollingBack)
        {
            return;
        }

        var next = NextForward();
        var at = state == State.Acting ? step : forward[Math.Max(0, next - 1)];
        var carriesSince =
            at.Name is RunStep.FinalPrimary or RunStep.Release
            || (at.Target == self && at.Name is RunStep.Switchover or RunStep.TrialSwitchover or RunStep.ServiceCheck or RunStep.Soak);
        if (carriesSince && (state == State.Acting || at.Name != RunStep.Soak))
        {
            Note(Entry(JournalEntryKind.Rollback, at.Name, at.Target, why, wall) with { Traffic = seen.Traffic }, effects);
        }
    }

    private static IReadOnlyList<string> TargetsOf(JournalEntry entry) => new RunStep(entry.Step, entry.Target).Targets;
}
