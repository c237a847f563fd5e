using Hitless.Core.Cluster;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>A claim that expires, a daemon that ends (docs/decisions/0020, 0021).</summary>
public sealed class ClaimTests
{
    [Fact]
    public void An_offer_of_a_primary_that_has_started_anew_waits_for_its_sessions()
    {
        var bench = new MachineBench(200, 100);
        bench[0].DropsEcho = true;
        bench.Run(3000);
        var (primary, standby) = (bench[0], bench[1]);
        primary.Kill();
        primary.Restart();

        // The standby hears one heartbeat of the new process, before that has heard anybody; the next that it hears is the offer.
        primary.LinkIn = false;
        for (var i = 0; i < 50 && standby.Machine!.Peers[0].PendingTag == IncarnationTag.None; i++)
        {
            bench.Run(1);
        }

        (primary.LinkIn, standby.LinkIn) = (true, false);
        bench.Run(25);
        Assert.False(primary.Machine!.Peers[0].Absent);
        standby.Told.Clear();
        primary.Take(ClusterInput.SwitchoverRequested(standby.Serial, "asked for"));
        bench.Run(5);
        standby.LinkIn = true;
        bench.Run(100);

        Assert.Equal(standby, bench.Primary);
        var fetched = standby.Told.FindIndex(text => text.EndsWith("holds the sessions of the primary", StringComparison.Ordinal));
        Assert.InRange(fetched, 0, standby.Told.FindIndex(text => text.StartsWith("gw2 is primary", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_lone_primary_claims_without_an_end()
    {
        var bench = new MachineBench(100).Run(3000);

        Assert.True(bench[0].ClaimLasts);
        bench[0].Frozen = true;
        bench.Run(5000);
        Assert.Equal(TrafficState.Claimed, bench[0].Traffic);
    }

    [Fact]
    public void With_a_ready_standby_the_claim_expires_and_never_again_when_that_is_gone()
    {
        var bench = new MachineBench(200, 100).Run(3000);

        Assert.False(bench[0].ClaimLasts);
        bench[1].Kill();
        bench[1].Cut = true;
        bench.Run(200);
        Assert.True(bench[0].ClaimLasts);
    }

    [Fact]
    public void A_frozen_primary_is_mute_before_its_standby_claims_and_stays_so_when_it_thaws()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var (frozen, other) = (bench[0], bench[1]);
        Assert.Equal(frozen, bench.Primary);

        frozen.Frozen = true;
        for (var i = 0; i < 5000; i++)
        {
            bench.Run(1);
            Assert.False(frozen.Traffic == TrafficState.Claimed && other.Traffic == TrafficState.Claimed);
        }

        Assert.Equal(TrafficState.Claimed, other.Traffic);
        frozen.Frozen = false;
        for (var i = 0; i < 1000; i++)
        {
            bench.Run(1);
            Assert.Equal(TrafficState.Muted, frozen.Traffic);
        }

        Assert.Equal(UnitRole.Standby, frozen.Machine!.Role);
        Assert.Equal(other, bench.Primary);
    }

    [Fact]
    public void A_cluster_that_was_frozen_whole_has_one_primary_again()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        bench[0].Frozen = bench[1].Frozen = true;
        bench.Run(1000);
        bench[0].Frozen = bench[1].Frozen = false;
        bench.Run(500);

        Assert.Equal(TrafficState.Claimed, bench.Primary.Traffic);
        Assert.Equal(TrafficState.Muted, bench.OtherThan(bench.Primary).Traffic);
    }

    [Fact]
    public void A_daemon_that_is_back_within_the_hold_is_primary_on_in_the_same_epoch()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var primary = bench.Primary;
        var epoch = primary.Machine!.Epoch;
        for (var restart = 0; restart < 50; restart++)
        {
            primary.Kill();
            for (var i = 0; i < 1500; i++)
            {
                bench.Run(1);
                Assert.Equal(TrafficState.Claimed, primary.Traffic);
            }

            primary.Restart();
            bench.Run(300);
            Assert.Equal(epoch, primary.Machine!.Epoch);
            Assert.Equal(UnitState.Ready, bench.OtherThan(primary).Machine!.State);
        }
    }

    /// <summary>
    /// Who starts knows neither who it is whose kernel forwards on, nor for how long: that goes by how long the other one's daemon takes to
    /// start.
    /// </summary>
    [Theory]
    [InlineData(0, 0, 1000)]
    [InlineData(70, 0, 4000)]
    [InlineData(0, 2, 5700)]
    [InlineData(70, 3, 8500)]
    [InlineData(200, 3, 7000)]
    public void Where_every_daemon_ended_nobody_claims_beside_the_kernel_that_forwards(int endsAfterMs, int startSeconds, int backAfterMs)
    {
        var bench = new MachineBench(200, 150, 100).Run(3000);
        var primary = bench.Primary;
        List<MachineBench.Node> others = [.. Enumerable.Range(0, 3).Select(i => bench[i]).Where(unit => unit != primary)];
        foreach (var unit in (ReadOnlySpan<MachineBench.Node>)[primary, .. others])
        {
            unit.PortsOn = true;
        }

        primary.StartTime = TimeSpan.FromSeconds(startSeconds);
        var epoch = primary.Machine!.Epoch;
        others.ForEach(unit => unit.Kill());
        bench.Run(endsAfterMs);
        primary.Kill();
        foreach (var unit in others)
        {
            unit.Restart();
            bench.Run(20);
        }

        for (var i = 0; i < backAfterMs; i++)
        {
            bench.Run(1);
            Assert.True(others.TrueForAll(unit => unit.Traffic != TrafficState.Claimed) || primary.Traffic != TrafficState.Claimed);
        }

        Assert.Equal(TrafficState.Claimed, primary.Traffic);
        primary.Restart();
        bench.Run(300);
        Assert.Equal(epoch, bench.Primary.Machine!.Epoch);
        Assert.All(others, unit => Assert.Equal(UnitState.Ready, unit.Machine!.State));
    }

    [Fact]
    public void A_daemon_that_does_not_come_back_is_replaced_after_the_hold_when_its_kernel_is_mute()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var primary = bench.Primary;
        var standby = bench.OtherThan(primary);
        primary.Kill();
        for (var i = 0; i < 5200; i++)
        {
            bench.Run(1);
            Assert.False(primary.Traffic == TrafficState.Claimed && standby.Traffic == TrafficState.Claimed);
        }

        Assert.Equal(TrafficState.Claimed, standby.Traffic);
        primary.Restart();
        bench.Run(200);
        Assert.Equal(UnitRole.Standby, primary.Machine!.Role);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(190)]
    [InlineData(250)]
    public void A_primary_that_freezes_right_after_a_switch_is_mute_when_the_former_one_is_back(int afterMs)
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var former = bench.Primary;
        var frozen = bench.OtherThan(former);
        former.Take(ClusterInput.SwitchoverRequested(frozen.Serial, "test"));
        for (var i = 0; i < 100 && frozen.Machine!.Role != UnitRole.Primary; i++)
        {
            bench.Run(1);
        }

