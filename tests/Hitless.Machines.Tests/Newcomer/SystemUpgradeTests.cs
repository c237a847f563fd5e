using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Traffic;
using Xunit;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>The packages under Hitless are upgraded by a run (docs/decisions/0074), under traffic.</summary>
public sealed class SystemUpgradeTests
{
    private const string MakeImage =
        "hitless firmware system /usr/lib/hitless/hitless-*.hli --apt --key image-signing.key --out packages.hli 2>&1";

    private const string System = "--system --key image-signing.key";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Packages_are_upgraded_on_both_units_and_one_that_stops_forwarding_is_taken_back()
    {
        Prerequisites.NeedPrograms("debootstrap", "systemd-nspawn", "dpkg-scanpackages");
        using var edge = new EdgePackage();
        using var site = await SiteAsync(edge);
        using var traffic = await TrafficAsync(site);

        edge.Offer(site[0], 1, 2);
        Assert.Contains("edge-demo 1 -> 2", site[0].Type(MakeImage));
        Run(site[0], "completed");
        for (var unit = 0; unit < 2; unit++)
        {
            Assert.Equal("installed 2", EdgePackage.On(site[unit]));
            Assert.Contains("+system.", site[unit].Type("hitless --json status"));
        }

        edge.Offer(site[0], 2, 3);
        site[0].Type("rm packages.hli");
        var plan = site[0].Type($"hitless upgrade plan {System}");
        Assert.Contains("edge-demo 2 -> 3", plan);
        Assert.Contains("can be taken back", plan);
        var primary = site[0].Type("hitless --json status | grep '\"primary\"'");
        Run(site[0], "rolled-back", System);
        Assert.Equal("2", site[0].Type("hitless firmware list | grep -c +system.").Trim());
        for (var unit = 0; unit < 2; unit++)
        {
            Assert.Equal("installed 2", EdgePackage.On(site[unit]));
            await site[unit].UntilNoProblemAsync();
        }

        Assert.Equal(primary, site[0].Type("hitless --json status | grep '\"primary\"'"));
        await LosesNothingAsync(traffic);
    }

    [Fact(Explicit = true)] // Two minutes: ./dev test machines
    public async Task Without_a_way_back_the_run_stops_before_the_switch_and_says_what_is_left()
    {
        Prerequisites.NeedPrograms("debootstrap", "systemd-nspawn", "dpkg-scanpackages");
        using var edge = new EdgePackage();
        using var site = await SiteAsync(edge);
        using var traffic = await TrafficAsync(site);
        edge.Offer(site[0], 3);
        Assert.Contains("No way back: the present version of edge-demo", site[0].Type(MakeImage));
        Assert.Contains("there is no way back from that", site[0].Type("hitless upgrade check packages.hli 2>&1 || true"));

        Run(site[0], "rolled-back");

        Assert.Equal(("installed 1", "installed 3"), (EdgePackage.On(site[0]), EdgePackage.On(site[1])));
        Assert.Contains("\"primary\": \"gw1\"", site[0].Type("hitless --json status"));
        Assert.Contains("the system is still as", site[1].Type("hitless status"));
        Assert.Contains("the system is still as", site[0].Type("hitless upgrade report"));
        await LosesNothingAsync(traffic);
    }

    [Fact(Explicit = true)] // Two minutes: ./dev test machines
    public async Task A_unit_with_other_packages_is_named_before_anything_is_changed()
    {
        Prerequisites.NeedPrograms("debootstrap", "systemd-nspawn", "dpkg-scanpackages");
        using var edge = new EdgePackage();
        using var site = await SiteAsync(edge);
        edge.Offer(site[0], 1, 2);
        site[0].Type(MakeImage);
        site[1].Type("dpkg -r edge-demo");

        Run(site[0], "rolled-back");

        Assert.Contains("edge-demo is not installed, expected was 1", site[0].Type("hitless upgrade report"));
        Assert.Equal("installed 1", EdgePackage.On(site[0]));
        Assert.Equal("", site[1].Type("dpkg-query -W -f '${Version}' edge-demo 2>/dev/null || true").Trim());
    }

    private static async Task<SystemdSite> SiteAsync(EdgePackage edge)
    {
        var package = PackageFile.Build();
        var site = SystemdSite.Boot();

        // A container cannot reboot, and the package's image wants one when its slot is gone back to.
        await SystemdCluster.MakeAsync(site, package, PackageFile.RestartingImage(edge.Folder));
        edge.InstallFirst(site);
        site.Bring(Path.Combine(Prerequisites.Out, "keys", "image-signing.key"));
        return site;
    }

    private static async Task<TrafficRun> TrafficAsync(SystemdSite site)
    {
        var traffic = await TrafficRun.StartAsync(
            site.Plan.NamespaceOf(LabPlan.Client),
            site.Plan.NamespaceOf(LabPlan.Server),
            connections: 200,
            ratePerSecond: 50,
            ipv4Only: true
        );
        await traffic.WaitUntilStandingAsync(TimeSpan.FromSeconds(60), Cancellation);
        return traffic;
    }

    // The exit code tells how it ended; what it printed is in the failure.
    private static void Run(SystemdMachine unit, string state, string image = "packages.hli")
    {
        var said = unit.Type($"hitless upgrade start {image} 2>&1 || true; hitless --json upgrade status");
        Assert.True(said.Contains($"\"state\": \"{state}\"", StringComparison.Ordinal), said);
    }

    private static async Task LosesNothingAsync(TrafficRun traffic)
    {
        var report = await traffic.FinishAsync();
        Assert.True(report.Clean, $"{report.ConnectionsLost} connections, {report.PacketsLost} of {report.Probe.Sent} packets lost");
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{report.Long.Opened} connections, {report.Probe.Sent} packets, 0 lost; longest gap {report.LongestGapMs} ms"
        );
    }
}
