using Hitless.Core.Cluster;
using Hitless.Core.Tests.Memory;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Traffic;

namespace Hitless.Linux.Tests.Traffic;

public sealed class TrafficTableTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Hosts_resolve_the_virtual_addresses_to_the_virtual_mac_or_without_one_to_the_primarys(bool virtualMac)
    {
        using var units = new TwoUnits(virtualMac);
        Settle(units);

        Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 10.77.1.1; ip netns exec {units.Client} ping -c 1 -W 2 fd77:1::1");

        var neighbours = Shell.Run($"ip -n {units.Client} neigh");
        Assert.Contains($"10.77.1.1 dev eth0 lladdr {units.MacOf(units.A)}", neighbours, StringComparison.Ordinal);
        Assert.Contains($"fd77:1::1 dev eth0 lladdr {units.MacOf(units.A)}", neighbours, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_muted_unit_answers_nothing_for_virtual_addresses_and_everything_for_its_own(bool virtualMac)
    {
        using var units = new TwoUnits(virtualMac);
        units.TableA.Apply(TrafficState.Muted).ThrowIfFailed("a");
        units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("b");

        Assert.NotEqual(0, Shell.Try($"ip netns exec {units.Client} ping -c 2 -i 0.2 -W 1 10.77.1.1").ExitCode);
        Assert.NotEqual(0, Shell.Try($"ip netns exec {units.Client} ping -c 2 -i 0.2 -W 1 fd77:1::1").ExitCode);
        foreach (var own in (string[])["10.77.1.2", "10.77.1.3", "fd77:1::2", "fd77:1::3"])
        {
            Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 {own}");
        }

        Shell.Run($"ip netns exec {units.B} ping -c 1 -W 2 10.77.1.10; ip netns exec {units.B} ping -c 1 -W 2 fd77:1::10");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_muted_unit_sends_no_frame_with_the_virtual_mac_or_a_virtual_address(bool virtualMac)
    {
        using var units = new TwoUnits(virtualMac);
        Settle(units);
        Shell.Run(
            $"""
            ip netns exec {units.Switch} nft -f - <<E
            table netdev watch {"{"} counter seen {"{"} {"}"}
              chain c {"{"} type filter hook ingress device b-lan0 priority 0;
                ether saddr & ff:ff:ff:00:00:00 == 02:48:4c:00:00:00 counter name seen
                ip saddr 10.77.1.1 counter name seen
                arp saddr ip 10.77.1.1 counter name seen
                ip6 saddr fd77:1::1 counter name seen
              {"}"}
            {"}"}
            E
            """
        );

        Shell.Try($"ip netns exec {units.B} ping -c 2 -i 0.2 -W 1 -I 10.77.1.1 10.77.1.10");
        Shell.Try($"ip netns exec {units.B} ping -c 2 -i 0.2 -W 1 -I fd77:1::1 fd77:1::10");
        Shell.Try($"ip netns exec {units.B} arping -c 2 -w 1 -U -I lan0 10.77.1.1");

        Assert.Contains(
            "packets 0 ",
            Shell.Run($"ip netns exec {units.Switch} nft list counter netdev watch seen"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Traffic_to_the_virtual_mac_appears_on_the_port_itself()
    {
        using var units = new TwoUnits();
        Settle(units);
        Shell.Run(
            $"""
            ip netns exec {units.A} nft -f - <<E
            table inet operator {"{"}
              chain f {"{"} type filter hook forward priority 0; policy drop;
                iifname "lan0" oifname "wan0" ip daddr 10.77.2.10 counter accept
                iifname "lan0" oifname "wan0" ip6 daddr fd77:2::10 counter accept
                iifname "wan0" oifname "lan0" counter accept
              {"}"}
            {"}"}
            E
            """
        );

        Shell.Run($"ip netns exec {units.Client} ping -c 3 -i 0.05 -W 2 10.77.2.10");
        Shell.Run($"ip netns exec {units.Client} ping -c 3 -i 0.05 -W 2 fd77:2::10");
    }

    [Fact]
    public void The_kernel_tells_the_state_that_was_applied_also_to_a_successor()
    {
        using var units = new TwoUnits();
        Assert.Null(units.TableA.Read());
        foreach (var state in (TrafficState[])[TrafficState.Muted, TrafficState.Claimed, TrafficState.Draining, TrafficState.Claimed])
        {
            units.TableA.Apply(state).ThrowIfFailed("apply");
            Assert.Equal(state, units.TableA.Read());
        }

        units.TableA.Dispose();
        using var successor = NetworkNamespace.Run(units.A, () => new TrafficTable(units.Ports));
        Assert.Equal(TrafficState.Claimed, successor.Read());
        successor.Apply(TrafficState.Draining).ThrowIfFailed("adopt");
        Assert.Equal(TrafficState.Draining, successor.Read());
        successor.Remove().ThrowIfFailed("remove");
        successor.Remove().ThrowIfFailed("remove again");
        Assert.Null(successor.Read());
    }

    [Fact]
    public void A_damaged_table_is_not_taken_for_a_state_and_is_repaired()
    {
        using var units = new TwoUnits();
        units.TableA.Apply(TrafficState.Muted).ThrowIfFailed("apply");
        units.TableA.Dispose();
        using var successor = NetworkNamespace.Run(units.A, () => new TrafficTable(units.Ports));

        Shell.Run($"ip netns exec {units.A} nft 'delete chain netdev hitless in-lan0'");

        Assert.Null(successor.Read());
        successor.Apply(TrafficState.Muted).ThrowIfFailed("repair");
        Assert.Equal(TrafficState.Muted, successor.Read());
    }

    [Fact]
    public void Flushing_the_ruleset_does_not_unmute_a_unit()
    {
        using var units = new TwoUnits();
        units.TableA.Apply(TrafficState.Muted).ThrowIfFailed("apply");
        Assert.SkipUnless(units.TableA.Persists, "needs kernel 6.9, for tables that others cannot flush");

        Shell.Run($"ip netns exec {units.A} nft flush ruleset");

        Assert.Equal(TrafficState.Muted, units.TableA.Read());
    }

    [Theory]
    [InlineData(TrafficState.Muted)]
    [InlineData(TrafficState.Claimed)]
    public void On_an_older_kernel_a_flush_leaves_every_rule_standing_until_the_table_is_put_back(TrafficState state)
    {
        using var units = new TwoUnits();
        var fence = new ClaimFence(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), 8417, ["lan0"]);
        using var lease = NetworkNamespace.Run(units.A, () => new ClaimLease());
        using var table = NetworkNamespace.Run(units.A, () => new TrafficTable(units.Ports, fence, persists: false));
        table.Apply(state).ThrowIfFailed("apply");
        for (var i = 0; i < 20; i++)
        {
            Shell.Run($"ip netns exec {units.A} nft flush ruleset");

            Assert.False(table.IsWhole);
            Assert.Equal(state, table.Read());
            Assert.Equal(state == TrafficState.Claimed, lease.Renew(ClaimTerm.Lease));
            table.Apply(state).ThrowIfFailed("put back");
            Assert.True(table.IsWhole);
        }

        foreach (var part in (string[])["flush table netdev hitless", "flush chain netdev hitless out-lan0", "flush ruleset netdev"])
        {
            Shell.Run($"ip netns exec {units.A} nft {part}");

            Assert.False(table.IsWhole, part);
            table.Apply(state).ThrowIfFailed("put back");
            Assert.True(table.IsWhole, part);
        }

        table.Dispose();
        Assert.DoesNotContain("hitless-live", Shell.Run($"ip netns exec {units.A} nft list tables"));
        using var successor = NetworkNamespace.Run(units.A, () => new TrafficTable(units.Ports, fence, persists: false));
        Assert.Equal(state, successor.Read());
        successor.Apply(state).ThrowIfFailed("adopt");
        Assert.Equal(state == TrafficState.Claimed, lease.Renew(ClaimTerm.Lease));
    }

    [Theory]
    [InlineData(TrafficState.Muted, true)]
    [InlineData(TrafficState.Claimed, true)]
    [InlineData(TrafficState.Draining, true)]
    [InlineData(TrafficState.Claimed, false)]
    public void What_nft_prints_it_can_read_back_and_that_is_no_claim(TrafficState state, bool virtualMac)
    {
        using var units = new TwoUnits(virtualMac);
        var fence = new ClaimFence(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), 8417, ["lan0"]);
        using var table = NetworkNamespace.Run(units.A, () => new TrafficTable(units.Ports, fence, persists: false));
        table.Apply(state).ThrowIfFailed("apply");

        // As another boot would: the kernel has the printed rules, nobody of Hitless has made them.
        Shell.Run($"ip netns exec {units.A} nft list table netdev hitless | ip netns exec {units.B} nft -f -");

        Assert.Contains(
            $"hitless: {state.ToString().ToLowerInvariant()}",
            Shell.Run($"ip netns exec {units.B} nft list table netdev hitless")
        );
        using var other = NetworkNamespace.Run(units.B, () => new TrafficTable(units.Ports, fence));
        Assert.Null(other.Read());
        other.Apply(TrafficState.Muted).ThrowIfFailed("apply");
        Assert.Equal(TrafficState.Muted, other.Read());
    }

    [Fact]
    public void Two_hundred_addresses_are_one_transaction()
    {
        using var units = new TwoUnits(Enumerable.Range(20, 200).Select(host => $"10.77.1.{host}/24"));

        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("apply");

        Assert.Equal(TrafficState.Claimed, units.TableA.Read());
        Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 10.77.1.219");
    }

    [Fact]
    public void Applying_a_state_allocates_nothing()
    {
        using var units = new TwoUnits();
        Allocation.AssertNone(() =>
        {
            for (var i = 0; i < 10; i++)
            {
                units.TableA.Apply(TrafficState.Muted);
                units.TableA.Apply(TrafficState.Claimed);
            }
        });
    }

    [Fact]
    public void An_absent_port_does_not_keep_the_others_from_being_claimed()
    {
        using var units = new TwoUnits();
        using var table = NetworkNamespace.Run(units.A, () => new TrafficTable([.. units.Ports, units.Ports[0] with { Name = "absent0" }]));

        table.Apply(TrafficState.Claimed).ThrowIfFailed("apply");

        Assert.Equal(TrafficState.Claimed, table.Read());
        Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 10.77.1.1");
    }

    private static void Settle(TwoUnits units)
    {
        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("a");
        units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("b");
    }
}
