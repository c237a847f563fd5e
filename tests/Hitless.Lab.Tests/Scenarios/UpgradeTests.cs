using Hitless.Core.Upgrade;
using Hitless.Lab.Demo;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

public sealed class UpgradeTests
{
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task A_good_image_runs_on_both_units_and_nothing_is_lost()
    {
        using var cluster = LabCluster.Planned();
        var report = await cluster.UpgradeAsync(Prerequisites.SecondImage, "completed");
        Assert.Equal([], report.Problems);
        Assert.Equal(500, report.Traffic!.Long.Opened);
        Assert.True(report.Traffic.Long.Hidden >= 250 && report.Traffic.Long.Ipv6 > 0);
    }

    [Theory]
    [InlineData("bad-exit")]
    [InlineData("bad-health")]
    public async Task A_bad_image_is_rolled_back_and_traffic_does_not_notice(string how)
    {
        using var cluster = LabCluster.Planned();
        var report = await cluster.UpgradeAsync(Prerequisites.BadImage(how), "rolled-back");
        Assert.Equal([], report.Problems);
    }

    [Theory]
    [InlineData(RunStep.Copy, "gw1")]
    [InlineData(RunStep.Install, "gw2")]
    [InlineData(RunStep.Rejoin, "gw1")]
    [InlineData(RunStep.Verify, "gw2")]
    [InlineData(RunStep.Soak, "gw2")]
    public async Task A_daemon_killed_at_a_step_does_not_stop_the_run_from_ending(string step, string victim)
    {
        using var cluster = LabCluster.Planned();
        var report = await cluster.UpgradeAsync(Prerequisites.SecondImage, "completed", connections: 200, async (_, cancellation) =>
        {
            await ReachedAsync(cluster, step, cancellation);
            Faults.Kill(cluster.Unit(victim));
            LabCluster.Say($"killed hitlessd of {victim} at {step}");
        });
        LabCluster.Say(string.Join("; ", report.Problems));
        await EndedAsync(cluster.Watch);
        Assert.Contains(cluster.Watch.Cli((await cluster.UntilReadyAsync()).Primary!).Ask<Core.Api.RunReport>(out _, "upgrade", "report")?.Verdict, (IEnumerable<string>)["completed", "rolled-back"]);
        Assert.Equal(0, report.Traffic!.ConnectionsLost);
    }

    /// <summary>Some steps take milliseconds: the journal on disk is looked at, for nobody answers so quickly.</summary>
    private static async Task ReachedAsync(LabCluster cluster, string step, CancellationToken cancellation)
    {
        for (var until = DateTimeOffset.UtcNow + StepLimit; !JournalOnDisk.Longest(cluster.Plan).Any(entry => JournalOnDisk.Has(entry, "kind", "Started") && JournalOnDisk.Has(entry, "step", step)); await Task.Delay(10, cancellation))
        {
            Assert.True(DateTimeOffset.UtcNow < until, $"the run has not come to {step}");
        }
    }

    private static Task EndedAsync(ClusterWatch watch) => watch.UntilAsync(
        "no run is open",
        StepLimit,
        seen => seen.Values.FirstOrDefault(status => status?.Upgrade is { State: not ("completed" or "rolled-back" or "failed") }) is { } open ? $"the run is {open.Upgrade!.State} at {open.Upgrade.Step}" : null,
        TestContext.Current.CancellationToken);
}
