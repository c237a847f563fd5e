using Hitless.Core.Api;
using Hitless.Core.Upgrade.Forwarding;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

public sealed class ForwardingJudgeTests
{
    private Action<Traffic> scene = _ => { };

    [Fact]
    public void What_goes_on_as_before_is_known_within_half_a_second_and_stays_so_through_the_soak()
    {
        var (judge, unit) = Switch();
        var at = Watch(judge, unit, 0.5);
        Assert.Equal(TrafficVerdict.Forwards, judge.Judgement.Verdict);
        Assert.Equal(0.5, at, 0.11);
        Watch(judge, unit, 30);
        Assert.Equal(TrafficVerdict.Forwards, judge.Judgement.Verdict);
        Assert.InRange(judge.Judgement.After!.ForwardedPerSecond, 800, 1200);
        Assert.InRange(judge.Judgement.Before!.ForwardedPerSecond, 700, 1300);
        Assert.Equal(["lan0", "wan0"], judge.Judgement.After.Interfaces.Select(each => each.Name));
    }

    /// <summary>What the comparison of packets taken with packets sent took for drops, and what it did not see.</summary>
    [Theory]
    [InlineData(40, 30, 0.3, false)]
    [InlineData(1, 400, 0.3, false)]
    [InlineData(12, 60, 0.9, false)]
    [InlineData(40, 30, 0.3, true)]
    [InlineData(1, 400, 0.9, true)]
    public void Offload_own_traffic_and_uneven_seconds_are_no_fault(double offload, double own, double jitter, bool oldKernel)
    {
        for (var rate = 50; rate <= 20_000; rate *= 20)
        {
            scene = unit => (unit.Offload, unit.Own, unit.Jitter, unit.Rate) = (offload, own, jitter, (rate, rate * 1.7));
            var (judge, unit) = Switch(oldKernel: oldKernel);
            // The other machine's interface merges otherwise, and its probes are its own.
            (unit.Offload, unit.Own) = (offload == 1 ? 40 : 1, own / 3);
            Watch(judge, unit, 30);
            Assert.True(judge.Breach is null, judge.Breach);
            Assert.Equal(TrafficVerdict.Forwards, judge.Judgement.Verdict);
        }
    }

    [Theory]
    [InlineData("routes", "no-route", "InNoRoutes", false)]
    [InlineData("forwarding", "nothing-forwarded", "InAddrErrors", false)]
    [InlineData("firewall", "nothing-forwarded", "firewall rule", false)]
    [InlineData("blackhole", "nothing-forwarded", "blackhole route", false)]
    [InlineData("upstream", "no-answer", "nothing comes in at wan0", false)]
    [InlineData("unreachable", "unreachable", "OutDestUnreachs", false)]
    [InlineData("egress", "nothing-forwarded", "nothing leaves by wan0", false)]
    [InlineData("routes", "no-route", "InNoRoutes", true)]
    [InlineData("firewall", "nothing-forwarded", "hook prerouting or input", true)]
    public void An_outage_is_named_by_its_cause_within_a_second(string fault, string verdict, string cause, bool oldKernel)
    {
        var (judge, unit) = Switch(oldKernel: oldKernel);
        Break(unit, fault);
        var at = Watch(judge, unit, 5);
        Assert.Equal(TrafficVerdict.Of(verdict), judge.Judgement.Verdict);
        Assert.Contains(cause, judge.Breach, StringComparison.Ordinal);
        Assert.Contains("gw2", judge.Breach, StringComparison.Ordinal);
        Assert.InRange(at, 0.5, 1.1);
    }

    [Fact]
    public void Where_little_arrives_and_none_of_it_leaves_nothing_is_said_before_an_outage_can_be_told()
    {
        scene = unit => (unit.Rate, unit.Sessions, unit.Own, unit.Broadcasts) = ((4, 4), (0, 0), 0, 0);
        var (judge, unit) = Switch();
        Break(unit, "firewall");
        Watch(judge, unit, 2.2);
        Assert.False(judge.Decided, judge.Judgement.Text);
        Watch(judge, unit, 2);
        Assert.Equal(TrafficVerdict.NothingForwarded, judge.Judgement.Verdict);
    }

    [Theory]
    [InlineData("routes")]
    [InlineData("forwarding")]
    [InlineData("firewall")]
    [InlineData("blackhole")]
    [InlineData("upstream")]
    public void An_outage_that_begins_during_the_soak_is_found_too(string fault)
    {
        var (judge, unit) = Switch();
        Watch(judge, unit, 8);
        Assert.Equal(TrafficVerdict.Forwards, judge.Judgement.Verdict);
        Break(unit, fault);
        Assert.InRange(Watch(judge, unit, 10), 1, 4);
        Assert.NotNull(judge.Breach);
    }

