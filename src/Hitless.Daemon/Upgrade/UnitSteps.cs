using System.IO.Pipelines;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Firmware;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;
using Hitless.Firmware.Files;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Hitless.Firmware.Slots;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// The part of a run that happens on the unit itself: fetch the image, install it, try it, keep it, go back. Each step may be asked for
/// again.
/// A slot is neither written nor switched while the unit carries traffic (invariant 4), whoever asks; but for a simultaneous run
/// (docs/decisions/0028).
/// </summary>
public sealed class UnitSteps(
    UpgradeSettings settings,
    ControlLoop control,
    ImageStore images,
    SlotStore slots,
    TrustStore trust,
    PeerClient peers,
    Func<string, CancellationToken, Task<string>> backUp,
    Func<ImageFile, string, bool, CancellationToken, Task<CheckResult>> previewConversion,
    Func<CancellationToken, Task<Refusal?>> refuseSpare,
    Action<string> tell,
    Action<int, string, bool> exit
) : IDisposable
{
    private static readonly TimeSpan DownloadSilence = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CopyPause = TimeSpan.FromSeconds(1);
    private const int CopyAttempts = 5;
    private readonly SemaphoreSlim one = new(1);

    /// <summary>Takes the step; the answer says what was done in words.</summary>
    /// <exception cref="RefusedException">It cannot be done here.</exception>
    public async Task<StepAnswer> TakeAsync(StepRequest request, CancellationToken cancel)
    {
        await one.WaitAsync(cancel);
        try
        {
            return new StepAnswer(
                request.Step switch
                {
                    RunStep.Backup => await backUp(request.Run, cancel),
                    RunStep.Copy => await CopyAsync(request, cancel),
                    RunStep.Install or RunStep.Trial or RunStep.Confirm or RunStep.Revert => await SlotStepAsync(request, cancel),
                    RunStep.Room => DiskRoom
                        .FreeBytes(Path.GetDirectoryName(slots.FolderOf(Slot.A))!)
                        .ToString(System.Globalization.CultureInfo.InvariantCulture),
                    RunStep.Reboot => RebootAnswer.Of(slots.CanReboot).ToString(),
                    RunStep.Spare => await refuseSpare(cancel) is { } refusal
                        ? throw new RefusedException(refusal)
                        : SpareHolds(request.Version),
                    _ => throw new RefusedException(
                        $"this unit does not know the step \"{request.Step}\"",
                        "look at the versions of the units: hitless status"
                    ),
                }
            );
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>
    /// A unit that has to carry the traffic while its slot is on trial keeps the slot: falling back would cut the traffic.
    /// </summary>
    public void KeepTrialOfPrimary()
    {
        if (slots.Running is { } running && slots.Read(out _).Trial?.Slot == running && slots.Confirm(running) is { } problem)
        {
            tell($"the slot on trial cannot be kept: {problem}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();

    private async Task<string> CopyAsync(StepRequest request, CancellationToken cancel)
    {
        if (images.TryFind(request.Image, out var hash, out _, out _))
        {
            if (await Task.Run(() => images.IsWhole(hash), cancel))
            {
                return "the image is here already";
            }

            // A damaged one under its name would never be fetched again.
            images.Remove(hash);
        }

        for (var attempt = 1; ; attempt++)
        {
            // Where a former attempt broke off, this one goes on.
            var offset = images.ReceivedBytes(request.Image);
            try
            {
                return await DownloadAsync(request, offset, cancel);
            }
            catch (PeerException e) when (e.Kind == PeerFailureKind.Unreachable && attempt < CopyAttempts)
            {
                await Task.Delay(CopyPause, cancel);
            }
        }
    }

    private async Task<string> DownloadAsync(StepRequest request, long offset, CancellationToken cancel)
    {
        var pipe = new Pipe();
        using var halt = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var download = Task.Run(
            async () =>
            {
                Exception? failure = null;
                try
                {
                    await using var sink = pipe.Writer.AsStream(leaveOpen: true);
                    await peers.DownloadAsync(
                        request.From,
                        UpgradeCalls.ImageContent,
                        request.Image,
                        offset,
                        sink,
                        progress: null,
                        DownloadSilence,
                        halt.Token
                    );
                }
                catch (Exception e)
                {
                    failure = e;
                }

                await pipe.Writer.CompleteAsync(failure);
            },
            cancel
        );
        ImagePut put;
        await using (var source = pipe.Reader.AsStream())
        {
            put = await images.PutAsync(source, request.Image, offset, DateTimeOffset.UtcNow, cancel);
        }

        // What nobody takes any more (a full disk) would wait in the pipe for ever.
        await halt.CancelAsync();
        await download;
        Throw(put.Problem);
        return $"copied {(put.Image!.SizeBytes - offset) >> 10} KB from "
            + $"{request.From}{(offset > 0 ? $", {offset >> 10} KB were here" : "")}";
    }

    /// <summary>Does to the slots what <see cref="SlotSteps"/> says.</summary>
    private async Task<string> SlotStepAsync(StepRequest request, CancellationToken cancel)
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
                Throw(await Task.Run(() => slots.Prepare(tell), CancellationToken.None));
                await SwitchAsync(decision, () => slots.BeginTrial(settings.ConfirmTimeout));
                exit(slots.ExitCodeTo(spare), $"trial of slot {BootState.NameOf(spare)}", decision.InService);
                break;
            case SlotAct.Confirm:
                Throw(slots.Confirm(running));
                break;
            case SlotAct.CallOffTrial:
                Throw(slots.RollBack(running, $"run {request.Run} is rolled back before the trial began"));
                break;
            case SlotAct.GoBack:
                await SwitchAsync(decision, () => slots.RollBack(running, $"run {request.Run} is rolled back"));
                exit(slots.ExitCodeTo(spare), "rollback", false);
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
            Throw(await Task.Run(() => image.Verify(trust, DateTimeOffset.UtcNow), cancel));
            var preview = await previewConversion(image, hash, request.AcceptConversion, cancel);
            if (preview.Result == CheckOutcome.Fail)
            {
                throw new RefusedException($"{preview.Id}: {preview.Text}", preview.Remedy ?? "hitless upgrade check tells more");
            }

            var spare = BootState.Other(running);
            Throw(await Task.Run(() => slots.Install(image, hash, trust, DateTimeOffset.UtcNow, spare, running, tell)));
        }
    }

    private string SpareHolds(string version)
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

    private static void Throw(ImageProblem? problem)
    {
        if (problem is not null)
        {
            throw Refusal(problem);
        }
    }

    private static RefusedException Refusal(ImageProblem problem) => new(problem.Error, problem.Remedy);
}
