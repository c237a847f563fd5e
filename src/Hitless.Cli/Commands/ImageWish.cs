using System.CommandLine;
using Hitless.Cli.Display;

namespace Hitless.Cli.Commands;

/// <summary>Which image a run is to bring: a file, one of the unit's store, or one that is made of what apt offers.</summary>
internal sealed class ImageWish
{
    private readonly Option<bool> system = new("--system")
    {
        Description = "Instead of IMAGE: the packages that apt offers this machine now, on every unit (docs/system.md)",
    };
    private readonly Option<string?> key = new("--key")
    {
        Description = "With --system: PEM file with the key that signs the image; its certificate is among those that the units trust",
        HelpName = "K",
    };
    private readonly Option<string?> baseImage = new("--base")
    {
        Description = "With --system: the image of what the units run (default: the package's, or one of the unit's store)",
        HelpName = "FILE",
    };

    /// <summary>The image's file, or one of the unit's store.</summary>
    public Argument<string?> Named { get; } =
        new("IMAGE")
        {
            Description = "An image file (uploaded first), or the version of an uploaded one, or its hash or the beginning of that",
            Arity = ArgumentArity.ZeroOrOne,
        };

    /// <summary>What the command line may have of it.</summary>
    public Symbol[] Symbols => [Named, system, key, baseImage];

    /// <summary>The hash, or what else the unit finds it by; a file is uploaded.</summary>
    public async Task<string> UploadedAsync(Call call)
    {
        if (call.Value(system) == call.Value(Named) is not null)
        {
            throw new UsageException(
                call.Value(system) ? "--system and an image exclude each other" : "the image is missing",
                "name an image file, or the version or hash of an uploaded one (hitless firmware list); --system takes what apt offers"
            );
        }

        if (call.Value(Named) is { } image)
        {
            return await UploadedAsync(call, image);
        }

        var signing = call.Value(key)
            ?? throw new UsageException(
                "--system makes an image, and units take signed ones only",
                "give the key that signs it: --key FILE (hitless key generate --image-signing DIR makes one)"
            );
        return await SystemUpgrade.UploadedAsync(call, signing, call.Value(baseImage));
    }

    // A path is what looks like one or is there; everything else is for the unit to find.
    private static async Task<string> UploadedAsync(Call call, string image)
    {
        if (File.Exists(image))
        {
            return (await Upload.SendAsync(call, image)).Hash;
        }

        return image.Contains('/') || image.EndsWith(".hli", StringComparison.Ordinal)
            ? throw new RefusedException(
                $"there is no file {image}",
                "name an image file, or the version or hash of an uploaded one (hitless firmware list)"
            )
            : image;
    }
}
