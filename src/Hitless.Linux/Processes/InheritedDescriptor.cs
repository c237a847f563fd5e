using System.Globalization;
using Hitless.Linux.Native;

namespace Hitless.Linux.Processes;

/// <summary>A descriptor that a parent has left open for this process, by its number.</summary>
public static class InheritedDescriptor
{
    private const int SetFlags = 2; // F_SETFD of asm-generic/fcntl.h
    private const int CloseOnExec = 1; // FD_CLOEXEC

    /// <summary>What this process starts gets it, as this process did; false: the text is no number of an open descriptor.</summary>
    public static bool TryHandOn(string number) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor)
        && Libc.Fcntl(descriptor, SetFlags, 0) == 0;

    /// <summary>What this process starts does not get it; false: the text is no number of an open descriptor.</summary>
    public static bool TryKeepFromChildren(string number) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor)
        && Libc.Fcntl(descriptor, SetFlags, CloseOnExec) == 0;
}
