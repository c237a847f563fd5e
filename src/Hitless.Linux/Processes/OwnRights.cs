using Hitless.Linux.Native;

namespace Hitless.Linux.Processes;

/// <summary>
/// Gives up rights for good (capabilities(7)). What is given up is the calling thread's, and that of the program that it executes
/// (<see cref="ProcessImage"/>): other threads of this process keep theirs.
/// </summary>
public static unsafe class OwnRights
{
    private const int BoundingRead = 23; // PR_CAPBSET_READ
    private const int BoundingDrop = 24; // PR_CAPBSET_DROP
    private const int SetNoNewPrivileges = 38; // PR_SET_NO_NEW_PRIVS
    private const uint Version = 0x20080522; // _LINUX_CAPABILITY_VERSION_3
    private const int CapabilitiesMax = 64;

    /// <summary>The user by whose rights to files this process goes; 0: root.</summary>
    public static uint UserId => Libc.EffectiveUserId();

    /// <summary>
    /// Keeps these capabilities, as far as there are any, in every set, and has the kernel grant none to whatever is executed later.
    /// </summary>
    /// <returns>Null, or one line: what could not be given up, and why.</returns>
    public static string? KeepOnly(IEnumerable<Capability> kept)
    {
        var set = ProcessRights.SetOf(kept);
        string? problem = null;
        for (var capability = 0; capability < CapabilitiesMax; capability++)
        {
            var has = Libc.ProcessControl(BoundingRead, (nuint)capability, 0, 0, 0);
            if (has < 0)
            {
                break;
            }

            if (has > 0 && (set >> capability & 1) == 0 && Libc.ProcessControl(BoundingDrop, (nuint)capability, 0, 0, 0) < 0)
            {
                // Without CAP_SETPCAP. What follows keeps what is executed from it all the same.
                problem ??= $"the bounding set stays as it is ({Errno.Words(Errno.Last)})";
            }
        }

        if (Libc.ProcessControl(SetNoNewPrivileges, 1, 0, 0, 0) < 0)
        {
            return $"no_new_privs cannot be set: {Errno.Words(Errno.Last)}";
        }

        var header = new Libc.CapabilityHeader { Version = Version };
        var sets = stackalloc Libc.CapabilitySets[2];
        if (Libc.GetCapabilities(&header, sets) < 0)
        {
            return $"capabilities cannot be read: {Errno.Words(Errno.Last)}";
        }

        for (var half = 0; half < 2; half++)
        {
            var mask = (uint)(set >> (32 * half));
            sets[half].Effective &= mask;
            sets[half].Permitted &= mask;
            sets[half].Inheritable &= mask;
        }

        return Libc.SetCapabilities(&header, sets) < 0 ? $"capabilities cannot be given up: {Errno.Words(Errno.Last)}" : problem;
    }
}
