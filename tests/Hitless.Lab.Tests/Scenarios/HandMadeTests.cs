using System.Text.RegularExpressions;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Traffic;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

public sealed partial class HandMadeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario]
    public async Task A_cluster_made_by_hand_with_the_minimal_file_switches_over_behind_a_firewall_for_port_names()
    {
        using var cluster = HandMadeCluster.Start();
        await cluster.UntilReadyAsync(primary: null);
        var (primary, standby) = cluster.Status("gw1")!.Primary == "gw1" ? ("gw1", "gw2") : ("gw2", "gw1");

        using var traffic = await TrafficRun.StartAsync(
            cluster.Client,
            cluster.Server,
            connections: 100,
            ratePerSecond: 50,
            ipv4Only: true
        );
        await traffic.WaitUntilStandingAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.Equal(0, AcceptedNew(cluster.Rules(standby)));
        Assert.True(AcceptedNew(cluster.Rules(primary)) > 0, "the rule for lan0 does not match on the primary");

        cluster.Hitless(primary, "switchover", "--wait");
        await cluster.UntilReadyAsync(standby);
        await Task.Delay(TimeSpan.FromSeconds(2), Cancellation);
        Assert.True(AcceptedNew(cluster.Rules(standby)) > 0, "the rule for lan0 does not match on the new primary");

        var report = await traffic.FinishAsync();
        Assert.Equal(0, report.ConnectionsLost);
        Assert.Equal(0, report.PacketsLost);
    }

    private static long AcceptedNew(string rules) => long.Parse(NewFromLan().Match(rules).Groups["count"].ValueSpan);

    [GeneratedRegex("""iifname "lan0".*ct state new counter packets (?<count>\d+)""", RegexOptions.ExplicitCapture)]
    private static partial Regex NewFromLan();
}
