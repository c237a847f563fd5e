using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

public sealed class RehearsalTests
{
    private readonly RunWorld world = new("gw1", "gw2");

    [Fact]
    public void A_rehearsal_does_everything_but_the_installation()
    {
        Assert.Equal("completed", Rehearse());
        Assert.Equal("gw1", world.Primary!.Name);
        Assert.Equal(
            [
                "preflight gw1",
                "backup gw1",
                "copy gw2",
                "verify gw2",
                "trial-switchover gw2",
                "service-check gw2",
                "trial-switchover gw1",
                "service-check gw1",
            ],
            world.Acts
        );
        Assert.All(world.Units, u => Assert.Equal(RunWorld.Old, u.Version));
    }

    [Fact]
    public void Its_worst_switch_is_the_baseline_of_the_same_image_only()
    {
        Rehearse();
        var baseline = Rehearsal.BaselineFor("image", [world.Journal]);
        Assert.Equal((20, 1000, 3, 0.01), (baseline!.GapMs, baseline.SessionsBefore, baseline.SessionsLost, baseline.DropShare));
        Assert.Null(Rehearsal.BaselineFor("another", [world.Journal]));
        Assert.Equal(baseline, RunView.Report(world.Journal, []).Baseline);
        Assert.Equal(
            baseline,
            RunPlan.Describe(Judged(baseline), new Dictionary<string, TimeSpan>(), TimeSpan.Zero, overrideOn: false).Baseline
        );
    }

    [Fact]
    public void A_rehearsal_that_fails_switches_back_and_is_no_baseline()
    {
        world.Breach = u => u.Name == "gw2" ? "drops packets" : null;
        Assert.Equal("rolled-back", Rehearse());
        Assert.Equal("gw1", world.Primary!.Name);
        Assert.Null(Rehearsal.BaselineFor("image", [world.Journal]));
        Assert.DoesNotContain(world.Acts, a => a.StartsWith(RunStep.Revert, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(20, 3, "completed")]
    [InlineData(200, 8, "completed")]
    [InlineData(20, 9, "rolled-back")]
    [InlineData(300, 3, "rolled-back")]
    public void A_run_whose_switch_is_worse_than_the_rehearsed_one_goes_back(double gapMs, long lost, string verdict)
    {
        Rehearse();
        var baseline = Rehearsal.BaselineFor("image", [world.Journal])!;
        world.Served = _ => (new RunSessions(1000, 1000 - lost, lost, 0), gapMs);
        world.Start(Judged(baseline));
        Assert.True(world.Until(() => world.Journal[0].Run == "run-2" && world.Verdict is not null));
        Assert.Equal(verdict, world.Verdict);
        Assert.Equal(
            verdict == "rolled-back",
            RunView.Report(world.Journal, []).Reason?.Contains("in the rehearsal run-1", StringComparison.Ordinal) ?? false
        );
        Assert.All(world.Units, u => Assert.Equal(verdict == "completed" ? RunWorld.New : RunWorld.Old, u.Version));
        Assert.Empty(world.Wrongs);
    }

    [Fact]
    public void A_run_that_begins_with_a_trial_switchover_is_held_against_that()
    {
        world.Served = u => (new RunSessions(1000, 1000, 0, 0), u.Version == RunWorld.New ? 900 : 10);
        world.Start(RunWorld.Header(world) with { Rehearse = true });
        Assert.Equal("rolled-back", world.Finish());
        Assert.Equal("the switch took 900 ms; it took 10 ms in the rehearsal run-1", RunView.Report(world.Journal, []).Reason);
    }

    private string? Rehearse()
    {
        world.Served = u => (new RunSessions(1000, u.Name == "gw2" ? 997 : 999, u.Name == "gw2" ? 3 : 1, 0), u.Name == "gw2" ? 20 : 8);
        world.Start(RunWorld.Header(world) with { RehearseOnly = true, Units = [] });
        return world.Finish();
    }

    private RunHeader Judged(RunBaseline baseline) => RunWorld.Header(world) with { Run = "run-2", Baseline = baseline };
}
