using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>A unit that is not scheduled for a while, and whose kernel says that it is there (docs/decisions/0027).</summary>
public sealed class StallTests
{
    [Theory]
    [InlineData(100)]
    [InlineData(135)]
    public void A_primary_that_stalls_for_longer_than_the_threshold_stays_primary(int stallMs)
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var primary = bench.Primary;
        var epoch = primary.Machine!.Epoch;
        for (var stall = 0; stall < 20; stall++)
        {
            primary.Frozen = true;
            bench.Run(stallMs);
            primary.Frozen = false;
            bench.Run(100);
        }

        Assert.Equal(primary, bench.Primary);
        Assert.Equal(epoch, bench.OtherThan(primary).Machine!.Epoch);
    }

    [Fact]
    public void A_primary_that_loses_its_power_is_replaced_after_the_threshold()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));

        primary.Cut = primary.Frozen = true;
        bench.Run(82);

        Assert.Equal(TrafficState.Claimed, other.Traffic);
    }

    [Fact]
    public void A_primary_that_loses_its_power_while_it_stalls_is_replaced_within_an_interval()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));

        primary.Frozen = true;
        bench.Run(120);
        Assert.Equal(TrafficState.Muted, other.Traffic);
        primary.Cut = true;
        bench.Run(22);

        Assert.Equal(TrafficState.Claimed, other.Traffic);
    }

    [Fact]
    public void A_primary_that_stays_frozen_is_replaced_although_its_kernel_answers()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));

        primary.Frozen = true;
        bench.Run(165);

        Assert.Equal(TrafficState.Claimed, other.Traffic);
        Assert.Contains(other.Told, text => text.Contains("its kernel answered", StringComparison.Ordinal));
    }

    [Fact]
    public void A_pulled_cable_is_no_end_for_a_primary_that_stalls_at_that_moment()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));

        primary.Frozen = true;
        other.Take(ClusterInput.CableLost(others: true));
        bench.Run(60);
        Assert.Equal(TrafficState.Muted, other.Traffic);
        primary.Frozen = false;
        bench.Run(300);

        Assert.Equal(primary, bench.Primary);
    }

    [Fact]
    public void A_unit_that_stalls_is_not_told_of_as_one_whose_links_are_cut()
    {
        var bench = new MachineBench(200, 100);
        bench[0].PortsOn = bench[1].PortsOn = true;
        bench.Run(3000);
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));

        primary.Frozen = true;
        bench.Run(135);
        primary.Frozen = false;
        bench.Run(100);

        Assert.DoesNotContain(other.Told, text => text.Contains("through the ports only", StringComparison.Ordinal));
        Assert.DoesNotContain(primary.Told, text => text.Contains("through the ports only", StringComparison.Ordinal));
    }

    [Fact]
    public void An_answer_of_a_unit_that_was_never_heard_changes_nothing()
    {
        var bench = new MachineBench(200, 100).Run(3000);

        bench[0].Take(ClusterInput.KernelAnswered(new(77), 0));

        Assert.Single(bench[0].Machine!.Peers);
    }

    /// <summary>Who does not hold the sessions yet bears a stall of the primary's daemon for as long as its claim may stand.</summary>
    [Theory]
    [InlineData(300, false, 1)]
    [InlineData(700, false, 1)]
    [InlineData(300, true, 2)]
    [InlineData(1500, false, 2)]
    public void A_unit_that_fetches_the_sessions_bears_more_than_one_that_holds_them(int stallMs, bool fetches, long epoch)
    {
        var bench = new MachineBench(200, 100).Run(8000);
        var (primary, standby) = (bench.Primary, bench.OtherThan(bench.Primary));
        standby.Kill();
        bench.Run(500);
        standby.Fetches = fetches;
        standby.Restart();
        bench.Run(2000);

        primary.Frozen = true;
        bench.Run(stallMs);
        Assert.Equal(epoch, standby.Machine!.Epoch.Number);
    }

    /// <summary>
    /// A takeover lets frames be passed over that never came. When it is called off, the primary still has them: what differs is asked for.
    /// </summary>
    [Theory]
    [InlineData(300)]
    [InlineData(900)]
    public void A_takeover_that_is_called_off_asks_for_the_sessions_again(int silentMs)
    {
        var bench = new MachineBench(200, 100).Run(8000);
        var (primary, standby) = (bench.Primary, bench.OtherThan(bench.Primary));
        standby.Drains = false;
        var held = Held();

        primary.LinkOut = false;
        bench.Run(silentMs);
        Assert.Contains(standby.Told, text => text.Contains("takes over", StringComparison.Ordinal));
        primary.LinkOut = true;
        bench.Run(500);

        Assert.Equal(primary, bench.Primary);
        Assert.Equal(held + 1, Held());

        int Held() => standby.Told.Count(text => text.Contains("holds the sessions of the primary", StringComparison.Ordinal));
    }
}
