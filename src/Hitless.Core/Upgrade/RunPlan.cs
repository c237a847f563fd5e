using Hitless.Core.Api;
using Hitless.Core.Cluster;

namespace Hitless.Core.Upgrade;

/// <summary>The steps of a run that goes well, in order, and what they will lead to.</summary>
public static class RunPlan
{
    /// <summary>
    /// How many steps come before the place where a trial switchover can be put in: preflight, backup, freeze, load balancing off.
    /// </summary>
    public static int RehearsalAt(RunHeader header) => header.Balanced ? 4 : 3;

    /// <summary>How long a unit's upgrade is taken to last, waiting for nobody.</summary>
    public static readonly TimeSpan TimePerUnit = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The forward steps: every standby first, then the switch, then the former primary. <paramref name="journal"/>: what an operator has
    /// added on the way.
    /// </summary>
    public static IReadOnlyList<RunStep> Steps(RunHeader header, IReadOnlyList<JournalEntry> journal)
    {
        List<RunStep> steps = [new(RunStep.Preflight, null), new(RunStep.Backup, null), new(RunStep.Freeze, null)];
        if (header.Balanced)
        {
            steps.Add(new(RunStep.BalanceOff, null));
        }

        var heir = header.Heir?.Name;
        if (heir is not null && (header.Rehearse || header.RehearseOnly || RunJournal.IsRehearsed(journal)))
        {
            AddRehearsal(steps, header, heir);
        }

        if (!header.RehearseOnly)
        {
            AddUnits(steps, header, heir);
        }

        steps.Add(new(RunStep.Release, null));
        if (header.Balanced)
        {
            steps.Add(new(RunStep.BalanceOn, null));
        }

        return steps;
    }

    /// <summary>Whether the run hands the traffic over: else nothing that is bound to the primary is at risk.</summary>
    public static bool Switches(RunHeader header) =>
        Steps(header, []).Any(step => step.Name is RunStep.Switchover or RunStep.TrialSwitchover);

    /// <summary>A guided run waits before this step. Never between a trial and its confirmation: that would fall back meanwhile.</summary>
    public static bool IsGate(IReadOnlyList<RunStep> steps, int index) =>
        steps[index].Name switch
        {
            RunStep.Backup or RunStep.Switchover or RunStep.TrialSwitchover or RunStep.Copy or RunStep.FinalPrimary => true,
            RunStep.Revert => true,
            RunStep.Release => steps[index - 1].Name != RunStep.FinalPrimary,
            _ => false,
        };

    /// <summary>How long the steps from a gate to the next are taken to last.</summary>
    public static TimeSpan TimeToNextGate(RunHeader header, IReadOnlyList<RunStep> steps, int index)
    {
        var time = TimeSpan.Zero;
        do
        {
            time += steps[index].Name switch
            {
                RunStep.Copy or RunStep.Revert => TimePerUnit,
                RunStep.Soak => TimeSpan.FromMilliseconds(header.SoakMs),
                _ => TimeSpan.Zero,
            };
            index++;
        } while (index < steps.Count && !IsGate(steps, index));
        return time;
    }

    /// <summary>
    /// The plan in words, with the primary after each step and the rule that chooses the last one. Everybody's age is that since its
    /// restart in the run; a unit that is left alone keeps its own.
    /// </summary>
    public static UpgradePlan Describe(RunHeader header, IReadOnlyDictionary<string, TimeSpan> ages, TimeSpan margin, bool overrideOn)
    {
        var primary = header.FormerPrimary;
        List<PlannedStep> planned = [];
        var (steps, time) = (Steps(header, []), TimeSpan.Zero);
        Dictionary<string, TimeSpan> startedAt = new(StringComparer.Ordinal);
        foreach (var step in steps)
        {
            primary = step.Name is RunStep.Switchover or RunStep.TrialSwitchover ? step.Target! : primary;
            var takes =
                step.Name is RunStep.Trial or RunStep.Revert ? TimePerUnit
                : step.Name == RunStep.Soak ? TimeSpan.FromMilliseconds(header.SoakMs)
                : TimeSpan.Zero;
            time += takes;
            foreach (var unit in step.Name is RunStep.Trial or RunStep.Revert ? step.Targets : [])
            {
                startedAt[unit] = time;
            }

            planned.Add(
                new PlannedStep(planned.Count, step.Name, step.Target, primary, Describe(step))
                {
                    TakesMs = (long)takes.TotalMilliseconds,
                    Gate = header.Guided && IsGate(steps, planned.Count),
                    WaitsFor = [.. RunGates.Before(step, header).Select(gate => gate.Name)],
                }
            );
        }

        if (!steps.Any(s => s.Name == RunStep.FinalPrimary))
        {
            // Override is only held while the run is open: a better unit takes over at its end.
            var kept = header.Members.First(m => m.Name == primary).Priority;
            if (overrideOn && header.Members.Where(m => m.Priority > kept).MaxBy(m => (m.Priority, m.Serial)) is { } better)
            {
                return Plan(
                    header,
                    [.. planned.Select(p => IsAtEnd(p) ? p with { PrimaryAfter = better.Name } : p)],
                    better.Name,
                    $"override: priority {better.Priority} > {kept}",
                    secondSwitch: true
                );
            }

            return Plan(header, planned, primary, WhyLast(header), secondSwitch: false);
        }

        var candidates = header
            .Members.Select(m => new Candidate(
                m.Serial,
                m.Name,
                Ready: true,
                Failures: 0,
                startedAt.TryGetValue(m.Name, out var at) ? time - at : ages.GetValueOrDefault(m.Name) + time,
                m.Priority,
                overrideOn
            ))
            .ToArray();
        Election.TryBest(candidates, margin, out var final);
        return Plan(
            header,
            [.. planned.Select(p => IsAtEnd(p) ? p with { PrimaryAfter = final.Name } : p)],
            final.Name,
            Election.Explain(final, candidates, margin),
            final.Name != primary
        );
    }

