using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Traffic;
using Xunit;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>
/// The package on machines with systemd, beyond what README says: a third unit, and an upgrade of the package under traffic.
/// </summary>
public sealed class PackageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_third_unit_joins_by_a_code_and_every_unit_hears_it()
    {
        Prerequisites.NeedPrograms("debootstrap", "systemd-nspawn");
        var package = PackageFile.Build();
        using var site = SystemdSite.Boot(units: 3);
        await SystemdCluster.MakeAsync(site, package);

        // Invited by the standby: it and the primary restart in service, the primary first.
        var said = site[2].Type($"hitless join {PackageFile.CodeIn(site[1].Type("hitless invite"))} 2>&1");
        Assert.DoesNotContain("must hear", said);
        for (var unit = 0; unit < 3; unit++)
        {
            await site[unit].UntilReadyAsync("gw1", units: 3);
            await site[unit].UntilNoProblemAsync();
        }

        Assert.Contains("peers: [10.10.9.2, 10.10.9.3]", site[0].Type("cat /etc/hitless/unit.yaml"));
        Assert.Contains("peers: [10.10.9.1, 10.10.9.3]", site[1].Type("cat /etc/hitless/unit.yaml"));
        Assert.Contains("\"epoch\": 1,", site[0].Type("hitless --json status"));

        // What only the second and the third know of each other is enough.
        site[0].Type("hitless unit hold gw2 --reason 'the third is to take over'");
        Assert.Contains("standby, held (the third is to take over), epoch", site[1].Type("systemctl status hitless"));
        site[0].Type("systemctl stop hitless");
        await site[2].UntilPrimaryAsync("gw3");
        site[1].Type("hitless unit release");
    }

    [Fact]
    public async Task An_upgrade_of_the_package_under_traffic_replaces_hitless_boot_and_touches_nothing_else()
    {
        Prerequisites.NeedPrograms("debootstrap", "systemd-nspawn");
        var package = PackageFile.Build();
        using var site = SystemdSite.Boot();
        var folder = Directory.CreateTempSubdirectory("hitless-newer").FullName;
        try
        {
            var newer = PackageFile.Newer(package, folder, "1.0.0+1");
            await SystemdCluster.MakeAsync(site, package);
            site.Bring(newer);
            var image = PackageFile.NewerImage(folder);
            site.Bring(image);
            var upgrade = $"DEBIAN_FRONTEND=noninteractive apt-get install -y ./{Path.GetFileName(newer)} 2>&1";
            using var traffic = await TrafficRun.StartAsync(
                site.Plan.NamespaceOf(LabPlan.Client),
                site.Plan.NamespaceOf(LabPlan.Server),
                connections: 200,
                ratePerSecond: 50,
                ipv4Only: true
            );
            await traffic.WaitUntilStandingAsync(TimeSpan.FromSeconds(60), Cancellation);
            foreach (var unit in (SystemdMachine[])[site[1], site[0]])
            {
                var before = unit.Type(State);
                Assert.Contains("nothing was restarted", unit.Type(upgrade));
                await UntilReplacedAsync(unit);
                Assert.Equal(before, unit.Type(State));
                Assert.Equal("1.0.0+1", unit.Type("dpkg-query -W -f '${Version}' hitless"));
                Assert.Contains("goes on with hitlessd of slot a", unit.Type("journalctl -u hitless --no-pager"));
            }

            // During a run the package says no, with a sentence.
            site[0].Type($"hitless upgrade start {Path.GetFileName(image)} --guided --detach");
            var refused = site[0].Type($"dpkg -i ./{Path.GetFileName(newer)} 2>&1 || true");
            Assert.Contains("hitless: an upgrade of the cluster is under way: let it end first", refused);
            Assert.Contains("installed", site[0].Type("dpkg-query -W -f '${db:Status-Status}' hitless"));
            site[0].Type("hitless upgrade abort");

            var report = await traffic.FinishAsync();
            Assert.True(report.Clean, $"{report.ConnectionsLost} connections, {report.PacketsLost} of {report.Probe.Sent} packets lost");
            TestContext.Current.TestOutputHelper!.WriteLine(
                $"{report.Long.Opened} connections, {report.Probe.Sent} packets, 0 lost; longest gap {report.LongestGapMs} ms"
            );

            // The new one knows its child: a daemon that dies is started again, a stop hands over.
            site[1].Type("kill -9 $(pidof hitlessd)");
            await site[1].UntilReadyAsync("gw1");
            site[0].Type("systemctl stop hitless");
            await site[1].UntilPrimaryAsync("gw2");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private const string State = "pidof hitlessd; systemctl show -p MainPID -p NRestarts hitless; hitless --json status | grep '\"epoch\"'";

    private static async Task UntilReplacedAsync(SystemdMachine unit)
    {
        var runs = "";
        for (var until = DateTimeOffset.UtcNow.AddSeconds(30); DateTimeOffset.UtcNow < until; await Task.Delay(300, Cancellation))
        {
            runs = unit.Type("readlink /proc/$(systemctl show --property MainPID --value hitless)/exe").Trim();
            if (runs == "/usr/sbin/hitless-boot")
            {
                return;
            }
        }

        Assert.Fail($"{unit.Name} still runs {runs}");
    }
}
