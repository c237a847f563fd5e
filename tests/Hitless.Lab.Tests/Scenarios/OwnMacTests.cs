using Hitless.Core.Configuration;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>A cluster on a network that lets no second MAC pass (docs/decisions/0044).</summary>
public sealed class OwnMacTests
{
    [Scenario]
    public async Task Without_virtual_macs_planned_switches_lose_nothing_and_hosts_follow()
    {
        using var cluster = await LabCluster.ReadyAsync(image: Prerequisites.SecondImage);
        var bench = new ConfigurationBench(cluster);
        await bench.UntilInSyncAsync();
        ConfigurationBench.AssertOk(
            bench.Commit(
                "gw1",
                ClusterFile.Path,
                $$"""
                interfaces:
                  - { name: lan0, virtual-addresses: [{{Addresses.VirtualLan}}/24, "{{Addresses.VirtualLan6}}/64"], virtual-mac: off }
                  - { name: wan0, virtual-addresses: [{{Addresses.VirtualWan}}/24, "{{Addresses.VirtualWan6}}/64"], virtual-mac: off }
                upgrade: { soak: 5s, trust-file: trust.pem }

                """
            )
        );
        await bench.UntilInSyncAsync();
        var before = await cluster.UntilReadyAsync();
        AssertKnown(cluster, before.Primary!);

        using var traffic = await cluster.FlowingAsync(connections: 50);
        for (var switches = 0; switches < 2; switches++)
        {
            var switched = cluster.Watch.Cli((await cluster.UntilReadyAsync()).Primary!).Run("switchover", "--wait");
            Assert.True(switched.ExitCode == 0, switched.Errors);
            AssertKnown(cluster, (await cluster.UntilReadyAsync()).Primary!);
        }

        var report = await traffic.FinishAsync();
        LabCluster.Say($"{report.PacketsLost} packets lost, longest gap {report.LongestGapMs} ms");
        Assert.Equal((0, 0L), (report.ConnectionsLost, (long)report.PacketsLost));
    }

    /// <summary>Hosts know the virtual addresses by the primary's own MAC, and no switch has seen a virtual one.</summary>
    private static void AssertKnown(LabCluster cluster, string primary)
    {
        foreach (
            var (host, port, address, address6) in ((string, string, string, string)[])
                [
                    (LabPlan.Client, "lan0", Addresses.VirtualLan, Addresses.VirtualLan6),
                    (LabPlan.Server, "wan0", Addresses.VirtualWan, Addresses.VirtualWan6),
                ]
        )
        {
            var mac = Tool.Run("ip", ["-n", cluster.Plan.NamespaceOf(primary), "-br", "link", "show", port])
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
            foreach (var each in (string[])[address, address6])
            {
                Tool.Run("ip", ["netns", "exec", cluster.Plan.NamespaceOf(host), "ping", "-q", "-c", "1", "-W", "2", each]);
                Assert.Contains(
                    $"lladdr {mac} ",
                    Tool.Run("ip", ["-n", cluster.Plan.NamespaceOf(host), "neigh", "show", each]),
                    StringComparison.Ordinal
                );
            }
        }
    }
}
