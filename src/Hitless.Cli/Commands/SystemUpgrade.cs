using Hitless.Cli.Display;
using Hitless.Cli.Systems;
using Hitless.Core.Api;
using Hitless.Core.Firmware;

namespace Hitless.Cli.Commands;

/// <summary><c>--system</c> of <c>upgrade check, plan, start</c>: what apt offers becomes an image of this unit's store.</summary>
internal static class SystemUpgrade
{
    /// <summary>The hash of the image; one that says the same is not made twice.</summary>
    /// <param name="key">The file with the key that signs it.</param>
    /// <param name="baseImage">The image of what the units run; null: it is looked for.</param>
    public static async Task<string> UploadedAsync(Call call, string key, string? baseImage)
    {
        using var signer = BuildCommand.ReadKey(key);
        var running = await RunningAsync(call);
        var maker = baseImage is null ? SystemImage.UnderRunning(running) : new SystemImage(baseImage, null);
        var file = Path.Combine(Path.GetTempPath(), $"hitless-system-{Guid.NewGuid():N}.hli");
        try
        {
            maker.MakeOfApt(reboot: null, signer, file, call.Screen.Error.WriteLine);
            var made = FirmwareCommands.Read(file);
            if (!call.Screen.Json)
            {
                FirmwareCommands.Describe(call.Screen, made);
            }

            return (await StoredAsync(call, made) ?? await Upload.SendAsync(call, file)).Hash;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<string> RunningAsync(Call call)
    {
        var status = await call.Unit.GetAsync("/v1/status", ApiJson.Default.ClusterStatus, call.Cancel);
        return status.Units.First(unit => unit.Name == status.Self).Version;
    }

    // plan shows what start does: the same recipe, whose fingerprint is in the notes, is the same image.
    private static async Task<ImageInfo?> StoredAsync(Call call, ImageInfo made)
    {
        var images = await call.Unit.GetAsync("/v1/firmware", ApiJson.Default.IReadOnlyListImageInfo, call.Cancel);
        return images.LastOrDefault(image =>
            image.ReleaseNotes == made.ReleaseNotes
            && image.SignedBy == made.SignedBy
            && image.Activation == made.Activation
            && ReleaseOf(image) == ReleaseOf(made)
        );
    }

    private static SemanticVersion ReleaseOf(ImageInfo image) =>
        SemanticVersion.TryParse(image.Version, out var version) ? version with { Build = null } : default;
}
