using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Lab.Demo;
using Hitless.Lab.Matrix;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

public sealed class UpgradeTests
{
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(120);

    [Scenario]
    public async Task A_good_image_runs_on_both_units_and_nothing_is_lost()
    {
        using var cluster = LabCluster.Planned();
        var report = await cluster.UpgradeAsync(Prerequisites.SecondImage, RunState.Completed);
        Assert.Equal([], report.Problems);
        Assert.Equal(Core.Api.TrafficVerdict.Forwards, report.Run!.Traffic?.Verdict);
        Assert.Equal(500, report.Traffic!.Long.Opened);
        Assert.True(report.Traffic.Long.Hidden >= 250 && report.Traffic.Long.Ipv6 > 0);
    }

    [Scenarios]
    [InlineData("bad-exit")]
    [InlineData("bad-health")]
    public async Task A_bad_image_is_rolled_back_and_traffic_does_not_notice(string how)
    {
        using var cluster = LabCluster.Planned();
        var report = await cluster.UpgradeAsync(Prerequisites.BadImage(how), RunState.RolledBack);
        Assert.Equal([], report.Problems);
    }

    [Scenarios]
    [InlineData(RunStep.Copy, "gw1")]
    [InlineData(RunStep.Install, "gw2")]
    [InlineData(RunStep.Rejoin, "gw1")]
    [InlineData(RunStep.Verify, "gw2")]
    [InlineData(RunStep.Soak, "gw2")]
    public async Task A_daemon_killed_at_a_step_does_not_stop_the_run_from_ending(string step, string victim)
    {
        using var cluster = LabCluster.Planned();
        var report = await cluster.UpgradeAsync(Prerequisites.SecondImage, RunState.Completed, connections: 200, async (_, cancellation) =>
        {
            await ReachedAsync(cluster, step, cancellation);
            Faults.Kill(cluster.Unit(victim));
            LabCluster.Say($"killed hitlessd of {victim} at {step}");
        });
        LabCluster.Say(string.Join("; ", report.Problems));
        await EndedAsync(cluster.Watch);
        Assert.Contains(
            cluster.Watch.Cli((await cluster.UntilReadyAsync()).Primary!).Ask<Core.Api.RunReport>(out _, "upgrade", "report")!.Verdict,
            (IEnumerable<RunState>)[RunState.Completed, RunState.RolledBack]
        );
        Assert.Equal(0, report.Traffic!.ConnectionsLost);
    }

    [Scenario]
    public async Task All_units_at_once_is_asked_twice_and_completes()
    {
        using var cluster = LabCluster.Planned();
        var refused = "";
        var report = await cluster.UpgradeAsync(
            Prerequisites.SecondImage,
            RunState.Completed,
            connections: 200,
            (watch, _) =>
            {
                Assert.Null(
                    watch
                        .Cli(watch.Primary()!)
                        .Ask<Core.Api.RunStatus>(out refused, "upgrade", "start", Prerequisites.SecondImage, "--simultaneous", "--detach")
                );
                return Task.CompletedTask;
            },
            "--simultaneous",
            "--accept-interruption"
        );
        Assert.Contains("interruption", refused, StringComparison.Ordinal);
        LabCluster.Say(string.Join("; ", report.Problems));
        Assert.Equal(RunState.Completed, report.Verdict);
        Assert.All(report.Status!.Units, unit => Assert.Equal("1.0.0", unit.Version));
        Assert.Contains(report.Run!.Steps, step => step is { Name: RunStep.Trial, Unit: "gw2+gw1" or "gw1+gw2" });
    }

    [Scenario(Explicit = true)] // Its daemons have to be back within the hold of 5 s: ./dev test lab -- -explicit only, on a quiet machine
    public async Task All_daemons_at_once_interrupt_nothing_while_the_kernels_stay()
    {
        using var cluster = LabCluster.Planned();
        var image = Path.Combine(Path.GetTempPath(), $"{cluster.Plan.Name}-restart.hli");
        MatrixImages.Build(
            Prerequisites.Out,
            Path.GetTempPath(),
            image,
            Path.Combine(Prerequisites.Out, "keys", "image-signing.key"),
            "exec \"$here/hitlessd.real\" \"$@\"",
            whole: true,
            "--activation",
            "restart"
        );
        try
        {
            var report = await cluster.UpgradeAsync(
                image,
                RunState.Completed,
                connections: 200,
                meanwhile: null,
                "--simultaneous",
                "--accept-interruption"
            );
            LabCluster.Say(string.Join("; ", report.Problems));
            Assert.Equal((RunState.Completed, 0, 0), (report.Verdict, report.Traffic!.ConnectionsLost, report.Traffic.PacketsLost));
        }
        finally
        {
            File.Delete(image);
        }
    }

    /// <summary>Some steps take milliseconds: the journal on disk is looked at, for nobody answers so quickly.</summary>
    private static async Task ReachedAsync(LabCluster cluster, string step, CancellationToken cancellation)
    {
        for (
            var until = DateTimeOffset.UtcNow + StepLimit;
            !JournalOnDisk
                .Longest(cluster.Plan)
                .Any(entry => JournalOnDisk.Has(entry, "kind", "Started") && JournalOnDisk.Has(entry, "step", step));
            await Task.Delay(10, cancellation)
        )
        {
            Assert.True(DateTimeOffset.UtcNow < until, $"the run has not come to {step}");
        }
    }

    private static Task EndedAsync(ClusterWatch watch) =>
        watch.UntilAsync(
            "no run is open",
            StepLimit,
            seen =>
                seen.Values.FirstOrDefault(status => status?.Upgrade is { State.HasEnded: false }) is { } open
                    ? $"the run is {open.Upgrade!.State} at {open.Upgrade.Step}"
                    : null,
            TestContext.Current.CancellationToken
        );
}
