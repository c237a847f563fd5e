using System.CommandLine;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Commands;

/// <summary>
/// The program <c>hitless-lab</c>, which users call <c>hitless lab</c>. Exit codes: 0 done, 1 refused or failed, 2 usage.
/// </summary>
public static class LabCommands
{
    /// <summary>Runs one command line.</summary>
    public static async Task<int> InvokeAsync(string[] arguments)
    {
        var root = new RootCommand("A Hitless cluster in network namespaces on this machine, with hosts, traffic and faults.");
        root.Options.Add(CommonOptions.Name);
        root.Options.Add(CommonOptions.Root);
        foreach (
            var command in (IEnumerable<Command>)
                [
                    SiteCommands.Up(),
                    SiteCommands.Down(),
                    SiteCommands.Status(),
                    SiteCommands.Exec(),
                    SiteCommands.ResetUnit(),
                    WebCommand.Make(),
                    TrafficCommands.Traffic(),
                    .. TrafficCommands.Workers(),
                    FaultCommands.Fault(),
                    FloodCommand.Make(),
                    DemoCommands.SwitchoverSeries(),
                    DemoCommands.Demo(),
                    MatrixCommand.Make(),
                    CutsCommand.Make(),
                    StateFaultsCommand.Make(),
                ]
        )
        {
            root.Subcommands.Add(command);
        }

        try
        {
            var parsed = root.Parse(arguments);
            var code = await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }
            );
            return parsed.Errors.Count > 0 ? 2 : code;
        }
        catch (LabException failure)
        {
            await Console.Error.WriteLineAsync($"hitless lab: {failure.Message}");
            await Console.Error.WriteLineAsync($"  {failure.Remedy}");
            return 1;
        }
    }
}