    private static bool IsAtEnd(PlannedStep step) => step.Name is RunStep.FinalPrimary or RunStep.Release or RunStep.BalanceOn;

    private static string WhyLast(RunHeader header) =>
        header switch
        {
            { Simultaneous: true } => "restarts in service: its kernel carries the traffic meanwhile",
            { KeepPrimary: true } => "stays where the upgrade put it",
            _ => "carries the traffic all the time",
        };

    private static UpgradePlan Plan(RunHeader header, IReadOnlyList<PlannedStep> steps, string final, string reason, bool secondSwitch) =>
        new(header.Image, header.From, header.To, header.Guided ? "guided" : "automatic", steps, final, reason, secondSwitch)
        {
            TakesMs = steps.Sum(s => s.TakesMs),
            Baseline = header.Baseline,
        };

    /// <summary>There and back. On its own it is everything that a run does but the installation.</summary>
    private static void AddRehearsal(List<RunStep> steps, RunHeader header, string heir)
    {
        if (header.RehearseOnly)
        {
            steps.AddRange(header.Members.Where(m => m.Name != header.FormerPrimary).Select(m => new RunStep(RunStep.Copy, m.Name)));
            steps.Add(new(RunStep.Verify, heir));
        }

        steps.Add(new(RunStep.TrialSwitchover, heir));
        steps.Add(new(RunStep.ServiceCheck, heir));
        steps.Add(new(RunStep.Soak, heir));
        steps.Add(new(RunStep.TrialSwitchover, header.FormerPrimary));
        steps.Add(new(RunStep.ServiceCheck, header.FormerPrimary));
    }

    private static void AddUnits(List<RunStep> steps, RunHeader header, string? heir)
    {
        if (header.Simultaneous)
        {
            // Who drives the run restarts last, when all others are told to. No soak: what an interruption costs would look like the
            // firmware's fault.
            AddUnit(steps, header, string.Join('+', header.Members.OrderBy(m => m.Name == header.FormerPrimary).Select(m => m.Name)));
            return;
        }

        var standbys = header.Members.Where(m => m.Name != header.FormerPrimary && header.Includes(m.Name)).Select(m => m.Name).ToArray();
        foreach (var target in header.Parallel && standbys.Length > 0 ? [string.Join('+', standbys)] : standbys)
        {
            AddUnit(steps, header, target);
        }

        if (heir is not null && header.Includes(header.FormerPrimary))
        {
            steps.Add(new(RunStep.Switchover, heir));
            steps.Add(new(RunStep.ServiceCheck, heir));
            steps.Add(new(RunStep.Soak, heir));
            AddUnit(steps, header, header.FormerPrimary);
            if (!header.KeepPrimary)
            {
                steps.Add(new(RunStep.FinalPrimary, null));
            }
        }
    }

    private static void AddUnit(List<RunStep> steps, RunHeader header, string target)
    {
        string[] names = header.TakesBack is null
            ? [RunStep.Copy, RunStep.Install, RunStep.Trial, RunStep.Rejoin, RunStep.Verify, RunStep.Confirm]
            : [RunStep.Revert, RunStep.Return, RunStep.Verify];
        foreach (var name in names)
        {
            if (header.KeepRedundancy && (name is RunStep.Trial or RunStep.Revert))
            {
                steps.Add(new(RunStep.Redundancy, target));
            }

            steps.Add(new(name, target));
        }
    }

    /// <summary>A step in words.</summary>
    public static string Describe(RunStep step) =>
        step.Name switch
        {
            RunStep.Preflight => "check that every unit and the image allow an upgrade",
            RunStep.Backup => "back up the configuration of every unit",
            RunStep.Freeze => "hold the configuration to what both versions can express, and hold preemption",
            RunStep.BalanceOff => "turn load balancing off: the primary carries all flows",
            RunStep.BalanceOn => "turn load balancing on",
            RunStep.Copy => $"copy the image to {step.Target}",
            RunStep.Install => $"install the image in the spare slot of {step.Target}",
            RunStep.Redundancy => $"see that {Redundancy.OthersMin} other units are ready before {step.Target} is taken out",
            RunStep.Trial => $"start {step.Target} from the new slot, on trial",
            RunStep.Rejoin => $"wait for {step.Target} to come back ready",
            RunStep.Verify => $"compare sessions and configuration of {step.Target} with the primary's",
            RunStep.Confirm => $"keep the new slot of {step.Target}",
            RunStep.Switchover => $"switch over to {step.Target}",
            RunStep.TrialSwitchover => $"switch over to {step.Target} to try it, before anything is upgraded",
            RunStep.ServiceCheck => $"check on {step.Target} that the sessions came along",
            RunStep.Soak => $"watch {step.Target} carry the traffic",
            RunStep.FinalPrimary => "let the cluster's rules choose who ends as primary",
            RunStep.Release => "free the configuration, put preemption back",
            RunStep.Revert => $"start {step.Target} from its old slot",
            RunStep.Return => $"wait for {step.Target} to come back on the old version",
            _ => step.ToString(),
        };
}
