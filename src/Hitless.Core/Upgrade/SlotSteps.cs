using Hitless.Core.Api;
using Hitless.Core.Firmware;

namespace Hitless.Core.Upgrade;

/// <summary>What a unit has to do to its slots for a step of a run.</summary>
public enum SlotAct
{
    /// <summary>The goal is reached already.</summary>
    Nothing,

    /// <summary>Write the image into the other slot.</summary>
    Install,

    /// <summary>Begin a trial of the other slot, and start from it.</summary>
    BeginTrial,

    /// <summary>Keep the slot that runs.</summary>
    Confirm,

    /// <summary>Take back a trial that was ordered and has not begun.</summary>
    CallOffTrial,

    /// <summary>Start from the other slot, and keep that.</summary>
    GoBack,
}

/// <summary>A step of a run that concerns slots.</summary>
/// <param name="Step">
/// <see cref="RunStep.Install"/>, <see cref="RunStep.Trial"/>, <see cref="RunStep.Confirm"/> or <see cref="RunStep.Revert"/>.
/// </param>
/// <param name="Image">The hash of the run's image.</param>
/// <param name="Version">What the unit is to run after the step.</param>
/// <param name="MayInterrupt">The operator has accepted that units that carry the traffic are upgraded.</param>
public readonly record struct SlotWish(string Step, string Image, string Version, bool MayInterrupt);

/// <summary>A unit's slots, which of them runs, and whether it carries the traffic.</summary>
public readonly record struct SlotFacts(BootState State, Slot Running, bool IsPrimary);

/// <summary>What a unit does for a step, and what it says of it.</summary>
/// <param name="Act">What to do.</param>
/// <param name="Text">What was done, once it is.</param>
/// <param name="StandAside">The unit must promise first that it does not become primary before it has restarted.</param>
/// <param name="InService">It carries the traffic meanwhile: nobody is handed over to.</param>
public readonly record struct SlotDecision(SlotAct Act, string Text, bool StandAside = false, bool InService = false);

/// <summary>
/// Rule 4, on the unit itself: what a step of a run does to its slots, and that a unit that carries the traffic is left alone. Each step is
/// a goal: what is reached already is not done again.
/// </summary>
public static class SlotSteps
{
    /// <summary>Decides what an installation, a trial, a confirmation or a way back means here; or says why nothing may be done.</summary>
    public static bool TryDecide(SlotWish wish, SlotFacts facts, out SlotDecision decision, [NotNullWhen(false)] out Refusal? refusal)
    {
        decision = default;
        var (state, running, isPrimary) = facts;
        var spare = BootState.Other(running);
        var (here, there) = (BootState.NameOf(running), BootState.NameOf(spare));
        refusal = wish.Step switch
        {
            RunStep.Confirm => null,
            RunStep.Install or RunStep.Trial when isPrimary && wish.MayInterrupt => null,
            _ when isPrimary => new Refusal(
                "this unit carries the traffic: its slots are not touched",
                "switch over first: hitless switchover"
            ),
            RunStep.Revert when !Runs(state, running, wish.Version) && state.Trial is null => WhyNotBack(state, running, wish.Version),
            _ => null,
        };
        if (refusal is not null)
        {
            return false;
        }

        decision = wish.Step switch
        {
            RunStep.Install when state.Content(spare) is { Good: true } content && content.ImageHash == wish.Image => new SlotDecision(
                SlotAct.Nothing,
                $"slot {there} holds the image already"
            ),
            RunStep.Install => new SlotDecision(SlotAct.Install, $"installed in slot {there}"),
            RunStep.Trial when state.Content(running)?.ImageHash == wish.Image => new SlotDecision(
                SlotAct.Nothing,
                "runs the image already"
            ),
            RunStep.Trial => new SlotDecision(
                SlotAct.BeginTrial,
                $"starts from slot {there}",
                StandAside: !isPrimary,
                InService: isPrimary
            ),
            RunStep.Confirm => new SlotDecision(SlotAct.Confirm, $"slot {here} is good"),
            RunStep.Revert when Runs(state, running, wish.Version) => new SlotDecision(
                state.Trial is null ? SlotAct.Nothing : SlotAct.CallOffTrial,
                $"runs {wish.Version}"
            ),
            RunStep.Revert => new SlotDecision(SlotAct.GoBack, $"goes back to slot {there}", StandAside: true),
            _ => throw new ArgumentOutOfRangeException(nameof(wish), wish.Step, "no step of slots"),
        };
        return true;
    }

    /// <summary>Why the unit cannot go back to a version: its other slot does not hold it any more. Null: it can.</summary>
    public static Refusal? WhyNotBack(BootState state, Slot running, string version)
    {
        var spare = BootState.Other(running);
        return Runs(state, spare, version) && state.Content(spare) is { Good: true }
            ? null
            : new Refusal(
                $"slot {BootState.NameOf(spare)} does not hold {version} any more",
                "upgrade to the image of that version instead: hitless upgrade start IMAGE"
            );
    }

    private static bool Runs(BootState state, Slot slot, string version) => state.Content(slot)?.Version.ToString() == version;
}
