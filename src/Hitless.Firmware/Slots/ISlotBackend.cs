using Hitless.Core.Firmware;

namespace Hitless.Firmware.Slots;

/// <summary>
/// What a slot is made of: a folder of the state directory, or a whole system that RAUC writes and the boot loader starts
/// (docs/decisions/0026).
/// </summary>
public interface ISlotBackend
{
    /// <summary>As <c>unit.slots</c> says it: <c>directory</c> or <c>rauc</c>.</summary>
    string Name { get; }

    /// <summary>
    /// A slot is a whole system: it runs after a reboot of the machine, and a start of the daemon tells the boot loader that it is good.
    /// </summary>
    bool HoldsSystems { get; }

    /// <summary>The slot whose system runs; null if slots are no systems, or nobody can say.</summary>
    Slot? Booted { get; }

    /// <summary>Null if the image is of the kind that goes into these slots.</summary>
    ImageProblem? Refuse(ImageManifest manifest);

    /// <summary>What is so, going by what is on record.</summary>
    BootState Observe(BootState recorded, out ImageProblem? problem);

    /// <summary>
    /// Fills the spare slot from an image that was verified and unpacked into <paramref name="folder"/>, and leaves there what is to be
    /// kept of it.
    /// </summary>
    /// <param name="tell">Is told of progress in words.</param>
    /// <param name="written">For <see cref="SlotContent.Written"/>.</param>
    ImageProblem? Fill(ImageManifest manifest, string folder, Slot slot, Action<string> tell, out string? written);

    /// <summary>
    /// Makes the machine fit what stands in a slot, before its trial. May take minutes; said twice, it is done once.
    /// </summary>
    /// <param name="tell">Is told of progress in words.</param>
    ImageProblem? Prepare(BootState state, Slot slot, Action<string> tell);

    /// <summary>Makes the machine start what the state says. Said twice, it is done once.</summary>
    ImageProblem? Follow(BootState state);

    /// <summary>Whether <see cref="Follow"/> would do anything: a power cut may have come between.</summary>
    bool IsBehind(BootState state);

    /// <summary>Whether what was done takes effect by a reboot of the machine; true once.</summary>
    bool TakeRebootDue();

    /// <summary>What a run that was taken back has left on the machine, and what to do about it; null: nothing.</summary>
    string? Leftover { get; }
}
