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

/// <summary>
/// A run brings a kernel and a package of a local archive onto two machines whose GRUB chooses what boots (docs/decisions/0105), under
/// traffic, and takes back a kernel that does not boot.
/// </summary>
public sealed class KernelUpgradeTests(EmulatedCluster cluster)
{
    private const string Name = "kernels";
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan CommandLimit = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(50);
    private static readonly TimeSpan FollowInterval = TimeSpan.FromSeconds(10);

    [Fact(Explicit = true)] // Half an hour
    public async Task A_new_kernel_boots_on_both_units_and_nothing_is_lost()
    {
        using var archive = Archive(KernelFault.None);
        await RunAsync(archive, RunState.Completed, "2", archive.New);
    }

    [Theory(Explicit = true)] // A quarter of an hour each
    [InlineData(KernelFault.Garbage, "error: invalid magic number")]
    [InlineData(KernelFault.Panics, "Kernel panic - not syncing")]
    public async Task A_kernel_that_does_not_boot_is_taken_back_and_nothing_is_lost(KernelFault fault, string said)
    {
        using var archive = Archive(fault);
        var consoles = await RunAsync(archive, RunState.RolledBack, "1", archive.Present);
        Assert.Contains(consoles, console => console.Contains(said, StringComparison.Ordinal));
    }

    private static KernelArchive Archive(KernelFault fault)
    {
        Prerequisites.NeedBuild();
        Prerequisites.NeedPrograms("dpkg-scanpackages", "grub-mkimage");
        return new KernelArchive(fault, Path.Combine(Prerequisites.Out, "keys", "image-signing.key"));
    }

    // What the machines' consoles said.
    private async Task<string[]> RunAsync(KernelArchive archive, RunState expected, string package, string kernel)
    {
        cluster.Down();
        var plan = EmulatedCluster.Plan(LabPlan.DebianKernel) with
        {
            Name = Name,
            Folder = Path.Combine(LabPlan.DefaultRoot, Name),
            BootLoader = true,
            MachineFiles = archive.Folder,
        };
        try
        {
            LabSite.Up(plan, EmulatedCluster.Say);
            var watch = new ClusterWatch(plan);
            var before = await watch.UntilReadyAsync(ReadyLimit, TestContext.Current.CancellationToken);
            Assert.All(LabSite.UnitsOf(plan), unit => Assert.Equal(archive.Present, Type(unit, "uname -r")));
            var made = MakeImage(plan, before.Primary!);
            Assert.Contains($"linux-image-{archive.New} (new) -> ", made);
            Assert.Contains("GRUB starts the new kernel once", made);

            using var traffic = await EmulatedCluster.FlowingAsync(plan);
            Start(watch, before.Primary!);
            var ended = await FollowAsync(plan, watch);
            await watch.UntilReadyAsync(ReadyLimit, TestContext.Current.CancellationToken);
            var report = await traffic.FinishAsync();
            var run = watch.Cli(watch.Primary() ?? before.Primary!).Ask<RunReport>(out _, "upgrade", "report");
            EmulatedCluster.Say(
                $"{archive.New}: {ended?.State}, {ended?.Text}; {run?.DurationMs / 1000:F0} s, longest gap {run?.LongestGapMs} ms; "
                    + $"{report.Long.Opened} long and {report.Short.Opened} short connections, {report.ConnectionsLost} lost; "
                    + $"{report.PacketsLost} of {report.Probe.Sent} packets lost; {report.Losses}"
            );
            Assert.Equal(expected, ended?.State);
            Assert.All(LabSite.UnitsOf(plan), unit => Stands(unit, package, kernel, archive));
            Assert.Equal(0, report.ConnectionsLost);
            Assert.Empty(DemoJudge.OfTraffic(report));
            return [.. LabSite.UnitsOf(plan).Select(unit => File.ReadAllText(unit.Log))];
        }
        finally
        {
            EmulatedCluster.KeepLogs(plan);
            LabSite.Down(LabPlan.DefaultRoot, plan.Name);
        }
    }

    private static string MakeImage(LabPlan plan, string primary)
    {
        foreach (var unit in LabSite.UnitsOf(plan))
        {
            Type(unit, "dpkg -i /srv/archive/edge-demo_1_all.deb");
        }

        var image = Path.GetFileName(plan.Image!);
        return Type(
            new LabUnit(plan, primary),
            $"hitless firmware system /root/{image} --apt --key /root/image-signing.key --out /root/packages.hli 2>&1"
        );
    }

    // On a busy host the primary may change while the image is uploaded, and answer too late.
    private static void Start(ClusterWatch watch, string unit)
    {
        for (var tries = 3; ; tries--)
        {
            var begun = watch.Cli(unit).Run("upgrade", "start", "/root/packages.hli", "--detach");
            if (begun.Ok || watch.Cli(unit).Ask<RunStatus>(out _, "upgrade", "status") is not null)
            {
                return;
            }

            Assert.True(tries > 1, begun.Output + begun.Errors);
            EmulatedCluster.Say(begun.Errors.Trim());
        }
    }

    // The units reboot, so whoever answers is asked.
    private static async Task<RunStatus?> FollowAsync(LabPlan plan, ClusterWatch watch)
    {
        RunStatus? last = null;
        for (
            var until = DateTimeOffset.UtcNow + RunLimit;
            DateTimeOffset.UtcNow < until && last?.State is not { HasEnded: true };
            await Task.Delay(FollowInterval, TestContext.Current.CancellationToken)
        )
        {
            var status = plan
                .Units.Select(unit => watch.Cli(unit).Ask<RunStatus>(out _, "upgrade", "status"))
                .FirstOrDefault(found => found is not null);
            if (status is not null && status.Text != last?.Text)
            {
                EmulatedCluster.Say($"step {status.StepIndex} of {status.StepCount}: {status.Text}");
            }

            last = status ?? last;
        }

        return last;
    }

    private static void Stands(LabUnit unit, string package, string kernel, KernelArchive archive)
    {
        Assert.Equal(kernel, Type(unit, "uname -r"));
        Assert.Equal($"installed {package}", Type(unit, "dpkg-query -W -f '${db:Status-Status} ${Version}' edge-demo"));
        Assert.Equal(
            kernel == archive.New ? "installed" : "",
            Type(unit, $"dpkg-query -W -f '${{db:Status-Status}}' linux-image-{archive.New} 2>/dev/null | grep -w installed || true")
        );
        var chosen = Type(unit, "grub-editenv - list");
        Assert.DoesNotContain("next_entry", chosen);
        Assert.Equal(kernel == archive.New, chosen.Contains($"gnulinux-{archive.New}-advanced-", StringComparison.Ordinal));
    }

    private static string Type(LabUnit unit, string line) => Tool.Run("ip", unit.Inside("sh", "-c", line), limit: CommandLimit).Trim();
}
