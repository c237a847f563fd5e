using Hitless.Core.Cluster;
using Hitless.Linux.Announcements;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Traffic;

namespace Hitless.Linux.Tests.Traffic;

/// <summary>Unit a is primary, unit b has stopped: nothing of it runs any more (docs/decisions/0045).</summary>
public sealed class SilenceFiltersTests
{
    [Theory]
    [InlineData(TrafficState.Muted, true)]
    [InlineData(TrafficState.Claimed, true)]
    [InlineData(TrafficState.Draining, true)]
    [InlineData(TrafficState.Muted, false)]
    [InlineData(TrafficState.Claimed, false)]
    public void A_stopped_unit_whose_ruleset_is_flushed_speaks_for_no_virtual_address(TrafficState lastState, bool virtualMac)
    {
        using var units = new TwoUnits(virtualMac);
        Watch(units);
        Stop(units, lastState, withFilters: true);

        Ask(units);

        Assert.Equal(0, Heard(units));
        foreach (var own in (string[])["10.77.1.3", "fd77:1::3"])
        {
            Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 {own}");
        }
    }

    [Fact]
    public void Without_the_filters_it_would()
    {
        using var units = new TwoUnits();
        Watch(units);
        Stop(units, TrafficState.Muted, withFilters: false);

        Ask(units);

        Assert.NotEqual(0, Heard(units));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_primary_speaks_through_the_filters_and_a_stopped_one_once_its_rules_are_back(bool virtualMac)
    {
        using var units = new TwoUnits(virtualMac, Enumerable.Range(20, 200).Select(host => $"10.77.1.{host}/24").Append("fd77:1::99/64"));
        Stop(units, TrafficState.Muted, withFilters: true);
        using var again = NetworkNamespace.Run(units.B, () => new TrafficTable(units.Ports));
        units.TableA.Apply(TrafficState.Muted).ThrowIfFailed("a");
        again.Apply(TrafficState.Claimed).ThrowIfFailed("b");

        using var announcer = NetworkNamespace.Run(units.B, () => new Announcer(units.Ports));
        announcer.AnnounceAll();
        foreach (var address in (string[])["10.77.1.1", "10.77.1.219", "fd77:1::1", "fd77:1::99"])
        {
            Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 {address}");
        }

        Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 10.77.2.10; ip netns exec {units.Client} ping -c 1 -W 2 fd77:2::10");
        Assert.Contains(
            $"10.77.1.219 dev eth0 lladdr {units.MacOf(units.B)}",
            Shell.Run($"ip -n {units.Client} neigh"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Filters_and_disciplines_of_others_stay_and_ours_go_when_the_unit_leaves()
    {
        using var units = new TwoUnits();
        const string theirs = "protocol all prio 9 handle 0x5 bpf da bytecode '1,6 0 0 4294967295'";
        Shell.Run(
            $"tc -n {units.B} qdisc add dev lan0 clsact; tc -n {units.B} filter add dev lan0 egress {theirs}; "
                + $"tc -n {units.B} filter add dev lan0 ingress {theirs}"
        );
        var before = Filters(units);
        using var filters = NetworkNamespace.Run(units.B, () => new SilenceFilters(units.Ports));

        Assert.Equal([], filters.Apply());
        Assert.True(filters.IsWhole());
        Assert.Equal([], filters.Apply());
        Assert.NotEqual(before, Filters(units));
        Shell.Run($"tc -n {units.B} filter del dev lan0 egress prio 2");
        Assert.False(filters.IsWhole());
        Assert.Equal([], filters.Apply());
        Assert.True(filters.IsWhole());

        filters.Remove();

        Assert.Equal(before, Filters(units));
        Assert.Contains("clsact", Shell.Run($"tc -n {units.B} qdisc show dev lan0"), StringComparison.Ordinal);
        Assert.DoesNotContain("clsact", Shell.Run($"tc -n {units.B} qdisc show dev wan0"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_discipline_that_was_made_for_the_filters_stays_while_somebody_else_uses_it()
    {
        using var units = new TwoUnits();
        using var filters = NetworkNamespace.Run(units.B, () => new SilenceFilters(units.Ports));
        Assert.Equal([], filters.Apply());
        Shell.Run($"tc -n {units.B} filter add dev lan0 ingress protocol all prio 9 bpf da bytecode '1,6 0 0 4294967295'");

        filters.Remove();

        Assert.Contains("clsact", Shell.Run($"tc -n {units.B} qdisc show dev lan0"), StringComparison.Ordinal);
        Assert.DoesNotContain("clsact", Shell.Run($"tc -n {units.B} qdisc show dev wan0"), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_another_discipline_has_the_place_that_is_a_problem_and_the_other_port_is_done()
    {
        using var units = new TwoUnits();
        Shell.Run(
            $"tc -n {units.B} qdisc add dev lan0 ingress; "
                + $"tc -n {units.B} filter add dev lan0 ingress protocol all prio 2 bpf da bytecode '1,6 0 0 4294967295'"
        );
        var before = Shell.Run($"tc -n {units.B} filter show dev lan0 ingress");
        using var filters = NetworkNamespace.Run(units.B, () => new SilenceFilters(units.Ports));

        var problem = Assert.Single(filters.Apply());

        Assert.StartsWith("lan0 ", problem, StringComparison.Ordinal);
        Assert.Contains("ingress", problem, StringComparison.Ordinal);
        Assert.Equal(before, Shell.Run($"tc -n {units.B} filter show dev lan0 ingress"));
        Assert.Contains("pref 2 bpf", Shell.Run($"tc -n {units.B} filter show dev wan0 egress"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_virtual_address_any_more_is_let_speak_and_what_is_no_port_any_more_is_left_alone()
    {
        using var units = new TwoUnits("10.77.1.50/24");
        using var before = NetworkNamespace.Run(units.B, () => new SilenceFilters(units.Ports));
        Assert.Equal([], before.Apply());
        var first = units.Ports[0] with { Addresses = [units.Ports[0].Addresses[0]] };
        using var after = NetworkNamespace.Run(units.B, () => new SilenceFilters([first]));

        Assert.Equal([], after.Apply());

        Shell.Run($"ip -n {units.A} link set lan0 down; ip netns exec {units.Client} ping -c 1 -W 2 10.77.1.50");
        Assert.NotEqual(0, Shell.Try($"ip netns exec {units.Client} ping -c 1 -W 1 10.77.1.1").ExitCode);
        Assert.DoesNotContain("clsact", Shell.Run($"tc -n {units.B} qdisc show dev wan0"), StringComparison.Ordinal);
    }

    /// <summary>What unit b says of virtual addresses is counted at the switch.</summary>
    private static void Watch(TwoUnits units) =>
        Shell.Run(
            $$"""
            ip netns exec {{units.Switch}} nft -f - <<E
            table netdev watch { counter seen { }
              chain c { type filter hook ingress device b-lan0 priority 0;
                arp saddr ip 10.77.1.1 counter name seen
                icmpv6 type nd-neighbor-advert icmpv6 taddr fd77:1::1 counter name seen
                icmpv6 type nd-neighbor-solicit ip6 saddr fd77:1::1 counter name seen
              }
            }
            E
            """.Replace("icmpv6 taddr fd77:1::1", "@th,64,128 0xfd770001000000000000000000000001", StringComparison.Ordinal)
        );

    private static void Stop(TwoUnits units, TrafficState lastState, bool withFilters)
    {
        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("a");
        units.TableB.Apply(lastState).ThrowIfFailed("b");
        if (withFilters)
        {
            using var filters = NetworkNamespace.Run(units.B, () => new SilenceFilters(units.Ports));
            Assert.Equal([], filters.Apply());
        }

        units.TableB.Dispose();
        Shell.Run($"ip netns exec {units.B} nft flush ruleset");
        Assert.Equal("", Shell.Run($"ip netns exec {units.B} nft list ruleset"));
    }

    /// <summary>A host asks over and over, and programs on unit b use the addresses.</summary>
    private static void Ask(TwoUnits units) =>
        Shell.Try(
            $"""
            ip netns exec {units.Client} arping -c 5 -w 2 -I eth0 10.77.1.1
            for i in 1 2 3; do ip -n {units.Client} neigh flush all; ip netns exec {units.Client} ping -c 1 -W 1 10.77.1.1
            ip netns exec {units.Client} ping -c 1 -W 1 fd77:1::1; done
            ip netns exec {units.B} ping -c 1 -W 1 -I 10.77.1.1 10.77.1.10
            ip netns exec {units.B} ping -c 1 -W 1 -I fd77:1::1 fd77:1::10
            ip netns exec {units.B} arping -c 2 -w 1 -U -I lan0 10.77.1.1
            """
        );

    private static int Heard(TwoUnits units)
    {
        var seen = Shell.Run($"ip netns exec {units.Switch} nft list counter netdev watch seen");
        return int.Parse(System.Text.RegularExpressions.Regex.Match(seen, @"packets (\d+)").Groups[1].Value);
    }

    private static string Filters(TwoUnits units) =>
        Shell.Run(
            $"tc -n {units.B} filter show dev lan0 egress; tc -n {units.B} filter show dev lan0 ingress; "
                + $"tc -n {units.B} filter show dev wan0 egress"
        );
}
