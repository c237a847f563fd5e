using System.Diagnostics;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Traffic;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Machines.Tests.Machines;

/// <summary>Units in namespaces of this machine that get a tenth of a processor each, at the defaults.</summary>
public sealed class ThrottledUnitTests
{
    private const string Name = "throttled";
    private const string Groups = "/sys/fs/cgroup";
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StatusLimit = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(600)]
    public async Task Two_units_with_a_tenth_of_a_processor_each_keep_their_primary(int seconds)
    {
        Prerequisites.NeedBuild();
        var image = Prerequisites.FirstImage;
        var (folder, trust) = (Path.Combine(LabPlan.DefaultRoot, Name), Lab.Commands.Images.TrustBeside(image));
        var plan = new LabPlan(Name, folder, Prerequisites.Out, 2, 1, StaticRouter: false, image, trust);
        try
        {
            LabSite.Up(plan);
            var watch = new ClusterWatch(plan);
            foreach (var unit in plan.Units)
            {
                Throttle(plan.NamespaceOf(unit), unit);
            }

            var before = await watch.UntilReadyAsync(ReadyLimit, TestContext.Current.CancellationToken);
            using var traffic = await TrafficRun.StartAsync(plan, connections: 100, ratePerSecond: 20);
            var answers = new List<TimeSpan>();
            var clock = Stopwatch.StartNew();
            while (clock.Elapsed < TimeSpan.FromSeconds(seconds))
            {
                foreach (var unit in plan.Units)
                {
                    var asked = clock.Elapsed;
                    Assert.NotNull(watch.Status(unit, out var why));
                    Assert.Empty(why);
                    answers.Add(clock.Elapsed - asked);
                }

                await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
            }

            var after = watch.Status()!;
            EmulatedCluster.Say(
                $"{after.Epoch - before.Epoch} changes of primary; status answers after {answers.Max().TotalMilliseconds:F0} ms at "
                    + $"the worst"
            );
            Assert.InRange(after.Epoch - before.Epoch, 0, 2);
            Assert.All(answers, answer => Assert.True(answer < StatusLimit, $"status took {answer.TotalSeconds:F1} s"));
            Assert.Equal(0, (await traffic.FinishAsync()).ConnectionsLost);
        }
        finally
        {
            LabSite.KeepLogs(plan, Path.Combine(Prerequisites.Out, "test", "machines", Name));
            LabSite.Down(LabPlan.DefaultRoot, Name);
            foreach (var group in plan.Units.Select(GroupOf).Where(Directory.Exists))
            {
                Directory.Delete(group);
            }
        }
    }

    private static string GroupOf(string unit) =>
        Path.Combine(Groups, Directory.Exists($"{Groups}/cpu") ? "cpu" : "", $"hitless-{Name}-{unit}");

    /// <summary>
    /// A tenth of a processor (cgroups v1 or v2). Where real-time threads are limited by groups too (RT_GROUP_SCHED, v1), they get another
    /// tenth, since none could be in the group else.
    /// </summary>
    private static void Throttle(string netNamespace, string unit)
    {
        var group = Directory.CreateDirectory(GroupOf(unit)).FullName;
        if (File.Exists($"{group}/cpu.max"))
        {
            File.WriteAllText($"{group}/cpu.max", "10000 100000");
        }
        else
        {
            File.WriteAllText($"{group}/cpu.cfs_period_us", "100000");
            File.WriteAllText($"{group}/cpu.cfs_quota_us", "10000");
            if (File.Exists($"{group}/cpu.rt_runtime_us"))
            {
                File.WriteAllText($"{group}/cpu.rt_runtime_us", "100000");
            }
        }

        foreach (var process in Namespaces.Processes(netNamespace))
        {
            File.WriteAllText($"{group}/cgroup.procs", $"{process}");
        }
    }
}
