using Hitless.Core.Firmware;
using Hitless.Firmware.Files;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;

namespace Hitless.Firmware.Slots;

/// <summary>
/// The application slots of a unit: <c>slots/a</c>, <c>slots/b</c> and <c>boot.json</c> under the state directory. One writer at a time:
/// the daemon while it runs, <c>hitless-boot</c> while it does not.
/// </summary>
public sealed class SlotStore(string stateFolder)
{
    /// <summary><c>hitless-boot</c> tells the daemon in this variable which slot it runs from: <c>a</c> or <c>b</c>.</summary>
    public const string SlotVariable = "HITLESS_SLOT";

    /// <summary>A daemon that exits with this code asks <c>hitless-boot</c> to choose a slot anew and start it.</summary>
    public const int ExitRestart = 75;

    /// <summary>A daemon that exits with this code asks <c>hitless-boot</c> for a reboot of the machine.</summary>
    public const int ExitReboot = 76;

    private const string Unfinished = ".unpacking";
    private const string Discarded = ".discarded";

    private readonly string bootFile = Path.Combine(stateFolder, "boot.json");

    /// <summary>The slot this process runs from; null if <c>hitless-boot</c> did not start it.</summary>
    public Slot? Running { get; } = BootState.TryParseSlot(Environment.GetEnvironmentVariable(SlotVariable), out var slot) ? slot : null;

    public string FolderOf(Slot slot) => Path.Combine(stateFolder, "slots", BootState.NameOf(slot));

    /// <summary>What the image in a slot says of itself; null if none was installed there.</summary>
    public ImageManifest? ManifestIn(Slot slot)
    {
        var file = Path.Combine(FolderOf(slot), ImageExtractor.ManifestName);
        return File.Exists(file) && ImageManifest.TryRead(File.ReadAllBytes(file), out var manifest, out _) ? manifest : null;
    }

    /// <summary>What the daemon exits with so that <paramref name="slot"/> runs next.</summary>
    public int ExitCodeTo(Slot slot) => ManifestIn(slot)?.Activation == Activation.Reboot ? ExitReboot : ExitRestart;

    /// <summary>What is on disk. Without a <c>boot.json</c> nothing is installed; one that cannot be read is a problem, and then <paramref name="state"/> is made of what stands in the slots.</summary>
    public BootState Read(out ImageProblem? problem)
    {
        problem = null;
        if (!File.Exists(bootFile))
        {
            return BootState.Empty;
        }

        if (BootState.TryRead(File.ReadAllBytes(bootFile), out var state, out var why))
        {
            return state;
        }

        problem = new ImageProblem(
            ImageFault.DiskError,
            $"{bootFile} cannot be read: {why}",
            "the first slot with a whole image is taken; the next installation or confirmation writes the file anew");
        return Rebuild();
    }

    /// <summary>Makes this the state on disk. For <c>hitless-boot</c>; the daemon uses the verbs below.</summary>
    public ImageProblem? Write(BootState state) => Guard(() =>
    {
        Directory.CreateDirectory(stateFolder);
        DurableFile.WriteAllBytes(bootFile, state.ToJson());
        return null;
    });

    /// <summary>
    /// Verifies an image and unpacks it into a slot that neither runs nor is the one to fall back to: <see cref="BootState.Spare"/>, or <c>a</c> at the
    /// very first. If it fails the slot is empty and everything else is as before.
    /// </summary>
    /// <param name="imageHash"><see cref="ImageFile.ComputeHash"/>, which goes into <c>boot.json</c>.</param>
    public ImageProblem? Install(ImageFile image, string imageHash, TrustStore trust, DateTimeOffset now, Slot slot, Slot? running)
    {
        if (image.Verify(trust, now) is { } untrusted)
        {
            return untrusted;
        }

        return Guard(() =>
        {
            if (!BootRules.TryBeginInstall(Read(out _), slot, running, out var emptied, out var problem))
            {
                return problem;
            }

            if (Write(emptied) is { } unwritten)
            {
                return unwritten;
            }

            Discard(slot);
            var unpacking = FolderOf(slot) + Unfinished;
            problem = ImageExtractor.Extract(image, unpacking);
            if (problem is not null)
            {
                return problem;
            }

            DurableFile.Move(unpacking, FolderOf(slot));
            return Write(BootRules.Installed(emptied, slot, image.Manifest.Version, imageHash));
        });
    }

    /// <summary>From the next start on, the spare slot is tried.</summary>
    public ImageProblem? BeginTrial(TimeSpan confirmTimeout, int tries = BootState.DefaultTries) => Change(state =>
        BootRules.TryBeginTrial(state, tries, confirmTimeout, out var next, out var problem) ? (next, null) : (null, problem));

    /// <summary>The running slot is healthy: it becomes the active one.</summary>
    public ImageProblem? Confirm(Slot running) => Change(state =>
        BootRules.TryConfirm(state, running, out var next, out var problem) ? (next, null) : (null, problem));

    /// <summary>From the next start on, the other slot runs; see <see cref="BootRules.TryRollBack"/>.</summary>
    public ImageProblem? RollBack(string why) => Change(state =>
        BootRules.TryRollBack(state, why, out var next, out var problem) ? (next, null) : (null, problem));

    private ImageProblem? Change(Func<BootState, (BootState? Next, ImageProblem? Problem)> transition) => Guard(() =>
    {
        var before = Read(out _);
        var (next, problem) = transition(before);
        return next is null || next == before ? problem : Write(next);
    });

    private ImageProblem? Guard(Func<ImageProblem?> change)
    {
        try
        {
            return change();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ImageProblem(ImageFault.DiskError, $"{stateFolder} cannot be written: {e.Message}", "look at the disk and at the rights of the state directory");
        }
    }

    /// <summary>Renames first: a half removed slot must never look like one.</summary>
    private void Discard(Slot slot)
    {
        var folder = FolderOf(slot);
        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        foreach (var leftOver in new[] { folder + Unfinished, folder + Discarded })
        {
            RemoveFolder(leftOver);
        }

        if (Directory.Exists(folder))
        {
            DurableFile.Move(folder, folder + Discarded);
            RemoveFolder(folder + Discarded);
        }
    }

    private static void RemoveFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private BootState Rebuild()
    {
        var (a, b) = (ContentOf(Slot.A), ContentOf(Slot.B));
        return new BootState(a is null && b is not null ? Slot.B : Slot.A, a, b, null, "boot.json could not be read; taken from the slots");
    }

    private SlotContent? ContentOf(Slot slot) => ManifestIn(slot) is { } manifest ? new SlotContent(manifest.Version, "", Good: true) : null;
}
