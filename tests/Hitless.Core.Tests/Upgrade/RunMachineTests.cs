using Hitless.Core.Upgrade;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

public sealed class RunMachineTests
{
    private readonly RunWorld world = new("gw1", "gw2");

    [Fact]
    public void A_good_image_ends_on_every_unit_and_no_slot_is_touched_under_traffic()
    {
        world.Start(RunWorld.Header(world));
        Assert.Equal("completed", world.Finish());
        Assert.All(world.Units, u => Assert.Equal(RunWorld.New, u.Version));
        Assert.Empty(world.Wrongs);
    }

    [Theory]
    [InlineData(0.2, false)]
    [InlineData(3, false)]
    [InlineData(0.2, true)]
    [InlineData(3, true)]
    public void Who_has_handed_over_leaves_the_next_step_to_the_new_primary_however_late_the_engines_hear(double seconds, bool rehearse)
    {
        world.RolesAreHeardAfter = seconds;
        world.Start(RunWorld.Header(world) with { Rehearse = rehearse });
        Assert.Equal("completed", world.Finish());
        Assert.DoesNotContain(world.Journal, e => e.Kind is JournalEntryKind.Failed or JournalEntryKind.Rollback);
        Assert.All(world.Journal.Where(e => e.Step is RunStep.ServiceCheck or RunStep.Soak), e => Assert.Equal(e.Target, e.Unit));
    }

    [Theory]
    [InlineData("gw1", true)]
    [InlineData("gw1", false)]
    [InlineData("gw2", true)]
    [InlineData("gw2", false)]
    public void Power_lost_before_or_after_any_journal_entry_ends_completed_or_rolled_back(string victim, bool before) =>
        AtEveryEntry(before, life => life.CutPower(victim));

    [Fact]
    public void Power_lost_on_both_units_at_any_journal_entry_ends_completed_or_rolled_back() => AtEveryEntry(before: false, life =>
        {
            life.CutPower("gw1", 3);
            life.CutPower("gw2", 4);
        });

    [Fact]
    public void Power_lost_on_the_way_back_still_ends_rolled_back()
    {
        foreach (var victim in (string[])["gw1", "gw2"])
        {
            for (var at = 1; at < 60; at++)
            {
                var life = new RunWorld("gw1", "gw2") { Breach = u => u.Version == RunWorld.New ? "drops packets" : null };
                var (count, cut) = (0, at);
                life.AfterEntry = _ =>
                {
                    if (++count == cut)
                    {
                        life.CutPower(victim);
                    }
                };
                life.Start(RunWorld.Header(life));
                Judge(life, $"power of {victim} at entry {at}");
            }
        }
    }

    [Fact]
    public void A_trial_that_falls_back_is_noticed_at_once_also_by_a_driver_that_has_just_started()
    {
        foreach (var restart in (bool[])[false, true])
        {
            var life = new RunWorld("gw1", "gw2") { TrialBecomes = _ => RunWorld.Old };
            life.AfterEntry = e =>
            {
                if (restart && e is { Kind: JournalEntryKind.Started, Step: RunStep.Rejoin })
                {
                    life.CutPower("gw1", 0.1);
                    life.AfterEntry = null;
                }
            };
            life.Start(RunWorld.Header(life));
            Assert.Equal("rolled-back", life.Finish(seconds: 12));
        }
    }

    [Fact]
    public void A_trial_unit_that_has_to_become_primary_drives_the_run_on_to_its_end()
    {
        world.AfterEntry = e =>
        {
            if (e is { Kind: JournalEntryKind.Done, Step: RunStep.Rejoin, Target: "gw2" })
            {
                world.CutPower("gw1", 5);
            }
        };
        world.Start(RunWorld.Header(world));
        Assert.Equal("completed", world.Finish());
        Assert.Empty(world.Wrongs);
    }

    [Fact]
    public void A_driver_whose_journal_is_refused_by_a_unit_of_a_higher_epoch_acts_no_more()
    {
        world.Start(RunWorld.Header(world));
        Assert.True(world.Until(() => world.Acts.Contains("copy gw2")));
        world.Depose("gw2");
        world.Beats(5);
        var deposed = world["gw1"].Machine;
        Assert.True(world.Until(() => deposed.Header is null, seconds: 10), "the former driver gave up");
        world["gw1"].Primary = false;
        Assert.Contains(world.Finish(), (IEnumerable<string>)["completed", "rolled-back"]);
        Assert.Empty(world.Wrongs);
    }

    [Fact]
    public void A_full_disk_of_the_driver_does_not_stop_the_run()
    {
        world["gw1"].DiskFull = true;
        world.Start(RunWorld.Header(world));
        Assert.Equal("completed", world.Finish());
    }

