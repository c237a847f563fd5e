using System.CommandLine;
using System.Globalization;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Cli.Systems;
using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Hitless.Firmware.Images;

namespace Hitless.Cli.Commands;

/// <summary><c>firmware system BASE --apt | --recipe DIR --key K --out F</c>: an image that changes the system under Hitless.</summary>
internal sealed class SystemImageCommand
{
    private const string RecipeFile = "recipe.json";

    private readonly Argument<string> _base = new("BASE")
    {
        Description = "The image whose programs it has: that of the version that the units run",
    };
    private readonly Option<bool> _apt = new("--apt") { Description = "What apt-get dist-upgrade offers this machine now" };
    private readonly Option<string?> _recipe = new("--recipe")
    {
        Description =
            "A folder with recipe.json (name, install, and stage, check, revert, reboot, limitSeconds) and what its commands need",
        HelpName = "DIR",
    };
    private readonly Option<string> _key = BuildCommand.Key();
    private readonly Option<string> _output = BuildCommand.Output();
    private readonly Option<string?> _version = new("--version")
    {
        Description = "Version of the image (default: that of BASE with +system.TIME)",
        HelpName = "V",
    };
    private readonly Option<bool?> _reboot = new("--reboot")
    {
        Description = "With --apt: whether the packages take effect by a reboot (default: as kernel, systemd, libc and microcode need it)",
    };

    public static Command Make(Shell shell)
    {
        var command = new SystemImageCommand();
        return shell.Command(
            "system",
            "Make a signed image that upgrades the system under Hitless",
            call => Task.FromResult(command.Build(call)),
            command._base,
            command._apt,
            command._recipe,
            command._key,
            command._output,
            command._version,
            command._reboot
        );
    }

    private int Build(Call call)
    {
        var (apt, recipe) = (call.Value(_apt), call.Value(_recipe));
        if (apt == recipe is not null)
        {
            throw new UsageException("an image for the system needs a recipe", "give either --apt or --recipe DIR");
        }

        using var signer = BuildCommand.ReadKey(call.Value(_key)!);
        var parts = Directory.CreateTempSubdirectory("hitless-system-");
        try
        {
            var folder = Path.Combine(parts.FullName, "parts");
            var manifest = Unpack(call.Value(_base)!, folder);
            var options = Put(apt ? null : recipe, manifest, folder, call);
            Throw(ImageBuilder.TryBuild(folder, options, signer, call.Value(_output)!, out _, out var problem) ? null : problem);
        }
        finally
        {
            parts.Delete(recursive: true);
        }

        Throw(ImageFile.TryOpen(call.Value(_output)!, out var built, out var unreadable) ? null : unreadable);
        using (built)
        {
            call.Screen.Show(built!.Describe(built.ComputeHash()), CliJson.Api.ImageInfo, image =>
                FirmwareCommands.Describe(call.Screen, image)
            );
        }

        return ExitCode.Done;
    }

    private static ImageManifest Unpack(string file, string folder)
    {
        Throw(ImageFile.TryOpen(file, out var image, out var problem) ? null : problem);
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

    private ImageOptions Put(string? recipeFolder, ImageManifest manifest, string folder, Call call)
    {
        var into = Directory.CreateDirectory(Path.Combine(folder, SystemRecipe.Folder)).FullName;
        var (recipe, notes) = recipeFolder is null
            ? AptRecipe.Make(into, call.Value(_reboot), call.Screen.Error.WriteLine)
            : new AptRecipe(Copy(recipeFolder, into), "");
        var release = manifest.Version with { Build = null };
        var version =
            call.Value(_version) is not { } wish
                ? manifest.Version with
                {
                    Build = $"system.{TimeProvider.System.GetUtcNow().ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}",
                }
            : SemanticVersion.TryParse(wish, out var parsed) ? parsed
            : throw new UsageException($"--version \"{wish}\" is not understood", "write it as 1.2.3+system.1");
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
            BuiltAt = TimeProvider.System.GetUtcNow(),
            Recipe = recipe,
        };
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
