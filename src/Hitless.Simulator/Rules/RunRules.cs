using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Upgrade;
using Hitless.Simulator.Units;
using Hitless.Simulator.Units.Runs;

namespace Hitless.Simulator.Rules;

/// <summary>design.md's rules 4, 5 and 7 about upgrade runs, watched on disks and in kernels.</summary>
internal sealed class RunRules(Simulation world)
{
    // What a unit cannot have heard yet, it cannot be blamed for.
    private static readonly TimeSpan Unheard = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan HeardOf = TimeSpan.FromSeconds(3);
    private readonly Dictionary<string, (RunState Verdict, IReadOnlyList<JournalEntry> Journal)> ends = new(StringComparer.Ordinal);
    private UpgradePlan? plan;
    private int planned;

    /// <summary>The run of this life, once it has begun.</summary>
    public string? Run { get; private set; }

    /// <summary>Nothing will fail: the run is held against this.</summary>
    public void Planned(UpgradePlan foretold) => plan = foretold;

    /// <summary>A driver has noted an entry: on the way forward, the steps and who is primary after each are those of the plan.</summary>
    public void Noted(JournalEntry entry)
    {
        if (plan is not null && entry.Verdict == RunState.Completed && planned < plan.Steps.Count)
        {
            world.Breach("the plan tells what happens", $"completed without {plan.Steps[planned].Name} {plan.Steps[planned].Unit}");
        }

        if (plan is null || entry.Kind != JournalEntryKind.Done)
        {
            plan = entry.Kind == JournalEntryKind.Rollback ? null : plan;
            return;
        }

        // A switch is noted by who handed over, by who took over, or by both; the next step tells who is primary. Override acts only after
        // the last one.
        var switches = entry.Step is RunStep.Switchover or RunStep.FinalPrimary;
        if (switches && planned > 0 && plan.Steps[planned - 1].Name == entry.Step)
        {
            return;
        }

        var step = planned < plan.Steps.Count ? plan.Steps[planned++] : null;
        if (
            step is null
            || step.Name != entry.Step
            || step.Unit != entry.Target
            || (!switches && entry.Step is not (RunStep.Release or RunStep.BalanceOn) && step.PrimaryAfter != entry.Unit)
        )
        {
            world.Breach(
                "the plan tells what happens",
                $"done: {entry.Step} {entry.Target}, primary {entry.Unit}; planned: {step?.Name} {step?.Unit}, primary "
                    + $"{step?.PrimaryAfter}; {plan.FinalReason}"
            );
        }
    }

    /// <summary>
    /// Rule 4, and the first half of rule 5: a unit that writes or switches a slot carries no traffic (one that drains may write, not
    /// switch), and somebody else does.
    /// </summary>
    public void SlotTouched(UnitProcess process, string how, bool switched)
    {
        if (process.Unit.Traffic == TrafficState.Claimed || (switched && process.Unit.Forwards))
        {
            world.Breach("rule 4, slots are left alone under traffic", $"{process.Unit} {how} while it is {process.Unit.Traffic}");
        }

        if (
            world.Units.FirstOrDefault(unit => unit.Traffic == TrafficState.Claimed && unit.Table?.Has(process.Unit.Serial) == true) is
            { } giver
        )
        {
            world.Breach("rule 4, slots are left alone under traffic", $"{process.Unit} {how} while {giver} hands flows on to it");
        }

        if (!Others(process.Unit).Any(IsClaimedOrWas))
        {
            world.Breach("rule 5, the last healthy unit is left alone", $"{process.Unit} {how}, and nobody else carries the traffic");
        }
    }

    /// <summary>
    /// Rule 5, second half: the former primary is not upgraded before an upgraded unit carries the traffic, unless the upgraded one is not
    /// fit to.
    /// </summary>
    public void Switching(UnitProcess process, RunHeader header)
    {
        var upgraded = Others(process.Unit).Where(other => other.LastVersion == FirmwareVersions.New).ToList();
        if (
            process.Unit.Name == header.FormerPrimary
            && !upgraded.Exists(IsClaimedOrWas)
            && !upgraded.Exists(other => other.Process?.Machine.State != UnitState.Ready)
        )
        {
            world.Breach(
                "rule 5, the primary is upgraded last",
                $"{process.Unit} begins its trial, and no upgraded unit carries the traffic"
            );
        }
    }

    /// <summary>
    /// The driver of a run that keeps redundancy asks a unit to restart. Those that were ready a moment ago may have failed since; a unit
    /// that was not ready itself may be taken out.
    /// </summary>
    public void TakesOut(UnitProcess driver, RunStep step, RunHeader header)
    {
        if (!header.KeepRedundancy || step.Name is not (RunStep.Trial or RunStep.Revert))
        {
            return;
        }

        var now = world.Timeline.Now;
        var targets = world.Units.Where(unit => step.Targets.Contains(unit.Name)).ToList();
        var others = world.Units.Except(targets).Where(unit => now - unit.LastReadyAt < HeardOf).ToList();
        if (others.Count < Redundancy.OthersMin && targets.Exists(unit => unit.Process is not null && now - unit.WholeSince > HeardOf))
        {
            world.Breach(
                "two units stay ready in a run that keeps redundancy",
                $"{driver.Unit} begins {step}, and of the others only {(others.Count == 0 ? "none" : others[0])} is ready"
            );
        }
    }

