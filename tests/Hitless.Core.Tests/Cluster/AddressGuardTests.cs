using Hitless.Core.Cluster;
using Hitless.Core.Cluster.Membership;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>
/// A unit that cannot understand the primary, because of another key or dead heartbeat links, does not claim beside it
/// (docs/decisions/0042).
/// </summary>
public sealed class AddressGuardTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_standby_that_comes_back_with_another_key_stays_mute_and_says_why()
    {
        var bench = With(keyOf: 1, starts: 1);
        bench.Run(5000);
        Assert.Equal(TrafficState.Claimed, bench[0].Traffic);
        Assert.Equal((UnitRole.None, TrafficState.Muted), (bench[1].Machine!.Role, bench[1].Traffic));
        Assert.Contains(bench[1].Machine!.ProblemsAt(bench.Now), p => p.Contains("do not fit our cluster key", StringComparison.Ordinal));
    }

    [Fact]
    public void A_standby_does_not_claim_beside_a_primary_whose_key_was_changed()
    {
        var bench = With(keyOf: 0, starts: 0);
        bench.Run(5000);
        Assert.Equal(TrafficState.Claimed, bench[0].Traffic);
        Assert.Equal(TrafficState.Muted, bench[1].Traffic);
        Assert.Contains(bench[1].Machine!.ProblemsAt(bench.Now), p => p.Contains("do not fit our cluster key", StringComparison.Ordinal));

        bench[0].Cut = true;
        bench[0].Kill();
        bench[0].PortsOn = false;
        bench.Run(8000);
        Assert.Equal(TrafficState.Claimed, bench[1].Traffic);
    }

    [Fact]
    public void A_unit_that_starts_where_no_heartbeat_gets_through_stays_mute_beside_a_primary()
    {
        var bench = new MachineBench(200, 100);
        bench[0].PortsOn = bench[1].PortsOn = true;
        bench.Run(3000);
        bench[1].Kill();
        bench.Run(500);
        bench[1].Cut = true;
        bench[1].Start(adopt: false);
        bench.Run(5000);
        Assert.Equal(TrafficState.Muted, bench[1].Traffic);
        Assert.Contains(bench[1].Machine!.ProblemsAt(bench.Now), p => p.Contains("no heartbeat of it comes", StringComparison.Ordinal));

        bench[1].Cut = false;
        bench.Run(3000);
        Assert.Equal(UnitRole.Standby, bench[1].Machine!.Role);
        Assert.Empty(bench[1].Machine!.ProblemsAt(bench.Now));
    }

    [Fact]
    public void Who_is_alone_claims_as_soon_as_before()
    {
        var bench = new MachineBench(200);
        bench.Run(2100);
        Assert.Equal(TrafficState.Claimed, bench[0].Traffic);
        Assert.True(bench[0].Asked > 0);
    }

    [Fact]
    public void Strangers_alone_hold_nobody_up_for_long()
    {
        var guard = new AddressGuard(self: new(9), canAsk: true);
        var (blocked, now) = (TimeSpan.Zero, Second * 100);
        for (; blocked < Second * 60; now += TimeSpan.FromMilliseconds(20), blocked += TimeSpan.FromMilliseconds(20))
        {
            guard.StrangerHeard(new(7), now);
            if (!guard.Blocks(alone: true, former: UnitId.None, now, out _))
            {
                break;
            }
        }

        Assert.InRange(blocked, Second * 2, Second * 4);
    }

    [Fact]
    public void Where_nothing_can_be_asked_for_strangers_keep_a_unit_mute_that_is_alone()
    {
        var guard = new AddressGuard(self: new(9), canAsk: false);
        for (var now = Second * 100; now < Second * 200; now += Second / 2)
        {
            guard.StrangerHeard(new(7), now);
            Assert.True(guard.Blocks(alone: true, former: UnitId.None, now, out _));
        }

        Assert.False(
            guard.Blocks(alone: true, former: UnitId.None, Second * 205, out _)
                && guard.Blocks(alone: true, former: UnitId.None, Second * 205.1, out _)
        );
    }

    [Fact]
    public void Two_that_start_together_with_different_keys_do_not_both_claim()
    {
        var bench = new MachineBench(200, 100);
        bench[0].PortsOn = bench[1].PortsOn = true;
        bench[1].Key = 1;
        bench.Run(20_000);
        Assert.Equal([TrafficState.Muted, TrafficState.Claimed], [bench[0].Traffic, bench[1].Traffic]);
    }

    [Theory]
    [InlineData(8UL)]
    [InlineData(0UL)]
    public void A_standby_of_the_cluster_waits_only_for_who_bears_the_id_of_its_primary(ulong former)
    {
        var guard = new AddressGuard(self: new(9), canAsk: true);
        guard.StrangerHeard(new(7), Second * 100);
        Assert.False(guard.Blocks(alone: false, new UnitId(former), Second * 100, out var asks));
        Assert.False(asks);
    }

    [Fact]
    public void And_no_longer_than_an_answer_takes()
    {
        var guard = new AddressGuard(self: new(9), canAsk: true);
        guard.StrangerHeard(new(7), Second * 100);
        Assert.True(guard.Blocks(alone: false, former: new(7), Second * 100, out var asks));
        Assert.True(asks);
        guard.StrangerHeard(new(7), Second * 100.06);
        Assert.False(guard.Blocks(alone: false, former: new(7), Second * 100.06, out _));
        guard.Answered(Second * 100.07);
        Assert.True(guard.Blocks(alone: false, former: new(7), Second * 100.08, out _));
    }

    /// <summary>Two units in a cluster; then one of them has another key, and one is started anew.</summary>
    private static MachineBench With(int keyOf, int starts)
    {
        var bench = new MachineBench(200, 100);
        bench[0].PortsOn = bench[1].PortsOn = true;
        bench.Run(3000);
        Assert.Equal(bench[0], bench.Primary);
        bench[starts].Kill();
        bench.Run(300);
        bench[keyOf].Key = 1;
        bench[starts].Restart();
        return bench;
    }
}
