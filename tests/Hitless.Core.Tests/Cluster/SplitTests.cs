using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>Heartbeats through the ports, one-way cuts, the witness, merging (docs/decisions/0023, 0024).</summary>
public sealed class SplitTests
{
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Heartbeat_links_that_are_cut_change_nothing_while_units_hear_each_other_through_their_ports(bool outwards, bool inwards)
    {
        foreach (var cutsPrimary in new[] { true, false })
        {
            var bench = Settled();
            var primary = bench.Primary;
            var cut = cutsPrimary ? primary : bench.OtherThan(primary);
            (cut.LinkOut, cut.LinkIn) = (!outwards, !inwards);
            bench.Run(5000);

            Assert.Equal(primary, bench.Primary);
            Assert.Equal(1, primary.Machine!.Epoch.Number);
            Assert.Equal(UnitRole.Standby, bench.OtherThan(primary).Machine!.Role);
            Assert.Contains(new[] { bench[0], bench[1] }, node => node.Machine!.ProblemsAt(bench.Now).Any());

            (cut.LinkOut, cut.LinkIn) = (true, true);
            bench.Run(200);
            Assert.Empty(primary.Machine.ProblemsAt(bench.Now));
            Assert.Equal(1, primary.Machine.Epoch.Number);
        }
    }

    [Theory]
    [InlineData(120, false)]
    [InlineData(300, false)]
    [InlineData(700, true)]
    public void Links_count_as_cut_when_they_are_silent_for_longer_than_a_busy_unit_is_late(int milliseconds, bool cut)
    {
        var bench = Settled();
        for (var i = 0; i < 5; i++)
        {
            bench[0].LinkOut = false;
            bench.Run(milliseconds);
            bench[0].LinkOut = true;
            bench.Run(200);
        }

        Assert.Equal(cut, bench[1].Told.Exists(text => text.Contains("is heard through the ports only", StringComparison.Ordinal)));
        Assert.Empty(bench[1].Machine!.ProblemsAt(bench.Now));
    }

    /// <summary>Ways are read one after the other, and each may be late: what was said before a claim must not undo it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_heartbeat_that_was_overtaken_on_another_way_changes_nothing(bool overTraffic)
    {
        var bench = Settled();
        var (former, next) = (bench.Primary, bench.OtherThan(bench.Primary));
        var before = new Heartbeat();
        before.CopyFrom(former.Machine!.Peers.Single().Last);
        var (tag, sequence) = (former.Machine.Peers.Single().Tag, former.Machine.Peers.Single().Sequence);
        former.Take(ClusterInput.SwitchoverRequested(next.Serial, "test"));
        bench.Run(100);
        Assert.Equal(next, bench.Primary);

        former.Take(ClusterInput.HeartbeatReceived(next.Serial, tag, sequence - 1, before, overTraffic));

        Assert.Equal(UnitRole.Primary, former.Machine.Peers.Single().Last.Role);
        before.State = UnitState.Leaving;
        former.Take(ClusterInput.HeartbeatReceived(next.Serial, tag, sequence - 1, before, overTraffic));
        Assert.False(former.Machine.Peers.Single().Absent);
    }

    [Fact]
    public void A_power_cut_is_seen_within_the_threshold_also_where_ports_carry_heartbeats()
    {
        var bench = Settled();
        var primary = bench.Primary;
        primary.Cut = true;
        primary.Kill();

        bench.Run(81);

        Assert.Equal(TrafficState.Claimed, bench.OtherThan(primary).Traffic);
    }

    [Fact]
    public void The_ports_are_quiet_while_the_links_work()
    {
        var bench = Settled();
        var spoken = 0;
        for (var i = 0; i < 10_000; i++)
        {
            bench.Run(1);
            spoken += bench.Primary.Machine!.SpeaksOverTraffic ? 1 : 0;
        }

        // One heartbeat a second, and each stays the last one said for an interval.
        Assert.InRange(spoken, 150, 250);
    }

    [Fact]
    public void A_fallen_cable_is_asked_about_through_the_ports_when_no_other_link_is_left()
    {
        var bench = Settled();
        var primary = bench.Primary;
        var standby = bench.OtherThan(primary);
        primary.Cut = true;
        primary.Kill();

        standby.Take(ClusterInput.CableLost(others: false));
        bench.Run(10);

        Assert.Equal(TrafficState.Claimed, standby.Traffic);
    }

    [Fact]
    public void After_a_split_the_former_primary_gives_its_sessions_before_it_takes_the_others()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        bench[0].LinkOut = bench[0].LinkIn = false;
        bench.Run(1000);
        Assert.Equal(2, new[] { bench[0], bench[1] }.Count(node => node.Machine!.Role == UnitRole.Primary));

