using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Xunit;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>
/// The package on machines with systemd, beyond what README says.
/// </summary>
public sealed class PackageTests
{
    private const string Setup =
        "hitless setup --cluster edge --heartbeat hb0 --address lan0=10.10.1.1/24 --address wan0=10.10.2.1/24 && hitless invite";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_third_unit_joins_by_a_code_and_every_unit_hears_it()
    {
        Prerequisites.NeedPrograms("debootstrap", "systemd-nspawn");
        var package = PackageFile.Build();
        using var site = SystemdSite.Boot(units: 3);
        await ClusterAsync(site, package);

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

    /// <summary>The first two machines become a cluster, behind the firewall of the lab's gateways.</summary>
    private static async Task ClusterAsync(SystemdSite site, string package)
    {
        var firewall = Firewall.Text(masquerade: false).Replace("8419", "{ 8419, 8420 }", StringComparison.Ordinal);
        site.Bring(package);
        foreach (var unit in site.Plan.Units)
        {
            var machine = site[LabPlan.NumberOf(unit) - 1];
            machine.Type($"DEBIAN_FRONTEND=noninteractive apt-get install -y ./{Path.GetFileName(package)}");
            machine.Type("cat > /etc/nftables.conf", firewall);
            machine.Type("nft -f /etc/nftables.conf; sysctl -w net.netfilter.nf_conntrack_tcp_loose=0");
        }

        var said = site[0].Type(Setup);
        await site[0].UntilReadyAsync("gw1", units: 1);
        site[1].Type($"hitless join {PackageFile.CodeIn(said)}");
        await site[0].UntilReadyAsync("gw1");
    }
}
