using Hitless.Core.Api;
using Hitless.Lab.Traffic;

namespace Hitless.Lab.Demo;

/// <summary>Says what is wrong with a run, in words. Nothing wrong: the demo has passed.</summary>
public static class DemoJudge
{
    private const int ExitCompleted = 0;
    private const int ExitRolledBack = 4;

    /// <summary>Everything that is not as it should be.</summary>
    public static IEnumerable<string> Problems(DemoReport report) =>
        [
            .. OfRun(report.Run, report.Expected, report.ExitCode),
            .. OfTraffic(report.Traffic),
            .. OfUnits(report.Before, report.Status, report.Run, report.Expected),
            .. OfConfiguration(report.Configuration, report.Status),
            .. OfDifference(report.Difference),
        ];

    /// <summary>What traffic lost.</summary>
    public static IEnumerable<string> OfTraffic(TrafficReport? traffic)
    {
        if (traffic is null)
        {
            yield return "there is no account of the traffic";
            yield break;
        }

        if (traffic.Long.Opened < traffic.Long.Asked)
        {
            yield return $"only {traffic.Long.Opened} of {traffic.Long.Asked} long connections were opened";
        }

        if (traffic.Long.Lost > 0)
        {
            yield return $"{traffic.Long.Lost} long connections lost";
        }

        if (traffic.Short.Failed > 0)
        {
            yield return $"{traffic.Short.Failed} new connections failed";
        }

        if (!traffic.Download.Intact)
        {
            yield return $"the download failed: {traffic.Download.Why}";
        }

        if (traffic.PacketsLost > 0)
        {
            yield return $"{traffic.PacketsLost} packets of the UDP probe lost ({traffic.Probe.LostToServer} to the server, "
                + $"{traffic.Probe.LostToClient} to the client)";
        }
    }

    private static IEnumerable<string> OfRun(RunReport? run, RunState expected, int? exitCode)
    {
        var wanted = expected == RunState.Completed ? ExitCompleted : ExitRolledBack;
        if (exitCode != wanted)
        {
            yield return exitCode is null
                ? "`hitless upgrade start` did not end in time"
                : $"`hitless upgrade start` ended with {exitCode} instead of {wanted}";
        }

        if (run is null)
        {
            yield return "there is no report of the run";
        }
        else if (run.Verdict != expected)
        {
            yield return $"the run ended {run.Verdict} instead of {expected}: {run.Reason}";
        }
    }

    private static IEnumerable<string> OfUnits(ClusterStatus? before, ClusterStatus? after, RunReport? run, RunState expected)
    {
        if (before is null || after is null)
        {
            yield return "the cluster's status is not known";
            yield break;
        }

        foreach (var unit in before.Units)
        {
            var now = after.Units.FirstOrDefault(candidate => candidate.Name == unit.Name);
            if (now is null || now.State != UnitStateWord.Ready)
            {
                yield return $"{unit.Name} is {now?.State.Word ?? "gone"} at the end: {now?.Reason}";
                continue;
            }

            var version = expected == RunState.Completed ? run?.To : unit.Version;
            if (version is not null && now.Version != version)
            {
                yield return $"{unit.Name} runs {now.Version} instead of {version}";
            }

            if (now.Slot == unit.Slot == (expected == RunState.Completed))
            {
                yield return $"{unit.Name} ran from slot {unit.Slot} before and runs from slot {now.Slot} now";
            }
        }
    }

    private static IEnumerable<string> OfConfiguration(SyncReport? configuration, ClusterStatus? status)
    {
        if (configuration is not { InSync: true })
        {
            var why = configuration?.Units.Where(unit => unit.State != SyncState.InSync).Select(unit => $"{unit.Unit}: {unit.Why}");
            yield return $"the configuration is not in sync: {string.Join("; ", why ?? ["no report"])}";
        }

        if (status?.Units.Select(unit => unit.ConfigurationRevision).Distinct().Count() > 1)
        {
            yield return $"the units have different revisions: "
                + $"{string.Join(", ", status.Units.Select(unit => $"{unit.Name} {unit.ConfigurationRevision}"))}";
        }
    }

    private static IEnumerable<string> OfDifference(SessionDifference? difference)
    {
        if (difference is null)
        {
            yield return "there is no session difference to read";
        }
        else if (difference.Missing + difference.Extra + difference.Different > 0)
        {
            yield return $"session difference: {difference.Missing} missing, {difference.Extra} extra, {difference.Different} different";
        }
    }
}
