using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>What a cluster costs in which nothing happens.</summary>
public sealed class PeaceTests
{
    private const int Settle = 5000;
    private const int Second = 1000;

    [Fact]
    public void Nothing_changes_at_peace()
    {
        var bench = new MachineBench(200, 100).Run(Settle);
        var before = Print(bench);

        Assert.Equal(before, Print(bench.Run(Second)));
    }

    [Fact]
    public void A_switch_is_a_change_on_both_units()
    {
        var bench = new MachineBench(200, 100).Run(Settle);
        var before = Print(bench);
        bench.Primary.Take(ClusterInput.SwitchoverRequested(null, "test", false));
        var after = Print(bench.Run(Second));

        Assert.NotEqual(before.First, after.First);
        Assert.NotEqual(before.Second, after.Second);
    }

    [Fact]
    public void A_unit_that_is_gone_is_a_change()
    {
        var bench = new MachineBench(200, 100).Run(Settle);
        var before = ClusterFingerprint.Of(bench.Primary.Machine!);
        bench.OtherThan(bench.Primary).Kill();
        bench.Run(Second);

        Assert.NotEqual(before, ClusterFingerprint.Of(bench.Primary.Machine!));
    }

    [Fact]
    public void Open_runs_and_new_revisions_are_changes()
    {
        var bench = new MachineBench(200, 100).Run(Settle);
        var standby = bench.OtherThan(bench.Primary);
        var before = ClusterFingerprint.Of(bench.Primary.Machine!);
        standby.Take(ClusterInput.HoldChanged(true));
        var held = ClusterFingerprint.Of(bench.Run(100).Primary.Machine!);
        standby.Take(ClusterInput.FactsChanged(0, 2, 77));
        var revised = ClusterFingerprint.Of(bench.Run(100).Primary.Machine!);

        Assert.NotEqual(before, held);
        Assert.NotEqual(held, revised);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(13)]
    public void Only_one_of_two_units_is_woken_by_time_for_its_heartbeats(int startedLater)
    {
        var bench = new MachineBench(200, 100).Run(Settle);
        bench[1].Kill();
        bench.Run(Second + startedLater);
        bench[1].Start(adopt: false);
        bench.Run(Settle);
        int[] before = [bench[0].WokenByTime, bench[1].WokenByTime];
        bench.Run(Second);
        int[] woken = [bench[0].WokenByTime - before[0], bench[1].WokenByTime - before[1]];

        Assert.InRange(woken.Max(), 40, 55);
        Assert.InRange(woken.Min(), 0, 5);
    }

    private static (ulong First, ulong Second) Print(MachineBench bench) =>
        (ClusterFingerprint.Of(bench[0].Machine!), ClusterFingerprint.Of(bench[1].Machine!));
}
