using System.CommandLine;
using Hitless.Cli.Display;
using Hitless.Cli.Systems;
using Hitless.Core.Firmware;

namespace Hitless.Cli.Commands;

/// <summary><c>firmware system BASE --apt | --recipe DIR --key K --out F</c>: an image that changes the system under Hitless.</summary>
internal sealed class SystemImageCommand
{
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
        var (apt, recipe, output) = (call.Value(_apt), call.Value(_recipe), call.Value(_output)!);
        if (apt == recipe is not null)
        {
            throw new UsageException("an image for the system needs a recipe", "give either --apt or --recipe DIR");
        }

        using var signer = BuildCommand.ReadKey(call.Value(_key)!);
        var image = new SystemImage(call.Value(_base)!, Version(call.Value(_version)));
        if (recipe is null)
        {
            image.MakeOfApt(call.Value(_reboot), signer, output, call.Screen.Error.WriteLine);
        }
        else
        {
            image.MakeOfFolder(recipe, signer, output);
        }

        call.Screen.Show(FirmwareCommands.Read(output), CliJson.Api.ImageInfo, made => FirmwareCommands.Describe(call.Screen, made));
        return ExitCode.Done;
    }

    private static SemanticVersion? Version(string? wish) =>
        wish is null ? null
        : SemanticVersion.TryParse(wish, out var parsed) ? parsed
        : throw new UsageException($"--version \"{wish}\" is not understood", "write it as 1.2.3+system.1");
}
