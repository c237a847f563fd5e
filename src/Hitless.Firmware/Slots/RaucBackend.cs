using Hitless.Core.Firmware;
using Hitless.Firmware.Images;

namespace Hitless.Firmware.Slots;

/// <summary>
/// Slots as whole systems, in the hands of RAUC (docs/decisions/0026). What each call means is decided in <see cref="RaucRules"/>.
/// </summary>
/// <param name="own">The version of the daemon that asks; null for <c>hitless-boot</c>.</param>
public sealed class RaucBackend(SemanticVersion? own, RaucCommand rauc) : ISlotBackend
{
    private Slot? booted;

    /// <summary>The value of <c>unit.slots</c>.</summary>
    public const string Kind = "rauc";

    public string Name => Kind;

    public bool HoldsSystems => true;

    /// <summary>Asked until it is known; no reboot leaves this process alive.</summary>
    public Slot? Booted => booted ??= rauc.TryReadStatus(out var status, out _) ? status.Booted : null;

    public ImageProblem? Refuse(ImageManifest manifest) => RaucRules.TryFindBundle(manifest, out _, out var problem) ? null : problem;

    public BootState Observe(BootState recorded, out ImageProblem? problem) =>
        rauc.TryReadStatus(out var status, out problem) ? RaucRules.Observe(recorded, status, own) : recorded;

    public ImageProblem? Fill(ImageManifest manifest, string folder, Slot slot, Action<string> tell, out string? written)
    {
        written = null;
        if (!RaucRules.TryFindBundle(manifest, out var bundle, out var problem))
        {
            return problem;
        }

        problem = rauc.Install(Path.Combine(folder, bundle), tell);
        if (problem is null && rauc.TryReadStatus(out var status, out problem))
        {
            written = status[slot].Sha256;
            KeepManifestOnly(folder);
        }

        return problem;
    }

    public ImageProblem? Prepare(BootState state, Slot slot, Action<string> tell) => null;

    /// <summary>A start of the daemon tells the boot loader that the system is good.</summary>
    public bool IsBehind(BootState state) => true;

    public bool TakeRebootDue() => false;

    public string? Leftover => null;

    public ImageProblem? Follow(BootState state)
    {
        if (!rauc.TryReadStatus(out var status, out var problem))
        {
            return problem;
        }

        foreach (var mark in RaucRules.Marks(state, status))
        {
            problem ??= rauc.Mark(mark);
        }

        return problem;
    }

    /// <summary>What the slot holds stands in the slot.</summary>
    private static void KeepManifestOnly(string folder)
    {
        foreach (var entry in new DirectoryInfo(folder).GetFileSystemInfos().Where(e => e.Name != ImageExtractor.ManifestName))
        {
            if (entry is DirectoryInfo directory)
            {
                directory.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
    }
}
