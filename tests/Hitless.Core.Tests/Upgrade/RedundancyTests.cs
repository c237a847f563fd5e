using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

/// <summary>A run that keeps two units ready while a third is taken out (<c>--keep-redundancy</c>).</summary>
public sealed class RedundancyTests
{
    private readonly RunWorld world = new("gw1", "gw2", "gw3");

    private RunHeader Header => RunWorld.Header(world) with { KeepRedundancy = true };

    [Fact]
    public void The_plan_looks_at_the_others_before_each_unit_is_taken_out()
    {
        var plain = RunPlan.Steps(RunWorld.Header(world), []);
        var steps = RunPlan.Steps(Header, []);

        Assert.Equal(plain, steps.Where(step => step.Name != RunStep.Redundancy));
        foreach (var unit in (string[])["gw1", "gw2", "gw3"])
        {
            var at = steps.ToList().IndexOf(new RunStep(RunStep.Trial, unit));
            Assert.Equal(new RunStep(RunStep.Redundancy, unit), steps[at - 1]);
        }

        var back = RunPlan.Steps(Header with { TakesBack = "run-0", Units = ["gw3"] }, []);
        Assert.Equal(["redundancy gw3", "revert gw3"], back.Select(step => $"{step}").SkipWhile(step => step != "redundancy gw3").Take(2));
        Assert.DoesNotContain(steps.Select((_, index) => index), at => steps[at].Name == RunStep.Redundancy && RunPlan.IsGate(steps, at));
    }

    [Fact]
    public void A_run_without_faults_completes_and_reports_two_ready_units_at_the_worst_moment()
    {
        world.Start(Header);

        Assert.Equal("completed", world.Finish());
        Assert.Equal([RunWorld.New, RunWorld.New, RunWorld.New], world.Units.Select(unit => unit.Version));
        var report = RunView.Report(world.Journal, []);
        Assert.Equal(2, report.ReadyMin);
        Assert.Equal(
            ["gw1 and gw3 are ready", "gw1 and gw2 are ready", "gw2 and gw3 are ready"],
            report.Steps.Where(step => step.Name == RunStep.Redundancy).Select(step => step.Detail)
        );
    }

    [Fact]
    public void A_run_that_was_not_asked_to_counts_nothing()
    {
        world.Start(RunWorld.Header(world));
        Assert.Equal("completed", world.Finish());
        Assert.Null(RunView.Report(world.Journal, []).ReadyMin);
    }

