namespace Hitless.Core.Firmware;

/// <summary>A package that is to be installed: <c>Former</c> is null where it is not there yet.</summary>
public readonly record struct PackageChange(string Name, string? Former, string Version);

/// <summary>
/// What <c>apt-get --simulate dist-upgrade</c> says that it would do. Lines (apt-get(8), apt's own source <c>algorithms.cc</c>):
/// <code>
/// Inst NAME [FORMER] (VERSION ORIGIN [ARCHITECTURE]) …
/// Inst NAME (VERSION ORIGIN [ARCHITECTURE])
/// Remv NAME [FORMER]
/// </code>
/// </summary>
/// <param name="Changes">What would be installed, in the order of the names.</param>
/// <param name="Removed">What would be removed.</param>
public sealed record AptOffer(IReadOnlyList<PackageChange> Changes, IReadOnlyList<string> Removed)
{
    private const int LineMax = 2000;
    private const string KernelPrefix = "linux-image-";

    // What runs on after the packages are new, until the machine starts again.
    private static readonly string[] NeedReboot =
    [
        KernelPrefix,
        "linux-modules-",
        "systemd",
        "libc6",
        "dbus",
        "udev",
        "intel-microcode",
        "amd64-microcode",
    ];

    /// <summary>Some of it takes effect by a reboot only.</summary>
    public bool NeedsReboot =>
        Changes.Any(change =>
            Array.Exists(NeedReboot, name =>
                name.EndsWith('-') ? change.Name.StartsWith(name, StringComparison.Ordinal) : change.Name == name
            )
        );

    /// <summary>The kernels among them, not the meta packages that depend on one: <c>linux-image-6.1.0-57-amd64</c>.</summary>
    public IEnumerable<PackageChange> Kernels => Changes.Where(change => IsKernel(change.Name));

    /// <summary>Reads the output; other lines are skipped. Packages named in <paramref name="without"/> are left out.</summary>
    public static AptOffer Read(IEnumerable<string> lines, params IReadOnlyCollection<string> without)
    {
        List<PackageChange> changes = [];
        List<string> removed = [];
        foreach (var line in lines.Where(line => line.Length <= LineMax))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case ["Inst", var name, ['[', .. var former, ']'], ['(', .. var version], ..] when IsFine(name, former, version):
                    changes.Add(new PackageChange(name, former, version));
                    break;
                case ["Inst", var name, ['(', .. var version], ..] when IsFine(name, version):
                    changes.Add(new PackageChange(name, null, version));
                    break;
                case ["Remv", var name, ..] when IsFine(name):
                    removed.Add(name);
                    break;
                default:
                    break;
            }
        }

        return new AptOffer(
            [.. changes.Where(change => !without.Contains(change.Name)).OrderBy(change => change.Name, StringComparer.Ordinal)],
            removed
        );
    }

    // linux-image-6.1.0-57-amd64; linux-image-amd64 and linux-image-6.12-amd64 depend on one.
    private static bool IsKernel(string name) =>
        name.StartsWith(KernelPrefix, StringComparison.Ordinal)
        && name.AsSpan(KernelPrefix.Length) is [>= '0' and <= '9', ..] version
        && version.Count('.') >= 2;

    // Names and versions of Debian's policy (5.6.1, 5.6.12), with ":" for an architecture: nothing that a shell would read otherwise.
    private static bool IsFine(params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (word.Length == 0 || word.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '+' or '-' or '~' or ':')))
            {
                return false;
            }
        }

        return true;
    }
}
