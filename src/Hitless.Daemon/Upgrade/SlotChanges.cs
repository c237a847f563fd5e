using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Firmware;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Firmware.Images;
using Hitless.Firmware.Slots;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// Writes and switches this unit's slots, as <see cref="SlotSteps"/> decides: not while the unit carries traffic (invariant 4), whoever
/// asks; but for a simultaneous run (docs/decisions/0028).
/// </summary>
public sealed class SlotChanges(
    UpgradeSettings settings,
    ControlLoop control,
    ImageStore images,
    SlotStore slots,
    RunConfiguration configuration,
    UnitExit exit,
    EventLog events
)
{
    /// <summary>
    /// A unit that has to carry the traffic while its slot is on trial keeps the slot: falling back would cut the traffic.
    /// </summary>
    public void KeepTrialOfPrimary()
    {
        if (slots.Running is { } running && slots.Read(out _).Trial?.Slot == running && slots.Confirm(running) is { } problem)
        {
            Tell($"the slot on trial cannot be kept: {problem}");
        }
    }

    /// <summary>Does to the slots what <see cref="SlotSteps"/> says.</summary>
    public async Task<string> TakeAsync(StepRequest request, CancellationToken cancel)
    {
        var running = RunningSlot();
        var isPrimary = (await control.ViewAsync()).Self.Role == UnitRole.Primary;
        var wish = new SlotWish(request.Step, request.Image, request.Version, request.Simultaneous);
        if (!SlotSteps.TryDecide(wish, new SlotFacts(slots.Read(out _), running, isPrimary), out var decision, out var refusal))
        {
            throw new RefusedException(refusal);
        }

        var spare = BootState.Other(running);
        switch (decision.Act)
        {
            case SlotAct.Install:
                await InstallAsync(request, running, cancel);
                break;
            case SlotAct.BeginTrial:
                Throw(await Task.Run(() => slots.Prepare(Tell), CancellationToken.None));
                await SwitchAsync(decision, () => slots.BeginTrial(settings.ConfirmTimeout));
                exit.Request(slots.ExitCodeTo(spare), $"trial of slot {BootState.NameOf(spare)}", decision.InService);
                break;
            case SlotAct.Confirm:
                Throw(slots.Confirm(running));
                break;
            case SlotAct.CallOffTrial:
                Throw(slots.RollBack(running, $"run {request.Run} is rolled back before the trial began"));
                break;
            case SlotAct.GoBack:
                await SwitchAsync(decision, () => slots.RollBack(running, $"run {request.Run} is rolled back"));
                exit.Request(slots.ExitCodeTo(spare), "rollback", false);
                break;
            default:
                break;
        }

        return slots.Backend.Leftover is { } leftover ? $"{decision.Text}; {leftover}" : decision.Text;
    }

    private async Task InstallAsync(StepRequest request, Slot running, CancellationToken cancel)
    {
        if (
            !images.TryFind(request.Image, out var hash, out var path, out var problem)
            || !ImageFile.TryOpen(path, out var image, out problem)
        )
        {
            throw Refusal(problem!);
        }

        using (image)
        {
            Throw(await Task.Run(() => image.Verify(images.Trust, DateTimeOffset.UtcNow), cancel));
            var preview = await configuration.PreviewAsync(image, hash, request.AcceptConversion, cancel);
            if (preview.Result == CheckOutcome.Fail)
            {
                throw new RefusedException($"{preview.Id}: {preview.Text}", preview.Remedy ?? "hitless upgrade check tells more");
            }

            var spare = BootState.Other(running);
            Throw(await Task.Run(() => slots.Install(image, hash, images.Trust, DateTimeOffset.UtcNow, spare, running, Tell)));
        }
    }

    /// <summary>That the other slot holds the version, in words.</summary>
    /// <exception cref="RefusedException">It does not.</exception>
    public string SpareHolds(string version)
    {
        var running = RunningSlot();
        return SlotSteps.WhyNotBack(slots.Read(out _), running, version) is { } refusal
            ? throw new RefusedException(refusal)
            : $"slot {BootState.NameOf(BootState.Other(running))} holds {version}";
    }

    /// <summary>Switches slots on a unit that cannot become primary between the decision and its restart.</summary>
    private async Task SwitchAsync(SlotDecision decision, Func<ImageProblem?> change)
    {
        if (decision.StandAside && !await control.StandAsideAsync(aside: true))
        {
            throw new RefusedException(
                "this unit is about to carry the traffic, or still does: its slots are not switched",
                "wait some seconds, then try again"
            );
        }

        var switched = false;
        try
        {
            Throw(change());
            switched = true;
        }
        finally
        {
            if (decision.StandAside && !switched)
            {
                await control.StandAsideAsync(aside: false);
            }
        }
    }

    private Slot RunningSlot() =>
        slots.Running
        ?? throw new RefusedException(
            $"this unit was not started by a hitless-boot for slots of the kind {slots.Backend.Name}, so it has none",
            BootRules.NoSlotsRemedy
        );

    private void Tell(string text) => events.Add(EventKinds.Unit, text);

    private static void Throw(ImageProblem? problem)
    {
        if (problem is not null)
        {
            throw Refusal(problem);
        }
    }

    private static RefusedException Refusal(ImageProblem problem) => new(problem.Error, problem.Remedy);
}
