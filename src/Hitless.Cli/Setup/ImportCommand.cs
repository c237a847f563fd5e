using System.CommandLine;
using System.Text.RegularExpressions;
using Hitless.Cli.Display;
using Hitless.Core.Importing;
using Hitless.Firmware.Files;

namespace Hitless.Cli.Setup;

/// <summary><c>import keepalived FILE</c>: a unit.yaml made of another program's file, and what became of each statement.</summary>
internal static partial class ImportCommand
{
    private const int IncludesMax = 100;

    public static Command Make(Shell shell)
    {
        var file = new Argument<string>("FILE") { Description = "keepalived.conf; files that it includes are read too" };
        var conntrackd = new Option<string?>("--conntrackd") { Description = "conntrackd.conf beside it", HelpName = "FILE" };
        var output = new Option<string?>("--out")
        {
            Description = "Write the unit.yaml there (default: print it); nothing is overwritten",
            HelpName = "FILE",
        };
        var host = new Option<string?>("--host")
        {
            Description = "For which host the lines that begin with @HOST are read (default: this one)",
            HelpName = "NAME",
        };
        return new Command("import", "Make a unit.yaml of another program's configuration")
        {
            shell.Command(
                "keepalived",
                "Make a unit.yaml of keepalived.conf, and report each statement: taken, equal, decide, impossible",
                call => Task.FromResult(Run(call, call.Value(file)!, call.Value(conntrackd), call.Value(output), call.Value(host))),
                file,
                conntrackd,
                output,
                host
            ),
        };
    }

    private static int Run(Call call, string file, string? conntrackd, string? output, string? host)
    {
        var name = host ?? Environment.MachineName;
        var result = KeepalivedImport.Run(
            Read(file, name),
            conntrackd is null ? null : Read(conntrackd, name),
            Machine
                .Interfaces()
                .ToDictionary(each => each.Name, each => (IReadOnlyList<string>)[.. each.OwnAddresses.Select(own => $"{own}")])
        );
        if (output is not null)
        {
            if (File.Exists(output))
            {
                throw new RefusedException($"{output} is there already; nothing was changed", "name another file: --out FILE");
            }

            DurableFile.WriteAllText(output, result.UnitFile);
        }

        call.Screen.Show(result, CliJson.Own.ImportResult, made =>
        {
            call.Screen.Output.Write(output is null ? made.UnitFile : "");
            foreach (var finding in made.Findings)
            {
                var other = finding.Source == ImportFinding.First ? "" : finding.Source + " ";
                var place = finding.Line == 0 ? "" : $"{other}line {finding.Line}: ";
                call.Screen.Error.WriteLine($"{finding.Outcome, -10} {place}{finding.Statement}: {finding.Text}");
            }
        });
        return ExitCode.Done;
    }

    private static IReadOnlyList<ConfigLine> Read(string file, string host)
    {
        var left = IncludesMax;
        return ConfigText.TryRead(WithIncludes(Path.GetFullPath(file), ref left), host, out var lines, out var problem)
            ? lines
            : throw new RefusedException($"{file}, {problem}", "keepalived -t says the same; nothing was written");
    }

    // A line "include PATTERN" becomes the files' text; one that names no file stays, and is reported.
    private static string WithIncludes(string file, ref int left)
    {
        var rows = new List<string>();
        foreach (var row in File.ReadLines(file))
        {
            var included = Include().Match(row) is { Success: true } match ? Files(file, match.Groups[1].Value) : [];
            if (included.Count == 0 || left < included.Count)
            {
                rows.Add(row);
                continue;
            }

            left -= included.Count;
            foreach (var each in included)
            {
                rows.Add(WithIncludes(each, ref left));
            }
        }

        return string.Join('\n', rows);
    }

    private static List<string> Files(string from, string pattern)
    {
        var path = Path.GetFullPath(pattern.Trim('"'), Path.GetDirectoryName(from)!);
        return Path.GetDirectoryName(path) is { } folder && Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, Path.GetFileName(path)).Order(StringComparer.Ordinal)]
            : [];
    }

    [GeneratedRegex(@"^\s*include\s+(\S+)\s*$")]
    private static partial Regex Include();
}
