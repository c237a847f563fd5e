using System.CommandLine;
using System.Text.Json;
using Hitless.Lab.Network;
using Hitless.Lab.StateFaults;
using Hitless.Lab.Units;
using Spectre.Console;

namespace Hitless.Lab.Commands;

/// <summary><c>faults</c>: every file of a unit, damaged in every way.</summary>
public static class StateFaultsCommand
{
    private const int DiskMegabytes = 700;

    /// <summary>The command.</summary>
    public static Command Make()
    {
        var up = new UpOptions();
        var only = new Option<string?>("--only") { Description = "only files with this in their path" };
        var damages = new Option<string[]>("--damage")
        {
            Description = $"only these, several times: {string.Join(", ", Enum.GetNames<Damage>())}",
        };
        var json = new Option<string?>("--json") { Description = "write the outcomes to this file" };
        var command = new Command(
            "faults",
            "Damage the files of a unit that is off, start it and make it primary, file by file; print the table. Exit 0 only if every "
                + "row is good."
        )
        {
            only,
            damages,
            json,
        };
        up.AddTo(command);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                var plan = up.Plan(parsed, null, staticRouter: false) with { DiskMegabytes = DiskMegabytes };
                var wanted = parsed.GetValue(damages) is { Length: > 0 } given
                    ? [.. given.Select(each => Enum.Parse<Damage>(each, ignoreCase: true))]
                    : Enum.GetValues<Damage>();
                var outcomes = await RunAsync(plan, parsed.GetValue(only) ?? "", wanted, cancellation);
                if (parsed.GetValue(json) is { } target)
                {
                    await File.WriteAllTextAsync(
                        target,
                        JsonSerializer.Serialize(outcomes, FaultJson.Default.IReadOnlyListFaultOutcome),
                        cancellation
                    );
                }

                return outcomes.TrueForAll(o => o.Good) ? 0 : 1;
            }
        );
        return command;
    }

    private static async Task<List<FaultOutcome>> RunAsync(LabPlan plan, string only, Damage[] damages, CancellationToken cancellation)
    {
        List<FaultOutcome> outcomes = [];
        try
        {
            LabSite.Up(plan);
            var run = new FaultRun(plan);
            await run.PrepareAsync(Path.Combine(plan.Binaries, "images", "hitless-1.0.0.hli"), cancellation);
            foreach (var file in run.Files().Where(each => each.Contains(only, StringComparison.Ordinal)))
            {
                // The disk is full for every file alike.
                foreach (var damage in damages.Where(each => each != Damage.FullDisk || file == FaultRun.UnitFile))
                {
                    outcomes.Add(await run.RunAsync(file, damage, cancellation));
                    Say(outcomes[^1]);
                }
            }
        }
        finally
        {
            Print(outcomes);
            LabSite.Down(Path.GetDirectoryName(plan.Folder)!, plan.Name);
        }

        return outcomes;
    }

    private static void Print(IEnumerable<FaultOutcome> outcomes)
    {
        var table = new Table().Border(TableBorder.Ascii).AddColumns("file", "damage", "", "started", "forwards", "lost", "said");
        foreach (var o in outcomes)
        {
            table.AddRow(
                o.File,
                o.Damage,
                o.Good ? "good" : "BAD",
                o.Started ? "yes" : "no",
                o.Forwards ? "yes" : "no",
                Markup.Escape(o.Lost),
                Markup.Escape(o.Said)
            );
        }

        Screen.Out.Write(table);
    }

    private static void Say(FaultOutcome o) =>
        Console.WriteLine(
            $"{DateTimeOffset.UtcNow:HH:mm:ss} {o.File} {o.Damage}: {(o.Good ? "good" : "BAD")}, started {o.Started}, "
                + $"forwards {o.Forwards}, lost: {o.Lost}, said: {o.Said}"
        );
}
