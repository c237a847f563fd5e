using System.Diagnostics.CodeAnalysis;
using Hitless.Core.Firmware;
using Hitless.Firmware.Files;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;

namespace Hitless.Firmware.Slots;

/// <summary>
/// The slots of a unit: <c>slots/a</c>, <c>slots/b</c> and <c>boot.json</c> under the state directory. One writer at a time:
/// the daemon while it runs, <c>hitless-boot</c> while it does not.
/// </summary>
public sealed class SlotStore(string stateFolder, ISlotBackend backend)
{
    /// <summary>
    /// <c>hitless-boot</c> tells the daemon in this variable of what kind the slots are, as <c>unit.slots</c> does; without it they are
    /// folders.
    /// </summary>
    public const string KindVariable = "HITLESS_SLOTS";

    /// <summary><c>hitless-boot</c> tells the daemon in this variable which slot it runs from: <c>a</c> or <c>b</c>.</summary>
    public const string SlotVariable = "HITLESS_SLOT";

    /// <summary>
    /// <c>hitless-boot</c> names in this variable the end of a pipe through which the daemon tells that its loops turn.
    /// </summary>
    public const string PulseVariable = "HITLESS_PULSE";

    /// <summary>
    /// <c>hitless-boot</c> tells the daemon in this variable whether it has a command that reboots the machine: <c>yes</c> or <c>no</c>.
    /// </summary>
    public const string RebootVariable = "HITLESS_REBOOT";

    /// <summary>A daemon that exits with this code asks <c>hitless-boot</c> to choose a slot anew and start it.</summary>
    public const int ExitRestart = 75;

    /// <summary>A daemon that exits with this code asks <c>hitless-boot</c> for a reboot of the machine.</summary>
    public const int ExitReboot = 76;

    private const string Unfinished = ".unpacking";
    private const string Discarded = ".discarded";

    private readonly string bootFile = Path.Combine(stateFolder, "boot.json");

    /// <summary>What was last in <c>boot.json</c>, for the day on which that cannot be read.</summary>
    private readonly string lastFile = Path.Combine(stateFolder, "boot.last.json");

    /// <summary>Slots that are folders.</summary>
    public SlotStore(string stateFolder)
        : this(stateFolder, new DirectoryBackend(stateFolder)) { }

    /// <summary>What the slots are made of.</summary>
    public ISlotBackend Backend => backend;

    /// <summary>The slot this process runs from; null if no <c>hitless-boot</c> for slots of this kind did start it.</summary>
    public Slot? Running { get; } =
        (Environment.GetEnvironmentVariable(KindVariable) ?? DirectoryBackend.Kind) == backend.Name
        && BootState.TryParseSlot(Environment.GetEnvironmentVariable(SlotVariable), out var slot)
            ? slot
            : null;

    /// <summary>
    /// Whether <c>hitless-boot</c> can reboot the machine; null if it is too old to say so, or did not start this process.
    /// </summary>
    public bool? CanReboot { get; } =
        Environment.GetEnvironmentVariable(RebootVariable) switch
        {
            "yes" => true,
            "no" => false,
            _ => null,
        };

    public string FolderOf(Slot slot) => FolderOf(stateFolder, slot);

    /// <summary>What the image in a slot says of itself; null if none was installed there.</summary>
    public ImageManifest? ManifestIn(Slot slot) => ManifestIn(FolderOf(slot));

    /// <summary>The same of an image that is still being unpacked into the slot.</summary>
    public ImageManifest? ManifestIn(Slot slot, bool unpacking) => ManifestIn(FolderOf(stateFolder, slot, unpacking));

    internal static string FolderOf(string stateFolder, Slot slot, bool unpacking) =>
        unpacking ? FolderOf(stateFolder, slot) + Unfinished : FolderOf(stateFolder, slot);

    internal static string FolderOf(string stateFolder, Slot slot) => Path.Combine(stateFolder, "slots", BootState.NameOf(slot));

    internal static ImageManifest? ManifestIn(string folder)
    {
        var file = Path.Combine(folder, ImageExtractor.ManifestName);
        return File.Exists(file) && ImageManifest.TryRead(File.ReadAllBytes(file), out var manifest, out _) ? manifest : null;
    }

    /// <summary>What the daemon exits with so that <paramref name="slot"/> runs next.</summary>
    public int ExitCodeTo(Slot slot)
    {
        var due = backend.TakeRebootDue();
        return due || backend.HoldsSystems || ManifestIn(slot)?.Activation == Activation.Reboot ? ExitReboot : ExitRestart;
    }

    /// <summary>
    /// What is so. Without a <c>boot.json</c> nothing is installed; one that cannot be read is a problem, and then the state is made of
    /// what stands in the slots.
    /// </summary>
    public BootState Read(out ImageProblem? problem)
    {
        var recorded = ReadRecord(out problem);
        var state = backend.Observe(recorded, out var unanswered);
        problem ??= unanswered;
        return state;
    }

    /// <summary>
    /// Makes this the state on disk, and the machine follow it. A trial is on record before the machine can start it; all else the machine
    /// does first,
    /// and what a power cut leaves off the record is found out by the next <see cref="Read"/>. For <c>hitless-boot</c>; the daemon uses the
    /// verbs below.
    /// </summary>
    public ImageProblem? Write(BootState state) =>
        state.Trial is null ? backend.Follow(state) ?? Record(state) : Record(state) ?? backend.Follow(state);

