using Hitless.Core.Upgrade;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

/// <summary>A run that an operator wants on every unit at once (docs/decisions/0028).</summary>
public sealed class SimultaneousRunTests
{
    private readonly RunWorld world = new("gw1", "gw2", "gw3");

    private RunHeader Header => RunWorld.Header(world) with { Simultaneous = true, AcceptInterruption = true };

    [Fact]
    public void Every_step_takes_all_units_and_the_one_that_drives_comes_last()
    {
        var steps = RunPlan.Steps(Header, []);
        Assert.Equal(
            ["install gw2+gw3+gw1", "trial gw2+gw3+gw1", "rejoin gw2+gw3+gw1"],
            steps.Where(s => s.Name is RunStep.Install or RunStep.Trial or RunStep.Rejoin).Select(s => s.ToString())
        );
        Assert.DoesNotContain(steps, s => s.Name is RunStep.Switchover or RunStep.FinalPrimary);
    }

    [Fact]
    public void The_plan_says_that_nobody_is_switched_to()
    {
        var plan = RunPlan.Describe(Header, new Dictionary<string, TimeSpan>(), TimeSpan.FromSeconds(300), overrideOn: false);
        Assert.Equal(("gw1", false), (plan.FinalPrimary, plan.SecondSwitch));
    }

    [Fact]
    public void A_good_image_runs_on_all_units_whoever_is_primary_after_the_restart()
    {
        world.Start(Header);
        Assert.Equal("completed", world.Finish());
        Assert.Equal([RunWorld.New, RunWorld.New, RunWorld.New], world.Units.Select(u => u.Version));
    }

    [Fact]
    public void An_image_that_falls_back_on_one_unit_is_taken_from_the_others_one_at_a_time()
    {
        world.TrialBecomes = unit => unit.Name == "gw3" ? RunWorld.Old : RunWorld.New;
        world.Start(Header);
        Assert.Equal("rolled-back", world.Finish());
        Assert.Empty(world.Wrongs);
        Assert.Equal([RunWorld.Old, RunWorld.Old, RunWorld.Old], world.Units.Select(u => u.Version));
    }

    [Fact]
    public void The_rules_hold_for_every_other_run()
    {
        world.Start(RunWorld.Header(world));
        Assert.Equal("completed", world.Finish());
        Assert.DoesNotContain("install gw1", world.Acts.TakeWhile(act => act != "switchover gw2"));
    }
}
