using Hitless.Core.Api;
using Hitless.Core.Status;
using Xunit;

namespace Hitless.Core.Tests.Status;

public sealed class ClusterHealthTests
{
    [Fact]
    public void Two_ready_units_are_fine()
    {
        var problems = ClusterHealth.Problems([], "gw1", 2, [Unit("gw1"), Unit("gw2")]);
        Assert.Empty(problems);
        Assert.Equal(ClusterCondition.Ok, ClusterHealth.Of("gw1", problems));
    }

    /// <summary>Each with a word of the sentence that has to name it.</summary>
    public static TheoryData<string, UnitStatus> Faults { get; } =
        new()
        {
            { "gw2 is syncing", Unit("gw2") with { State = UnitStateWord.Syncing } },
            { "gw2 is absent", Unit("gw2") with { State = UnitStateWord.Absent } },
            { "the configuration of gw2 is out of sync", Unit("gw2") with { Configuration = SyncState.OutOfSync } },
            { "gw2 is heard, and its API does not answer", Unit("gw2") with { Replication = null } },
            {
                "gw2: dhcpd failed",
                Unit("gw2") with
                {
                    Services = new ServicesStatus(ServiceRoleWord.Standby, ServicesState.Failed, ["dhcpd failed"]),
                }
            },
            { "gw2 would not forward as gw1 does: ", Unit("gw2") with { Forwarding = Other(losesTraffic: true) } },
        };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_fault_of_one_unit_is_named_and_degrades(string sentence, UnitStatus unit)
    {
        var problems = ClusterHealth.Problems([], "gw1", 2, [Unit("gw1"), unit]);
        Assert.StartsWith(sentence, Assert.Single(problems), StringComparison.Ordinal);
        Assert.Equal(ClusterCondition.Degraded, ClusterHealth.Of("gw1", problems));
    }

    [Fact]
    public void A_difference_that_costs_no_traffic_is_no_problem() =>
        Assert.Empty(ClusterHealth.Problems([], "gw1", 2, [Unit("gw1"), Unit("gw2") with { Forwarding = Other(losesTraffic: false) }]));

    [Fact]
    public void Without_a_primary_it_is_down()
    {
        var problems = ClusterHealth.Problems(["disk full"], null, 3, [Unit("gw1"), Unit("gw2")]);
        Assert.Equal(["disk full", "this unit hears no primary", "1 of 3 units were never heard"], problems);
        Assert.Equal(ClusterCondition.Down, ClusterHealth.Of(null, problems));
    }

    private static ForwardingStatus Other(bool losesTraffic) =>
        new(!losesTraffic, "gw1", [new ForwardingDifference("sysctl net.ipv4.ip_forward", "1", "0", losesTraffic)]);

    private static UnitStatus Unit(string name) =>
        new(name, UnitRoleWord.Standby, UnitStateWord.Ready, "", "1.0.0", "a", 100, false, 10, 0, 0, SyncState.InSync, 1, [], [])
        {
            Replication = new SessionReplicationStatus(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        };
}
