using Hitless.Core.Firmware;

namespace Hitless.Firmware.Slots;

/// <summary>Slots as folders: what was unpacked is all there is, and <c>hitless-boot</c> starts what <c>boot.json</c> says.</summary>
public sealed class DirectoryBackend : ISlotBackend
{
    /// <summary>The default of <c>unit.slots</c>.</summary>
    public const string Kind = "directory";

    public string Name => Kind;

    public bool HoldsSystems => false;

    public Slot? Booted => null;

    public ImageProblem? Refuse(ImageManifest manifest) => null;

    public BootState Observe(BootState recorded, out ImageProblem? problem)
    {
        problem = null;
        return recorded;
    }

    public ImageProblem? Fill(ImageManifest manifest, string folder, Slot slot, Action<string> tell, out string? written)
    {
        written = null;
        return null;
    }

    public ImageProblem? Follow(BootState state) => null;
}
