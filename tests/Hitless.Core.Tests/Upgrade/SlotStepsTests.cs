using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Hitless.Core.Tests.Firmware;
using Hitless.Core.Upgrade;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

/// <summary>Rule 4: the slots of a unit that carries the traffic are left alone; and what is so already is not done again.</summary>
public sealed class SlotStepsTests
{
    private static readonly SlotContent Old = new(VersionTests.Version("1.0.0"), "old", Good: true);
    private static readonly SlotContent New = new(VersionTests.Version("1.1.0"), "new", Good: true);
    private static readonly BootState Before = new(Slot.A, Old, null, null, null);
    private static readonly BootState Installed = Before with { B = New };
    private static readonly BootState OnTrial = Installed with { Trial = new Trial(Slot.B, 2, 60_000) };
    private static readonly BootState Upgraded = Installed with { Active = Slot.B };

    [Theory]
    [InlineData(RunStep.Install)]
    [InlineData(RunStep.Trial)]
    [InlineData(RunStep.Revert)]
    public void A_unit_that_carries_the_traffic_is_not_touched(string step) =>
        Assert.Contains("carries the traffic", Refused(step, Installed, Slot.A, isPrimary: true).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData(RunStep.Install, false)]
    [InlineData(RunStep.Trial, false)]
    [InlineData(RunStep.Revert, true)]
    public void Where_an_interruption_is_accepted_it_is_on_the_way_forward_only(string step, bool refused)
    {
        var wish = new SlotWish(step, "new", step == RunStep.Revert ? "1.0.0" : "1.1.0", MayInterrupt: true);
        var facts = new SlotFacts(Upgraded with { Active = Slot.A, B = New with { ImageHash = "other" } }, Slot.A, IsPrimary: true);
        Assert.Equal(refused, !SlotSteps.TryDecide(wish, facts, out var decision, out _));
        Assert.False(decision.StandAside);
        Assert.Equal(step == RunStep.Trial, decision.InService);
    }

    [Fact]
    public void A_primary_whose_slot_is_on_trial_may_keep_it() =>
        Assert.Equal(SlotAct.Confirm, Decided(RunStep.Confirm, OnTrial, Slot.B, isPrimary: true).Act);

    [Fact]
    public void An_image_goes_into_the_other_slot_once()
    {
        Assert.Equal(SlotAct.Install, Decided(RunStep.Install, Before, Slot.A).Act);
        Assert.Equal(SlotAct.Nothing, Decided(RunStep.Install, Installed, Slot.A).Act);
        Assert.Equal(SlotAct.Install, Decided(RunStep.Install, Installed with { B = New with { Good = false } }, Slot.A).Act);
    }

    [Fact]
    public void A_trial_needs_a_promise_not_to_become_primary_and_happens_once()
    {
        var trial = Decided(RunStep.Trial, Installed, Slot.A);
        Assert.Equal((SlotAct.BeginTrial, true, false), (trial.Act, trial.StandAside, trial.InService));
        Assert.Equal(SlotAct.Nothing, Decided(RunStep.Trial, OnTrial, Slot.B).Act);
    }

    [Fact]
    public void The_way_back_is_short_where_the_old_version_runs_and_shut_where_it_is_gone()
    {
        Assert.Equal(SlotAct.Nothing, Decided(RunStep.Revert, Installed, Slot.A).Act);
        Assert.Equal(SlotAct.CallOffTrial, Decided(RunStep.Revert, OnTrial, Slot.A).Act);
        Assert.Equal(SlotAct.GoBack, Decided(RunStep.Revert, OnTrial, Slot.B).Act);
        Assert.Equal(SlotAct.GoBack, Decided(RunStep.Revert, Upgraded, Slot.B).Act);
        Assert.Contains("1.0.0", Refused(RunStep.Revert, Upgraded with { A = null }, Slot.B).Error, StringComparison.Ordinal);
        Assert.NotNull(Refused(RunStep.Revert, Upgraded with { A = Old with { Good = false } }, Slot.B));
    }

    private static SlotDecision Decided(string step, BootState state, Slot running, bool isPrimary = false) =>
        SlotSteps.TryDecide(Wish(step), new SlotFacts(state, running, isPrimary), out var decision, out var refusal)
            ? decision
            : throw new InvalidOperationException(refusal.Error);

    private static Refusal Refused(string step, BootState state, Slot running, bool isPrimary = false) =>
        SlotSteps.TryDecide(Wish(step), new SlotFacts(state, running, isPrimary), out var decision, out var refusal)
            ? throw new InvalidOperationException(decision.Text)
            : refusal;

    private static SlotWish Wish(string step) => new(step, "new", step == RunStep.Revert ? "1.0.0" : "1.1.0", MayInterrupt: false);
}
