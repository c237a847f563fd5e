using Hitless.Cli.Client;
using Hitless.Cli.Setup;
using Hitless.Core.Api;
using Hitless.Core.Firmware;

namespace Hitless.Cli.Systems;

/// <summary>
/// A recipe of what <c>apt-get dist-upgrade</c> would do to this machine now, with the packages in it: every unit gets the same files, and
/// needs no archive.
/// </summary>
internal sealed record AptRecipe(SystemRecipe Recipe, string Notes)
{
    // Hitless upgrades itself by its own images.
    private static readonly string[] Own = ["hitless"];

    private const int NamesInNotes = 40;
    private static readonly TimeSpan FetchLimit = TimeSpan.FromMinutes(30);

    /// <summary>Writes the recipe's files into <paramref name="folder"/>, which is there.</summary>
    /// <param name="tell">Is told what takes time.</param>
    /// <exception cref="RefusedException">apt offers nothing, or what no recipe can do.</exception>
    public static AptRecipe Make(string folder, bool? reboot, Action<string> tell)
    {
        tell("asking apt what it offers");
        Apt(["update"], "look at /etc/apt/sources.list, or at the network");
        var offer = AptOffer.Read(Apt(["--simulate", "dist-upgrade"], "apt-get --simulate dist-upgrade shows it").Split('\n'), Own);
        if (offer.Changes.Count == 0)
        {
            throw new RefusedException(new Refusal("apt offers nothing newer for this machine", "nothing is to be done"));
        }

        if (offer.Removed.Count > 0)
        {
            throw new RefusedException(
                new Refusal(
                    $"apt-get dist-upgrade would remove packages: {string.Join(", ", offer.Removed)}; no recipe is made of that by itself",
                    "decide by hand what replaces them (apt-get --simulate dist-upgrade), or write a recipe: hitless firmware system "
                        + "--recipe DIR"
                )
            );
        }

        tell($"fetching {offer.Changes.Count} packages");
        Fetch(Path.Combine(folder, "new"), offer.Changes.Select(change => $"{change.Name}={change.Version}"));
        tell("fetching those that they replace, for the way back");
        var lost = offer
            .Changes.Where(change => change.Former is not null && !TryFetchFormer(Path.Combine(folder, "old"), change))
            .ToArray();
        File.WriteAllLines(
            Path.Combine(folder, "packages"),
            offer.Changes.Select(change => $"{change.Name} {change.Former ?? "-"} {change.Version}")
        );
        foreach (
            var (name, text) in (ReadOnlySpan<(string, string)>)
                [("stage", AptScripts.Stage), ("install", AptScripts.Install), ("check", AptScripts.Check), ("revert", AptScripts.Revert)]
        )
        {
            if (name != "revert" || lost.Length == 0)
            {
                File.WriteAllText(Path.Combine(folder, $"{name}.sh"), text);
            }
        }

        var reboots = reboot ?? offer.NeedsReboot;
        return new AptRecipe(
            new SystemRecipe(
                $"{offer.Changes.Count} Debian packages{(reboots ? ", with a reboot" : "")}",
                Install: "sh system/install.sh",
                Stage: "sh system/stage.sh",
                Check: "sh system/check.sh",
                Revert: lost.Length == 0 ? "sh system/revert.sh" : null,
                Reboot: reboots
            ),
            NotesOf(offer, lost)
        );
    }

    private static string NotesOf(AptOffer offer, PackageChange[] lost)
    {
        var lines = offer.Changes.Take(NamesInNotes).Select(change => $"  {change.Name} {change.Former ?? "(new)"} -> {change.Version}");
        var more = offer.Changes.Count > NamesInNotes ? $"\n  and {offer.Changes.Count - NamesInNotes} more" : "";
        var back =
            lost.Length == 0
                ? "The packages that they replace are in the image: the change can be taken back."
                : $"No way back: the present version of {string.Join(", ", lost.Select(change => change.Name))} is no longer to be had.";
        return $"Packages:\n{string.Join('\n', lines)}{more}\n{back}{KernelNotes(offer, UnguardedKernel)}";
    }

    /// <summary>What becomes of a kernel that does not start; empty where none is offered.</summary>
    /// <param name="unguarded">Why GRUB does not bring it back; empty if it does. Asked only where it matters.</param>
    internal static string KernelNotes(AptOffer offer, Func<string> unguarded)
    {
        if (offer.Kernels.FirstOrDefault(kernel => kernel.Former is not null) is { Name: { } replaced })
        {
            return $"\n{replaced} is replaced in place: if the new one does not start, it is not brought back by itself.";
        }

        return !offer.Kernels.Any() ? ""
            : unguarded() is { Length: > 0 } why
                ? $"\nA kernel that does not start is not brought back by itself: {why}. See docs/system.md."
            : "\nGRUB starts the new kernel once: if it does not start, the machine comes back with the present one.";
    }

    private static string UnguardedKernel() =>
        Machine.Run("/bin/sh", ["-c", AptScripts.WhyUnguarded + "why_unguarded"]) is (0, var why, _)
            ? why.Trim()
            : "the boot loader could not be asked";

    private static void Fetch(string into, IEnumerable<string> packages)
    {
        Directory.CreateDirectory(into);
        var script = $"cd \"$0\" && apt-get -qq -o APT::Sandbox::User=root download \"$@\"";
        var (code, output, errors) = Machine.Run(FetchLimit, "/bin/sh", ["-c", script, into, .. packages])
            ?? throw new RefusedException(new Refusal("/bin/sh is not there", "look at this system"));
        if (code != 0)
        {
            throw new RefusedException(
                new Refusal($"apt-get download failed: {Last(errors + output)}", "look at /etc/apt/sources.list, or at the network")
            );
        }
    }

    // From the archive, else from what apt has kept when it was installed.
    private static bool TryFetchFormer(string into, PackageChange change)
    {
        try
        {
            Fetch(into, [$"{change.Name}={change.Former}"]);
            return true;
        }
        catch (RefusedException)
        {
            const string Kept = "/var/cache/apt/archives";
            var name = $"{change.Name.Split(':')[0]}_{change.Former!.Replace(":", "%3a", StringComparison.Ordinal)}_";
            var file = Directory.Exists(Kept)
                ? Directory
                    .EnumerateFiles(Kept, "*.deb")
                    .FirstOrDefault(each => Path.GetFileName(each).StartsWith(name, StringComparison.Ordinal))
                : null;
            if (file is null)
            {
                return false;
            }

            File.Copy(file, Path.Combine(into, Path.GetFileName(file)), overwrite: true);
            return true;
        }
    }

    private static string Apt(string[] arguments, string remedy)
    {
        var ran = Machine.Run("apt-get", ["-q", .. arguments])
            ?? throw new RefusedException(
                new Refusal("this machine has no apt-get", "write a recipe for its system: hitless firmware system --recipe DIR")
            );
        return ran.Code == 0
            ? ran.Output
            : throw new RefusedException(new Refusal($"apt-get {arguments[^1]} failed: {Last(ran.Errors + ran.Output)}", remedy));
    }

    private static string Last(string text) => text.TrimEnd().Split('\n')[^1];
}
