using Hitless.Core.Api;
using Hitless.Lab.Demo;
using Hitless.Lab.Matrix;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Machines.Tests.Machines;

/// <summary>A cluster of two Debian machines, at the defaults, upgrades itself under traffic.</summary>
public sealed class UpgradeTests(EmulatedCluster cluster)
{
    [Theory]
    [InlineData("6.1", 1)]
    [InlineData("6.1", 2)]
    [InlineData("6.1", 3)]
    [InlineData("6.1", 4)]
    [InlineData("6.1", 5)]
    [InlineData("6.8", 1)]
    public async Task An_upgrade_completes_and_nothing_is_lost(string kernel, int trial)
    {
        var report = await RunAsync(kernel, RunState.Completed, Prerequisites.SecondImage);
        EmulatedCluster.Say(
            $"trial {trial} on {kernel}: {report.Verdict}, {report.Run?.DurationMs / 1000:F0} s, "
                + $"longest gap {report.Run?.LongestGapMs} ms, {report.Run?.Traffic?.Verdict}; "
                + $"lost {report.Traffic?.ConnectionsLost} connections, "
                + $"{report.Traffic?.PacketsLost} of {report.Traffic?.Probe.Sent} packets"
        );
        EmulatedCluster.KeepReport(report, $"upgrade-{kernel}-{trial}");
        Assert.True(report.Passed, string.Join("; ", report.Problems));
    }

    /// <summary>The same, and the new version really drops packets: it may not stay.</summary>
    [Theory]
    [InlineData("6.1", 2)]
    [InlineData("6.1", 5)]
    public async Task A_version_that_drops_packets_is_rolled_back(string kernel, int percent)
    {
        Prerequisites.NeedBuild();
        var folder = Directory.CreateTempSubdirectory("hitless-dropping").FullName;
        try
        {
            var image = Path.Combine(folder, $"drops-{percent}.hli");
            MatrixImages.Build(
                Prerequisites.Out,
                folder,
                image,
                Path.Combine(Prerequisites.Out, "keys", "image-signing.key"),
                $$"""
                nft 'add table inet bad; add chain inet bad f { type filter hook forward priority 0; }
                add rule inet bad f numgen random mod 100 < {{percent}} drop'
                exec "$here/hitlessd.real" "$@"
                """,
                whole: true
            );
            var report = await RunAsync(kernel, RunState.RolledBack, image);
            EmulatedCluster.Say($"{percent} % dropped: {report.Verdict}; {report.Run?.Traffic?.Verdict}, {report.Run?.Traffic?.Text}");
            EmulatedCluster.KeepReport(report, $"dropped-{kernel}-{percent}");
            Assert.Equal(RunState.RolledBack, report.Run?.Verdict);
            Assert.Equal(TrafficVerdict.Drops, report.Run?.Traffic?.Verdict);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<DemoReport> RunAsync(string kernel, RunState expected, string image)
    {
        cluster.Down();
        var plan = EmulatedCluster.Plan(kernel);
        try
        {
            var options = new DemoOptions(image, expected, Connections: 50, RatePerSecond: 5, TimeSpan.FromMinutes(3));
            return await new DemoRun(plan, options, EmulatedCluster.Say).RunAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            EmulatedCluster.KeepLogs(plan);
            LabSite.Down(LabPlan.DefaultRoot, plan.Name);
        }
    }
}