        bench.Run(afterMs);
        frozen.Frozen = true;
        for (var i = 0; i < 5000; i++)
        {
            bench.Run(1);
            Assert.False(frozen.Traffic == TrafficState.Claimed && former.Traffic == TrafficState.Claimed);
        }

        Assert.Equal(TrafficState.Claimed, former.Traffic);
    }

    [Theory]
    [InlineData(150, true)]
    [InlineData(700, false)]
    public void A_switch_waits_for_a_target_that_is_late_and_not_for_one_that_is_gone(int frozenMs, bool switched)
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var former = bench.Primary;
        var target = bench.OtherThan(former);
        target.Frozen = true;
        former.Take(ClusterInput.SwitchoverRequested(target.Serial, "test"));
        for (var i = 0; i < frozenMs; i++)
        {
            bench.Run(1);
            Assert.Equal(TrafficState.Claimed, former.Traffic);
        }

        target.Frozen = false;
        bench.Run(300);
        Assert.Equal(switched ? target : former, bench.Primary);
    }

    [Fact]
    public void A_daemon_that_freezes_right_after_its_restart_is_mute_after_the_hold()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var primary = bench.Primary;
        primary.Kill();
        bench.Run(600);
        primary.Restart();
        bench.Run(300);
        primary.Frozen = true;
        bench.Run(5001);

        Assert.Equal(TrafficState.Muted, primary.Traffic);
        Assert.Equal(TrafficState.Claimed, bench.Primary.Traffic);
    }

    [Fact]
    public void A_unit_that_ceased_to_be_primary_takes_any_window_until_it_has_compared_its_sessions()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var former = bench.Primary;
        var next = bench.OtherThan(former);
        Assert.False(former.TakesAnyWindow);
        former.Take(ClusterInput.SwitchoverRequested(next.Serial, "test"));
        for (var i = 0; i < 100 && former.Traffic == TrafficState.Claimed; i++)
        {
            bench.Run(1);
        }

        Assert.Equal(TrafficState.Draining, former.Traffic);
        Assert.True(former.TakesAnyWindow);

        // Before it could compare, the new primary is gone.
        next.Kill();
        next.Cut = true;
        bench.Run(500);
        Assert.Equal(TrafficState.Claimed, former.Traffic);
        Assert.True(former.TakesAnyWindow);

        next.Cut = false;
        next.Start(adopt: false);
        bench.Run(1000);
        former.Take(ClusterInput.SwitchoverRequested(next.Serial, "test"));
        bench.Run(1000);
        Assert.Equal(TrafficState.Muted, former.Traffic);
        Assert.False(former.TakesAnyWindow);
    }

    [Fact]
    public void Who_has_compared_ledgers_is_ready_and_takes_any_window_until_its_own_are_free()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var former = bench.Primary;
        var next = bench.OtherThan(former);
        former.WindowsTakeLonger = true;
        former.Take(ClusterInput.SwitchoverRequested(next.Serial, "test"));
        bench.Run(1000);
        Assert.Equal(TrafficState.Muted, former.Traffic);
        Assert.True(former.Machine!.Synced);
        Assert.True(former.TakesAnyWindow);
        former.Take(ClusterInput.WindowsFree);
        bench.Run(1);
        Assert.False(former.TakesAnyWindow);
    }

    [Fact]
    public void A_unit_without_power_is_replaced_after_the_threshold()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var standby = bench.OtherThan(bench.Primary);
        var primary = bench.Primary;
        primary.Cut = true;
        primary.Kill();

        bench.Run(81);

        Assert.Equal(TrafficState.Claimed, standby.Traffic);
    }

    [Fact]
    public void A_primary_whose_cable_falls_and_that_does_not_answer_is_replaced_in_milliseconds()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var primary = bench.Primary;
        var standby = bench.OtherThan(primary);
        primary.Cut = true;
        primary.Kill();

        standby.Take(ClusterInput.CableLost(others: true));
        bench.Run(10);

        Assert.Equal(TrafficState.Claimed, standby.Traffic);
    }

    [Fact]
    public void What_was_on_its_way_when_the_cable_fell_is_no_answer()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var primary = bench.Primary;
        var standby = bench.OtherThan(primary);

        standby.Take(ClusterInput.CableLost(others: true));
        bench.Run(1);
        primary.Cut = true;
        primary.Kill();
        bench.Run(9);

        Assert.Equal(TrafficState.Claimed, standby.Traffic);
    }

    [Fact]
    public void A_primary_whose_cable_falls_and_that_answers_stays()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var standby = bench.OtherThan(bench.Primary);

        standby.Take(ClusterInput.CableLost(others: true));
        bench.Run(200);

        Assert.Equal(TrafficState.Muted, standby.Traffic);
        Assert.Equal(1, standby.Machine!.Epoch.Number);
    }

    [Fact]
    public void With_no_other_link_to_ask_on_the_threshold_decides()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var primary = bench.Primary;
        var standby = bench.OtherThan(primary);
        primary.Cut = true;
        primary.Kill();

        standby.Take(ClusterInput.CableLost(others: false));
        bench.Run(30);
        Assert.Equal(TrafficState.Muted, standby.Traffic);
        bench.Run(60);
        Assert.Equal(TrafficState.Claimed, standby.Traffic);
    }

    [Fact]
    public void A_primary_whose_age_is_reset_hands_over_to_an_older_unit()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var primary = bench.Primary;

        // Priority decides while the ages are within the margin.
        primary.Take(ClusterInput.AgeReset);
        bench.Run(100);
        Assert.Equal(primary, bench.Primary);

        bench.Run(400_000);
        primary.Take(ClusterInput.AgeReset);
        bench.Run(100);
        Assert.NotEqual(primary, bench.Primary);
        Assert.Equal(2, bench.Primary.Machine!.Epoch.Number);
    }
}
