using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>
/// A kernel that answers nothing is gone, long before the threshold is over; and what a cluster learns from having been wrong
/// (docs/decisions/0039).
/// </summary>
public sealed class CrashTests
{
    private const int DetectionMs = 37;

    [Fact]
    public void A_primary_whose_kernel_answers_nothing_is_replaced_in_half_of_the_threshold()
    {
        var bench = Settled();
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));

        CutPower(primary);
        bench.Run(DetectionMs);

        Assert.Equal(TrafficState.Claimed, other.Traffic);
        Assert.Contains(other.Told, text => text.Contains("its kernel does not answer", StringComparison.Ordinal));
    }

    /// <summary>Flows that are handed on to a standby wait for the verdict; where none are, nothing is gained by haste.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_standby_that_carries_is_missed_as_soon_as_a_primary(bool carries)
    {
        var bench = new MachineBench(200, 150, 100);
        for (var i = 0; i < bench.Count; i++)
        {
            bench[i].ActiveActive = carries;
            bench[i].Start(adopt: false);
        }

        bench.Run(6000);
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));

        CutPower(other);
        bench.Run(DetectionMs);
        Assert.Equal(carries, IsMissed());
        bench.Run(82 - DetectionMs);
        Assert.True(IsMissed());

        bool IsMissed() => primary.Machine!.Peers.Single(peer => peer.Unit == other.Serial).Absent;
    }

    [Fact]
    public void A_firewall_that_drops_echo_leaves_the_threshold_to_decide()
    {
        var bench = new MachineBench(200, 100);
        bench[0].DropsEcho = bench[1].DropsEcho = true;
        bench.Run(3000);
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));

        CutPower(primary);
        bench.Run(55);
        Assert.Equal(TrafficState.Muted, other.Traffic);
        bench.Run(27);

        Assert.Equal(TrafficState.Claimed, other.Traffic);
    }

    [Fact]
    public void A_firewall_that_begins_to_drop_echo_makes_no_stall_a_crash()
    {
        var bench = Settled();
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));
        primary.DropsEcho = true;
        bench.Run(2500);

        primary.Frozen = true;
        bench.Run(60);
        primary.Frozen = false;
        bench.Run(200);

        Assert.Equal(TrafficState.Muted, other.Traffic);
    }

    [Fact]
    public void A_standby_that_was_not_scheduled_itself_takes_no_silence_for_a_crash()
    {
        var bench = Settled();
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));
        for (var ms = 5; ms < 70; ms++)
        {
            // The whole host stands still, and both go on at the same moment.
            primary.StandsStill = other.StandsStill = true;
            bench.Run(ms);
            primary.StandsStill = other.StandsStill = false;
            bench.Run(300);
        }

        Assert.Equal(primary, bench.Primary);
        Assert.Equal(1, primary.Machine!.Epoch.Number);
    }

    [Fact]
    public void A_machine_that_stands_still_costs_one_takeover_and_no_second_one()
    {
        var bench = Settled();
        var first = bench.Primary;

        Stand(bench, bench.Primary, 60);
        Assert.NotEqual(first, bench.Primary);
        var epoch = bench.Primary.Machine!.Epoch.Number;
        for (var i = 0; i < 40; i++)
        {
            // Whichever is primary: who was replaced knows as well as who replaced it.
            Stand(bench, bench.Primary, 40 + i);
        }

        Assert.Equal(epoch, bench.Primary.Machine!.Epoch.Number);
    }

    [Fact]
    public void A_standby_that_stands_still_teaches_its_primary_what_is_usual_here()
    {
        var bench = Settled();
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));

        Stand(bench, other, 70);

        var limits = Limits(bench, primary);
        Assert.InRange(limits.Echo!.Value.TotalMilliseconds, 50, 120);
        Assert.Contains("its kernel was seen to answer after", limits.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_that_has_grown_is_as_configured_again_after_an_hour()
    {
        var bench = Settled();
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));
        Stand(bench, other, 70);
        var grown = Limits(bench, primary).Echo;

        bench.Run(60_000);
        var later = Limits(bench, primary).Echo;
        bench.Skip(TimeSpan.FromMinutes(60)).Run(5000);

        Assert.True(later < grown);
        Assert.Equal(TimeSpan.FromMilliseconds(10), Limits(bench, primary).Echo);
        Assert.Equal("as configured", Limits(bench, primary).Reason);
    }

    [Fact]
    public void A_heartbeat_cable_that_is_pulled_is_no_crash_where_the_ports_connect_the_units()
    {
        var bench = new MachineBench(200, 100);
        bench[0].PortsOn = bench[1].PortsOn = true;
        bench.Run(3000);
        var primary = bench.Primary;

        primary.LinkIn = primary.LinkOut = false;
        bench.Run(2000);

        Assert.Equal(primary, bench.Primary);
        Assert.Equal(1, primary.Machine!.Epoch.Number);
    }

    [Fact]
    public void A_cable_that_is_pulled_while_the_daemon_stalls_is_no_crash_where_the_kernel_answers_through_the_ports()
    {
        var bench = new MachineBench(200, 100);
        bench[0].PortsOn = bench[1].PortsOn = bench[0].EchoThroughPorts = bench[1].EchoThroughPorts = true;
        bench.Run(3000);
        var primary = bench.Primary;

        primary.LinkIn = primary.LinkOut = false;
        primary.Frozen = true;
        bench.Run(120);
        primary.Frozen = false;
        bench.Run(500);

        Assert.Equal(primary, bench.Primary);
        Assert.Equal(1, primary.Machine!.Epoch.Number);
    }

    [Fact]
    public void A_crash_is_seen_as_soon_where_ports_connect_the_units()
    {
        var bench = new MachineBench(200, 100);
        bench[0].PortsOn = bench[1].PortsOn = true;
        bench.Run(3000);
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));

        CutPower(primary);
        bench.Run(DetectionMs);

        Assert.Equal(TrafficState.Claimed, other.Traffic);
    }

    [Fact]
    public void A_standby_whose_own_last_cable_falls_takes_nobody_for_crashed()
    {
        var bench = Settled();
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));

        other.LinkIn = other.LinkOut = false;
        other.Take(ClusterInput.CableLost(others: false));
        bench.Run(55);

        Assert.Equal(TrafficState.Muted, other.Traffic);
        Assert.Equal(TrafficState.Claimed, primary.Traffic);
    }

    [Fact]
    public void A_primary_that_stood_still_listens_for_an_interval_before_it_renews_its_claim()
    {
        var bench = Settled();
        var primary = bench.Primary;
        primary.Frozen = true;
        bench.Run(50);
        primary.Frozen = false;
        var renewed = primary.Renewals;

        bench.Run(15);
        Assert.Equal(renewed, primary.Renewals);
        bench.Run(50);

        Assert.True(primary.Renewals > renewed);
        Assert.Equal(primary, bench.Primary);
    }

    private static MachineBench Settled() => new MachineBench(200, 100).Run(6000);

    private static void CutPower(MachineBench.Node unit)
    {
        unit.Cut = true;
        unit.Kill();
    }

    private static void Stand(MachineBench bench, MachineBench.Node unit, int milliseconds)
    {
        unit.StandsStill = true;
        bench.Run(milliseconds);
        unit.StandsStill = false;
        bench.Run(1000);
    }

    private static Core.Cluster.Membership.LivenessLimits Limits(MachineBench bench, MachineBench.Node of) =>
        of.Machine!.Peers[0].Liveness.LimitsAt(bench.Now);
}
