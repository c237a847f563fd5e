using Hitless.Core.Api;
using Hitless.Lab.Machine;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Traffic;
using Hitless.Lab.Units;

namespace Hitless.Lab.Demo;

/// <summary>The newcomer's first run: a lab, traffic through it, an upgrade of its firmware, and the account of what that cost.</summary>
/// <param name="meanwhile">What happens to the cluster while the run goes on (tests: faults); null: nothing.</param>
public sealed class DemoRun(
    LabPlan plan,
    DemoOptions options,
    Action<string> say,
    Func<ClusterWatch, CancellationToken, Task>? meanwhile = null
)
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StandingLimit = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan DifferenceLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CoolDown = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FollowInterval = TimeSpan.FromSeconds(10);
    private readonly ClusterWatch _cluster = new(plan);

    /// <summary>The whole of it. The lab stands afterwards; who called takes it down.</summary>
    public async Task<DemoReport> RunAsync(CancellationToken cancellation)
    {
        using var machine = new MachineWatch();
        var began = DateTimeOffset.UtcNow;
        say($"lab {plan.Name}: {plan.UnitCount} units, {Path.GetFileName(plan.Image)} in slot a of each");
        LabSite.Up(plan, say);
        var before = await _cluster.UntilReadyAsync(ReadyLimit * plan.Slowness, cancellation);
        say($"cluster ready: {Describe(before)}");

        using var traffic = await TrafficRun.StartAsync(plan, options.Connections, options.RatePerSecond);
        await traffic.WaitUntilStandingAsync(StandingLimit, cancellation);
        await Task.Delay(WarmUp * plan.Slowness, cancellation);
        say($"traffic flows: {Describe(await traffic.SnapshotAsync())}");

        var primary = before.Primary ?? throw new InvalidOperationException("a ready cluster has a primary");
        say($"upgrade to {Path.GetFileName(options.ImageTo)}");
        var fault = meanwhile?.Invoke(_cluster, cancellation) ?? Task.CompletedTask;
        var run = Platform.Of(plan).ShellOutlivesRestart ? ShowAsync(primary, cancellation) : FollowAsync(primary, cancellation);
        await Task.WhenAny(run, Failed(fault));
        if (fault.IsFaulted)
        {
            // Without its fault the run would show nothing.
            await fault;
        }

        var exitCode = await run;
        await fault;
        await Task.Delay(CoolDown, cancellation);

        await traffic.QuietAsync();
        var report = await CollectAsync(before, exitCode, cancellation);
        report = report with { Traffic = await traffic.FinishAsync(), Standstills = machine.Since(began) };
        var problems = DemoJudge.Problems(report).ToArray();
        return report with { Problems = problems, Passed = problems.Length == 0 };
    }

    // Ends when the task fails, and only then.
    private static Task Failed(Task task)
    {
        var failed = new TaskCompletionSource();
        _ = task.ContinueWith(_ => failed.SetResult(), TaskContinuationOptions.OnlyOnFaulted);
        return failed.Task;
    }

    private Task<int?> ShowAsync(string primary, CancellationToken cancellation) =>
        _cluster.Cli(primary).ShowAsync(options.Limit, cancellation, ["upgrade", "start", options.ImageTo, .. options.Words]);

    // A machine reboots for its upgrade, and what ran on it to follow the run ends with it: so whoever answers is asked.
    private async Task<int?> FollowAsync(string primary, CancellationToken cancellation)
    {
        var cli = _cluster.Cli(primary);
        var begun = cli.Run(["upgrade", "start", cli.Carry(options.ImageTo), "--detach", .. options.Words]);
        if (!begun.Ok)
        {
            say(begun.Errors.Trim());
            return begun.ExitCode;
        }

        var told = "";
        var until = DateTimeOffset.UtcNow + (options.Limit * plan.Slowness);
        for (; DateTimeOffset.UtcNow < until; await Task.Delay(FollowInterval, cancellation))
        {
            var status = plan
                .Units.Select(unit => _cluster.Cli(unit).Ask<RunStatus>(out _, "upgrade", "status"))
                .FirstOrDefault(found => found is not null);
            if (status is not null && status.Text != told)
            {
                told = status.Text;
                say($"step {status.StepIndex} of {status.StepCount}: {told}");
            }

            if (status?.State is { HasEnded: true } end)
            {
                return end == RunState.Completed ? 0
                    : end == RunState.RolledBack ? 4
                    : 1;
            }
        }

        return null;
    }

    private async Task<DemoReport> CollectAsync(ClusterStatus before, int? exitCode, CancellationToken cancellation)
    {
        var status = await LastStatusAsync(cancellation);
        var cli = _cluster.Cli(status?.Primary ?? before.Primary!);
        var run = cli.Ask<RunReport>(out _, "upgrade", "report");
        var configuration = cli.Ask<SyncReport>(out _, "config", "report");
        var difference = await DifferenceAsync(cli, cancellation);
        return new DemoReport(
            false,
            run?.Verdict ?? RunState.Failed,
            options.Expected,
            [],
            exitCode,
            before,
            status,
            configuration,
            difference,
            run,
            Traffic: null
        );
    }

    private async Task<ClusterStatus?> LastStatusAsync(CancellationToken cancellation)
    {
        try
        {
            return await _cluster.UntilReadyAsync(ReadyLimit * plan.Slowness, cancellation);
        }
        catch (LabException notReady)
        {
            say(notReady.Message);
            return _cluster.Status();
        }
    }

    // Connections that have just ended leave the two tables at slightly different moments: ask until they agree.
    private static async Task<SessionDifference?> DifferenceAsync(HitlessCli cli, CancellationToken cancellation)
    {
        var until = DateTimeOffset.UtcNow + DifferenceLimit;
        while (true)
        {
            var difference = cli.Ask<SessionDifference>(out _, "sessions", "diff");
            if (difference is { Missing: 0, Extra: 0, Different: 0 } || DateTimeOffset.UtcNow > until)
            {
                return difference;
            }

            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
        }
    }

    private static string Describe(ClusterStatus status) =>
        string.Join(
            ", ",
            status.Units.Select(unit => $"{unit.Name} {unit.Role} {unit.Version} (slot {unit.Slot}, {unit.Sessions} sessions)")
        );

    private static string Describe(TrafficReport traffic) =>
        $"{traffic.Long.Opened} long connections ({traffic.Long.Hidden} SNAT, {traffic.Long.Forwarded} DNAT, {traffic.Long.Ipv6} "
        + $"IPv6), {traffic.Short.Opened} short ones so far, "
        + $"{traffic.Probe.Sent} probe packets, lost {traffic.ConnectionsLost} connections and {traffic.PacketsLost} packets";
}