    [Fact]
    public void Nothing_that_arrives_at_all_since_the_switch_is_an_outage_too()
    {
        var (judge, unit) = Switch();
        unit.Rate = (0, 0);
        Watch(judge, unit, 3);
        Assert.Equal(TrafficVerdict.NothingForwarded, judge.Judgement.Verdict);
        Assert.Contains("no packet to be forwarded arrives", judge.Breach, StringComparison.Ordinal);
    }

    [Fact]
    public void Hosts_that_stop_at_the_first_unreachable_have_told_the_cause()
    {
        var (judge, unit) = Switch();
        (unit.Rate, unit.Jitter, unit.Fault) = ((20, 0), 0, (1, 0, 0, 0, 0));
        judge.Step(unit.After(0.1));
        unit.Rate = (0, 0);
        Watch(judge, unit, 3);
        Assert.Equal(TrafficVerdict.NoRoute, judge.Judgement.Verdict);
        Assert.Contains("InNoRoutes), 2 packets", judge.Breach, StringComparison.Ordinal);
    }

    [Fact]
    public void Hosts_that_fall_silent_during_the_soak_are_no_outage()
    {
        var (judge, unit) = Switch();
        Watch(judge, unit, 2);
        (unit.Rate, unit.Sessions) = ((0, 0), (0, 0));
        Watch(judge, unit, 20);
        Assert.Null(judge.Breach);
    }

    [Fact]
    public void Silence_before_the_switch_tells_nothing_and_says_so()
    {
        scene = unit => (unit.Rate, unit.Sessions) = ((0, 0), (0, 0));
        var (judge, unit) = Switch();
        Watch(judge, unit, 0.2);
        Assert.Equal(TrafficVerdict.NotEnoughTraffic, judge.Judgement.Verdict);
        Break(unit, "firewall");
        Watch(judge, unit, 20);
        Assert.Equal(TrafficVerdict.NotEnoughTraffic, judge.Judgement.Verdict);
        Assert.Contains("not enough traffic to tell", judge.Judgement.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, "routes", "no-route")]
    [InlineData(8, "firewall", "nothing-forwarded")]
    public void A_few_packets_a_second_that_all_stay_here_are_an_outage_after_some_seconds(double rate, string fault, string verdict)
    {
        scene = unit => (unit.Rate, unit.Jitter, unit.Broadcasts, unit.Sessions) = ((rate, rate), 0, 1, (1, 0.98));
        var (judge, unit) = Switch();
        Break(unit, fault);
        Watch(judge, unit, 10);
        Assert.Equal(TrafficVerdict.Of(verdict), judge.Judgement.Verdict);
    }

