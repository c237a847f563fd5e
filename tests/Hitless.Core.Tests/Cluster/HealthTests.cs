using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>Failing probes and ports, and whom they move the traffic to.</summary>
public sealed class HealthTests
{
    [Fact]
    public void A_probe_fails_after_its_misses_in_a_row_and_passes_with_the_first_answer()
    {
        var tally = new ProbeTally([(1, 3)], threshold: 1);

        Assert.Equal(
            [false, false, false, false, false, true],
            new[] { false, false, true, false, false, false }.Select(answered => tally.Take(0, answered))
        );
        Assert.True(tally.Fails(0));
        Assert.False(tally.Take(0, answered: false));
        Assert.True(tally.Take(0, answered: true));
        Assert.False(tally.Fails(0));
    }

    [Fact]
    public void Failing_probes_cost_the_sum_of_their_weights_and_nothing_below_the_threshold()
    {
        var tally = new ProbeTally([(2, 1), (3, 1), (10, 1)], threshold: 5);

        tally.Take(0, answered: false);
        Assert.Equal(0, tally.Penalty);
        tally.Take(1, answered: false);
        Assert.Equal(5, tally.Penalty);
        tally.Take(2, answered: false);
        Assert.Equal(15, tally.Penalty);
    }

    [Fact]
    public void A_failing_probe_moves_the_traffic_to_a_unit_whose_probes_pass()
    {
        var bench = Settled();
        var primary = bench.Primary;

        primary.Take(ClusterInput.ProbesChanged(2));
        bench.Run(2300);

        Assert.NotEqual(primary, bench.Primary);
    }

    [Fact]
    public void A_target_that_is_gone_for_all_moves_nothing_whoever_misses_it_first()
    {
        var bench = Settled();
        var primary = bench.Primary;

        primary.Take(ClusterInput.ProbesChanged(1));
        bench.Run(1500);
        bench.OtherThan(primary).Take(ClusterInput.ProbesChanged(1));
        bench.Run(8000);

        Assert.Equal(primary, bench.Primary);
        Assert.Equal(1, primary.Machine!.Epoch.Number);
    }

    [Fact]
    public void Probe_targets_that_come_and_go_move_the_traffic_once_within_the_flip_guard()
    {
        var bench = Settled();
        var first = bench.Primary;
        var second = bench.OtherThan(first);
        first.Take(ClusterInput.ProbesChanged(1));
        bench.Run(2300);
        Assert.Equal(second, bench.Primary);

        first.Take(ClusterInput.ProbesChanged(0));
        second.Take(ClusterInput.ProbesChanged(1));
        bench.Run(60_000);
        Assert.Equal(second, bench.Primary);

        bench.Run(600_000);
        Assert.Equal(first, bench.Primary);
    }

    [Fact]
    public void A_port_that_fails_moves_the_traffic_whatever_the_flip_guard_says()
    {
        var bench = Settled();
        var first = bench.Primary;
        var second = bench.OtherThan(first);
        first.Take(ClusterInput.ProbesChanged(1));
        bench.Run(8000);
        first.Take(ClusterInput.ProbesChanged(0));

        second.Take(ClusterInput.PortsChanged(0b01));
        bench.Run(300);

        Assert.Equal(first, bench.Primary);
    }

    [Fact]
    public void A_port_that_fails_just_after_a_switch_moves_the_traffic_back_at_once()
    {
        var bench = Settled();
        var first = bench.Primary;
        var second = bench.OtherThan(first);
        first.Take(ClusterInput.SwitchoverRequested(second.Serial, "asked for"));
        bench.Run(50);
        Assert.Equal(second, bench.Primary);

        second.Take(ClusterInput.PortsChanged(0b01));
        bench.Run(500);

        Assert.Equal(first, bench.Primary);
    }

    [Fact]
    public void A_unit_whose_port_fails_while_it_takes_up_an_offer_leaves_the_traffic_where_it_is()
    {
        var bench = Settled();
        var first = bench.Primary;
        var second = bench.OtherThan(first);
        second.Applies = false;
        first.Take(ClusterInput.SwitchoverRequested(second.Serial, "asked for"));
        bench.Run(50);

        second.Take(ClusterInput.PortsChanged(0b01));
        bench.Run(8000);

        Assert.Equal(first, bench.Primary);
        Assert.Equal("a port fell, the primary is better off", second.Machine!.Reason);
        Assert.Equal(1, first.Machine!.Epoch.Number);
    }

    [Fact]
    public void An_operator_cannot_move_the_traffic_to_a_unit_that_is_worse()
    {
        var bench = Settled();
        var primary = bench.Primary;
        bench.OtherThan(primary).Take(ClusterInput.ProbesChanged(1));
        bench.Run(100);

        primary.Take(ClusterInput.SwitchoverRequested(bench.OtherThan(primary).Serial, "asked for"));
        bench.Run(100);

        Assert.Equal(primary, bench.Primary);
        Assert.Contains(
            $"{bench.OtherThan(primary).Name} is worse: failed ports, probes and what it would not forward: 1 there, 0 on {primary.Name}",
            primary.Told
        );
    }

    private static MachineBench Settled() => new MachineBench(200, 100).Run(8000);
}
