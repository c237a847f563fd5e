using Hitless.Core.Api;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>Another program takes sessions from a standby's table (<c>conntrack -F</c>): the standby could carry none of them on.</summary>
public sealed class RemovedSessionsTests
{
    [Scenario]
    public async Task Sessions_that_another_program_removes_from_the_standby_are_sent_again_before_a_switch_and_by_themselves()
    {
        using var cluster = await LabCluster.ReadyAsync();
        using var traffic = await cluster.FlowingAsync(connections: 50, ratePerSecond: 20);
        var first = (await cluster.UntilReadyAsync()).Primary!;
        var second = cluster.Plan.Units.Single(unit => unit != first);

        // At once: nobody had the time to notice.
        Flush(cluster, second);
        var switched = cluster.Watch.Cli(first).Ask<SwitchoverResult>(out var why, "switchover", "--wait");
        Assert.True(switched is not null, why);
        Assert.Equal((second, 0L), (switched.Primary, switched.SessionsLost));

        // By itself: a primary that dies asks nobody.
        await cluster.UntilReadyAsync();
        Flush(cluster, first);
        await LabCluster.UntilAsync("the standby says what it lost", () =>
            cluster
                .Watch.Cli(first)
                .Run("events")
                .Output.Contains($"sessions from the table of {first} (conntrack -F or -D); {second} sent", StringComparison.Ordinal)
        );
        Assert.Equal(0, cluster.Watch.Cli(second).Ask<SessionDifference>(out _, "sessions", "diff")?.Missing);

        var report = await traffic.FinishAsync();
        LabCluster.Say($"{report.PacketsLost} packets lost, {report.ConnectionsLost} connections");
        Assert.Equal(0, report.ConnectionsLost);
    }

    private static void Flush(LabCluster cluster, string unit) =>
        Tool.Run("ip", ["netns", "exec", cluster.Plan.NamespaceOf(unit), "conntrack", "-F"]);
}
