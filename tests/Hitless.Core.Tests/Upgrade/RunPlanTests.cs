using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

public sealed class RunPlanTests
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(300);

    [Fact]
    public void Within_the_margin_the_priority_brings_the_former_primary_back_by_a_second_switch()
    {
        var plan = RunPlan.Describe(Header(keep: false), Ages, Margin, overrideOn: false);
        Assert.Equal(("gw1", true), (plan.FinalPrimary, plan.SecondSwitch));
        Assert.Contains("priority 200 > 100", plan.FinalReason, StringComparison.Ordinal);
        Assert.Equal(["gw1", "gw2", "gw1"], Changes(plan.Steps.Select(s => s.PrimaryAfter)));
    }

    [Fact]
    public void With_a_margin_shorter_than_a_reboot_the_new_primary_stays()
    {
        var plan = RunPlan.Describe(Header(keep: false), Ages, TimeSpan.FromSeconds(20), overrideOn: false);
        Assert.Equal(("gw2", false), (plan.FinalPrimary, plan.SecondSwitch));
    }

    [Fact]
    public void Keeping_the_primary_means_no_second_switch()
    {
        var plan = RunPlan.Describe(Header(keep: true), Ages, Margin, overrideOn: false);
        Assert.Equal(("gw2", false), (plan.FinalPrimary, plan.SecondSwitch));
    }

    [Fact]
    public void Standbys_only_changes_no_primary()
    {
        var plan = RunPlan.Describe(Header(keep: false) with { Units = ["gw2"] }, Ages, Margin, overrideOn: false);
        Assert.Equal(["gw1"], Changes(plan.Steps.Select(s => s.PrimaryAfter)));
        Assert.False(plan.SecondSwitch);
    }

    [Theory]
    [InlineData(7UL, 3UL, "gw1")]
    [InlineData(3UL, 7UL, "gw2")]
    public void Among_equals_the_plan_asks_the_serials_as_the_election_will(ulong first, ulong second, string final)
    {
        var header = Header(keep: false) with
        {
            Members =
            [
                new("gw1", "1.0.0", "a", 100) { Serial = new UnitId(first) },
                new("gw2", "1.0.0", "a", 100) { Serial = new UnitId(second) },
            ],
        };
        Assert.Equal(final, RunPlan.Describe(header, Ages, Margin, overrideOn: false).FinalPrimary);
    }

    [Fact]
    public void In_active_active_load_balancing_is_off_before_a_unit_is_touched_and_on_at_the_end()
    {
        var plain = RunPlan.Steps(Header(keep: false), []);
        var header = Header(keep: false) with { Balanced = true };
        var steps = RunPlan.Steps(header, []);

        Assert.Equal(RunStep.BalanceOff, steps[3].Name);
        Assert.Equal(RunStep.BalanceOn, steps[^1].Name);
        Assert.Equal(plain, steps.Where(step => step.Name is not (RunStep.BalanceOff or RunStep.BalanceOn)));
        Assert.Equal(
            Enumerable.Range(0, plain.Count).Where(index => RunPlan.IsGate(plain, index)).Select(index => plain[index]),
            Enumerable.Range(0, steps.Count).Where(index => RunPlan.IsGate(steps, index)).Select(index => steps[index])
        );
        var plan = RunPlan.Describe(header, Ages, Margin, overrideOn: false);
        Assert.Equal(("gw1", "gw1"), (plan.FinalPrimary, plan.Steps[^1].PrimaryAfter));
        Assert.Equal(RunStep.TrialSwitchover, RunPlan.Steps(header with { Rehearse = true }, [])[RunPlan.RehearsalAt(header)].Name);
    }

    [Fact]
    public void An_open_run_holds_the_load_until_it_turns_load_balancing_on()
    {
        JournalEntry begin = new("r", 1, 1, default, "gw1", JournalEntryKind.Begin, "begin", null, null);

        Assert.False(RunJournal.HoldsLoad([]));
        Assert.True(RunJournal.HoldsLoad([begin]));
        Assert.False(RunJournal.HoldsLoad([begin, begin with { Kind = JournalEntryKind.Started, Step = RunStep.BalanceOn }]));
        Assert.False(RunJournal.HoldsLoad([begin, begin with { Kind = JournalEntryKind.End, Step = "end" }]));
        var (on, back) = (
            begin with
            {
                Kind = JournalEntryKind.Started,
                Step = RunStep.BalanceOn,
            },
            begin with
            {
                Kind = JournalEntryKind.Rollback,
            }
        );
        Assert.True(RunJournal.HoldsLoad([begin, on, back]));
        Assert.True(RunJournal.HoldsLoad([begin, back]));
        Assert.False(RunJournal.HoldsLoad([begin, on, back, begin with { Kind = JournalEntryKind.End, Step = "end" }]));
    }

    private static Dictionary<string, TimeSpan> Ages => new() { ["gw1"] = TimeSpan.FromDays(3), ["gw2"] = TimeSpan.FromDays(2) };

    private static RunHeader Header(bool keep) =>
        new(
            "r",
            "i",
            "1.0.0",
            "1.1.0",
            Guided: false,
            keep,
            "gw1",
            [new("gw1", "1.0.0", "a", 200) { Serial = new UnitId(1) }, new("gw2", "1.0.0", "a", 100) { Serial = new UnitId(2) }],
            default,
            SoakMs: 10_000,
            RejoinTimeoutMs: 1
        );

    private static List<string> Changes(IEnumerable<string> primaries) =>
        primaries.Aggregate(new List<string>(), (seen, next) => seen.Count > 0 && seen[^1] == next ? seen : [.. seen, next]);
}
