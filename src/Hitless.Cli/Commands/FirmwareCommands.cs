using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;

namespace Hitless.Cli.Commands;

/// <summary>
/// <c>firmware inspect, verify, upload, list, remove</c>. build is in <see cref="BuildCommand"/>, system in
/// <see cref="SystemImageCommand"/>, index and check in <see cref="FeedCommands"/>.
/// </summary>
internal static class FirmwareCommands
{
    public static Command Make(Shell shell)
    {
        var file = new Argument<string>("FILE") { Description = "An image (.hli)" };
        var trust = new Option<string?>("--trust")
        {
            Description = "PEM file of the certificates whose images are accepted; without it the signer is shown, not judged",
            HelpName = "CERT",
        };
        var image = new Argument<string>("IMAGE") { Description = "A version, or the beginning of a hash" };
        return new Command("firmware", "Images: signed files with a version of Hitless")
        {
            BuildCommand.Make(shell),
            SystemImageCommand.Make(shell),
            shell.Command("inspect", "What an image says of itself", call => Inspect(call, call.Value(file)!), file),
            shell.Command(
                "verify",
                "Whether an image is whole, unchanged and signed by someone trusted",
                call => Verify(call, call.Value(file)!, call.Value(trust)),
                file,
                trust
            ),
            shell.Command("upload", "Put an image into the unit's store", call => UploadAsync(call, call.Value(file)!), file),
            shell.Command("list", "The images in the unit's store", ListAsync),
            FeedCommands.Check(shell),
            FeedCommands.Index(shell),
            shell.Command("remove", "Take an image out of the unit's store", call => RemoveAsync(call, call.Value(image)!), image),
        };
    }

    /// <summary>What the image in a file says of itself.</summary>
    public static ImageInfo Read(string path)
    {
        using var image = Open(path);
        return image.Describe(image.ComputeHash());
    }

    /// <summary>One image in a few lines.</summary>
    public static void Describe(Screen screen, ImageInfo image)
    {
        screen.Line($"{image.Product} {image.Version} for {image.Platform}, {Words.Bytes(image.SizeBytes)}, signed by {image.SignedBy}");
        screen.Line($"  hash          {image.Hash}");
        screen.Line($"  activation    {image.Activation}");
        screen.Line($"  upgrade from  {string.Join(" or ", image.UpgradeFrom)}");
        screen.Line($"  wire          {image.WireRange}");
        if (image.ReleaseNotes.Length > 0)
        {
            screen.Line(image.ReleaseNotes.TrimEnd());
        }
    }

    private static Task<int> Inspect(Call call, string path)
    {
        using var image = Open(path);
        var info = image.Describe(image.ComputeHash());
        if (call.Screen.Json)
        {
            var document = JsonSerializer.SerializeToNode(info, CliJson.Api.ImageInfo)!;
            document["manifest"] = JsonNode.Parse(image.Manifest.ToJson());
            call.Screen.Line(document.ToJsonString(CliJson.Readable));
            return Task.FromResult(ExitCode.Done);
        }

        Describe(call.Screen, info);
        var table = Tables.Plain("FILE", "SIZE", "MODE", "SHA-256");
        foreach (var entry in image.Manifest.Files)
        {
            table.AddTexts(entry.Path, Words.Bytes(entry.Size), entry.Mode, Words.Short(entry.Sha256));
        }

        call.Screen.Console.Write(table);
        return Task.FromResult(ExitCode.Done);
    }

    private static Task<int> Verify(Call call, string path, string? trustFile)
    {
        using var image = Open(path);
        if (trustFile is null)
        {
            Check(image.VerifyPayload()?.ToRefusal());
        }
        else
        {
            Check(TrustStore.TryRead(trustFile, out var trust, out var unreadable) ? null : unreadable!.ToRefusal());
            Check(image.Verify(trust, TimeProvider.System.GetUtcNow())?.ToRefusal());
        }

        var verdict = new Verdict(
            true,
            image.ComputeHash(),
            image.Manifest.Version.ToString(),
            image.SignerName ?? "nobody",
            SignatureChecked: trustFile is not null
        );
        call.Screen.Show(verdict, CliJson.Own.Verdict, good =>
            call.Screen.Line(
                good.SignatureChecked
                    ? $"{path} is good: version {good.Version}, unchanged, signed by {good.SignedBy}, who is trusted"
                    : $"{path} is whole: version {good.Version}; it says that {good.SignedBy} signed it, which was not checked "
                        + $"(--trust CERT checks it)"
            )
        );
        return Task.FromResult(ExitCode.Done);
    }

    private static async Task<int> UploadAsync(Call call, string path)
    {
        var image = await Upload.SendAsync(call, path);
        call.Screen.Show(image, CliJson.Api.ImageInfo, answer => Describe(call.Screen, answer));
        return ExitCode.Done;
    }

    private static async Task<int> RemoveAsync(Call call, string image)
    {
        var removed = await call.Unit.DeleteAsync(
            $"/v1/firmware?image={Uri.EscapeDataString(image)}",
            ApiJson.Default.ImageInfo,
            call.Cancel
        );
        call.Screen.Show(removed, CliJson.Api.ImageInfo, was => call.Screen.Line($"{was.Version} is removed from this unit's store"));
        return ExitCode.Done;
    }

    private static async Task<int> ListAsync(Call call)
    {
        var images = await call.Unit.GetAsync("/v1/firmware", ApiJson.Default.IReadOnlyListImageInfo, call.Cancel);
        call.Screen.Show(images, CliJson.Api.IReadOnlyListImageInfo, answer =>
        {
            var table = Tables.Plain("HASH", "VERSION", "PLATFORM", "SIZE", "ACTIVATION", "SIGNED BY");
            foreach (var image in answer)
            {
                table.AddTexts(
                    Words.Short(image.Hash),
                    image.Version,
                    image.Platform,
                    Words.Bytes(image.SizeBytes),
                    image.Activation,
                    image.SignedBy
                );
            }

            call.Screen.Console.Write(table);
        });
        return ExitCode.Done;
    }

    private static ImageFile Open(string path)
    {
        Check(ImageFile.TryOpen(path, out var image, out var problem) ? null : problem!.ToRefusal());
        return image;
    }

    private static void Check(Refusal? refusal)
    {
        if (refusal is not null)
        {
            throw new RefusedException(refusal);
        }
    }
}
