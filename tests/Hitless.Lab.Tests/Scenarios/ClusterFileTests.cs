using System.Diagnostics;
using System.Globalization;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>The settings of the cluster, which travel in cluster.yaml.</summary>
public sealed class ClusterFileTests
{
    private const string NewAddress = "10.10.1.77";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario]
    public async Task Settings_committed_on_a_standby_take_effect_everywhere_and_no_connection_is_lost()
    {
        using var cluster = await LabCluster.ReadyAsync(image: Prerequisites.SecondImage);
        var bench = new ConfigurationBench(cluster);
        await bench.UntilInSyncAsync();
        var before = await cluster.UntilReadyAsync();
        var standby = cluster.Plan.Units.Single(unit => unit != before.Primary);
        using var traffic = await cluster.FlowingAsync();
        Assert.False(Answers(cluster, NewAddress));
        ConfigurationBench.AssertOk(bench.Append(standby, ConfigurationBench.Rules, "# reloaded under traffic"));
        ConfigurationBench.AssertOk(
            bench.Commit(
                standby,
                ClusterFile.Path,
                $$"""
                interfaces:
                  - { name: lan0, virtual-addresses: [{{Addresses.VirtualLan}}/24, "{{Addresses.VirtualLan6}}/64", {{NewAddress}}/24] }
                  - { name: wan0, virtual-addresses: [{{Addresses.VirtualWan}}/24, "{{Addresses.VirtualWan6}}/64"] }
                upgrade: { soak: 5s, trust-file: trust.pem }

                """
            )
        );
        await bench.UntilInSyncAsync();
        var after = await cluster.UntilReadyAsync();
        Assert.Equal((before.Primary, before.Epoch), (after.Primary, after.Epoch));
        Assert.True(Answers(cluster, NewAddress), $"{NewAddress} does not answer");
        Assert.All(cluster.Plan.Units, unit =>
            Assert.True(
                Answers(cluster, Addresses.Own("lan0", LabPlan.NumberOf(unit)).First().Split('/')[0]),
                $"{unit} is not reached at its own address"
            )
        );
        foreach (var unit in cluster.Plan.Units)
        {
            var settings = bench.Cli(unit).Ask<ConfigurationSettings>(out _, "config", "show", "--settings")!.Settings;
            Assert.Contains(new ConfigurationSetting("cluster", "upgrade.soak", "5s", ClusterFile.Path), settings);
            Assert.Contains(new ConfigurationSetting("unit", "unit.priority", unit == "gw1" ? "200" : "150"), settings);
        }

        var refused = bench.Commit(
            standby,
            ClusterFile.Path,
            $"interfaces:\n  - {{ name: lan0, virtual-addresses: [{Addresses.Link("hb0", 2)}/24] }}\n"
        );
        Assert.Contains(
            $"the commit was refused, nothing was changed: gw2: cluster.yaml:2:39: virtual address {Addresses.Link("hb0", 2)} is a "
                + $"link address of this unit",
            refused.Errors
        );

        var report = await traffic.FinishAsync();
        LabCluster.Say($"{report.PacketsLost} packets lost, longest gap {report.LongestGapMs} ms");
        Assert.Equal(0, report.ConnectionsLost);
    }

    [Scenario(Explicit = true)] // Needs the machine for itself: ./dev test lab -- -explicit only -method '*200_files*'
    public async Task The_report_of_four_units_with_200_files_is_there_within_a_second()
    {
        using var cluster = await LabCluster.ReadyAsync(units: 4, image: Prerequisites.SecondImage);
        var bench = new ConfigurationBench(cluster);
        await bench.UntilInSyncAsync();
        string[] paths =
        [
            .. Enumerable
                .Range(0, 200)
                .Select(number => string.Create(CultureInfo.InvariantCulture, $"/etc/hitless/many{number:000}.conf")),
        ];
        ConfigurationBench.AssertOk(
            bench.Commit(
                "gw3",
                ClusterFile.Path,
                $"configuration:\n  files:\n{string.Concat(paths.Select(path => $"    - {{ path: {path} }}\n"))}"
            )
        );
        await bench.UntilInSyncAsync();
        var content = Path.Combine(cluster.Plan.Folder, "content");
        await File.WriteAllTextAsync(
            content,
            string.Concat(Enumerable.Repeat("# forty characters of a configuration ..\n", 100)),
            Cancellation
        );
        ConfigurationBench.AssertOk(bench.Cli("gw2").Run(["config", "commit", .. paths.Select(path => $"{path}={content}")]));
        await bench.UntilInSyncAsync();
        var took = new List<double>();
        foreach (var unit in cluster.Plan.Units.Concat(cluster.Plan.Units))
        {
            var begun = Stopwatch.GetTimestamp();
            var report = bench.Report(unit)!;
            took.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            Assert.True(report.InSync);
            Assert.Equal([203, 203, 203, 203], report.Units.Select(line => line.Items.Count));
        }

        LabCluster.Say(
            $"config report --json over four units with 203 items each took {string.Join(", ", took.Select(ms => $"{ms:0}"))} ms"
        );
        Assert.True(took.Order().ElementAt(took.Count / 2) < 1000, "the median is longer than 1 s");
    }

    private static bool Answers(LabCluster cluster, string address) =>
        Tool.Try("ip", ["netns", "exec", cluster.Plan.NamespaceOf(LabPlan.Client), "ping", "-c1", "-W1", address]).Ok;
}
