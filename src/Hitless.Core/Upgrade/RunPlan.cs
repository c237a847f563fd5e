using Hitless.Core.Api;
using Hitless.Core.Cluster;

namespace Hitless.Core.Upgrade;

/// <summary>The steps of a run that goes well, in order, and what they will lead to.</summary>
public static class RunPlan
{
    /// <summary>The forward steps: every standby first, then the switch, then the former primary.</summary>
    public static IReadOnlyList<RunStep> Steps(RunHeader header)
    {
        List<RunStep> steps = [new(RunStep.Preflight, null), new(RunStep.Backup, null), new(RunStep.Freeze, null)];
        var standbys = header.Members.Where(m => m.Name != header.FormerPrimary).ToArray();
        foreach (var standby in standbys)
        {
            AddUnit(steps, standby.Name);
        }

        if (standbys.Length > 0)
        {
            // Highest priority first, as the election would have it among equals.
            var heir = standbys.MaxBy(m => m.Priority)!.Name;
            steps.Add(new(RunStep.Switchover, heir));
            steps.Add(new(RunStep.ServiceCheck, heir));
            steps.Add(new(RunStep.Soak, heir));
            AddUnit(steps, header.FormerPrimary);
        }

        if (!header.KeepPrimary)
        {
            steps.Add(new(RunStep.FinalPrimary, null));
        }

        steps.Add(new(RunStep.Release, null));
        return steps;
    }

    /// <summary>The plan in words, with the primary after each step and the rule that chooses the last one. Everybody's age is that since its restart in the run; <paramref name="perUnit"/> is the time that one unit's upgrade takes.</summary>
    public static UpgradePlan Describe(RunHeader header, TimeSpan margin, bool overrideOn, TimeSpan perUnit)
    {
        var primary = header.FormerPrimary;
        List<PlannedStep> planned = [];
        foreach (var step in Steps(header))
        {
            if (step.Name == RunStep.Switchover)
            {
                primary = step.Target!;
            }

            planned.Add(new PlannedStep(planned.Count, step.Name, step.Target, primary, Describe(step)));
        }

        if (header.KeepPrimary || header.Members.Count == 1)
        {
            return Plan(header, planned, primary, "stays where the upgrade put it", secondSwitch: false);
        }

        var order = header.Members.Where(m => m.Name != header.FormerPrimary).Concat(header.Members.Where(m => m.Name == header.FormerPrimary)).ToArray();
        var candidates = order
            .Select((m, i) => new Candidate((ulong)i, m.Name, Ready: true, Failures: 0, perUnit * (order.Length - 1 - i), m.Priority, overrideOn))
            .ToArray();
        Election.TryBest(candidates, margin, out var final);
        return Plan(header, planned, final.Name, Election.Explain(final, candidates, margin), final.Name != primary);
    }

    private static UpgradePlan Plan(RunHeader header, IReadOnlyList<PlannedStep> steps, string final, string reason, bool secondSwitch) =>
        new(header.Image, header.From, header.To, header.Guided ? "guided" : "automatic", steps, final, reason, secondSwitch);

    private static void AddUnit(List<RunStep> steps, string unit)
    {
        foreach (var name in (string[])[RunStep.Copy, RunStep.Install, RunStep.Trial, RunStep.Rejoin, RunStep.Verify, RunStep.Confirm])
        {
            steps.Add(new(name, unit));
        }
    }

    /// <summary>A step in words.</summary>
    public static string Describe(RunStep step) => step.Name switch
    {
        RunStep.Preflight => "check that every unit and the image allow an upgrade",
        RunStep.Backup => "back up the configuration of every unit",
        RunStep.Freeze => "freeze the configuration and hold preemption",
        RunStep.Copy => $"copy the image to {step.Target}",
        RunStep.Install => $"install the image in the spare slot of {step.Target}",
        RunStep.Trial => $"start {step.Target} from the new slot, on trial",
        RunStep.Rejoin => $"wait for {step.Target} to come back ready",
        RunStep.Verify => $"compare sessions and configuration of {step.Target} with the primary's",
        RunStep.Confirm => $"keep the new slot of {step.Target}",
        RunStep.Switchover => $"switch over to {step.Target}",
        RunStep.ServiceCheck => $"check on {step.Target} that the sessions came along",
        RunStep.Soak => $"watch {step.Target} carry the traffic",
        RunStep.FinalPrimary => "let the cluster's rules choose who ends as primary",
        RunStep.Release => "free the configuration, put preemption back",
        RunStep.Revert => $"start {step.Target} from its old slot",
        RunStep.Return => $"wait for {step.Target} to come back on the old version",
        _ => step.ToString(),
    };
}
