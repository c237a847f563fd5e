using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>Units say how slow they are, so that who has just started knows what the others have learned (docs/decisions/0049).</summary>
public sealed class PaceTests
{
    /// <summary>
    /// A machine whose stalls its standby has learned to bear: longer than the configured limits, shorter than the greatest.
    /// </summary>
    [Theory]
    [InlineData(250)]
    [InlineData(450)]
    [InlineData(1200)]
    public void A_standby_that_has_just_started_bears_the_stalls_that_the_primary_tells_of(int stallMs)
    {
        var bench = new MachineBench(200, 100).Run(6000);
        var (primary, standby) = (bench.Primary, bench.OtherThan(bench.Primary));
        standby.Kill();
        StandStill(bench, primary, stallMs);
        bench.Run(1000);
        standby.Restart();
        bench.Run(4000);
        var epoch = primary.Machine!.Epoch;

        for (var stall = 0; stall < 10; stall++)
        {
            StandStill(bench, primary, stallMs);
            bench.Run(stallMs * 2);
        }

        Assert.Equal(epoch, standby.Machine!.Epoch);
        Assert.Equal(primary, bench.Primary);
    }

    [Fact]
    public void A_unit_that_was_always_on_time_tells_of_no_lateness()
    {
        var bench = new MachineBench(200, 100).Run(3000);

        Assert.All(new[] { bench[0], bench[1] }, node => Assert.True(node.Machine!.Outgoing.Lateness < TimeSpan.FromMilliseconds(3)));
    }

    [Fact]
    public void What_was_late_is_forgotten_in_an_hour()
    {
        var bench = new MachineBench(200, 100).Run(6000);
        StandStill(bench, bench[0], 300);
        bench.Run(100);
        Assert.InRange(bench[0].Machine!.Outgoing.Lateness.TotalMilliseconds, 200, 300);

        bench.Skip(TimeSpan.FromHours(1)).Run(100);
        Assert.InRange(bench[0].Machine!.Outgoing.Lateness.TotalMilliseconds, 0, 3);
    }

    /// <summary>Tables are made and files are read: what a start costs says nothing of the machine's pace after it.</summary>
    [Theory]
    [InlineData(40)]
    [InlineData(110)]
    [InlineData(300)]
    public void What_was_late_during_a_start_is_forgotten_soon_after_it(int stallMs)
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var (primary, standby) = (bench.Primary, bench.OtherThan(bench.Primary));
        standby.Kill();
        bench.Run(8000);
        standby.Restart();
        bench.Run(1000);
        StandStill(bench, standby, stallMs);
        bench.Run(100);
        Assert.InRange(standby.Machine!.Outgoing.Lateness.TotalMilliseconds, stallMs * 0.8, stallMs);