    /// <summary>
    /// Verifies an image and unpacks it into a slot that neither runs nor is the one to fall back to: <see cref="BootState.Spare"/>, or
    /// <c>a</c> at the
    /// very first. If it fails the slot is empty and everything else is as before.
    /// </summary>
    /// <param name="imageHash"><see cref="ImageFile.ComputeHash"/>, which goes into <c>boot.json</c>.</param>
    /// <param name="tell">Is told of progress in words, where the backend has some.</param>
    public ImageProblem? Install(
        ImageFile image,
        string imageHash,
        TrustStore trust,
        DateTimeOffset now,
        Slot slot,
        Slot? running,
        Action<string>? tell = null
    )
    {
        if ((image.Verify(trust, now) ?? backend.Refuse(image.Manifest)) is { } refused)
        {
            return refused;
        }

        return Guard(() =>
        {
            if (Observe(out var before) is { } unanswered)
            {
                return unanswered;
            }

            if (
                !BootRules.TryBeginInstall(before, slot, running, out var emptied, out var problem)
                || (problem = Write(emptied)) is not null
            )
            {
                return problem;
            }

            Discard(slot);
            var unpacking = FolderOf(slot) + Unfinished;
            string? written = null;
            problem = ImageExtractor.Extract(image, unpacking)
                ?? backend.Fill(image.Manifest, unpacking, slot, tell ?? (static _ => { }), out written);
            if (problem is not null)
            {
                RemoveFolder(unpacking);
                return problem;
            }

            DurableFile.Move(unpacking, FolderOf(slot));
            return Write(BootRules.Installed(emptied, slot, image.Manifest.Version, imageHash, written));
        });
    }

    /// <summary>
    /// Makes the machine fit what stands in the spare slot, before its trial. May take minutes. What fails is taken back.
    /// </summary>
    public ImageProblem? Prepare(Action<string> tell) =>
        Guard(() =>
        {
            if (Observe(out var state) is { } unanswered)
            {
                return unanswered;
            }

            var problem = backend.Prepare(state, state.Spare, tell);
            if (problem is not null)
            {
                _ = backend.Follow(state);
            }

            return problem;
        });

    /// <summary>From the next start on, the spare slot is tried.</summary>
    public ImageProblem? BeginTrial(TimeSpan confirmTimeout, int tries = BootState.DefaultTries) =>
        Change(state =>
            BootRules.TryBeginTrial(state, tries, confirmTimeout, out var next, out var problem) ? (next, null) : (null, problem)
        );

    /// <summary>The running slot is healthy: it becomes the active one.</summary>
    public ImageProblem? Confirm(Slot running) =>
        Change(state => BootRules.TryConfirm(state, running, out var next, out var problem) ? (next, null) : (null, problem));

    /// <summary>From the next start on, the other slot runs; see <see cref="BootRules.TryRollBack"/>.</summary>
    public ImageProblem? RollBack(Slot running, string why) =>
        Change(state => BootRules.TryRollBack(state, running, why, out var next, out var problem) ? (next, null) : (null, problem));

    private ImageProblem? Record(BootState state) =>
        Guard(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(FolderOf(Slot.A))!);
            DurableFile.WriteOwnBytes(bootFile, state.ToJson());
            try
            {
                DurableFile.WriteOwnBytes(lastFile, state.ToJson());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // An older copy could name the wrong slot: rather none. If it can be neither written nor removed, boot.json is what counts
                // as long as it can be read.
                RemoveQuietly(lastFile);
            }

            return null;
        });

    private BootState ReadRecord(out ImageProblem? problem)
    {
        problem = null;
        if (!File.Exists(bootFile) && !File.Exists(lastFile))
        {
            return BootState.Empty;
        }

        if (TryReadFile(bootFile, out var state, out var why))
        {
            return state;
        }

        if (TryReadFile(lastFile, out var last, out _))
        {
            problem = new ImageProblem(
                ImageFault.DiskError,
                $"{bootFile} cannot be read: {why}",
                $"its last good copy {lastFile} counts; the next installation or confirmation writes both anew"
            );
            return last;
        }

        problem = new ImageProblem(
            ImageFault.DiskError,
            $"{bootFile} cannot be read: {why}",
            "the first slot with a whole image is taken; the next installation or confirmation writes the file anew"
        );
        return Rebuild();
    }

    private static bool TryReadFile(string file, [NotNullWhen(true)] out BootState? state, [NotNullWhen(false)] out string? why)
    {
        try
        {
            return BootState.TryRead(File.ReadAllBytes(file), out state, out why);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            (state, why) = (null, e.Message);
            return false;
        }
    }

    private static void RemoveQuietly(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays.
        }
    }

    private ImageProblem? Change(Func<BootState, (BootState? Next, ImageProblem? Problem)> transition) =>
        Guard(() =>
        {
            if (Observe(out var before) is { } unanswered)
            {
                return unanswered;
            }

            var (next, problem) = transition(before);
            return next is null || next == before ? problem : Write(next);
        });

    /// <summary>The state; a problem if the backend cannot say what is so, and then nothing may be changed.</summary>
    private ImageProblem? Observe(out BootState state)
    {
        state = backend.Observe(ReadRecord(out _), out var problem);
        return problem;
    }

    private ImageProblem? Guard(Func<ImageProblem?> change)
    {
        try
        {
            return change();
        }
        catch (IOException e) when (DiskRoom.IsUsedUp(e))
        {
            return DiskRoom.Refuse(stateFolder, $"{DiskRoom.Reserve}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ImageProblem(
                ImageFault.DiskError,
                $"{stateFolder} cannot be written: {e.Message}",
                "look at the disk and at the rights of the state directory"
            );
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

    private SlotContent? ContentOf(Slot slot) =>
        ManifestIn(slot) is { } manifest ? new SlotContent(manifest.Version, "", Good: true) : null;
}
