using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hitless.Cli.Setup;
using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Hitless.Firmware.Images;

namespace Hitless.Cli.Systems;

/// <summary>Makes an image that changes the system under Hitless: the programs of another one, and a recipe.</summary>
/// <param name="Base">The image whose programs it has.</param>
/// <param name="Version">Its version; null: that of the base, and the time.</param>
internal sealed record SystemImage(string Base, SemanticVersion? Version)
{
    /// <summary>A recipe's own file, in its folder.</summary>
    public const string RecipeFile = "recipe.json";

    private const string StateFolder = "/var/lib/hitless";

    /// <summary>The image of what a unit runs, from the package or the unit's store. A recipe in it is replaced.</summary>
    /// <param name="running">The version that the unit runs.</param>
    /// <exception cref="RefusedException">There is none.</exception>
    public static SystemImage UnderRunning(string running)
    {
        var release = SemanticVersion.TryParse(running, out var version) ? version with { Build = null } : default;
        var found = ((IEnumerable<string>)[SetupCommand.PackageFolder, Path.Combine(StateFolder, "images")])
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.hli"))
            .FirstOrDefault(path => IsOf(path, release));
        return new SystemImage(
            found
                ?? throw new RefusedException(
                    $"no image of {release}, which this unit runs, is in {SetupCommand.PackageFolder} or {StateFolder}/images",
                    "name it: --base FILE"
                ),
            null
        );
    }

    /// <summary>Puts what apt offers this machine now into an image.</summary>
    public void MakeOfApt(bool? reboot, X509Certificate2 signer, string output, Action<string> tell) =>
        Make(into => AptRecipe.Make(into, reboot, tell), signer, output);

    /// <summary>Puts the recipe of a folder into an image.</summary>
    public void MakeOfFolder(string folder, X509Certificate2 signer, string output) =>
        Make(into => new AptRecipe(Copy(folder, into), ""), signer, output);

    private void Make(Func<string, AptRecipe> put, X509Certificate2 signer, string output)
    {
        var parts = Directory.CreateTempSubdirectory("hitless-system-");
        try
        {
            var folder = Path.Combine(parts.FullName, "parts");
            var manifest = Unpack(folder);
            var into = Directory.CreateDirectory(Path.Combine(folder, SystemRecipe.Folder)).FullName;
            var (recipe, notes) = put(into);
            notes = $"{notes}\nRecipe {Fingerprint(into)}";
            Throw(ImageBuilder.TryBuild(folder, Options(manifest, recipe, notes), signer, output, out _, out var problem) ? null : problem);
        }
        finally
        {
            parts.Delete(recursive: true);
        }
    }

    private static bool IsOf(string path, SemanticVersion release)
    {
        if (!ImageFile.TryOpen(path, out var image, out _))
        {
            return false;
        }

        using (image)
        {
            return image.Manifest.Product == ImageManifest.HitlessProduct && image.Manifest.Version with { Build = null } == release;
        }
    }

    private ImageManifest Unpack(string folder)
    {
        Throw(ImageFile.TryOpen(Base, out var image, out var problem) ? null : problem);
        using (image)
        {
            Throw(ImageExtractor.Extract(image!, folder));
            File.Delete(Path.Combine(folder, ImageExtractor.ManifestName));
            var former = Path.Combine(folder, SystemRecipe.Folder);
            if (Directory.Exists(former))
            {
                Directory.Delete(former, recursive: true);
            }

            return image!.Manifest;
        }
    }

    private ImageOptions Options(ImageManifest manifest, SystemRecipe recipe, string notes)
    {
        var release = manifest.Version with { Build = null };
        var time = TimeProvider.System.GetUtcNow();
        var version = Version ?? release with { Build = $"system.{time.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}" };
        return new ImageOptions(version, manifest.Wire)
        {
            Product = manifest.Product,
            Platform = manifest.Platform,

            // A version before this one would not follow the recipe.
            UpgradeFrom = VersionRange.TryParse($">={release}", out var range) ? [range] : [VersionRange.Any],
            Configuration = manifest.Configuration,
            Activation = recipe.Reboot ? Activation.Reboot : Activation.Restart,
            EntryPoint = manifest.EntryPoint,
            ReleaseNotes = $"{recipe.Name}, under Hitless {release}\n{notes}",
            BuiltAt = time,
            Recipe = recipe,
        };
    }

    // What tells two recipes apart that are described alike.
    private static string Fingerprint(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            using var file = File.OpenRead(path);
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetRelativePath(folder, path)} {file.Length}\n"));
            hash.AppendData(SHA256.HashData(file));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }

    private static SystemRecipe Copy(string from, string into)
    {
        var file = Path.Combine(from, RecipeFile);
        if (!File.Exists(file))
        {
            throw new RefusedException(
                new Refusal($"{file} is not there", $"write the recipe's commands into {RecipeFile}: see docs/system.md")
            );
        }

        Throw(SystemRecipe.TryRead(File.ReadAllBytes(file), out var recipe, out var problem) ? null : problem);
        foreach (var each in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var path = Path.Combine(into, Path.GetRelativePath(from, each));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(each, path);
        }

        return recipe!;
    }

    private static void Throw(ImageProblem? problem)
    {
        if (problem is not null)
        {
            throw new RefusedException(problem.ToRefusal());
        }
    }
}