        bench[0].LinkOut = bench[0].LinkIn = true;
        bench.Run(1000);

        var former = bench.OtherThan(bench.Primary);
        Assert.Equal([bench.Primary.Serial], former.MergedInto);
        Assert.Equal(UnitState.Syncing, former.Machine!.State);
        former.Take(ClusterInput.SessionsMerged("3 sessions merged"));
        bench.Run(100);
        Assert.Equal(UnitState.Ready, former.Machine.State);
        Assert.Contains("3 sessions merged", former.Told);
    }

    [Fact]
    public void A_merge_that_never_ends_keeps_no_standby_from_syncing()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        bench[0].LinkOut = bench[0].LinkIn = false;
        bench.Run(1000);
        bench[0].LinkOut = bench[0].LinkIn = true;

        bench.Run(11_000);

        Assert.Equal(UnitState.Ready, bench.OtherThan(bench.Primary).Machine!.State);
    }

    [Fact]
    public void The_unit_that_reaches_the_witness_is_primary_and_the_other_is_mute()
    {
        var bench = new MachineBench(witness: true, 200, 100).Run(3000);
        var primary = bench.Primary;
        var standby = bench.OtherThan(primary);
        (primary.LinkOut, primary.LinkIn, primary.WitnessAnswers) = (false, false, false);

        bench.Run(700);

        Assert.Equal(TrafficState.Muted, primary.Traffic);
        Assert.Equal(TrafficState.Claimed, standby.Traffic);

        (primary.LinkOut, primary.LinkIn, primary.WitnessAnswers) = (true, true, true);
        bench.Run(1000);
        Assert.Equal(standby, bench.Primary);
    }

    [Fact]
    public void A_standby_that_is_cut_off_from_the_witness_too_takes_nothing_over()
    {
        var bench = new MachineBench(witness: true, 200, 100).Run(3000);
        var standby = bench.OtherThan(bench.Primary);
        (standby.LinkOut, standby.LinkIn, standby.WitnessAnswers) = (false, false, false);

        bench.Run(30_000);

        Assert.Equal(TrafficState.Muted, standby.Traffic);
        Assert.Equal(TrafficState.Claimed, bench.OtherThan(standby).Traffic);
    }

    [Fact]
    public void A_witness_that_was_gone_before_has_no_say()
    {
        var bench = new MachineBench(witness: true, 200, 100).Run(3000);
        var primary = bench.Primary;
        var standby = bench.OtherThan(primary);
        primary.WitnessAnswers = standby.WitnessAnswers = false;
        bench.Run(5000);
        primary.Cut = true;
        primary.Kill();

        bench.Run(81);
        Assert.Equal(TrafficState.Claimed, standby.Traffic);
        bench.Run(5000);
        Assert.Equal(TrafficState.Claimed, standby.Traffic);
    }

    [Fact]
    public void Who_speaks_with_our_virtual_mac_is_noticed_and_announced_against()
    {
        var bench = Settled();
        bench.Run(5000);
        var primary = bench.Primary;
        var announced = primary.Announced;

        primary.Take(ClusterInput.VirtualMacHeard(0b11));
        bench.Run(100);

        Assert.True(primary.Announced > announced + 2);
        Assert.Contains(primary.Told, text =>
            text.StartsWith("somebody else speaks with the virtual MAC of 2 ports", StringComparison.Ordinal)
        );
        Assert.NotEmpty(primary.Machine!.ProblemsAt(bench.Now));
        Assert.True(primary.Looked > 5);
    }

    [Fact]
    public void A_third_unit_does_not_take_over_between_the_word_of_the_former_primary_and_that_of_the_new_one()
    {
        var bench = new MachineBench(200, 100, 150).Run(3000);
        var primary = bench.Primary;
        var target = bench[1];
        var third = bench[2];

        // What the target says reaches the third one 10 ms later than what the former primary says.
        third.LateFrom = target;
        primary.Take(ClusterInput.SwitchoverRequested(target.Serial, "asked for"));
        bench.Run(500);

        Assert.Equal(target, bench.Primary);
        Assert.Equal(2, third.Machine!.Epoch.Number);
        Assert.DoesNotContain(third.Told, text => text.Contains("takes over", StringComparison.Ordinal));
    }

    private static MachineBench Settled()
    {
        var bench = new MachineBench(200, 100);
        bench[0].PortsOn = bench[1].PortsOn = true;
        return bench.Run(3000);
    }
}
