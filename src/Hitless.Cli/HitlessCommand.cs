using System.CommandLine;
using System.CommandLine.Invocation;
using Hitless.Cli.Client;
using Hitless.Cli.Commands;
using Hitless.Cli.Display;
using Hitless.Cli.Setup;
using Hitless.Firmware.Images;

namespace Hitless.Cli;

/// <summary>The whole of <c>hitless</c>: the tree of commands (contract.md, "The CLI"), and running one of them.</summary>
internal static class HitlessCommand
{
    /// <summary>Runs one command line and returns its exit code. Ctrl-C and SIGTERM cancel it.</summary>
    public static async Task<int> RunAsync(string[] args, Screen screen, Patience patience, CancellationToken cancel)
    {
        if (args is ["lab", ..])
        {
            return await LabCommand.RunAsync(args[1..], screen, cancel);
        }

        var parsed = Tree(screen, patience).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            var remedy = $"see {string.Join(' ', CommandPath(parsed.CommandResult.Command))} --help";
            screen.Json = args.Contains("--json");
            screen.Refuse(new(parsed.Errors[^1].Message.ReplaceLineEndings(" "), remedy));
            return ExitCode.Usage;
        }

        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = screen.Output,
                Error = screen.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(2),
            },
            cancel
        );
    }

    private static RootCommand Tree(Screen screen, Patience patience)
    {
        var shell = new Shell(screen, patience);
        var root = new RootCommand("Hitless: Linux gateways as one cluster that upgrades its own firmware without losing a session.")
        {
            shell.Socket,
            shell.Json,
            StatusCommand.Make(shell),
            SwitchoverCommand.Make(shell),
            SwitchoverCommand.MakeAge(shell),
            SetupCommand.Make(shell),
            InviteCommand.Make(shell),
            JoinCommand.Make(shell),
            ImportCommand.Make(shell),
            UnitCommands.Make(shell),
            RebootCommand.Make(shell),
            SessionCommands.Make(shell),
            ConfigurationCommands.Make(shell),
            FirmwareCommands.Make(shell),
            UpgradeCommands.Make(shell),
            EventCommands.MakeEvents(shell),
            EventCommands.MakeHistory(shell),
            CredentialCommands.MakeKey(shell),
            WebCommands.Make(shell),
            SelfCheckCommand.Make(shell),
            ManualCommand.Make(shell),
            LabCommand.Make(),
        };
        root.Options.OfType<VersionOption>().Single().Action = new ShowVersion(screen);
        return root;
    }

    private static IEnumerable<string> CommandPath(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? [.. CommandPath(parent), command.Name] : ["hitless"];

    private sealed class ShowVersion(Screen screen) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            screen.Output.WriteLine(RunningRelease.Version);
            return ExitCode.Done;
        }
    }
}
