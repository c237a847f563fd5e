using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Configuration;
using Hitless.Core.Firmware;
using Hitless.Core.Wire;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;

namespace Hitless.Cli.Commands;

/// <summary><c>firmware build DIR --version V --key K --out F …</c>: for those who make images.</summary>
internal sealed class BuildCommand
{
    private readonly Argument<string> _folder = new("DIR")
    {
        Description = "The folder whose files make the image; hitlessd must be in it",
    };
    private readonly Option<string> _version = new("--version")
    {
        Description = "Version of the image: 1.2.3",
        HelpName = "V",
        Required = true,
    };
    private readonly Option<string> _key = Key();
    private readonly Option<string> _output = Output();
    private readonly Option<string> _platform = new("--platform")
    {
        Description = "What it runs on",
        HelpName = "RID",
        DefaultValueFactory = _ => "linux-x64",
    };
    private readonly Option<string[]> _from = new("--from")
    {
        Description = "Versions that it may follow: \">=1.0.0 <2.0.0\"; again for another range (default: every version)",
        HelpName = "RANGE",
    };
    private readonly Option<string> _wireMin = new("--wire-min")
    {
        Description = "Oldest wire protocol that it speaks",
        HelpName = "V",
        DefaultValueFactory = _ => "1.0",
    };
    private readonly Option<string> _wireMax = new("--wire-max")
    {
        Description = "Newest wire protocol that it speaks (default: that of this hitless)",
        HelpName = "V",
        DefaultValueFactory = _ => OwnWire(),
    };
    private readonly Option<int> _schemaMax = new("--schema-max")
    {
        Description = "Newest configuration schema that it reads",
        HelpName = "N",
        DefaultValueFactory = _ => RevisionSchema.Newest,
    };
    private readonly Option<string?> _notes = new("--notes") { Description = "File with the release notes", HelpName = "F" };
    private readonly Option<string> _activation = new("--activation")
    {
        Description = "What makes it run: restart or reboot",
        DefaultValueFactory = _ => "restart",
    };
    private readonly Option<bool> _smallest = new("--smallest")
    {
        Description = "Compress as far as it goes: some two minutes for the programs, for an image that is sent to many",
    };

    private BuildCommand() => _activation.AcceptOnlyFromAmong("restart", "reboot");

    public static Command Make(Shell shell) => new BuildCommand().MakeCommand(shell);

    private Command MakeCommand(Shell shell) =>
        shell.Command(
            "build",
            "Make a signed image of a folder",
            call => Task.FromResult(Build(call)),
            _folder,
            _version,
            _key,
            _output,
            _platform,
            _from,
            _wireMin,
            _wireMax,
            _schemaMax,
            _notes,
            _activation,
            _smallest
        );

    private int Build(Call call)
    {
        var options = new ImageOptions(
            Parse<SemanticVersion>(call.Value(_version)!, SemanticVersion.TryParse, "--version", "1.2.3"),
            new ProtocolRange(
                Parse<ProtocolVersion>(call.Value(_wireMin)!, ProtocolVersion.TryParse, "--wire-min", "1.0"),
                Parse<ProtocolVersion>(call.Value(_wireMax)!, ProtocolVersion.TryParse, "--wire-max", "1.0")
            )
        )
        {
            Platform = call.Value(_platform)!,
            UpgradeFrom = call.Value(_from) is { Length: > 0 } ranges ? [.. ranges.Select(ParseRange)] : [VersionRange.Any],
            Configuration = new SchemaRange(RevisionSchema.Oldest, Math.Max(RevisionSchema.Oldest, call.Value(_schemaMax))),
            ReleaseNotes = call.Value(_notes) is { } notes ? File.ReadAllText(notes) : "",
            Activation = call.Value(_activation) == "reboot" ? Activation.Reboot : Activation.Restart,
            Smallest = call.Value(_smallest),
            BuiltAt = TimeProvider.System.GetUtcNow(),
        };
        using var signer = ReadKey(call.Value(_key)!);
        if (!ImageBuilder.TryBuild(call.Value(_folder)!, options, signer, call.Value(_output)!, out _, out var problem))
        {
            throw new RefusedException(problem!.ToRefusal());
        }

        if (!ImageFile.TryOpen(call.Value(_output)!, out var built, out problem))
        {
            throw new RefusedException(problem!.ToRefusal());
        }

        using (built)
        {
            call.Screen.Show(built.Describe(built.ComputeHash()), CliJson.Api.ImageInfo, image =>
                FirmwareCommands.Describe(call.Screen, image)
            );
        }

        return ExitCode.Done;
    }

    /// <summary>Who signs the image.</summary>
    public static Option<string> Key() =>
        new("--key")
        {
            Description = "PEM file with the signing key and its certificate (hitless key generate --image-signing DIR)",
            HelpName = "K",
            Required = true,
        };

    /// <summary>Where it is written.</summary>
    public static Option<string> Output() =>
        new("--out")
        {
            Description = "The image to write",
            HelpName = "F",
            Required = true,
        };

    public static X509Certificate2 ReadKey(string path)
    {
        try
        {
            return SigningKey.Read(path);
        }
        catch (CryptographicException wrong)
        {
            throw new RefusedException(
                new(
                    $"{path} holds no signing key with its certificate: {wrong.Message}",
                    "make one: hitless key generate --image-signing DIR"
                ),
                wrong
            );
        }
    }

    private static string OwnWire() => $"{WireVersion.Major}.{WireVersion.Minor}";

    private static VersionRange ParseRange(string text) =>
        VersionRange.TryParse(text, out var range)
            ? range
            : throw new UsageException($"--from \"{text}\" is no version range", "write it as \">=1.0.0 <2.0.0\"");

    private delegate bool TryParse<T>(ReadOnlySpan<char> text, out T value);

    private static T Parse<T>(string text, TryParse<T> tryParse, string option, string example) =>
        tryParse(text, out var value)
            ? value
            : throw new UsageException($"{option} \"{text}\" is not understood", $"write it as {example}");
}
