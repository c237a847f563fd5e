using Hitless.Core.Api;
using Hitless.Core.Wire;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>Units whose links come and go, whose disk is full, and which are not who they seem to be (docs/decisions/0042).</summary>
public sealed class OddUnitTests
{
    [Scenario]
    public async Task A_heartbeat_link_that_is_missing_is_named_and_used_again_and_so_is_one_made_anew()
    {
        using var cluster = await LabCluster.ReadyAsync(heartbeatLinks: 2);
        var standby = Standby(cluster);
        var spaces = (Unit: cluster.Plan.NamespaceOf(standby), Switch: cluster.Plan.NamespaceOf("switch"));
        Tool.Run("ip", ["-n", spaces.Unit, "link", "del", "hb1"]);
        Faults.Kill(cluster.Unit(standby));
        await Until(cluster, standby, "hb1 is missed", status =>
            status.Problems.Any(p => p.Contains("the interface hb1 of heartbeat.links does not exist", StringComparison.Ordinal))
        );
        await Until(cluster, standby, "it is ready all the same", status => status.Units.All(unit => unit.State == UnitStateWord.Ready));
        await Until(cluster, cluster.Watch.Status()!.Primary!, "the other one misses it too", status =>
            status.Problems.Any(p => p.Contains("on hb1", StringComparison.Ordinal))
        );

        var address = $"10.10.10.{standby[2..]}/24";
        Tool.Run(
            "ip",
            ["link", "add", $"hb1-{standby}", "netns", spaces.Switch, "type", "veth", "peer", "name", "hb1", "netns", spaces.Unit]
        );
        Tool.Run("ip", ["-n", spaces.Switch, "link", "set", $"hb1-{standby}", "master", "hb1", "up"]);
        Tool.Run("ip", ["-n", spaces.Unit, "addr", "add", address, "dev", "hb1"]);
        Tool.Run("ip", ["-n", spaces.Unit, "link", "set", "hb1", "up"]);
        await Until(cluster, standby, "hb1 is used again", status => status.Health == ClusterCondition.Ok);
        await Until(cluster, cluster.Watch.Status()!.Primary!, "the other one hears on it", status => status.Health == ClusterCondition.Ok);
    }

    [Scenario]
    public async Task A_clone_stays_mute_and_both_units_name_it()
    {
        using var cluster = await LabCluster.ReadyAsync(heartbeatLinks: 2);
        var (primary, standby) = (cluster.Watch.Status()!.Primary!, Standby(cluster));
        using var traffic = await cluster.FlowingAsync(connections: 50);
        File.Copy(
            Path.Combine(cluster.Unit(primary).State, "unit-id"),
            Path.Combine(cluster.Unit(standby).State, "unit-id"),
            overwrite: true
        );
        Faults.Kill(cluster.Unit(standby));
        await Until(cluster, primary, "the primary names it", status => Names(status, $"{standby} has the same unit-id"));
        await Until(cluster, standby, "the clone names itself", status =>
            Names(status, $"{primary} has the same unit-id") && status.Primary is null
        );

        // What status says to do.
        File.Delete(Path.Combine(cluster.Unit(standby).State, "unit-id"));
        Faults.Kill(cluster.Unit(standby));
        await Until(cluster, standby, "it is a standby again", status =>
            status.Primary == primary && status.Units.Single(unit => unit.Name == standby).State == UnitStateWord.Ready
        );
        var report = await traffic.FinishAsync();
        Assert.Equal(0, report.ConnectionsLost);
    }

    [Scenario]
    public async Task A_unit_with_another_key_stays_mute_beside_the_primary_whichever_of_them_was_restarted()
    {
        using var cluster = await LabCluster.ReadyAsync(heartbeatLinks: 2);
        var (primary, standby) = (cluster.Watch.Status()!.Primary!, Standby(cluster));
        using var traffic = await cluster.FlowingAsync(connections: 50);
        var key = Path.Combine(cluster.Unit(primary).Folder, "etc", "cluster.key");
        var before = File.ReadAllText(key);
        File.WriteAllText(key, new ClusterKey([.. Enumerable.Range(1, 32).Select(i => (byte)i)]).ToFileText());
        RestartInService(cluster, primary);

        // On a machine that is busy just then the standby has taken over; then the other one is mute.
        await LabCluster.UntilAsync("one of them is primary, and the other one says that the key differs", () =>
            (StatusOf(cluster, primary), StatusOf(cluster, standby)) is ({ } here, { } there)
            && ((here.Primary == primary && IsMute(there)) || (there.Primary == standby && IsMute(here)))
        );

        File.WriteAllText(key, before);
        RestartInService(cluster, primary);
        await Until(cluster, standby, "both are one cluster again", status =>
            status.Primary is not null && status.Units.All(unit => unit.State == UnitStateWord.Ready)
        );
        var report = await traffic.FinishAsync();
        Assert.Equal(0, report.ConnectionsLost);
    }

    private static string Standby(LabCluster cluster) => cluster.Plan.Units.First(unit => unit != cluster.Watch.Status()!.Primary);

    private static bool IsMute(ClusterStatus status) =>
        status.Primary is null && Names(status, "do not fit our cluster key: this unit stays mute");

    private static ClusterStatus? StatusOf(LabCluster cluster, string unit) => cluster.Watch.Cli(unit).Ask<ClusterStatus>(out _, "status");

    private static void RestartInService(LabCluster cluster, string unit) => Namespaces.Signal(cluster.Plan.NamespaceOf(unit), "HUP");

    private static bool Names(ClusterStatus status, string words) =>
        status.Problems.Any(problem => problem.Contains(words, StringComparison.Ordinal));

    private static Task Until(LabCluster cluster, string unit, string goal, Func<ClusterStatus, bool> reached) =>
        LabCluster.UntilAsync(goal, () => StatusOf(cluster, unit) is { } status && reached(status));
}
