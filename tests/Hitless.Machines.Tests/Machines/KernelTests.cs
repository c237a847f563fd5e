using System.Diagnostics;
using System.Globalization;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Machines.Tests.Machines;

/// <summary>What depends on the kernel and on a machine's pace, on Debian 12 with its own kernel and with Ubuntu's.</summary>
public sealed class KernelTests(EmulatedCluster cluster)
{
    private static readonly TimeSpan StatusLimit = TimeSpan.FromSeconds(2);

    /// <summary>Kernels before 6.9 cannot keep a table from being flushed.</summary>
    [Theory]
    [InlineData("6.1")]
    [InlineData("6.8")]
    public async Task A_file_that_flushes_the_ruleset_costs_no_packet_and_no_epoch_and_the_standby_stays_mute(string kernel)
    {
        var (plan, watch, before) = await cluster.ReadyAsync(kernel);
        var standby = plan.Units.First(unit => unit != before.Primary);
        using var traffic = await EmulatedCluster.FlowingAsync(plan);
        using var heard = new ArpWatch(plan, standby);

        const string load = "for i in $(seq 100); do nft -f /etc/nftables.conf || exit 1; sleep 0.1; done";
        var loads = plan
            .Units.Select(name =>
                Task.Run(() => Tool.Try("ip", new LabUnit(plan, name).Inside("sh", "-c", load), limit: TimeSpan.FromMinutes(5)))
            )
            .ToArray();
        Assert.All(await Task.WhenAll(loads), load => Assert.True(load.Ok, load.Errors));

        // Whoever answers for the virtual addresses was asked meanwhile, over and over: who has them?
        var report = await traffic.FinishAsync();
        var after = watch.Status(standby, out var why);
        Assert.True(after is not null, why);
        Assert.Equal(before.Epoch, after.Epoch);
        Assert.Empty(heard.Answers());
        Assert.Empty(DemoJudge.OfTraffic(report));
    }

    /// <summary>Machines that are ten times slower than the defaults have in mind, for ten minutes.</summary>
    [Theory]
    [InlineData("6.1", 600)]
    public async Task A_slow_cluster_under_traffic_keeps_its_primary(string kernel, int seconds)
    {
        var (plan, watch, before) = await cluster.ReadyAsync(kernel);
        using var traffic = await EmulatedCluster.FlowingAsync(plan);
        var answers = new List<double>();
        for (
            var clock = Stopwatch.StartNew();
            clock.Elapsed < TimeSpan.FromSeconds(seconds);
            await Task.Delay(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)
        )
        {
            foreach (var unit in LabSite.UnitsOf(plan))
            {
                // Timed on the machine: the way in by ssh costs a second of its own.
                const string timed = "TIMEFORMAT=%R; { time hitless status >/dev/null; } 2>&1";
                var took = Tool.Run("ip", unit.Inside("bash", "-c", timed), limit: TimeSpan.FromMinutes(2));
                answers.Add(double.Parse(took, CultureInfo.InvariantCulture));
            }
        }

        var after = watch.Status(before.Primary!, out var why);
        Assert.True(after is not null, why);
        EmulatedCluster.Say(
            $"{after.Epoch - before.Epoch} changes of primary; "
                + $"status answers after {answers.Order().ElementAt(answers.Count / 2)} s, {answers.Max()} s at the worst"
        );
        Assert.InRange(after.Epoch - before.Epoch, 0, 2);
        Assert.All(answers, seconds => Assert.InRange(seconds, 0, StatusLimit.TotalSeconds));
        Assert.Empty(DemoJudge.OfTraffic(await traffic.FinishAsync()));
    }
}
