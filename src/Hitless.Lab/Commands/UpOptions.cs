using System.CommandLine;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Commands;

/// <summary>The options that say what a new lab is made of; <c>up</c> and <c>demo</c> share them.</summary>
public sealed class UpOptions
{
    private readonly Option<int> _units = new("--units") { Description = "gateways, 1 to 4", DefaultValueFactory = _ => 2 };
    private readonly Option<int> _links = new("--heartbeat-links")
    {
        Description = "heartbeat links between them, 1 or 2",
        DefaultValueFactory = _ => 1,
    };
    private readonly Option<bool> _direct = new("--direct-cable")
    {
        Description = "hb0 is a cable between gw1 and gw2 without a switch; needs 2 units and 2 heartbeat links",
    };
    private readonly Option<bool> _session = new("--session-link") { Description = "a network for sessions alone between them (ss0)" };
    private readonly Option<bool> _masquerade = new("--masquerade")
    {
        Description = "the firewall hides sources by masquerade, behind each unit's own address, instead of behind the virtual one",
    };
    private readonly Option<int?> _disk = new("--disk")
    {
        Description = "every unit's /var/lib/hitless is a file system of its own, in memory, of so many MB; `fault disk-full` needs it",
        HelpName = "MB",
    };

    private readonly Option<bool> _machines = new("--machines")
    {
        Description = "the units are emulated machines with Debian 12, systemd and a kernel of their own; minutes, and ten times slower",
    };

    private readonly Option<string?> _kernel = new("--kernel")
    {
        Description =
            "the kernel of such machines: 6.1 (Debian 12, the default) or 6.8 (Ubuntu 24.04); without --machines the daemons "
            + "use of this machine's kernel only what that version has",
        HelpName = "VERSION",
    };

    private readonly Option<string> _binaries = new("--bin")
    {
        Description = "the folder with hitless, hitless-boot and the images",
        DefaultValueFactory = _ => AppContext.BaseDirectory,
    };
    private readonly Option<string?> _trust = new("--trust")
    {
        Description = "the certificate (PEM) that images are checked with; default: the *.pem beside the image",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_units, _links, _direct, _session, _masquerade, _disk, _machines, _kernel, _binaries, _trust])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The plan that the command line asks for.</summary>
    public LabPlan Plan(ParseResult parsed, string? image, bool staticRouter)
    {
        var name = LabPlan.RequireName(parsed.GetValue(CommonOptions.Name)!);
        var binaries = Path.GetFullPath(parsed.GetValue(_binaries)!);
        image ??= staticRouter ? null : Images.Default(binaries, 0);
        var machines = parsed.GetValue(_machines);
        if (machines && (staticRouter || parsed.GetValue(_direct) || parsed.GetValue(_disk) is not null))
        {
            throw new LabException(
                "--static-router, --direct-cable and --disk are for units in namespaces",
                "leave them out, or leave out --machines"
            );
        }

        return new LabPlan(
            name,
            Path.Combine(Path.GetFullPath(parsed.GetValue(CommonOptions.Root)!), name),
            binaries,
            InRange(parsed.GetValue(_units), 1, 4, "--units"),
            InRange(parsed.GetValue(_links), 1, 2, "--heartbeat-links"),
            staticRouter,
            image is null ? null : Path.GetFullPath(image),
            parsed.GetValue(_trust) ?? (image is null ? null : Images.TrustBeside(image))
        )
        {
            DirectCable = parsed.GetValue(_direct),
            SessionLink = parsed.GetValue(_session),
            Masquerade = parsed.GetValue(_masquerade),
            Machines = machines,
            Kernel = parsed.GetValue(_kernel) is { } kernel ? Version(kernel) : null,
            DiskMegabytes = parsed.GetValue(_disk) is { } megabytes ? InRange(megabytes, 1, 100_000, "--disk") : null,
        };
    }

    private static string Version(string text) =>
        System.Version.TryParse(text, out _) ? text : throw new LabException($"--kernel {text} is no version", "give 6.1 or 6.8, say");

    private static int InRange(int value, int least, int most, string option) =>
        value >= least && value <= most ? value : throw new LabException($"{option} {value} is out of range", $"give {least} to {most}");
}
