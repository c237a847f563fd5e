using System.Diagnostics;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Traffic;
using Hitless.Lab.Units;

namespace Hitless.Lab.Matrix;

/// <summary>Lives through one cell of the fault matrix: a lab, traffic, an upgrade, the fault at its step, and how it ended.</summary>
public sealed class MatrixRun(LabPlan plan, MatrixCell cell, Action<string> say)
{
    /// <summary>Room for two slots and an image of this project, and not much more.</summary>
    private const int DiskMegabytes = 700;

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(240);
    private static readonly TimeSpan OffTime = TimeSpan.FromSeconds(4);
    private static readonly string[] AwaySteps = [RunStep.Trial, RunStep.Rejoin, RunStep.Revert, RunStep.Return];
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private readonly ClusterWatch watch = new(plan);
    private string? onlyUnit;

    /// <summary>The whole of it, in a lab like <paramref name="plan"/>; the lab stands afterwards.</summary>
    public static async Task<MatrixOutcome> RunAsync(LabPlan plan, MatrixCell cell, Action<string> say, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("hitless-matrix-").FullName;
        try
        {
            var image = cell.IsImage
                ? MatrixImages.Make(cell.Fault, plan.Binaries, folder)
                : Path.Combine(plan.Binaries, "images", "hitless-1.0.0.hli");
            var trust = Path.Combine(folder, MatrixImages.TrustFile);
            var site = plan with
            {
                Trust = File.Exists(trust) ? trust : plan.Trust,
                DiskMegabytes = cell.FillsDisk ? DiskMegabytes : plan.DiskMegabytes,
            };
            LabSite.Up(site);
            return await new MatrixRun(site, cell, say).LiveAsync(image, cancellation);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<MatrixOutcome> LiveAsync(string image, CancellationToken cancellation)
    {
        var since = Stopwatch.GetTimestamp();
        var before = await watch.UntilReadyAsync(ReadyLimit, cancellation);
        using var traffic = await TrafficRun.StartAsync(plan, connections: 100, ratePerSecond: 30);
        await traffic.WaitUntilStandingAsync(ReadyLimit, cancellation);
        if (cell.IsBeforeStart)
        {
            Array.ForEach(Victims(before.Primary!), victim => Harm(victim, begin: true));
        }

        var started = watch.Cli(before.Primary!).Run("upgrade", "start", image, "--detach");
        string? why = null,
            reason;
        var verdict = "refused";
        if (started.Ok)
        {
            if (!cell.IsImage && !cell.IsBeforeStart)
            {
                await UntilStepAsync(cancellation);
                await HarmAsync(cancellation);
            }

            verdict = await UntilEndAsync(cancellation);
            reason = JournalOnDisk.Longest(plan).FirstOrDefault(e => JournalOnDisk.Has(e, "kind", "Rollback"))
                is { ValueKind: JsonValueKind.Object } back
                ? back.GetProperty("detail").GetString()
                : null;
        }
        else
        {
            reason = string.Join(';', started.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(2));
        }

        if (cell.IsBeforeStart)
        {
            Array.ForEach(Victims(before.Primary!), victim => Harm(victim, begin: false));
        }

        await traffic.QuietAsync();
        ClusterStatus? after = null;
        try
        {
            after = await watch.UntilReadyAsync(ReadyLimit, cancellation);
        }
        catch (LabException notReady)
        {
            why = notReady.Message;
        }

        var report = await traffic.FinishAsync();
        why ??= Complain(before, after, verdict, reason, report);
        return new MatrixOutcome(
            cell.ToString(),
            why is null,
            verdict,
            string.Join(" ", after?.Units.Select(u => u.Version) ?? []),
            report.ConnectionsLost,
            report.PacketsLost,
            report.LongestGapMs,
            Math.Round(Stopwatch.GetElapsedTime(since).TotalSeconds),
            why ?? BreachTime() ?? OnlyUnit(report) ?? reason
        );
    }

    private string? Complain(ClusterStatus before, ClusterStatus? after, string verdict, string? reason, TrafficReport traffic)
    {
        var end = RunState.Of(verdict);
        var expected =
            end == RunState.Completed ? "1.0.0"
            : end == RunState.RolledBack || verdict == "refused" ? before.Units[0].Version
            : null;
        return expected is null ? $"the run ended {verdict}"
            : verdict == "refused" != cell.IsRefused ? $"the run was {verdict}: {reason}"
            : cell.IsImage && end == RunState.Completed ? "an image that is no good was kept"
            : after!.Units.FirstOrDefault(u => u.Version != expected) is { } odd
                ? $"{odd.Name} runs {odd.Version} although the run is {verdict}"
            : cell.FillsDisk && LeftOver() is { } remains ? $"{remains} was left behind"
            : traffic.ConnectionsLost > 0 && cell.Fault != "off-both" && onlyUnit is null
                ? $"{traffic.ConnectionsLost} connections lost "
                    + $"({traffic.Long.Losses.Concat(traffic.Short.Failures).FirstOrDefault()?.Why ?? traffic.Download.Why})"
            : null;
    }

    private string? OnlyUnit(TrafficReport traffic) =>
        traffic.ConnectionsLost > 0 && onlyUnit is not null
            ? $"{onlyUnit} was cut off while it alone had the sessions: the other one was starting from its new slot"
            : null;

    /// <summary>Whether a unit is between its restart into another slot and its return.</summary>
    private static bool IsAway(string unit, IReadOnlyList<JsonElement> journal) =>
        journal.LastOrDefault(e => JournalOnDisk.Has(e, "target", unit) && AwaySteps.Contains(e.GetProperty("step").GetString()))
            is { ValueKind: JsonValueKind.Object } last
        && !(
            JournalOnDisk.Has(last, "kind", "Done")
            && (JournalOnDisk.Has(last, "step", RunStep.Rejoin) || JournalOnDisk.Has(last, "step", RunStep.Return))
        );

    /// <summary>What an installation that broke off has left on a disk.</summary>
    private string? LeftOver() =>
        LabSite
            .UnitsOf(plan)
            .SelectMany(u =>
                Directory.EnumerateFileSystemEntries(
                    u.State,
                    "*",
                    new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }
                )
            )
            .FirstOrDefault(path => Path.GetExtension(path) is ".unpacking" or ".discarded" or ".part" or ".new");

    /// <summary>Of an image that drops packets: how long after it began the old version carried the traffic again.</summary>
    private string? BreachTime()
    {
        if (cell is not { IsImage: true, Fault: "drops" })
        {
            return null;
        }

        var lines = LabSite
            .UnitsOf(plan)
            .SelectMany(u => File.ReadAllLines(u.Log))
            .Where(l =>
                l.Contains("on purpose", StringComparison.Ordinal)
                || l.Contains("soak", StringComparison.Ordinal)
                || l.Contains(" is primary, epoch", StringComparison.Ordinal)
            );
        return string.Join(" | ", lines.TakeLast(6));
    }

    private async Task UntilStepAsync(CancellationToken cancellation)
    {
        var kind = cell.AfterIt ? "Done" : "Started";
        await UntilAsync(
            $"the run is at {cell.Step}",
            EndLimit,
            journal =>
                journal.Count(e => JournalOnDisk.Has(e, "kind", kind) && JournalOnDisk.Has(e, "step", cell.Step)) >= cell.Time
                || journal.Any(e => JournalOnDisk.Has(e, "kind", "End")),
            cancellation
        );
    }

    private async Task<string> UntilEndAsync(CancellationToken cancellation)
    {
        try
        {
            await UntilAsync("the run ends", EndLimit, journal => journal.Any(e => JournalOnDisk.Has(e, "kind", "End")), cancellation);
            return JournalOnDisk.Longest(plan).First(e => JournalOnDisk.Has(e, "kind", "End")).GetProperty("detail").GetString()!;
        }
        catch (LabException late)
        {
            return late.Message;
        }
    }

    private async Task HarmAsync(CancellationToken cancellation)
    {
        var journal = JournalOnDisk.Longest(plan);
        var primary = journal is [.., var last] ? last.GetProperty("unit").GetString()! : "gw1";
        onlyUnit = cell.StopsPrimary && plan.Units.Where(unit => unit != primary).All(unit => IsAway(unit, journal)) ? primary : null;
        say($"{cell}: primary {primary}");
        var victims = Victims(primary);
        Array.ForEach(victims, victim => Harm(victim, begin: true));
        await Task.Delay(OffTime, cancellation);
        Array.ForEach(victims, victim => Harm(victim, begin: false));
    }

    private LabUnit[] Victims(string primary)
    {
        var standby = new LabUnit(plan, plan.Units.First(u => u != primary));
        return cell.Fault switch
        {
            "off-both" => [new(plan, primary), standby],
            _ when cell.Fault.EndsWith("-primary", StringComparison.Ordinal) => [new(plan, primary)],
            _ => [standby],
        };
    }

    private void Harm(LabUnit victim, bool begin)
    {
        switch (cell.Fault)
        {
            case "kill-primary" or "kill-standby" when begin && victim.Running:
                Kill(victim);
                break;
            case "off-primary" or "off-standby" or "off-both" when begin:
                Faults.PowerOff(victim);
                break;
            case "off-primary" or "off-standby" or "off-both":
                Faults.PowerOn(victim);
                break;
            case "heartbeat-cut":
                Faults.SetCables(victim, plan.HeartbeatPorts, up: !begin);
                break;
            case "data-cut":
                Faults.SetCables(victim, ["lan0"], up: !begin);
                break;
            case MatrixCell.DiskFull:
                UnitDisk.Fill(victim, full: begin);
                break;
            case "disk-full-kill-standby":
                UnitDisk.Fill(victim, full: begin);
                if (begin)
                {
                    Kill(victim);
                }

                break;
            case MatrixCell.TakeoverOnFullDisk when begin:
                FillOthers(victim, full: true);
                Faults.PowerOff(victim);
                break;
            case MatrixCell.TakeoverOnFullDisk:
                Faults.PowerOn(victim);
                FillOthers(victim, full: false);
                break;
            case "route-lost-primary" or "route-lost-standby":
                Disturbances.LoseRoute(victim, lost: begin);
                break;
            case "sysctl-reset-primary" or "sysctl-reset-standby" when begin:
                Disturbances.ResetSysctls(victim);
                break;
            case "ruleset-flushed-primary" or "ruleset-flushed-standby" when begin:
                Disturbances.ReloadFirewall(victim);
                break;
            case "interface-anew-primary" or "interface-anew-standby":
                Disturbances.RemakeInterface(victim, "lan0", gone: begin);
                break;
            default:
                break;
        }
    }

    private void FillOthers(LabUnit victim, bool full)
    {
        foreach (var other in LabSite.UnitsOf(plan).Where(unit => unit.Name != victim.Name))
        {
            UnitDisk.Fill(other, full);
        }
    }

    private static void Kill(LabUnit victim)
    {
        try
        {
            Faults.Kill(victim);
        }
        catch (LabException)
        {
            // Between two of its lives just now: there is nothing to kill.
        }
    }

    private async Task UntilAsync(
        string goal,
        TimeSpan limit,
        Func<IReadOnlyList<JsonElement>, bool> reached,
        CancellationToken cancellation
    )
    {
        for (var until = DateTimeOffset.UtcNow + limit; !reached(JournalOnDisk.Longest(plan)); )
        {
            if (DateTimeOffset.UtcNow > until)
            {
                throw new LabException($"waited {limit.TotalSeconds} s until {goal}", "read the units' logs");
            }

            await Task.Delay(Look, cancellation);
        }
    }
}
