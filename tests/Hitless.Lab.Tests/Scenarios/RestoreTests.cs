using Hitless.Core.Api;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>Units that are lost, and come back from a backup.</summary>
public sealed class RestoreTests
{
    private const string Limit = "net.ipv4.tcp_keepalive_intvl = 640\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario]
    public async Task One_unit_comes_back_into_the_running_cluster_and_a_whole_cluster_from_nothing()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var bench = new ConfigurationBench(cluster);
        await bench.UntilInSyncAsync();
        var (gw1, gw2) = (cluster.Unit("gw1"), cluster.Unit("gw2"));
        ConfigurationBench.AssertOk(bench.Commit("gw1", ConfigurationBench.Sysctl, Limit));
        var head = (await bench.UntilInSyncAsync()).Hash;
        var backup = Path.Combine(cluster.Plan.Folder, "cluster.backup");
        ConfigurationBench.AssertOk(bench.Cli("gw2").Run("config", "backup", backup));
        var standby = cluster.Plan.Units.Single(unit => unit != cluster.Watch.Primary());
        var refused = bench.Cli(standby).Run("config", "restore", backup);
        Assert.Equal(
            (1, $"hitless: {standby} is not the primary\n  restore on {cluster.Watch.Primary()}\n"),
            (refused.ExitCode, refused.Errors)
        );

        // A new machine in the place of gw2.
        Replace(gw2, backup);
        Faults.PowerOn(gw2);
        await cluster.UntilReadyAsync();
        Assert.Equal(head, (await bench.UntilInSyncAsync()).Hash);
        Assert.Equal((640, "200 150"), (bench.KernelKeepaliveInterval("gw2"), Priorities(cluster)));

        // Two new machines; the history comes back on the first, and the second follows.
        Faults.PowerOff(gw1);
        Replace(gw2, backup);
        Replace(gw1, backup);
        Faults.PowerOn(gw1);
        await cluster.Watch.UntilAsync(
            "gw1 is primary alone",
            TimeSpan.FromSeconds(30),
            seen => seen["gw1"]?.Primary == "gw1" && bench.Report("gw1")?.Revision > 0 ? null : "not yet",
            Cancellation
        );
        Assert.Equal(75, bench.KernelKeepaliveInterval("gw1"));
        ConfigurationBench.AssertOk(bench.Cli("gw1").Run("config", "restore", backup));
        Faults.PowerOn(gw2);
        await cluster.UntilReadyAsync();
        Assert.Equal(head, (await bench.UntilInSyncAsync()).Hash);
        Assert.All(cluster.Plan.Units, unit => Assert.Equal(640, bench.KernelKeepaliveInterval(unit)));
        Assert.Equal(2, bench.Cli("gw2").Ask<ConfigurationHistory>(out _, "config", "history")!.Revisions.Count);
    }

    /// <summary>
    /// The unit's machine is another one: as a factory and a distribution leave it, with what <c>--restore-unit</c> writes.
    /// </summary>
    private static void Replace(LabUnit unit, string backup)
    {
        Faults.PowerOff(unit);
        foreach (var (_, behind) in LabUnit.Places)
        {
            Directory.Delete(Path.Combine(unit.Folder, behind), recursive: true);
            Directory.CreateDirectory(Path.Combine(unit.Folder, behind));
        }

        var etc = Path.Combine(unit.Folder, "etc");
        File.WriteAllText(Path.Combine(etc, "nftables.conf"), Firewall.Text(masquerade: false));
        File.WriteAllText(Path.Combine(etc, "sysctl.conf"), "net.ipv4.tcp_keepalive_intvl = 75\n");
        NamespacePlatform.Install(unit, unit.Plan.Image!, unit.Plan.Trust!);
        Tool.Run("ip", unit.Inside(unit.Plan.Program("hitlessd"), "--restore-unit", unit.Name, "--from", backup));
    }

    private static string Priorities(LabCluster cluster) => string.Join(' ', cluster.Watch.Status()!.Units.Select(unit => unit.Priority));
}