    [Fact]
    public void A_unit_that_is_present_but_does_not_answer_ends_the_run_rolled_back()
    {
        world["gw2"].ApiDead = true;
        world.Start(RunWorld.Header(world));
        Assert.Equal("rolled-back", world.Finish());
        Assert.Equal([RunWorld.Old, RunWorld.Old], world.Units.Select(u => u.Version));
    }

    [Fact]
    public void A_call_to_a_unit_that_lost_its_power_is_not_waited_for()
    {
        world.BeforeEntry = e =>
        {
            if (e is { Kind: JournalEntryKind.Started, Step: RunStep.Install })
            {
                world.BeforeEntry = null;
                world.CutPower("gw2", 4);
            }
        };
        world.Start(RunWorld.Header(world));
        Assert.Equal("completed", world.Finish(seconds: 40));
    }

    [Fact]
    public void A_standby_whose_probes_fail_on_the_new_version_never_becomes_primary()
    {
        world.TrialBecomes = u =>
        {
            u.Failures = 1;
            return RunWorld.New;
        };
        world.Start(RunWorld.Header(world));
        Assert.True(world.Until(() => world.Journal.Any(e => e.Kind == JournalEntryKind.Rollback)));
        world["gw2"].Failures = 0;
        Assert.Equal("rolled-back", world.Finish());
        Assert.DoesNotContain("switchover gw2", world.Acts);
    }

    [Fact]
    public void A_breach_during_the_soak_returns_to_the_old_primary_within_seconds_and_reverts_that_standby_only()
    {
        world.Breach = u =>
            u.Name == "gw2" && world.Journal.Any(e => e is { Kind: JournalEntryKind.Started, Step: RunStep.Soak })
                ? "drops 2 % of the packets"
                : null;
        world.Start(RunWorld.Header(world));
        Assert.True(world.Until(() => world.Journal.Any(e => e is { Kind: JournalEntryKind.Started, Step: RunStep.Soak })));
        var since = world.Now;
        Assert.True(world.Until(() => world["gw1"].Primary));
        Assert.True(world.Now - since < TimeSpan.FromSeconds(3), $"it took {world.Now - since}");
        Assert.Equal("rolled-back", world.Finish());
        Assert.Equal(["revert gw2"], world.Acts.Where(a => a.StartsWith(RunStep.Revert, StringComparison.Ordinal)));
    }

    [Fact]
    public void What_fails_on_every_unit_is_not_the_new_versions_fault()
    {
        world.AfterEntry = e => world.Units.ToList().ForEach(u => u.Failures = e.Step == RunStep.Soak ? 1 : u.Failures);
        world.Start(RunWorld.Header(world));
        Assert.Equal("completed", world.Finish());
    }

    [Theory]
    [InlineData(RunStep.Rejoin)]
    [InlineData(RunStep.Soak)]
    public void A_rollback_is_not_kept_waiting_by_a_step_that_only_waits(string step)
    {
        world.Start(RunWorld.Header(world));
        Assert.True(world.Until(() => world.Journal is [.., { Kind: JournalEntryKind.Started } last] && last.Step == step));
        world.Say(RunCommand.Rollback);
        Assert.Equal("rolled-back", world.Finish());
        Assert.All(world.Units, u => Assert.Equal(RunWorld.Old, u.Version));
        Assert.Equal("gw1", world.Primary!.Name);
    }

    [Fact]
    public void An_abort_leaves_what_is_upgraded_and_touches_nothing_further()
    {
        world.Start(RunWorld.Header(world));
        Assert.True(world.Until(() => world.Acts.Contains("trial gw2")));
        world.Say(RunCommand.Abort);
        Assert.Equal("failed", world.Finish());
        Assert.Equal([RunWorld.Old, RunWorld.New], world.Units.Select(u => u.Version));
        Assert.Null(world["gw2"].OnTrial);
        Assert.DoesNotContain("switchover gw2", world.Acts);
    }

    [Fact]
    public void An_abort_before_anything_is_upgraded_is_a_run_rolled_back()
    {
        world.Start(RunWorld.Header(world, guided: true));
        Assert.True(world.Until(() => world.Primary!.Machine.Waiting));
        world.Say(RunCommand.Abort);
        Assert.Equal("rolled-back", world.Finish(seconds: 5));
    }

