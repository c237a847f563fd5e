using Hitless.Core.Api;
using Hitless.Lab.Network;
using Hitless.Lab.Traffic;

namespace Hitless.Lab.Demo;

/// <summary>One planned switchover after the other under traffic.</summary>
public sealed class SwitchoverSeries(LabPlan plan, Action<string> say)
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The account of a series. <c>Switches</c> as the CLI told them; <c>Problems</c> is empty when every switch succeeded and nothing was
    /// lost.
    /// </summary>
    public sealed record Result(IReadOnlyList<SwitchoverResult> Switches, TrafficReport Traffic, IReadOnlyList<string> Problems);

    /// <summary>Switches <paramref name="count"/> times with a pause between, the lab being up and ready.</summary>
    public async Task<Result> RunAsync(int count, int connections, int ratePerSecond, TimeSpan pause, CancellationToken cancellation)
    {
        var cluster = new ClusterWatch(plan);
        var status = await cluster.UntilReadyAsync(ReadyLimit, cancellation);
        using var traffic = await TrafficRun.StartAsync(plan, connections, ratePerSecond);
        await traffic.WaitUntilStandingAsync(TimeSpan.FromSeconds(45), cancellation);
        await Task.Delay(pause, cancellation);

        var switches = new List<SwitchoverResult>();
        var problems = new List<string>();
        for (var number = 1; number <= count && problems.Count == 0; number++)
        {
            var done = cluster.Cli(status.Primary!).Ask<SwitchoverResult>(out var why, "switchover", "--wait");
            if (done is null)
            {
                problems.Add($"switchover {number} failed: {why}");
                break;
            }

            switches.Add(done);
            say($"{number}: {done.FormerPrimary} -> {done.Primary}, epoch {done.Epoch}, {done.DurationMs:0.0} ms");
            await Task.Delay(pause, cancellation);
            status = await cluster.UntilReadyAsync(ReadyLimit, cancellation);
        }

        var report = await traffic.FinishAsync();
        return new Result(switches, report, [.. problems, .. DemoJudge.OfTraffic(report)]);
    }
}
