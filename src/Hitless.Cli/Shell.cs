using System.CommandLine;
using Hitless.Cli.Client;
using Hitless.Cli.Display;

namespace Hitless.Cli;

/// <summary>What all commands share: the global options, the screen, and the one place where failures become exit codes.</summary>
internal sealed class Shell(Screen screen, Patience patience)
{
    private const string DefaultSocket = "/run/hitless/hitless.sock";

    public Option<string> Socket { get; } =
        new("--socket")
        {
            Description = "Socket of the unit's hitlessd (environment: HITLESS_SOCKET)",
            HelpName = "PATH",
            Recursive = true,
            DefaultValueFactory = _ => Environment.GetEnvironmentVariable("HITLESS_SOCKET") is { Length: > 0 } path ? path : DefaultSocket,
        };

    public Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document", Recursive = true };

    /// <summary>A command with its action; the order of <paramref name="symbols"/> is the order in the help.</summary>
    public Command Command(string name, string description, Func<Call, Task<int>> action, params Symbol[] symbols)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Option option:
                    command.Add(option);
                    break;
                case Argument argument:
                    command.Add(argument);
                    break;
            }
        }

        command.SetAction((parsed, cancel) => RunAsync(parsed, action, cancel));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, Func<Call, Task<int>> action, CancellationToken cancel)
    {
        screen.Json = parsed.GetValue(Json);
        using var call = new Call(parsed, screen, parsed.GetValue(Socket)!, patience, cancel);
        try
        {
            return await action(call);
        }
        catch (UsageException wrong)
        {
            screen.Refuse(new(wrong.Message, wrong.Remedy));
            return ExitCode.Usage;
        }
        catch (RefusedException refused)
        {
            screen.Refuse(refused.Refusal);
            return ExitCode.Refused;
        }
        catch (UnreachableException unreachable)
        {
            screen.Refuse(unreachable.Refusal);
            return ExitCode.Unreachable;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            screen.Refuse(new("interrupted; what the unit has begun goes on there", "see hitless status and hitless upgrade status"));
            return ExitCode.Refused;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            screen.Refuse(new(failed.Message, "check the path and the rights on this machine"));
            return ExitCode.Refused;
        }
    }
}
