using Hitless.Core.Api;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>Others on the same wires: VRRP routers, and Hitless clusters with another group and with the same one.</summary>
public sealed class NeighbourhoodTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario(Explicit = true)] // Needs keepalived: ./dev test lab -- -explicit only
    public async Task Vrrp_routers_and_a_cluster_of_another_group_are_undisturbed_and_disturb_nobody()
    {
        Prerequisites.NeedPrograms("keepalived");
        using var cluster = await LabCluster.ReadyAsync();
        using var other = await LabCluster.ReadyAsync();
        other.RestartWith(
            ("group: 7", "group: 8"),
            ($"{Addresses.VirtualLan}/", "10.10.1.240/"),
            ($"{Addresses.VirtualLan6}/", "fd00:1::240/")
        );

        // Its hosts have the addresses of ours: they stay away.
        SetPort(other.Plan, "lan-client", up: false);
        await other.UntilReadyAsync();
        Connect(cluster.Plan, other.Plan);
        using var routers = new VrrpPair(cluster.Plan);
        await LabCluster.UntilAsync("r1 answers", () => Pings(cluster.Plan, VrrpPair.Address));
        var before = (Epoch(cluster), Epoch(other));
        var changes = routers.Changes;

        using var traffic = await cluster.FlowingAsync();
        Switch(cluster);
        await Task.Delay(TimeSpan.FromSeconds(5), Cancellation);
        Switch(other);
        await Task.Delay(TimeSpan.FromSeconds(5), Cancellation);
        var report = await traffic.FinishAsync();

        Assert.Equal((0, 0), (report.ConnectionsLost, report.PacketsLost));
        Assert.Equal(changes, routers.Changes);
        Assert.True(Pings(cluster.Plan, VrrpPair.Address));
        Assert.True(Pings(cluster.Plan, "10.10.1.240"));
        Assert.Equal((before.Item1 + 1, before.Item2 + 1), (Epoch(cluster), Epoch(other)));
        Assert.All((LabCluster[])[cluster, other], one => Assert.Equal([], one.Watch.Status()!.Problems));
    }

    [Scenario(Explicit = true)] // Half a minute: ./dev test lab -- -explicit only
    public async Task A_cluster_of_the_same_group_is_reported_by_both_and_neither_takes_the_others_word()
    {
        using var cluster = await LabCluster.ReadyAsync();
        using var other = await LabCluster.ReadyAsync();
        var before = (Epoch(cluster), Epoch(other));
        Connect(cluster.Plan, other.Plan);
        foreach (var one in (LabCluster[])[cluster, other])
        {
            await LabCluster.UntilAsync("the other cluster is reported", () =>
                one
                    .Watch.Status()!
                    .Problems.Any(problem =>
                        problem.Contains("another Hitless cluster on lan0 has the group 7 too", StringComparison.Ordinal)
                    )
            );
            LabCluster.Say(string.Join("; ", one.Watch.Status()!.Problems));
        }

        Assert.Equal(before, (Epoch(cluster), Epoch(other)));
    }

    private static void Switch(LabCluster cluster)
    {
        var said = cluster.Watch.Cli(cluster.Watch.Status()!.Primary!).Run("switchover", "--wait");
        Assert.True(said.Ok, said.Errors);
    }

    private static long Epoch(LabCluster cluster) => cluster.Watch.Status()!.Epoch;

    /// <summary>A cable between the lan switches of two labs.</summary>
    private static void Connect(LabPlan plan, LabPlan other)
    {
        Tool.Run(
            "ip",
            [
                "link",
                "add",
                "to-other",
                "netns",
                plan.NamespaceOf(LabPlan.Switch),
                "type",
                "veth",
                "peer",
                "name",
                "to-other",
                "netns",
                other.NamespaceOf(LabPlan.Switch),
            ]
        );
        foreach (var each in (LabPlan[])[plan, other])
        {
            Tool.Run("ip", ["-n", each.NamespaceOf(LabPlan.Switch), "link", "set", "to-other", "master", "lan", "up"]);
        }
    }

    private static void SetPort(LabPlan plan, string port, bool up) =>
        Tool.Run("ip", ["-n", plan.NamespaceOf(LabPlan.Switch), "link", "set", port, up ? "up" : "down"]);

    private static bool Pings(LabPlan plan, string address) =>
        Tool.Try("ip", ["netns", "exec", plan.NamespaceOf(LabPlan.Client), "ping", "-n", "-c", "1", "-W", "1", address]).Ok;
}
