using Hitless.Core.Configuration;
using Hitless.Core.Firmware;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;
using Hitless.Firmware.Files;
using Hitless.Firmware.Slots;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// The part of a run that happens on the unit itself: fetch the image, install it, try it, keep it, go back. Each step may be asked for
/// again.
/// A slot is neither written nor switched while the unit carries traffic (invariant 4), whoever asks; but for a simultaneous run
/// (docs/decisions/0028).
/// </summary>
public sealed class UnitSteps(
    ImageCopies copies,
    SlotChanges changes,
    SlotStore slots,
    RunConfiguration configuration,
    RunSurroundings surroundings
) : IDisposable
{
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
                    RunStep.Backup => await BackUpAsync(request.Run, cancel),
                    RunStep.Copy => await copies.FetchAsync(request, cancel),
                    RunStep.Install or RunStep.Trial or RunStep.Confirm or RunStep.Revert => await changes.TakeAsync(request, cancel),
                    RunStep.Room => DiskRoom
                        .FreeBytes(Path.GetDirectoryName(slots.FolderOf(Slot.A))!)
                        .ToString(System.Globalization.CultureInfo.InvariantCulture),
                    RunStep.Reboot => RebootAnswer.Of(slots.CanReboot).ToString(),
                    RunStep.Spare => await configuration.RefuseSpareAsync(cancel) is { } refusal
                        ? throw new RefusedException(refusal)
                        : changes.SpareHolds(request.Version),
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

    private async Task<string> BackUpAsync(string run, CancellationToken cancel)
    {
        var made = await configuration.BackUpForRunAsync(run, cancel);
        await surroundings.KeepBeforeAsync(run, cancel);
        return made;
    }

    /// <inheritdoc cref="SlotChanges.KeepTrialOfPrimary"/>
    public void KeepTrialOfPrimary() => changes.KeepTrialOfPrimary();

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();
}
