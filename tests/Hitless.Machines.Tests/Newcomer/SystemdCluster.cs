using Hitless.Lab.Network;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>Makes a cluster of the first two machines of a site.</summary>
internal static class SystemdCluster
{
    private const string Setup =
        "hitless setup --cluster edge --heartbeat hb0 --address lan0=10.10.1.1/24 --address wan0=10.10.2.1/24 && hitless invite";

    /// <summary>By the package, behind the firewall of the lab's gateways; gw1 is primary and gw2 ready.</summary>
    /// <param name="image">The first image, instead of the package's.</param>
    public static async Task MakeAsync(SystemdSite site, string package, string? image = null)
    {
        if (image is not null)
        {
            site.Bring(image);
        }

        var firewall = Firewall.Text(masquerade: false).Replace("8419", "{ 8419, 8420 }", StringComparison.Ordinal);
        site.Bring(package);
        foreach (var unit in site.Plan.Units)
        {
            var machine = site[LabPlan.NumberOf(unit) - 1];
            machine.Type($"DEBIAN_FRONTEND=noninteractive apt-get install -y ./{Path.GetFileName(package)}");
            machine.Type(image is null ? "true" : $"cp {Path.GetFileName(image)} /usr/lib/hitless/");
            machine.Type("cat > /etc/nftables.conf", firewall);
            machine.Type("nft -f /etc/nftables.conf; sysctl -w net.netfilter.nf_conntrack_tcp_loose=0");
        }

        var said = site[0].Type(Setup);
        await site[0].UntilReadyAsync("gw1", units: 1);
        site[1].Type($"hitless join {PackageFile.CodeIn(said)}");
        await site[0].UntilReadyAsync("gw1");
    }
}
