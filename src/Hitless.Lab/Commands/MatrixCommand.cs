using System.CommandLine;
using Hitless.Lab.Matrix;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Spectre.Console;

namespace Hitless.Lab.Commands;

/// <summary><c>matrix</c>: upgrades with a fault at a step, a lab for each.</summary>
public static class MatrixCommand
{
    /// <summary>The command.</summary>
    public static Command Make()
    {
        var up = new UpOptions();
        var cells = new Option<string[]>("--cell")
        {
            Description = "STEP[.2][+]:FAULT, several times: .2 for the step's second time, + for right after it; default: every cell",
            HelpName = "CELL",
        };
        var list = new Option<bool>("--list") { Description = "print the cells and do nothing" };
        var soak = new Option<int>("--soak")
        {
            Description = "seconds that the new primary is watched; images that drop packets need 15",
            DefaultValueFactory = _ => 3,
        };
        var logs = new Option<string?>("--logs") { Description = "keep the logs of cells that fail in this folder" };
        var json = new Option<string?>("--json") { Description = "write the outcomes to this file" };
        var command = new Command(
            "matrix",
            "Upgrade with a fault at a step, again and again; print the table (step × fault × outcome). Exit 0 only if every cell is good."
        )
        {
            cells,
            list,
            soak,
            logs,
            json,
        };
        up.AddTo(command);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                var wanted = parsed.GetValue(cells) is { Length: > 0 } given
                    ? [.. given.Select(MatrixCell.Parse)]
                    : MatrixCell.All.ToArray();
                if (parsed.GetValue(list))
                {
                    Array.ForEach(wanted, cell => Console.WriteLine(cell));
                    return 0;
                }

                List<MatrixOutcome> outcomes = [];
                var plan = up.Plan(parsed, null, staticRouter: false) with { SoakSeconds = parsed.GetValue(soak) };
                foreach (var cell in wanted)
                {
                    try
                    {
                        outcomes.Add(await MatrixRun.RunAsync(plan, cell, Say, cancellation));
                    }
                    catch (LabException failure)
                    {
                        outcomes.Add(new MatrixOutcome(cell.ToString(), false, MatrixOutcome.NoVerdict, "", 0, 0, 0, 0, failure.Message));
                    }
                    finally
                    {
                        if (parsed.GetValue(logs) is { } folder && outcomes is [.., { Good: false }] && Directory.Exists(plan.Folder))
                        {
                            LabSite.KeepLogs(plan, Path.Combine(folder, cell.ToString().Replace(':', '-')));
                        }

                        LabSite.Down(Path.GetDirectoryName(plan.Folder)!, plan.Name);
                    }

                    Say($"{outcomes[^1].Cell}: {(outcomes[^1].Good ? "good" : "BAD")}, {outcomes[^1].Verdict} {outcomes[^1].Why}");
                }

                Print(outcomes);
                if (parsed.GetValue(json) is { } file)
                {
                    await File.WriteAllTextAsync(file, LabJson.WriteIndented<IReadOnlyList<MatrixOutcome>>(outcomes), cancellation);
                }

                return outcomes.TrueForAll(o => o.Good) ? 0 : 1;
            }
        );
        return command;
    }

    private static void Print(IEnumerable<MatrixOutcome> outcomes)
    {
        var table = new Table()
            .Border(TableBorder.Ascii)
            .AddColumns("cell", "outcome", "", "versions", "connections lost", "packets lost", "longest gap", "took");
        foreach (var o in outcomes)
        {
            table.AddRow(
                o.Cell,
                o.Verdict,
                o.Good ? "good" : "BAD",
                o.Versions,
                $"{o.ConnectionsLost}",
                $"{o.PacketsLost}",
                $"{o.LongestGapMs:F0} ms",
                $"{o.Seconds:F0} s"
            );
        }

        Screen.Out.Write(table);
    }

    private static void Say(string text) => Console.WriteLine($"{DateTimeOffset.UtcNow:HH:mm:ss} {text}");
}
