using Hitless.Core.Upgrade;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

public sealed class GuidedRunTests
{
    private readonly RunWorld world = new("gw1", "gw2");

    [Fact]
    public void A_guided_run_waits_at_each_gate_of_its_plan_and_at_no_other_step()
    {
        var header = RunWorld.Header(world, guided: true);
        var steps = RunPlan.Steps(header, []);
        Assert.Equal(
            ["backup", "copy gw2", "switchover gw2", "copy gw1", "final-primary"],
            steps.Where((_, i) => RunPlan.IsGate(steps, i)).Select(s => s.ToString())
        );
        world.Start(header);
        Assert.Equal(["backup", "copy gw2", "switchover gw2", "copy gw1", "final-primary"], OpenEveryGate());
        Assert.Equal("completed", world.Verdict);
    }

    [Fact]
    public void A_gate_that_was_opened_stays_open_for_the_next_driver()
    {
        world.Start(RunWorld.Header(world, guided: true));
        Assert.True(world.Until(() => world.Primary!.Machine.Waiting));
        world.Say(RunCommand.Next);
        Assert.True(world.Until(() => world.Primary is { Machine: { Waiting: true, Journal: [.., { Step: RunStep.Freeze }] } }));
        world.AfterEntry = e =>
        {
            if (e is { Kind: JournalEntryKind.Started, Step: RunStep.Copy })
            {
                world.AfterEntry = null;
                world.CutPower("gw1", 1);
            }
        };
        world.Say(RunCommand.Next);
        Assert.True(
            world.Until(() => world.Journal.Any(e => e.Kind == JournalEntryKind.Rollback), seconds: 30),
            "gw2 went on, and found that it carries the traffic"
        );
    }

    [Fact]
    public void A_word_that_comes_too_early_opens_no_gate()
    {
        world.Start(RunWorld.Header(world, guided: true));
        world.Say(RunCommand.Next);
        world.Say(RunCommand.Next);
        Assert.True(world.Until(() => world.Primary!.Machine.Waiting));
        world.Beats(20);
        Assert.True(world.Primary!.Machine.Waiting);
        Assert.DoesNotContain(world.Acts, a => a.StartsWith("backup", StringComparison.Ordinal));
    }

    [Fact]
    public void A_trial_switchover_goes_there_and_back_before_anything_is_upgraded()
    {
        world.Start(RunWorld.Header(world, guided: true));
        Assert.True(world.Until(() => world.Primary!.Machine.Waiting));
        world.Say(RunCommand.Rehearse);
        Assert.Equal(
            ["trial-switchover gw2", "trial-switchover gw1", "copy gw2", "switchover gw2", "copy gw1", "final-primary"],
            OpenEveryGate()
        );
        Assert.Equal("completed", world.Verdict);
        Assert.True(world.Acts.IndexOf("trial-switchover gw1") < world.Acts.IndexOf("copy gw2"));
    }

    [Fact]
    public void A_paused_run_begins_nothing_until_it_is_resumed_also_under_another_driver()
    {
        world.Start(RunWorld.Header(world));
        Assert.True(world.Until(() => world.Journal is [.., { Step: RunStep.Soak }]));
        world.Say(RunCommand.Pause);
        Assert.True(world.Until(() => world.Journal[^1] is { Kind: JournalEntryKind.Command }));
        world.CutPower("gw2");
        world.Beats(100);
        Assert.DoesNotContain("copy gw1", world.Acts);
        Assert.True(RunJournal.IsOpen(world.Journal));
        world.Say(RunCommand.Resume);
        Assert.NotNull(world.Finish());
    }

    [Fact]
    public void Standbys_only_leaves_the_cluster_mixed_and_another_run_finishes_it()
    {
        world.Start(RunWorld.Header(world) with { Units = ["gw2"] });
        Assert.Equal("completed", world.Finish());
        Assert.Equal([RunWorld.Old, RunWorld.New], world.Units.Select(u => u.Version));
        Assert.True(world["gw1"].Primary);
        world.Start(RunWorld.Header(world) with { Run = "run-2" });
        Assert.True(world.Until(() => world.Verdict is not null && world.Journal[0].Run == "run-2"));
        Assert.All(world.Units, u => Assert.Equal(RunWorld.New, u.Version));
    }

    [Fact]
    public void This_unit_only_on_the_primary_hands_over_first()
    {
        world.Start(RunWorld.Header(world) with { Units = ["gw1"] });
        Assert.Equal("completed", world.Finish());
        Assert.Equal([RunWorld.New, RunWorld.Old], world.Units.Select(u => u.Version));
        Assert.Empty(world.Wrongs);
    }

    [Fact]
    public void Standbys_are_upgraded_together_if_so_wanted()
    {
        var three = new RunWorld("gw1", "gw2", "gw3");
        three.Start(RunWorld.Header(three) with { Parallel = true });
        Assert.Equal("completed", three.Finish());
        Assert.Equal(three.Acts.IndexOf("trial gw2") + 1, three.Acts.IndexOf("trial gw3"));
        Assert.All(three.Units, u => Assert.Equal(RunWorld.New, u.Version));
        Assert.Empty(three.Wrongs);
    }

    [Theory]
    [InlineData("gw1")]
    [InlineData("gw2")]
    public void A_completed_run_is_taken_back_the_same_way_whatever_loses_its_power(string victim)
    {
        for (var at = 0; at < 40; at++)
        {
            var life = new RunWorld("gw1", "gw2");
            life.Start(RunWorld.Header(life));
            Assert.Equal("completed", life.Finish());
            var (count, cut) = (0, at);
            life.AfterEntry = _ =>
            {
                if (++count == cut)
                {
                    life.CutPower(victim);
                }
            };
            life.Acts.Clear();
            life.Start(RunWorld.Header(life) with { Run = "run-2", From = RunWorld.New, To = RunWorld.Old, TakesBack = "run-1" });
            Assert.True(
                life.Until(() => life.Verdict is not null && life.Journal[0].Run == "run-2" && life.Units.All(u => u.Present), seconds: 400)
            );
            Assert.All(life.Units, u => Assert.Equal(life.Verdict == "completed" ? RunWorld.Old : RunWorld.New, u.Version));
            Assert.Empty(life.Wrongs);
            if (at == 0)
            {
                // The run has left gw2 as primary.
                Assert.Equal(
                    ["revert gw1", "switchover gw1", "revert gw2"],
                    life.Acts.Where(a =>
                        a.StartsWith("revert", StringComparison.Ordinal) || a.StartsWith("switchover", StringComparison.Ordinal)
                    )
                );
            }
        }
    }

    [Fact]
    public void Nothing_begins_that_would_last_beyond_the_window()
    {
        world.Start(RunWorld.Header(world) with { Until = DateTimeOffset.UnixEpoch + world.Now + TimeSpan.FromSeconds(32) });
        Assert.True(world.Until(() => RunJournal.IsPaused(world.Journal)));
        Assert.Equal([RunWorld.Old, RunWorld.New], world.Units.Select(u => u.Version));
    }

    private List<string> OpenEveryGate()
    {
        List<string> gates = [];
        while (world.Until(() => world.Verdict is not null || world.Primary is { Machine.Waiting: true }) && world.Verdict is null)
        {
            var machine = world.Primary!.Machine;
            var gate = RunView.Status(machine.Journal, default).Gate!;
            gates.Add(new RunStep(gate.Step, gate.Unit).ToString());
            Assert.NotEmpty(gate.Checked);
            world.Say(RunCommand.Next);
            world.Beats(3);
        }

        return gates;
    }
}
