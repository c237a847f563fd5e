namespace Hitless.Boot;

/// <summary>The command line of <c>hitless-boot</c>.</summary>
/// <param name="RebootCommand">Shell command that reboots the machine; null: start over without.</param>
/// <param name="DaemonArguments">Everything after <c>--</c>, handed to hitlessd as it is.</param>
/// <param name="Install">An image for the first installation; then nothing is started.</param>
/// <param name="Trust">PEM certificates that may have signed it.</param>
/// <param name="System">
/// The hitlessd of the running system, where slots are whole systems and RAUC's; null: slots are folders, each with its own.
/// </param>
internal sealed record BootOptions(
    string State,
    string? Config,
    string? Socket,
    string? RebootCommand,
    IReadOnlyList<string> DaemonArguments,
    string? Install,
    string? Trust,
    string? System = null
)
{
    /// <summary>A machine that has not stopped us by then does not reboot, though its reboot command said nothing against it.</summary>
    public TimeSpan RebootTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A daemon that said every few seconds that its loops turn, and has not for so long, hangs.</summary>
    public TimeSpan PulseTimeout { get; init; } = TimeSpan.FromMinutes(1);

    public const string Usage = """
        usage: hitless-boot [--state DIR] [--config unit.yaml] [--socket PATH] [--reboot-command CMD] [-- ARGUMENTS OF hitlessd]
               hitless-boot --rauc PROGRAM [--state DIR] … as above
               hitless-boot [--state DIR] --install IMAGE --trust CERTIFICATES.pem
               hitless-boot --version

        Starts hitlessd from the slot that boot.json in the state directory (default /var/lib/hitless) names, restarts it when
        it crashes, counts the tries of a trial and falls back. --install puts a first image into slot a.
        --rauc: the slots are whole systems in the hands of RAUC (unit.slots: rauc); hitlessd is PROGRAM, and the other slot
        is started by a reboot (default command: reboot).

        SIGTERM: stop, a primary hands over first. SIGHUP: restart hitlessd in service. SIGUSR2: hitless-boot itself was
        replaced on disk: the new one goes on in its place, with the same hitlessd.
        """;

    /// <summary>The manual page hitless-boot(8), in man(7).</summary>
    public static string Manual =>
        $"""
            .TH HITLESS\-BOOT 8
            .SH NAME
            hitless\-boot \- chooses a slot and keeps hitlessd running from it
            .SH SYNOPSIS
            .nf
            {Usage.Split("\n\n")[0].Replace("usage: ", "       ", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal)}
            .fi
            .SH DESCRIPTION
            .nf
            {Usage.Split("\n\n")[1].Replace("-", "\\-", StringComparison.Ordinal)}
            .fi
            .SH SIGNALS
            .nf
            {Usage.Split("\n\n")[2].Replace("-", "\\-", StringComparison.Ordinal)}
            .fi
            .SH EXIT STATUS
            0: told to stop, or installed; 1: refused, or no slot can run; 2: usage.
            .SH FILES
            /var/lib/hitless/boot.json, /var/lib/hitless/slots
            .SH SEE ALSO
            .BR hitless (1)

            """;

    /// <summary>Reads the arguments; false with what is wrong.</summary>
    public static bool TryParse(IReadOnlyList<string> arguments, out BootOptions options, out string wrong)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var rest = new List<string>();
        wrong = "";
        for (var i = 0; i < arguments.Count && wrong.Length == 0; i++)
        {
            if (arguments[i] == "--")
            {
                rest.AddRange(arguments.Skip(i + 1));
                break;
            }

            if (arguments[i] is not ("--state" or "--config" or "--socket" or "--reboot-command" or "--install" or "--trust" or "--rauc"))
            {
                wrong = $"unknown argument {arguments[i]}";
            }
            else if (i + 1 == arguments.Count)
            {
                wrong = $"{arguments[i]} needs a value";
            }
            else
            {
                values[arguments[i]] = arguments[++i];
            }
        }

        options = new BootOptions(
            Path.GetFullPath(values.GetValueOrDefault("--state", "/var/lib/hitless")),
            values.GetValueOrDefault("--config"),
            values.GetValueOrDefault("--socket"),
            values.GetValueOrDefault("--reboot-command", values.ContainsKey("--rauc") ? "reboot" : null!),
            rest,
            values.GetValueOrDefault("--install"),
            values.GetValueOrDefault("--trust"),
            values.GetValueOrDefault("--rauc")
        );
        if (wrong.Length == 0 && (options.Install is null) != (options.Trust is null))
        {
            wrong = "--install and --trust belong together";
        }
        else if (wrong.Length == 0 && options is { Install: not null, System: not null })
        {
            wrong = "--install is for slots that are folders; with --rauc the first system is the one that runs";
        }

        return wrong.Length == 0;
    }
}
