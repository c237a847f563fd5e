using System.Diagnostics.CodeAnalysis;

namespace Hitless.Daemon;

/// <summary>The command line of hitlessd (contract.md, "A unit").</summary>
public sealed record DaemonArguments(
    string Config,
    string State,
    string Socket,
    bool ShowVersion,
    bool Convert = false,
    bool SelfCheck = false,
    string? RestoreUnit = null,
    string? From = null
)
{
    private const string Usage =
        "usage: hitlessd [--config unit.yaml] [--state DIR] [--socket PATH] [--version | --self-check | --convert-configuration | "
        + "--restore-unit NAME --from BACKUP]";

    /// <summary>Reads the arguments; <paramref name="usage"/> says what is wrong with them.</summary>
    public static bool TryParse(string[] args, [NotNullWhen(true)] out DaemonArguments? arguments, [NotNullWhen(false)] out string? usage)
    {
        arguments = new DaemonArguments("/etc/hitless/unit.yaml", "/var/lib/hitless", "/run/hitless/hitless.sock", ShowVersion: false);
        usage = null;
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] == Configuration.ConfigurationConverter.Option)
            {
                arguments = arguments with { Convert = true };
                continue;
            }

            if (args[i] == "--version")
            {
                arguments = arguments with { ShowVersion = true };
                continue;
            }

            if (args[i] == "--self-check")
            {
                arguments = arguments with { SelfCheck = true };
                continue;
            }

            if (args[i] == "--restore-unit" && i + 1 < args.Length)
            {
                arguments = arguments with { RestoreUnit = args[++i] };
                continue;
            }

            var value = i + 1 < args.Length ? Path.GetFullPath(args[i + 1]) : null;
            var next = value is null
                ? null
                : args[i] switch
                {
                    "--config" => arguments with { Config = value },
                    "--from" => arguments with { From = value },
                    "--state" => arguments with { State = value },
                    "--socket" => arguments with { Socket = value },
                    _ => null,
                };
            if (next is null)
            {
                usage = $"\"{args[i]}\" is not understood, or its value is missing\n{Usage}";
                arguments = null;
                return false;
            }

            arguments = next;
            i++;
        }

        return true;
    }
}
