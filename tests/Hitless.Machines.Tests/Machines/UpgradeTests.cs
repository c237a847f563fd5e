using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tools;
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
        var report = await RunAsync(kernel, "completed", meanwhile: null);
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
        var report = await RunAsync(kernel, "rolled-back", (watch, cancellation) => DropAsync(kernel, percent, watch, cancellation));
        EmulatedCluster.KeepReport(report, $"dropped-{kernel}-{percent}");
        Assert.Equal("rolled-back", report.Run?.Verdict);
    }

    // On the first unit that is back on the new version: before it carries the traffic, since that takes seconds only.
    private static async Task DropAsync(string kernel, int percent, ClusterWatch watch, CancellationToken cancellation)
    {
        var plan = EmulatedCluster.Plan(kernel);
        var told = "";
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(2), cancellation);
            var units = watch.Status()?.Units ?? [];
            var seen = string.Join(", ", units.Select(unit => $"{unit.Name} {unit.State} {unit.Version}"));
            if (seen != told)
            {
                EmulatedCluster.Say(told = seen);
            }

            if (units.FirstOrDefault(unit => unit is { Version: "1.0.0", State: not "absent" }) is { } upgraded)
            {
                // A machine that boots lets nobody in at first.
                string[] drop = ["numgen", "random", "mod", "100", "<", $"{percent}", "drop"];
                var unit = new LabUnit(plan, upgraded.Name);
                if (Tool.Try("ip", unit.Inside(["nft", "insert", "rule", "inet", "gateway", "forward", .. drop])).Ok)
                {
                    EmulatedCluster.Say($"{upgraded.Name} drops {percent} % of what it forwards");
                    return;
                }
            }
        }
    }

    private async Task<DemoReport> RunAsync(string kernel, string expected, Func<ClusterWatch, CancellationToken, Task>? meanwhile)
    {
        cluster.Down();
        var plan = EmulatedCluster.Plan(kernel);
        try
        {
            var options = new DemoOptions(Prerequisites.SecondImage, expected, Connections: 50, RatePerSecond: 5, TimeSpan.FromMinutes(3));
            return await new DemoRun(plan, options, EmulatedCluster.Say, meanwhile).RunAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            EmulatedCluster.KeepLogs(plan);
            LabSite.Down(LabPlan.DefaultRoot, plan.Name);
        }
    }
}
