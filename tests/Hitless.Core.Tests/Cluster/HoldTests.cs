using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>A unit that an operator holds for maintenance (docs/decisions/0070).</summary>
public sealed class HoldTests
{
    private static readonly UnitHold UntilReleased = new("new disk", Remaining: null);

    [Fact]
    public void A_held_primary_hands_over_and_nobody_notices()
    {
        var bench = Ready(200, 100);
        var (former, standby) = Pair(bench);
        former.Take(ClusterInput.UnitHeld(UntilReleased));
        bench.Run(1000);
        Assert.Equal(standby, bench.Primary);
        Assert.Equal(UnitState.Held, former.Machine!.State);
        Assert.True(former.Machine.Synced);
        Assert.Contains(former.Told, line => line.Contains("is held until it is released (new disk)", StringComparison.Ordinal));
        Assert.Contains(former.Told, line => line.Contains("hands over to", StringComparison.Ordinal));
    }

    [Fact]
    public void A_held_primary_carries_the_traffic_until_somebody_is_ready()
    {
        var bench = new MachineBench(200).Run(3000);
        var alone = bench.Primary;
        alone.Take(ClusterInput.UnitHeld(UntilReleased));
        bench.Run(2000);
        Assert.Equal(TrafficState.Claimed, alone.Traffic);
        Assert.Equal((UnitRole.Primary, UnitState.Held), (alone.Machine!.Role, alone.Machine.State));
    }

    [Fact]
    public void A_held_standby_does_not_take_over_and_the_next_one_does_at_once()
    {
        var bench = Ready(200, 150, 100);
        var former = bench.Primary;
        bench[1].Take(ClusterInput.UnitHeld(UntilReleased));
        bench.Run(100);
        former.Kill();
        former.Cut = true;
        bench.Run(300);
        Assert.Equal(bench[2], bench.Primary);
    }

    [Fact]
    public void Who_is_held_alone_waits_and_takes_over_when_it_is_released()
    {
        var bench = Ready(200, 100);
        var (former, standby) = Pair(bench);
        standby.Take(ClusterInput.UnitHeld(UntilReleased));
        former.Kill();
        former.Cut = true;
        bench.Run(5000);
        Assert.Equal((UnitRole.Standby, UnitState.Held), (standby.Machine!.Role, standby.Machine.State));
        standby.Take(ClusterInput.UnitReleased);
        bench.Run(1000);
        Assert.Equal(standby, bench.Primary);
    }

    [Fact]
    public void A_cluster_whose_units_are_all_held_serves_after_a_power_failure_and_not_before_all_are_heard()
    {
        var bench = Ready(200, 100);
        var (first, second) = Pair(bench);
        first.Take(ClusterInput.UnitHeld(UntilReleased));
        second.Take(ClusterInput.UnitHeld(UntilReleased));
        bench.Run(100);
        first.Kill();
        second.Kill();
        second.Start(adopt: false);
        bench.Run(5000);
        Assert.Equal((UnitRole.Standby, UnitState.Held), (second.Machine!.Role, second.Machine.State));
        first.Start(adopt: false);
        bench.Run(3000);
        var serving = Assert.Single(new[] { first, second }, unit => unit.Machine!.Role == UnitRole.Primary);
        Assert.Equal($"{serving.Name} is primary", bench.OtherThan(serving).Machine!.Reason);
    }

    [Fact]
    public void A_hold_ends_by_itself_and_a_restart_neither_ends_nor_lengthens_it()
    {
        var bench = Ready(200, 100);
        var standby = Pair(bench).Standby;
        standby.Take(ClusterInput.UnitHeld(new UnitHold("", TimeSpan.FromSeconds(150))));
        bench.Run(61_000);
        Assert.Equal(TimeSpan.FromSeconds(90), standby.Hold!.Remaining);
        standby.Kill();
        bench.Run(10_000);
        standby.Start(adopt: false);
        bench.Run(89_000);
        Assert.Equal(UnitState.Held, standby.Machine!.State);
        bench.Run(1500);
        Assert.Equal(UnitState.Ready, standby.Machine.State);
        Assert.Null(standby.Hold);
        Assert.Contains(standby.Told, line => line.Contains("is no longer held: its time is over", StringComparison.Ordinal));
    }

    [Fact]
    public void Nobody_switches_over_to_a_held_unit_and_the_answer_says_why()
    {
        var bench = Ready(200, 100);
        var (primary, standby) = Pair(bench);
        standby.Take(ClusterInput.UnitHeld(UntilReleased));
        bench.Run(100);
        primary.Take(ClusterInput.SwitchoverRequested(standby.Serial, "asked for", evenIfWorse: true));
        Assert.Contains($"{standby.Name} is held for maintenance", primary.Told);
        primary.Take(ClusterInput.PortsChanged(1));
        bench.Run(8000);
        Assert.Equal(primary, bench.Primary);
    }

    [Fact]
    public void An_offer_that_is_under_way_is_declined_by_who_is_held()
    {
        var bench = Ready(200, 100);
        var (primary, standby) = Pair(bench);
        standby.Applies = false;
        primary.Take(ClusterInput.SwitchoverRequested(standby.Serial, "asked for"));
        bench.Run(30);
        standby.Take(ClusterInput.UnitHeld(UntilReleased));
        standby.Applies = true;
        bench.Run(5000);
        Assert.Equal(primary, bench.Primary);
        Assert.Equal(UnitState.Held, standby.Machine!.State);
    }

    [Fact]
    public void During_a_run_nobody_is_held()
    {
        var bench = Ready(200, 100);
        var standby = Pair(bench).Standby;
        standby.Take(ClusterInput.HoldChanged(true));
        standby.Take(ClusterInput.UnitHeld(UntilReleased));
        Assert.False(standby.Machine!.OperatorHold.Stands);
        Assert.Null(standby.Hold);
    }

    [Fact]
    public void An_older_version_takes_a_held_unit_for_one_that_is_not_ready()
    {
        Span<byte> bytes = stackalloc byte[HeartbeatCodec.LengthMax];
        var said = new Heartbeat
        {
            Name = "gw2",
            Role = UnitRole.Standby,
            State = UnitState.Held,
            Held = true,
        };
        var length = HeartbeatCodec.Write(said, 1, bytes);
        var read = new Heartbeat();
        Assert.True(HeartbeatCodec.TryRead(bytes[..length], read));
        Assert.Equal((UnitState.Held, true), (read.State, read.Held));
        ReadOnlySpan<byte> role = [3, 4, (byte)UnitRole.Standby, (byte)UnitState.Syncing];
        Assert.True(bytes[..length].IndexOf(role) >= 0);
    }

    private static MachineBench Ready(params ReadOnlySpan<byte> priorities) => new MachineBench(priorities).Run(6000);

    private static (MachineBench.Node Primary, MachineBench.Node Standby) Pair(MachineBench bench) =>
        (bench.Primary, bench.OtherThan(bench.Primary));
}