        bench.Run(12_000);
        Assert.InRange(standby.Machine!.Outgoing.Lateness.TotalMilliseconds, 0, 3);
        Assert.Equal("as configured", primary.Machine!.Peers[0].Liveness.LimitsAt(bench.Now).Reason);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1.5, 5)]
    [InlineData(4, 12)]
    [InlineData(300, 60)]
    public void The_hold_of_a_restart_goes_by_how_long_a_start_takes(double startSeconds, double holdSeconds) =>
        Assert.Equal(holdSeconds, ClusterOptions.RestartHoldOf(TimeSpan.FromSeconds(startSeconds)).TotalSeconds);

    /// <summary>Before its loop has told anything, the start tells of the machine's pace: a fortieth of it, within a limit.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 50)]
    [InlineData(8, 200)]
    [InlineData(3600, 4000)]
    public void A_unit_begins_with_the_lateness_that_its_start_tells_of(int startSeconds, int latenessMs)
    {
        var options = new ClusterOptions(new(1), new(2), "gw1", "1.0.0", 1) { Start = TimeSpan.FromSeconds(startSeconds) };
        Assert.Equal(latenessMs, options.LatenessAtStart.TotalMilliseconds);

        var bench = new MachineBench(200, 100).Run(3000);
        var standby = bench.OtherThan(bench.Primary);
        standby.StartTime = TimeSpan.FromSeconds(startSeconds);
        standby.Kill();
        bench.Run(200);
        standby.Restart();
        bench.Run(100);
        Assert.InRange(standby.Machine!.Outgoing.Lateness.TotalMilliseconds, latenessMs - 1, latenessMs + 3);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public void A_primary_whose_daemon_is_slow_to_start_is_primary_on_after_a_restart(int startSeconds)
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var (primary, standby) = (bench.Primary, bench.OtherThan(bench.Primary));
        primary.StartTime = TimeSpan.FromSeconds(startSeconds);
        primary.Kill();
        bench.Run(200);
        primary.Restart();
        bench.Run(15_000);
        var epoch = standby.Machine!.Epoch;

        primary.Kill();
        bench.Run(startSeconds * 2000);
        Assert.Equal(TrafficState.Claimed, primary.Traffic);
        Assert.Equal(TrafficState.Muted, standby.Traffic);
        primary.Restart();
        bench.Run(1000);

        Assert.Equal(epoch, standby.Machine!.Epoch);
        Assert.Equal(primary, bench.Primary);
    }

    /// <summary>Packets that came before the switch wait in its kernel: muted too early, it would drop them.</summary>
    [Theory]
    [InlineData(0, 200)]
    [InlineData(100, 600)]
    [InlineData(300, 1400)]
    [InlineData(900, 2000)]
    public void A_former_primary_that_was_late_forwards_longer_after_a_switchover(int latenessMs, int drainMs)
    {
        var bench = new MachineBench(200, 100).Run(6000);
        var (former, next) = (bench.OtherThan(bench.Primary), bench.Primary);
        StandStill(bench, former, latenessMs);
        bench.Run(2000);
        next.Take(ClusterInput.SwitchoverRequested(former.Serial, "test"));
        bench.Run(4000);
        Assert.Equal(former, bench.Primary);

        former.Take(ClusterInput.SwitchoverRequested(next.Serial, "test"));
        for (var waited = 0; former.Traffic != TrafficState.Draining && waited < 3000; waited++)
        {
            bench.Run(1);
        }

        var drained = 0;
        for (; former.Traffic == TrafficState.Draining && drained < 5000; drained++)
        {
            bench.Run(1);
        }

        Assert.InRange(drained, drainMs - 30, drainMs + 30);
    }

    [Fact]
    public void Whoever_does_not_come_back_is_replaced_when_the_hold_is_over()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var (primary, standby) = (bench.Primary, bench.OtherThan(bench.Primary));

        primary.Kill();
        bench.Run(5300);

        Assert.Equal(TrafficState.Claimed, standby.Traffic);
        Assert.Equal(TrafficState.Muted, primary.Traffic);
    }

    /// <summary>Who would replace a unit waits no longer than its claim stands, however slow it is.</summary>
    [Theory]
    [InlineData(0, 1000)]
    [InlineData(499, 1000)]
    [InlineData(501, 2500)]
    [InlineData(1251, 5000)]
    [InlineData(60_000, 5000)]
    public void The_lease_of_a_claim_goes_by_the_lateness_of_its_unit(int latenessMs, int leaseMs)
    {
        var options = new ClusterOptions(new(1), new(2), "gw1", "1.0.0", 1);
        var lateness = TimeSpan.FromMilliseconds(latenessMs);

        Assert.Equal(leaseMs, options.TimeOf(options.LeaseOf(lateness))!.Value.TotalMilliseconds);
        Assert.Equal(leaseMs * 0.8, options.LimitMaxOf(lateness).TotalMilliseconds, 3);
    }

    /// <summary>Rule 2: the waiting has an end, and says so.</summary>
    [Fact]
    public void A_session_loop_that_never_answers_holds_no_takeover_up_for_ever()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var (primary, standby) = (bench.Primary, bench.OtherThan(bench.Primary));
        standby.Drains = false;

        primary.Cut = primary.Frozen = true;
        bench.Run(300);
        Assert.Equal(TrafficState.Muted, standby.Traffic);
        bench.Run(1900);

        Assert.Equal(TrafficState.Claimed, standby.Traffic);
        Assert.Contains(standby.Told, text => text.Contains("not all sessions", StringComparison.Ordinal));
    }

    [Fact]
    public void A_takeover_that_still_waits_ends_when_a_primary_is_heard()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var (primary, standby) = (bench.Primary, bench.OtherThan(bench.Primary));
        standby.Drains = false;

        primary.Cut = true;
        bench.Run(300);
        primary.Cut = false;
        bench.Run(1000);

        Assert.Equal(primary, bench.Primary);
        Assert.Equal(TrafficState.Muted, standby.Traffic);
        Assert.DoesNotContain(standby.Told, text => text.Contains("not all sessions", StringComparison.Ordinal));
    }

    private static void StandStill(MachineBench bench, MachineBench.Node node, int milliseconds)
    {
        node.StandsStill = true;
        bench.Run(milliseconds);
        node.StandsStill = false;
    }
}