    [Fact]
    public void A_few_packets_a_second_that_are_forwarded_are_enough_to_say_so()
    {
        scene = unit => (unit.Rate, unit.Jitter, unit.Broadcasts, unit.Sessions) = ((4, 4), 0, 1, (1, 0.98));
        var (judge, unit) = Switch();
        Watch(judge, unit, 3);
        Assert.Equal(TrafficVerdict.Forwards, judge.Judgement.Verdict);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1000)]
    public void Two_percent_that_a_rule_drops_are_found_within_the_soak(double rate)
    {
        scene = unit => unit.Rate = (rate, rate);
        var (judge, unit) = Switch();
        Watch(judge, unit, 3);
        unit.Fault = (0, 0, 0.02, 0, 0);
        Assert.InRange(Watch(judge, unit, 12), 1, 11.9);
        Assert.Equal(TrafficVerdict.Drops, judge.Judgement.Verdict);
        Assert.Contains("an nftables chain at the hook forward", judge.Breach, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rule_before_routing_that_drops_two_percent_is_found_too()
    {
        var (judge, unit) = Switch();
        unit.Fault = (0, 0, 0, 0.03, 0);
        Watch(judge, unit, 12);
        Assert.Equal(TrafficVerdict.Drops, judge.Judgement.Verdict);
    }

    [Fact]
    public void An_interface_that_drops_what_it_is_to_send_is_named()
    {
        var (judge, unit) = Switch();
        unit.Fault = (0, 0, 0, 0, 0.02);
        Watch(judge, unit, 12);
        Assert.Contains("wan0 drops them as it sends", judge.Breach, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_former_primarys_rules_dropped_as_well_is_no_fault()
    {
        scene = unit => unit.Fault = (0.02, 0, 0.04, 0.03, 0);
        var (judge, unit) = Switch();
        Watch(judge, unit, 30);
        Assert.Null(judge.Breach);
    }

    [Fact]
    public void What_a_rehearsal_has_measured_is_no_fault()
    {
        var (judge, unit) = Switch();
        judge.AllowedShare = 0.02;
        unit.Fault = (0, 0, 0.02, 0, 0);
        Watch(judge, unit, 30);
        Assert.Null(judge.Breach);
    }

    [Fact]
    public void New_connections_without_an_answer_are_an_outage_even_if_old_ones_go_on()
    {
        var (judge, unit) = Switch();
        unit.Sessions = (10, 0);
        Watch(judge, unit, 3);
        Assert.Equal(TrafficVerdict.NoAnswer, judge.Judgement.Verdict);
        Assert.Contains("new connections through gw2 get no answer", judge.Breach, StringComparison.Ordinal);
    }

    /// <summary>One-way traffic, as of cameras or logs: what was silent before is not missed.</summary>
    [Fact]
    public void Traffic_of_one_direction_is_judged_by_that_direction()
    {
        scene = unit => (unit.Rate, unit.Sessions, unit.Own) = ((800, 0), (5, 0), 0);
        var (judge, unit) = Switch();
        Watch(judge, unit, 20);
        Assert.Equal(TrafficVerdict.Forwards, judge.Judgement.Verdict);
    }

    [Fact]
    public void A_machine_that_stood_still_has_counted_nothing_and_is_not_judged_by_that()
    {
        var (judge, unit) = Switch();
        for (var i = 0; i < 8; i++)
        {
            // Every half second one sample: most of the time nobody ran, neither the hosts.
            unit.Rate = (0, 0);
            judge.Step(unit.After(0.5));
        }

        Assert.Null(judge.Breach);
        unit.Rate = (500, 500);
        Watch(judge, unit, 5);
        Assert.Equal(TrafficVerdict.Forwards, judge.Judgement.Verdict);
    }

    [Fact]
    public void Without_the_former_primarys_figures_nothing_is_said()
    {
        var unit = new Traffic();
        var judge = new ForwardingJudge("gw2", null, unit.Now);
        Break(unit, "routes");
        Watch(judge, unit, 5);
        Assert.Equal(TrafficVerdict.NotKnown, judge.Judgement.Verdict);
        Assert.Null(judge.Judgement.Before);
    }

    [Fact]
    public void Figures_of_too_short_a_time_are_not_held_against_anybody()
    {
        var unit = new Traffic();
        var history = new ForwardingHistory();
        history.Add(unit.After(1));
        history.Add(unit.After(1));
        Assert.Equal((0, 0), (history.Figures("gw1").SteadyPerSecond, history.Figures("gw1").ForwardedPerSecond));
    }

    /// <summary>
    /// A primary that has just come up, and hosts that stop when it hands over: seen on the lab, 230 packets a second and then 9.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_burst_of_a_few_seconds_that_ends_with_the_switch_is_no_outage(int seconds)
    {
        var former = new Traffic();
        var history = new ForwardingHistory();
        for (var second = 0; second <= seconds; second++)
        {
            history.Add(former.After(1));
        }

        var figures = history.Figures("gw1");
        Assert.InRange(figures.ForwardedPerSecond, 500, 1500);
        var unit = new Traffic
        {
            Rate = (0, 0),
            Sessions = (0, 1),
            Broadcasts = 2,
            Own = 20,
        };
        var judge = new ForwardingJudge("gw2", figures, unit.Now);
        Watch(judge, unit, 5);
        Assert.Null(judge.Breach);
    }

    [Fact]
    public void An_interface_that_was_made_anew_counts_as_not_seen()
    {
        var unit = new Traffic();
        var (first, last) = (unit.After(1), new Traffic().After(0.1));
        var interval = new ForwardingInterval(first, last with { At = first.At + TimeSpan.FromSeconds(1) });
        Assert.Empty(interval.Interfaces);
        Assert.All(interval.Losses(), loss => Assert.True(loss.Lost >= 0));
    }

    private static void Break(Traffic unit, string fault)
    {
        unit.Fault = fault switch
        {
            "routes" => (1, 0, 0, 0, 0),
            "forwarding" => (0, 1, 0, 0, 0),
            "firewall" => (0, 0, 1, 0, 0),
            "blackhole" or "unreachable" => (0, 0, 0, 1, 0),
            _ => default,
        };
        (unit.NothingBack, unit.Stuck, unit.Tells) = (fault == "upstream", fault == "egress", fault == "unreachable");
    }

    /// <summary>A minute on gw1, then gw2 claims under the same traffic.</summary>
    private (ForwardingJudge Judge, Traffic Unit) Switch(bool oldKernel = false)
    {
        var former = new Traffic(oldKernel);
        scene(former);
        var history = new ForwardingHistory();
        for (var i = 0; i < 60; i++)
        {
            history.Add(former.After(1));
        }

        var unit = new Traffic(oldKernel);
        scene(unit);
        var judge = new ForwardingJudge("gw2", history.Figures("gw1"), unit.Now);
        judge.Step(unit.After(0));
        return (judge, unit);
    }

    /// <summary>Ten samples a second until a breach, or for so long; the seconds that it took.</summary>
    private static double Watch(ForwardingJudge judge, Traffic unit, double seconds)
    {
        var begun = unit.Now;
        while (judge.Breach is null && unit.Now - begun < TimeSpan.FromSeconds(seconds))
        {
            judge.Step(unit.After(0.1));
        }

        return (unit.Now - begun).TotalSeconds;
    }
}