    /// <summary>A daemon ends because a run told it to: not if it has become the one that carries the traffic.</summary>
    public void ExitsForRun(UnitProcess process)
    {
        if (process.Unit.Traffic == TrafficState.Claimed)
        {
            world.Breach(
                "rule 5, the last healthy unit is left alone",
                $"{process.Unit} restarts for the run while it carries the traffic"
            );
        }
    }

    /// <summary>Rule 7: what acts has been written down, here and by the one who asked.</summary>
    public void Acted(UnitProcess process, RunStep step, RunHeader header)
    {
        if (
            !world.Units.Any(unit =>
                unit.Journals.Last.Any(entry =>
                    entry.Run == header.Run && entry.Kind == JournalEntryKind.Started && new RunStep(entry.Step, entry.Target) == step
                )
            )
        )
        {
            world.Breach("rule 7, journal before effect", $"{process.Unit} takes the step {step}, and no disk has it");
        }
    }

    /// <summary>
    /// A journal has reached a disk: no run has two ends, but for two sides of a split that each left the other as it is.
    /// </summary>
    public void Written(SimulatedUnit unit, IReadOnlyList<JournalEntry> journal)
    {
        Run ??= journal[0].Run;
        if (journal[^1] is not { Verdict: { } verdict } end || ends.TryAdd(end.Run, (verdict, journal)) || ends[end.Run].Verdict == verdict)
        {
            return;
        }

        var (before, other) = ends[end.Run];
        if (RunJournal.WhyLeft(other, end.Unit) is null || RunJournal.WhyLeft(journal, other[^1].Unit) is null)
        {
            world.Breach("rule 7, a run has one end", $"{unit} writes {verdict}; before it was {before}");
        }
    }

    /// <summary>The run has been carried through.</summary>
    public bool Completed => ends.Values.Any(end => end.Verdict == RunState.Completed);

    /// <summary>Every run that is on a disk has ended there.</summary>
    public bool AllEnded =>
        world.Living.All(unit => unit.Process is not null)
        && world.Living.Where(unit => unit.Process!.Machine.Role == UnitRole.Primary).ToList() is { Count: > 0 } primaries
        && !primaries.Exists(unit => RunJournal.IsOpen(unit.Journals.Last));

    /// <summary>Rule 7, when faults have ended: the run is over, and every unit runs the version that its verdict says.</summary>
    public void CheckEnd()
    {
        var journal = world.Living.Select(unit => unit.Journals.Last).Aggregate(RunJournal.Further);
        if (journal.Count == 0)
        {
            return;
        }

        if (RunJournal.IsOpen(journal))
        {
            world.Breach(
                "rule 7, every run ends",
                $"last entry: {journal[^1].Kind} {new RunStep(journal[^1].Step, journal[^1].Target)} on {journal[^1].Unit}; "
                    + $"{SettledRules.Describe(world)}"
            );
            return;
        }

        // What a run has left is as it is; all others run what the verdict says, and after "failed" they are at one.
        var judged = world.Living.Where(unit => RunJournal.WhyLeft(journal, unit.Name) is null).ToList();
        if (journal[^1].Verdict == RunState.Failed && world.Units.All(unit => RunJournal.WhyLeft(journal, unit.Name) is null))
        {
            world.Breach("rule 7, a run ends completed or rolled back", "it failed, and no unit was left");
            return;
        }

        var expected =
            journal[^1].Verdict == RunState.Completed ? FirmwareVersions.New
            : journal[^1].Verdict == RunState.RolledBack ? FirmwareVersions.Old
            : judged.Select(unit => unit.Process?.Version).FirstOrDefault() ?? FirmwareVersions.Old;
        foreach (var unit in judged)
        {
            if (
                unit.Process is not { } process
                || process.Version != expected
                || unit.Boot.Trial is not null
                || unit.Boot.Active != process.Slot
            )
            {
                world.Breach(
                    "rule 7, a run ends completed or rolled back",
                    $"{journal[^1].Detail}, and {unit} runs {unit.Process?.Version.ToString() ?? "nothing"}, active slot "
                        + $"{unit.Boot.Active}, trial {unit.Boot.Trial}"
                );
                return;
            }
        }
    }

    private IEnumerable<SimulatedUnit> Others(SimulatedUnit unit) => world.Units.Where(other => other != unit);

    private bool IsClaimedOrWas(SimulatedUnit unit) =>
        unit.Traffic == TrafficState.Claimed || world.Timeline.Now - unit.LastClaimedAt < Unheard;
}
