namespace Hitless.Linux.Native;

/// <summary>Which Linux this is.</summary>
public static class KernelRelease
{
    /// <summary>
    /// Older ones lack what keeps a standby mute: egress hooks of nftables (5.16), owners of addresses (5.18); 6.1 is the oldest that is
    /// tested.
    /// </summary>
    public static Version Oldest { get; } = new(6, 1);

    /// <summary>Why Hitless cannot run on the kernel of that name (<c>uname -r</c>); null: it can, or the name says nothing.</summary>
    public static string? Refuse(string release)
    {
        var numbers = release.Split('.', '-', '+');
        return
            numbers.Length >= 2
            && int.TryParse(numbers[0], out var major)
            && int.TryParse(numbers[1], out var minor)
            && new Version(major, minor) < Oldest
            ? $"Linux {release.Trim()} is too old: hitlessd needs {Oldest} or newer, since older ones cannot keep a standby from "
                + $"answering for the virtual addresses"
            : null;
    }

    /// <summary>As <see cref="Refuse(string)"/>, for the kernel that runs.</summary>
    public static string? Refuse() => Refuse(File.ReadAllText("/proc/sys/kernel/osrelease"));
}
