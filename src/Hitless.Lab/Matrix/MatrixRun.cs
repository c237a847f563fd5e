using System.Diagnostics;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Traffic;
using Hitless.Lab.Units;

namespace Hitless.Lab.Matrix;

/// <summary>Lives through one cell of the fault matrix: a lab, traffic, an upgrade, the fault at its step, and how it ended.</summary>
public sealed class MatrixRun(LabPlan plan, MatrixCell cell, Action<string> say)
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(240);
    private static readonly TimeSpan OffTime = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private readonly ClusterWatch watch = new(plan);

    /// <summary>The whole of it; the lab stands afterwards.</summary>
    public async Task<MatrixOutcome> RunAsync(CancellationToken cancellation)
    {
        var since = Stopwatch.GetTimestamp();
        LabSite.Up(plan);
        var before = await watch.UntilReadyAsync(ReadyLimit, cancellation);
        using var traffic = await TrafficRun.StartAsync(plan, connections: 100, ratePerSecond: 30);
        await traffic.WaitUntilStandingAsync(ReadyLimit, cancellation);
        var image = cell.IsImage ? MatrixImages.Make(cell.Fault, plan.Binaries, Path.Combine(plan.Folder, "images")) : Path.Combine(plan.Binaries, "images", "hitless-1.0.0.hli");
        var started = watch.Cli(before.Primary!).Run("upgrade", "start", image, "--detach");
        string? why = null;
        var verdict = "refused";
        if (started.Ok)
        {
            if (!cell.IsImage)
            {
                await UntilStepAsync(cancellation);
                await HarmAsync(cancellation);
            }

            verdict = await UntilEndAsync(cancellation);
        }
        else
        {
            say(started.Errors.Split('\n')[0]);
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
        why ??= Complain(before, after, verdict, report);
        return new MatrixOutcome(
            cell.ToString(),
            why is null,
            verdict,
            string.Join(" ", after?.Units.Select(u => u.Version) ?? []),
            report.ConnectionsLost,
            report.PacketsLost,
            report.LongestGapMs,
            Math.Round(Stopwatch.GetElapsedTime(since).TotalSeconds),
            why ?? BreachTime());
    }

    private string? Complain(ClusterStatus before, ClusterStatus? after, string verdict, TrafficReport traffic)
    {
        var expected = verdict switch { "completed" => "1.0.0", "rolled-back" or "refused" => before.Units[0].Version, _ => null };
        return expected is null ? $"the run ended {verdict}"
            : verdict == "refused" != (cell.IsImage && MatrixImages.IsRefused(cell.Fault)) ? $"the run was {verdict}"
            : cell.IsImage && verdict == "completed" ? "an image that is no good was kept"
            : after!.Units.FirstOrDefault(u => u.Version != expected) is { } odd ? $"{odd.Name} runs {odd.Version} although the run is {verdict}"
            : traffic.ConnectionsLost > 0 && cell.Fault != "off-both" ? $"{traffic.ConnectionsLost} connections lost ({traffic.Long.Losses.Concat(traffic.Short.Failures).FirstOrDefault()?.Why ?? traffic.Download.Why})"
            : null;
    }

    /// <summary>Of an image that drops packets: how long after it began the old version carried the traffic again.</summary>
    private string? BreachTime()
    {
        if (cell is not { IsImage: true, Fault: "drops" })
        {
            return null;
        }

        var lines = LabSite.UnitsOf(plan).SelectMany(u => File.ReadAllLines(u.Log)).Where(l => l.Contains("on purpose", StringComparison.Ordinal) || l.Contains("soak", StringComparison.Ordinal) || l.Contains(" is primary, epoch", StringComparison.Ordinal));
        return string.Join(" | ", lines.TakeLast(6));
    }

    private async Task UntilStepAsync(CancellationToken cancellation)
    {
        var kind = cell.AfterIt ? "Done" : "Started";
        await UntilAsync($"the run is at {cell.Step}", EndLimit, journal => journal.Count(e => JournalOnDisk.Has(e, "kind", kind) && JournalOnDisk.Has(e, "step", cell.Step)) >= cell.Time || journal.Any(e => JournalOnDisk.Has(e, "kind", "End")), cancellation);
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
        var primary = JournalOnDisk.Longest(plan) is [.., var last] ? last.GetProperty("unit").GetString()! : "gw1";
        var standby = plan.Units.First(u => u != primary);
        say($"{cell}: primary {primary}");
        LabUnit[] victims = cell.Fault switch
        {
            "off-both" => [new(plan, primary), new(plan, standby)],
            _ when cell.Fault.EndsWith("primary", StringComparison.Ordinal) => [new(plan, primary)],
            _ => [new(plan, standby)],
        };
        foreach (var victim in victims)
        {
            Harm(victim, begin: true);
        }

        await Task.Delay(OffTime, cancellation);
        foreach (var victim in victims)
        {
            Harm(victim, begin: false);
        }
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
            default:
                break;
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

    private async Task UntilAsync(string goal, TimeSpan limit, Func<IReadOnlyList<JsonElement>, bool> reached, CancellationToken cancellation)
    {
        for (var until = DateTimeOffset.UtcNow + limit; !reached(JournalOnDisk.Longest(plan));)
        {
            if (DateTimeOffset.UtcNow > until)
            {
                throw new LabException($"waited {limit.TotalSeconds} s until {goal}", "read the units' logs");
            }

            await Task.Delay(Look, cancellation);
        }
    }
}
