using Hitless.Core.Cluster;
using Hitless.Core.Cluster.Membership;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>Two units with one id, and two with one name (docs/decisions/0042).</summary>
public sealed class TwinTests
{
    private static readonly IncarnationTag Ours = new(500);
    private static readonly TimeSpan Now = TimeSpan.FromSeconds(100);

    [Theory]
    [InlineData(400UL)]
    [InlineData(600UL)]
    public void The_one_without_a_role_yields_to_the_one_that_has_one(ulong theirTag)
    {
        var (guard, tag) = (new TwinGuard(Ours), new IncarnationTag(theirTag));
        Assert.True(guard.Heard(tag, Says(UnitRole.Primary, 9), proven: true, hasRole: false, TimeSpan.Zero, Now));
        Assert.True(guard.Yields);

        var other = new TwinGuard(tag);
        other.Heard(Ours, Says(UnitRole.None, 0), proven: true, hasRole: true, TimeSpan.FromSeconds(9), Now);
        Assert.False(other.Yields);
    }

    [Theory]
    [InlineData(400UL, 100, 300, true)]
    [InlineData(600UL, 300, 100, false)]
    [InlineData(600UL, 100, 101, true)]
    [InlineData(400UL, 100, 101, false)]
    public void Of_two_with_a_role_the_younger_yields_and_among_equals_the_lesser_tag(ulong theirTag, int age, int theirs, bool yields)
    {
        IncarnationTag tag = new(theirTag);
        var (here, there) = (new TwinGuard(Ours), new TwinGuard(tag));
        here.Heard(tag, Says(UnitRole.Primary, theirs), proven: true, hasRole: true, TimeSpan.FromSeconds(age), Now);
        there.Heard(Ours, Says(UnitRole.Primary, age), proven: true, hasRole: true, TimeSpan.FromSeconds(theirs), Now);
        Assert.Equal(yields, here.Yields);
        Assert.Equal(!yields, there.Yields);
    }

    [Fact]
    public void Should_both_think_that_they_are_the_older_one_yields_after_a_second()
    {
        var here = new TwinGuard(Ours);
        here.Heard(new(600), Says(UnitRole.Primary, 10), proven: true, hasRole: true, TimeSpan.FromSeconds(20), Now);
        Assert.False(here.Yields);
        here.Heard(
            new(600),
            Says(UnitRole.Primary, 11),
            proven: true,
            hasRole: true,
            TimeSpan.FromSeconds(21),
            Now + TimeSpan.FromSeconds(1)
        );
        Assert.True(here.Yields);
    }

    [Fact]
    public void A_recording_of_a_former_start_is_echoed_and_proves_nothing()
    {
        var guard = new TwinGuard(Ours);
        Assert.False(guard.Heard(new(400), Says(UnitRole.Primary, 9), proven: false, hasRole: false, TimeSpan.Zero, Now));
        Assert.False(guard.Yields || guard.IsThere(Now));
        Assert.Equal(new(400), guard.Tag);
    }

    [Fact]
    public void One_that_is_gone_holds_nobody_up()
    {
        var guard = new TwinGuard(Ours);
        guard.Heard(new(400), Says(UnitRole.Primary, 9), proven: true, hasRole: false, TimeSpan.Zero, Now);
        guard.OnTime(Now + TwinGuard.Memory - TimeSpan.FromMilliseconds(1));
        Assert.True(guard.Yields);
        guard.OnTime(Now + TwinGuard.Memory);
        Assert.False(guard.Yields);
    }

    [Fact]
    public void A_clone_of_the_primary_stays_mute_and_both_say_so()
    {
        // Unit 2 has the id of unit 1.
        var bench = new MachineBench(200);
        bench.Run(3000);
        Assert.Equal(TrafficState.Claimed, bench[0].Traffic);
        var clone = bench.AddClone(of: bench[0], name: "gw9");
        bench.Run(5000);

        Assert.Equal((UnitRole.Primary, TrafficState.Claimed), (bench[0].Machine!.Role, bench[0].Traffic));
        Assert.Equal((UnitRole.None, TrafficState.Muted), (clone.Machine!.Role, clone.Traffic));
        Assert.Contains(bench[0].Machine!.ProblemsAt(bench.Now), p => p.Contains("gw9 has the same unit-id", StringComparison.Ordinal));
        Assert.Contains(clone.Machine!.ProblemsAt(bench.Now), p =>
            p.Contains("gw1 has the same unit-id", StringComparison.Ordinal)
            && p.Contains("delete the file unit-id", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Two_clones_that_meet_when_both_are_primary_leave_one_that_is_older()
    {
        var bench = new MachineBench(200);
        bench.Run(9000);
        var clone = bench.AddClone(of: bench[0], name: "gw9", cut: true);
        bench.Run(3000);
        Assert.Equal(TrafficState.Claimed, clone.Traffic);
        clone.Cut = false;
        bench.Run(2000);
        Assert.Equal(TrafficState.Claimed, bench[0].Traffic);
        Assert.Equal((UnitRole.None, TrafficState.Muted), (clone.Machine!.Role, clone.Traffic));
    }

    [Fact]
    public void A_clone_of_the_primary_makes_no_standby_take_over_and_is_named_there()
    {
        var bench = new MachineBench(200, 100);
        bench.Run(3000);
        var primary = bench.Primary;
        Assert.Equal(bench[0], primary);
        var epoch = primary.Machine!.Epoch;
        bench.AddClone(of: primary, name: "gw9");
        bench.Run(5000);

        Assert.Equal((bench[0], epoch), (primary, primary.Machine!.Epoch));
        Assert.Equal(UnitRole.Standby, bench[1].Machine!.Role);
        Assert.Contains(bench[1].Machine!.ProblemsAt(bench.Now), p =>
            p.Contains("two units have the unit-id of gw1", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_restart_is_no_clone()
    {
        var bench = new MachineBench(200, 100);
        bench.Run(3000);
        bench[0].Kill();
        bench.Run(400);
        bench[0].Restart();
        bench.Run(4000);
        Assert.All([bench[0], bench[1]], node => Assert.Empty(node.Machine!.ProblemsAt(bench.Now)));
    }

    [Fact]
    public void Two_units_with_one_name_are_named()
    {
        var bench = new MachineBench(200, 100);
        bench[1].Rename("gw1");
        bench.Run(3000);
        Assert.Contains(bench[0].Machine!.ProblemsAt(bench.Now), p => p.Contains("2 units are named gw1", StringComparison.Ordinal));
        Assert.Contains(bench[1].Machine!.ProblemsAt(bench.Now), p => p.Contains("2 units are named gw1", StringComparison.Ordinal));
    }

    private static Heartbeat Says(UnitRole role, int age) =>
        new()
        {
            Name = "gw9",
            Role = role,
            Age = TimeSpan.FromSeconds(age),
        };
}