    [Fact]
    public void A_unit_waits_to_be_taken_out_until_the_third_one_is_ready_again()
    {
        world.AfterEntry = entry => world["gw3"].Ready &= entry is not { Kind: JournalEntryKind.Done, Step: RunStep.Install };
        world.Start(Header);

        Assert.True(world.Until(() => world.Journal is [.., { Kind: JournalEntryKind.Started, Step: RunStep.Redundancy, Target: "gw2" }]));
        world.Beats(50);
        Assert.DoesNotContain("trial gw2", world.Acts);

        world.AfterEntry = null;
        world["gw3"].Ready = true;
        Assert.Equal("completed", world.Finish());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_unit_that_fails_after_the_step_was_begun_still_keeps_the_other_from_being_taken_out(bool unreachable)
    {
        world.AfterEntry = entry =>
        {
            if (entry is { Kind: JournalEntryKind.Started, Step: RunStep.Trial, Target: "gw2" })
            {
                // Either at once, or after the restart was asked for in vain.
                world.AfterEntry = null;
                world["gw2"].ApiDead = unreachable;
                world.CutPower("gw3", seconds: 5);
            }
        };
        world.Start(Header);

        Assert.True(world.Until(() => !world["gw3"].Present));
        world.Beats(5);
        world["gw2"].ApiDead = false;
        world.Beats(35);
        Assert.DoesNotContain("trial gw2", world.Acts);
        Assert.Equal("completed", world.Finish());
        Assert.Equal(2, RunView.Report(world.Journal, []).ReadyMin);
    }

    [Fact]
    public void Where_the_third_unit_does_not_come_back_nothing_is_taken_out_and_the_run_goes_back()
    {
        world.AfterEntry = entry =>
        {
            if (entry is { Kind: JournalEntryKind.Done, Step: RunStep.Install, Target: "gw2" })
            {
                world.CutPower("gw3", double.PositiveInfinity);
            }
        };
        world.Start(Header);

        Assert.True(world.Until(() => world.Verdict is not null));
        Assert.Equal("rolled-back", world.Verdict);
        Assert.DoesNotContain("trial gw2", world.Acts);
        Assert.Contains("only gw1 would be ready meanwhile", RunView.Report(world.Journal, []).Reason, StringComparison.Ordinal);
        Assert.Contains("gw3 is not heard", RunView.Report(world.Journal, []).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, RunWorld.New, "failed")]
    [InlineData(false, RunWorld.Old, "rolled-back")]
    public void The_way_back_does_not_take_out_a_ready_unit_either(bool keeps, string left, string verdict)
    {
        world.AfterEntry = entry =>
        {
            if (entry is { Kind: JournalEntryKind.Done, Step: RunStep.Confirm, Target: "gw2" })
            {
                world.CutPower("gw3", double.PositiveInfinity);
            }
        };
        world.Start(Header with { KeepRedundancy = keeps });

        Assert.True(world.Until(() => world.Verdict is not null));
        Assert.Equal((verdict, left), (world.Verdict, world["gw2"].Version));
        Assert.Equal(
            keeps,
            RunJournal.WhyLeft(world.Journal, "gw2")?.Contains("only gw1 would be ready", StringComparison.Ordinal) ?? false
        );
    }

    [Fact]
    public void A_unit_that_could_not_carry_the_traffic_anyway_is_taken_back_however_few_the_others_are()
    {
        world.TrialBecomes = unit =>
        {
            (unit.Ready, world["gw3"].Ready) = (false, false);
            return RunWorld.New;
        };
        world.Start(Header);

        Assert.True(world.Until(() => world.Acts.Contains("revert gw2")));
        Assert.False(world["gw3"].Ready);
    }

    /// <summary>Who is ready, who is to be taken out, and whether that is refused.</summary>
    [Theory]
    [InlineData("gw1 gw2 gw3", "gw2", false)]
    [InlineData("gw1 gw2", "gw2", true)]
    [InlineData("gw1 gw2", "gw3", false)]
    [InlineData("gw1 gw2 gw3", "gw2+gw3", true)]
    [InlineData("gw1 gw2 gw3 gw4", "gw2+gw3", false)]
    [InlineData("gw1 gw2 gw3 gw4", "gw2+gw3+gw4", true)]
    public void Two_others_have_to_be_ready(string ready, string targets, bool refused)
    {
        var units = Units(name => ready.Contains(name, StringComparison.Ordinal));
        Assert.Equal(refused, Redundancy.WhyNot(units, new RunStep(RunStep.Trial, targets).Targets, "gw1") is not null);
    }

    [Fact]
    public void A_unit_that_is_not_heard_is_not_known_to_be_useless()
    {
        var units = Units(name => name is "gw1").Select(unit => unit.Name == "gw2" ? unit with { Present = false } : unit).ToArray();
        Assert.NotNull(Redundancy.WhyNot(units, ["gw2"], "gw1"));
        Assert.NotNull(Redundancy.WhyNot(units, ["gw9"], "gw1"));
        Assert.Null(Redundancy.WhyNot(units, ["gw3"], "gw1"));
    }

    [Fact]
    public void What_fails_on_a_unit_and_not_on_the_primary_or_calls_itself_primary_too_does_not_count()
    {
        var units = Units(_ => true);
        Assert.Equal(4, Redundancy.Count(units, "gw1"));
        Assert.Equal(3, Redundancy.Count([.. units.Select(unit => unit.Name == "gw3" ? unit with { Failures = 1 } : unit)], "gw1"));
        Assert.Equal(4, Redundancy.Count([.. units.Select(unit => unit with { Failures = 1 })], "gw1"));
        Assert.Equal(3, Redundancy.Count([.. units.Select(unit => unit.Name == "gw3" ? unit with { Primary = true } : unit)], "gw1"));
    }

    private static UnitFacts[] Units(Func<string, bool> ready) =>
        [
            .. Enumerable
                .Range(1, 4)
                .Select(number => $"gw{number}")
                .Select(name => new UnitFacts(name, Present: true, name == "gw1", ready(name), RunWorld.Old, 0, new IncarnationTag(1))),
        ];
}
