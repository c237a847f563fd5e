using Hitless.Core.Api;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>What Hitless itself listens on is reached through the heartbeat links alone (docs/decisions/0061).</summary>
public sealed class OwnSocketTests
{
    private const string Api = "8419";
    private const string Invitation = "8420";

    [Scenario]
    public async Task Units_answer_each_other_through_heartbeat_links_only_also_through_one_that_was_made_anew()
    {
        using var cluster = await LabCluster.ReadyAsync(heartbeatLinks: 2);
        OpenFirewall(cluster, "gw1");
        Shell(cluster, LabPlan.Client, "ip route add 10.10.9.1/32 via 10.10.1.11 && ip route add 10.10.10.1/32 via 10.10.1.11");
        Assert.Equal(0, cluster.Watch.Cli("gw1").Run("invite", "--address", "10.10.10.1").ExitCode);
        Assert.True(
            Connects(cluster, LabPlan.Client, "10.10.1.11", "22222"),
            "the client reaches the unit itself: the firewall hides nothing"
        );
        string[] reached = ["10.10.9.1 8419", "10.10.10.1 8419", "10.10.10.1 8420"];
        Assert.All(reached, each => Assert.True(Connects(cluster, "gw2", each.Split(' ')), $"gw2 reaches {each}"));
        Assert.All(reached, each => Assert.False(Connects(cluster, LabPlan.Client, each.Split(' ')), $"the client reaches {each}"));

        // Another wire between the same units.
        Tool.Run(
            "ip",
            ["link", "add", "own0", "netns", Space(cluster, "gw1"), "type", "veth", "peer", "name", "own0", "netns", Space(cluster, "gw2")]
        );
        Shell(cluster, "gw1", "ip link set own0 up && ip address add 10.10.5.1/24 dev own0");
        Shell(cluster, "gw2", "ip link set own0 up && ip address add 10.10.5.2/24 dev own0");
        Assert.True(Connects(cluster, "gw2", "10.10.5.1", "22222"), "the wire works");
        Shell(cluster, "gw2", "ip route add 10.10.10.1/32 via 10.10.5.1");
        Assert.False(Connects(cluster, "gw2", "10.10.10.1", Api), "gw2 reaches the API through another wire");
        Shell(cluster, "gw2", "ip route del 10.10.10.1/32");

        MakeAnew(cluster, "gw1", "hb1", "10.10.10.1/24");
        await LabCluster.UntilAsync("gw1 answers on the link that was made anew", () => Connects(cluster, "gw2", "10.10.10.1", Api));
        Assert.False(Connects(cluster, LabPlan.Client, "10.10.10.1", Api), "the client reaches the link that was made anew");
        Assert.False(Connects(cluster, LabPlan.Client, "10.10.10.1", Invitation), "the client reaches the invitation");
        await LabCluster.UntilAsync("all is well", () =>
            cluster.Watch.Cli("gw2").Ask<ClusterStatus>(out _, "status") is { } status
            && status.Health == ClusterCondition.Ok
            && status.Units.All(unit => unit.State == UnitStateWord.Ready)
        );
    }

    [Scenario]
    public async Task Every_socket_of_a_unit_that_takes_what_comes_is_bound_to_an_interface()
    {
        using var cluster = await LabCluster.ReadyAsync(heartbeatLinks: 2);
        Assert.Equal(0, cluster.Watch.Cli("gw1").Run("invite").ExitCode);
        var sockets = Tool.Run("ip", cluster.Unit("gw1").Inside("ss", "-Hlntu"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4])
            .ToList();
        LabCluster.Say(string.Join(' ', sockets));
        Assert.Contains("10.10.9.1%hb0:8417", sockets);
        Assert.Contains("10.10.9.1%hb0:8420", sockets);
        Assert.All(sockets, each => Assert.Contains('%', each));
    }

    private static bool Connects(LabCluster cluster, string host, params string[] target)
    {
        var said = Tool.Try(
            "ip",
            ["netns", "exec", Space(cluster, host), "sh", "-c", $"curl -sk -m 3 telnet://{target[0]}:{target[1]} </dev/null"]
        );

        // 7: nobody answered; a connection that was made and brought nothing ends otherwise.
        return said.ExitCode != 7;
    }

    private static void OpenFirewall(LabCluster cluster, string unit)
    {
        Shell(cluster, unit, $"nft insert rule inet gateway input tcp dport {{ {Api}, {Invitation}, 22222 }} accept");
        _ = Tool.Start(
            "ip",
            ["netns", "exec", Space(cluster, unit), "python3", "-m", "http.server", "22222", "--bind", "0.0.0.0"],
            redirectInput: false
        );
        Shell(cluster, unit, "for i in $(seq 50); do ss -Hlnt | grep -q :22222 && exit 0; sleep 0.1; done; exit 1");
    }

    private static void MakeAnew(LabCluster cluster, string unit, string link, string address)
    {
        var spaces = (Unit: Space(cluster, unit), Switch: cluster.Plan.NamespaceOf(LabPlan.Switch));
        Tool.Run("ip", ["-n", spaces.Unit, "link", "del", link]);
        Tool.Run(
            "ip",
            ["link", "add", $"{link}-{unit}", "netns", spaces.Switch, "type", "veth", "peer", "name", link, "netns", spaces.Unit]
        );
        Tool.Run("ip", ["-n", spaces.Switch, "link", "set", $"{link}-{unit}", "master", link, "up"]);
        Tool.Run("ip", ["-n", spaces.Unit, "addr", "add", address, "dev", link]);
        Tool.Run("ip", ["-n", spaces.Unit, "link", "set", link, "up"]);
    }

    private static string Space(LabCluster cluster, string host) => cluster.Plan.NamespaceOf(host);

    private static void Shell(LabCluster cluster, string host, string command) =>
        Tool.Run("ip", ["netns", "exec", Space(cluster, host), "sh", "-c", command]);
}