    [Theory]
    [InlineData("gw2", RunStep.Trial, "gw2", "rolled-back")]
    [InlineData("gw2", RunStep.Confirm, "gw2", "rolled-back")]
    [InlineData("gw1", RunStep.Soak, "gw2", "completed")]
    [InlineData("gw1", RunStep.Trial, "gw1", "completed")]
    [InlineData("gw2", RunStep.Trial, "gw1", "rolled-back")]
    public void A_unit_that_never_comes_back_does_not_keep_a_run_for_ever_and_is_named(
        string lost,
        string step,
        string target,
        string verdict
    )
    {
        world.AfterEntry = e =>
        {
            if (e.Kind == JournalEntryKind.Started && e.Step == step && e.Target == target)
            {
                world.CutPower(lost, double.PositiveInfinity);
            }
        };
        world.Start(RunWorld.Header(world));
        Assert.True(world.Until(() => world.Verdict is not null, seconds: 90));
        Assert.Equal(verdict, world.Verdict);
        Assert.Contains($"{lost} did not come back within 20 s", RunView.Report(world.Journal, []).Reason, StringComparison.Ordinal);
        Assert.Empty(world.Wrongs);
        Assert.NotNull(world.Primary);
    }

    [Fact]
    public void Nobody_is_taken_back_because_of_a_unit_that_is_gone_at_the_very_end()
    {
        world.Start(RunWorld.Header(world, guided: true));
        for (var gate = 0; gate < 5; gate++)
        {
            Assert.True(world.Until(() => world.Primary is { Machine.Waiting: true }));
            if (gate == 4)
            {
                world.CutPower("gw1", double.PositiveInfinity);
                world.Beats(2);
            }

            world.Say(RunCommand.Next);
        }

        Assert.True(world.Until(() => world.Verdict is not null));
        Assert.Equal(("completed", RunWorld.New), (world.Verdict, world["gw2"].Version));
        Assert.Equal("gw1 did not come back within 20 s and is left as it is", RunView.Report(world.Journal, []).Reason);
    }

    [Fact]
    public void What_can_go_back_goes_back_although_one_unit_never_returns()
    {
        var three = new RunWorld("gw1", "gw2", "gw3") { Breach = u => u.Version == RunWorld.New ? "drops packets" : null };
        three.AfterEntry = e =>
        {
            if (e is { Kind: JournalEntryKind.Rollback })
            {
                three.CutPower("gw2", double.PositiveInfinity);
            }
        };
        three.Start(RunWorld.Header(three));
        Assert.True(three.Until(() => three.Verdict is not null, seconds: 120));
        Assert.Equal(("rolled-back", RunWorld.Old, RunWorld.Old), (three.Verdict, three["gw1"].Version, three["gw3"].Version));
        Assert.Equal("gw2 did not come back within 20 s and is left as it is", RunJournal.WhyLeft(three.Journal, "gw2"));
        Assert.Equal("drops packets; gw2 did not come back within 20 s and is left as it is", RunView.Report(three.Journal, []).Reason);
        Assert.Empty(three.Wrongs);
    }

    [Fact]
    public void Why_a_run_went_back_and_a_unit_was_left_is_said_once()
    {
        var three = new RunWorld("gw1", "gw2", "gw3");
        three.AfterEntry = e =>
        {
            if (e is { Kind: JournalEntryKind.Started, Step: RunStep.Install, Target: "gw3" })
            {
                three.CutPower("gw3", double.PositiveInfinity);
            }
        };
        three.Start(RunWorld.Header(three));
        Assert.True(three.Until(() => three.Verdict is not null, seconds: 120));
        Assert.Equal("gw3 did not come back within 20 s and is left as it is", RunView.Report(three.Journal, []).Reason);
    }

    [Fact]
    public void A_unit_that_is_ready_for_a_moment_only_does_not_complete_a_run()
    {
        world.Start(RunWorld.Header(world));
        Assert.True(world.Until(() => world.Journal.Any(e => e is { Kind: JournalEntryKind.Done, Step: RunStep.Release })));
        world["gw2"].Ready = false;
        for (var i = 0; i < 60 && world.Verdict is null; i++)
        {
            world.Beats(4);
            world["gw2"].Ready = true;
            world.Beats(1);
            world["gw2"].Ready = false;
        }

        Assert.Contains(world.Journal, e => e.Kind == JournalEntryKind.Rollback);
    }

