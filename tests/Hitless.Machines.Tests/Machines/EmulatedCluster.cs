using Hitless.Core.Api;
using Hitless.Lab;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tools;
using Hitless.Lab.Traffic;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Machines.Tests.Machines;

/// <summary>Two emulated machines, which tests share as long as they want the same kernel; what they leave broken is booted anew.</summary>
public sealed class EmulatedCluster : IDisposable
{
    private const string Name = "machines";
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan StandingLimit = TimeSpan.FromMinutes(2);
    private LabPlan? plan;

    private static string LogFolder => Path.Combine(Prerequisites.Out, "test", "machines", "emulated");

    /// <summary>What a lab of machines with this kernel is made of.</summary>
    public static LabPlan Plan(string kernel)
    {
        Prerequisites.NeedBuild();
        Prerequisites.NeedPrograms("debootstrap", "qemu-system-x86_64", "ssh", "tcpdump");
        var image = Prerequisites.FirstImage;
        return new LabPlan(
            Name,
            Path.Combine(LabPlan.DefaultRoot, Name),
            Prerequisites.Out,
            2,
            1,
            StaticRouter: false,
            image,
            Lab.Commands.Images.TrustBeside(image)
        )
        {
            Machines = true,
            Kernel = kernel,
        };
    }

    /// <summary>The cluster, ready.</summary>
    public async Task<(LabPlan Plan, ClusterWatch Watch, ClusterStatus Status)> ReadyAsync(string kernel)
    {
        if (plan?.Kernel != kernel)
        {
            Down();
            plan = Plan(kernel);
            LabSite.Up(plan, Say);
        }

        var watch = new ClusterWatch(plan);
        return (plan, watch, await watch.UntilReadyAsync(ReadyLimit, TestContext.Current.CancellationToken));
    }

    /// <summary>Takes the machines down: the next test boots its own.</summary>
    public void Down()
    {
        if (plan is not null)
        {
            KeepLogs(plan);
            LabSite.Down(LabPlan.DefaultRoot, Name);
        }

        plan = null;
    }

    /// <summary>Traffic that two such machines bear.</summary>
    public static async Task<TrafficRun> FlowingAsync(LabPlan plan)
    {
        var traffic = await TrafficRun.StartAsync(plan, connections: 50, ratePerSecond: 5);
        await traffic.WaitUntilStandingAsync(StandingLimit, TestContext.Current.CancellationToken);
        return traffic;
    }

    /// <summary>A line in the test's output.</summary>
    public static void Say(string text) => TestContext.Current.SendDiagnosticMessage("{0:HH:mm:ss} {1}", DateTimeOffset.UtcNow, text);

    /// <summary>Leaves consoles and journals in <c>out/test/machines/emulated</c>.</summary>
    public static void KeepLogs(LabPlan plan) => LabSite.KeepLogs(plan, LogFolder);

    /// <summary>Leaves a report beside the logs, <c>NAME.json</c>.</summary>
    public static void KeepReport(DemoReport report, string name) =>
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(LogFolder).FullName, $"{name}.json"), LabJson.WriteIndented(report));

    /// <inheritdoc/>
    public void Dispose() => Down();
}
