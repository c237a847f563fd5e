using System.IO.Pipelines;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Firmware;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Api;
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
                    RunStep.Install => await InstallAsync(request, cancel),
                    RunStep.Trial => await TryAsync(request),
                    RunStep.Confirm => await ConfirmAsync(),
                    RunStep.Revert => await RevertAsync(request),
                    RunStep.Room => DiskRoom
                        .FreeBytes(Path.GetDirectoryName(slots.FolderOf(Slot.A))!)
                        .ToString(System.Globalization.CultureInfo.InvariantCulture),
                    RunStep.Reboot => slots.CanReboot switch
                    {
                        true => "yes",
                        false => "no",
                        null => "unknown",
                    },
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
        if (images.TryFind(request.Image, out _, out _, out _))
        {
            return "the image is here already";
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

    private async Task<string> InstallAsync(StepRequest request, CancellationToken cancel)
    {
        var (running, _) = await OwnSlotAsync(mayInterrupt: request.Simultaneous);
        var state = slots.Read(out _);
        var spare = BootState.Other(running);
        if (state.Content(spare) is { } there && there.ImageHash == request.Image && there.Good)
        {
            return $"slot {BootState.NameOf(spare)} holds the image already";
        }

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
            if (preview.Result == "fail")
            {
                throw new RefusedException($"{preview.Id}: {preview.Text}", preview.Remedy ?? "hitless upgrade check tells more");
            }

            Throw(await Task.Run(() => slots.Install(image, hash, trust, DateTimeOffset.UtcNow, spare, running, tell)));
        }

        return $"installed in slot {BootState.NameOf(spare)}";
    }

    private async Task<string> TryAsync(StepRequest request)
    {
        var (running, inService) = await OwnSlotAsync(mayInterrupt: request.Simultaneous);
        var spare = BootState.Other(running);
        var state = slots.Read(out _);
        if (state.Content(running)?.ImageHash == request.Image)
        {
            return "runs the image already";
        }

        if (inService)
        {
            Throw(slots.BeginTrial(settings.ConfirmTimeout));
        }
        else
        {
            await SwitchAsync(() => slots.BeginTrial(settings.ConfirmTimeout));
        }

        exit(slots.ExitCodeTo(spare), $"trial of slot {BootState.NameOf(spare)}", inService);
        return $"starts from slot {BootState.NameOf(spare)}";
    }

    private Task<string> ConfirmAsync()
    {
        var running = RunningSlot();
        Throw(slots.Confirm(running));
        return Task.FromResult($"slot {BootState.NameOf(running)} is good");
    }

    private async Task<string> RevertAsync(StepRequest request)
    {
        var (running, _) = await OwnSlotAsync(mayInterrupt: false);
        var state = slots.Read(out _);
        if (state.Content(running)?.Version.ToString() == request.Version)
        {
            if (state.Trial is not null)
            {
                Throw(slots.RollBack(running, $"run {request.Run} is rolled back before the trial began"));
            }

            return $"runs {request.Version}";
        }

        if (state.Trial is null)
        {
            SpareHolds(request.Version);
        }

        await SwitchAsync(() => slots.RollBack(running, $"run {request.Run} is rolled back"));
        exit(slots.ExitCodeTo(BootState.Other(running)), "rollback", false);
        return $"goes back to slot {BootState.NameOf(BootState.Other(running))}";
    }

    private string SpareHolds(string version)
    {
        var spare = BootState.Other(RunningSlot());
        return slots.Read(out _).Content(spare) is { Good: true } content && content.Version.ToString() == version
            ? $"slot {BootState.NameOf(spare)} holds {version}"
            : throw new RefusedException(
                $"slot {BootState.NameOf(spare)} does not hold {version} any more",
                "upgrade to the image of that version instead: hitless upgrade start IMAGE"
            );
    }

    /// <summary>Switches slots on a unit that cannot become primary between the decision and its restart.</summary>
    private async Task SwitchAsync(Func<ImageProblem?> change)
    {
        if (!await control.StandAsideAsync(aside: true))
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
            if (!switched)
            {
                await control.StandAsideAsync(aside: false);
            }
        }
    }

    /// <summary>
    /// The slot that runs, and whether it carries the traffic: its slots are not touched then, unless the operator has accepted the
    /// interruption.
    /// </summary>
    private async Task<(Slot Running, bool InService)> OwnSlotAsync(bool mayInterrupt)
    {
        var inService = (await control.ViewAsync()).Self.Role == UnitRole.Primary;
        if (inService && !mayInterrupt)
        {
            throw new RefusedException("this unit carries the traffic: its slots are not touched", "switch over first: hitless switchover");
        }

        return (RunningSlot(), inService);
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