    [Fact]
    public void What_kept_the_run_on_its_way_forward_has_its_time_anew_on_the_way_back()
    {
        // At the very end a unit is away for almost as long as a run waits, comes back on the old version, and needs some seconds more.
        world.Start(RunWorld.Header(world));
        Assert.True(world.Until(() => world.Journal.Any(e => e is { Kind: JournalEntryKind.Done, Step: RunStep.Release })));
        (world["gw2"].Good, world["gw2"].Ready) = (RunWorld.Old, false);
        world.CutPower("gw2", seconds: 19.5);
        Assert.True(world.Until(() => world.Journal.Any(e => e.Kind == JournalEntryKind.Rollback)));
        world.Beats(50);
        world["gw2"].Ready = true;
        Assert.Equal("rolled-back", world.Finish());
        Assert.DoesNotContain(world.Journal, e => e.Step == RunStep.Left);
    }

    [Fact]
    public void A_unit_that_comes_back_in_time_is_not_left()
    {
        world.AfterEntry = e =>
        {
            if (e is { Kind: JournalEntryKind.Started, Step: RunStep.Release })
            {
                world.CutPower("gw1", seconds: 15);
            }
        };
        world.Start(RunWorld.Header(world));
        Assert.Equal("completed", world.Finish());
    }

    [Fact]
    public void A_unit_that_cannot_go_back_is_left_and_the_journal_stays_short()
    {
        world.AfterEntry = e =>
        {
            if (e is { Kind: JournalEntryKind.Done, Step: RunStep.Confirm, Target: "gw2" })
            {
                world.Say(RunCommand.Rollback);
                world["gw2"].ApiDead = true;
            }
        };
        world.Start(RunWorld.Header(world));
        Assert.True(world.Until(() => world.Verdict is not null));
        Assert.Equal("failed", world.Verdict);
        Assert.Equal("gw2 was not brought from 1.1.0 to 1.0.0 within 20 s and is left as it is", RunJournal.WhyLeft(world.Journal, "gw2"));
        Assert.True(world.Journal.Count < 40);
    }

    [Fact]
    public void Only_the_standby_can_be_reverted_whatever_the_units_run()
    {
        string[] names = ["gw1", "gw2", "gw3"];
        var header = new RunHeader(
            "r",
            "i",
            RunWorld.Old,
            RunWorld.New,
            false,
            false,
            "gw1",
            [.. names.Select(n => new RunMember(n, RunWorld.Old, "a", 1))],
            default,
            1,
            1
        );
        for (var bits = 0; bits < 1 << 15; bits++)
        {
            var facts = names
                .Select(
                    (n, i) =>
                        new UnitFacts(
                            n,
                            (bits >> i & 1) != 0,
                            i == 0 || (bits >> (3 + i) & 1) != 0,
                            (bits >> (6 + i) & 1) != 0,
                            (bits >> (9 + i) & 1) != 0 ? RunWorld.New : RunWorld.Old,
                            0,
                            new(1),
                            Carries: (bits >> (12 + i) & 1) != 0
                        )
                )
                .ToDictionary(f => f.Name);
            var (move, unit) = WayBack.Next(header, "gw1", n => facts[n], _ => false, _ => false);
            Assert.False(
                move == WayBack.Move.Revert && (facts[unit!].Primary || facts[unit!].Carries),
                "a unit that carries traffic is never reverted"
            );
            Assert.False(
                move == WayBack.Move.End && facts.Values.Any(f => f.Version == RunWorld.New),
                "the way back ends with every unit on the old version"
            );
        }
    }

    private static void AtEveryEntry(bool before, Action<RunWorld> fault)
    {
        for (var at = 1; at < 60; at++)
        {
            var life = new RunWorld("gw1", "gw2");
            var (count, cut) = (0, at);
            void OnEntry(JournalEntry entry)
            {
                if (++count == cut)
                {
                    fault(life);
                }
            }

            life.BeforeEntry = before ? OnEntry : null;
            life.AfterEntry = before ? null : OnEntry;
            life.Start(RunWorld.Header(life));
            Judge(life, $"entry {at}");
        }
    }

    private static void Judge(RunWorld life, string fault)
    {
        var verdict = life.Finish(seconds: 600);
        var told = string.Join("\n", life.Journal.Select(e => $"{e.Epoch}.{e.Sequence} {e.Unit} {e.Kind} {e.Step} {e.Target}: {e.Detail}"));
        Assert.True(life.Journal.Count == 0 || verdict is "completed" or "rolled-back", $"{fault}: {verdict ?? "no end"}\n{told}");
        Assert.True(life.Wrongs.Count == 0, $"{fault}: {string.Join("; ", life.Wrongs)}");
        Assert.True(
            life.Units.All(u => u.Version == (verdict == "completed" ? RunWorld.New : RunWorld.Old)),
            $"{fault}: {verdict}, {string.Join(", ", life.Units.Select(u => $"{u.Name} {u.Version}"))}\n{told}"
        );
    }
}
