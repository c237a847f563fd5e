using System.CommandLine;
using Hitless.Lab.Cuts;
using Hitless.Lab.Tools;
using Hitless.Lab.Traffic;
using Hitless.Lab.Units;
using Spectre.Console;

namespace Hitless.Lab.Commands;

/// <summary><c>cuts</c>: links that fail, in one direction or both, one after the other in one lab.</summary>
public static class CutsCommand
{
    /// <summary>The command.</summary>
    public static Command Make()
    {
        var up = new UpOptions();
        var only = new Option<string?>("--only") { Description = "only cuts with this in their name" };
        var json = new Option<string?>("--json") { Description = "write the outcomes to this file" };
        var command = new Command(
            "cuts",
            "Cut links under traffic and mend them, one after the other; print the matrix. Exit 0 only if every row is good."
        )
        {
            only,
            json,
        };
        up.AddTo(command);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                List<CutOutcome> outcomes = [];
                var plan = up.Plan(parsed, null, staticRouter: false);
                try
                {
                    LabSite.Up(plan);
                    foreach (
                        var cut in CutCase.All.Where(each => each.Name.Contains(parsed.GetValue(only) ?? "", StringComparison.Ordinal))
                    )
                    {
                        outcomes.Add(await new CutRun(plan, cut).RunAsync(cancellation));
                        Console.WriteLine(
                            $"{DateTimeOffset.UtcNow:HH:mm:ss} {outcomes[^1].Cut}: {(outcomes[^1].Good ? "good" : "BAD")} "
                                + $"{outcomes[^1].Why}"
                        );
                    }
                }
                catch (LabException failure)
                {
                    Console.WriteLine($"{DateTimeOffset.UtcNow:HH:mm:ss} given up: {failure.Message}");
                    outcomes.Add(new CutOutcome("(the rest)", false, "", 0, 0, 0, null, 0, false, failure.Message));
                }
                finally
                {
                    Print(outcomes);
                    LabSite.Down(Path.GetDirectoryName(plan.Folder)!, plan.Name);
                }

                if (parsed.GetValue(json) is { } file)
                {
                    await File.WriteAllTextAsync(file, LabJson.WriteIndented<IReadOnlyList<CutOutcome>>(outcomes), cancellation);
                }

                return outcomes.TrueForAll(o => o.Good) ? 0 : 1;
            }
        );
        return command;
    }

    private static void Print(IEnumerable<CutOutcome> outcomes)
    {
        var table = new Table()
            .Border(TableBorder.Ascii)
            .AddColumns(
                "cut",
                "",
                "primary while cut",
                "longest gap",
                "packets lost",
                "connections lost",
                "one primary after healing",
                "all ready after",
                "ARP, ND, switches"
            );
        foreach (var o in outcomes)
        {
            table.AddRow(
                o.Cut,
                o.Good ? "good" : "BAD",
                o.During,
                $"{o.GapMs:F1} ms",
                $"{o.PacketsLost}",
                $"{o.ConnectionsLost}",
                o.OnePrimaryMs is { } ms ? $"{ms:F0} ms" : "always",
                $"{o.ReadyMs:F0} ms",
                o.NeighboursRight ? "right" : "WRONG"
            );
        }

        Screen.Out.Write(table);
    }
}
