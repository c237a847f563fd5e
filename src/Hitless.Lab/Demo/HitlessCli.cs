using System.Text.Json;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;

namespace Hitless.Lab.Demo;

/// <summary>The CLI <c>hitless</c> as an operator's script would use it, with the socket of one unit.</summary>
public sealed class HitlessCli(LabUnit unit)
{
    /// <summary>Runs a command with --json and reads its document; null when it says no or cannot be reached.</summary>
    public T? Ask<T>(out string why, params IEnumerable<string> words)
        where T : class
    {
        var said = Run(["--json", .. words]);
        why = said.Ok ? "" : FirstLine(said);
        if (!said.Ok)
        {
            return null;
        }

        try
        {
            return LabJson.Read<T>(said.Output);
        }
        catch (JsonException wrong)
        {
            why = $"`hitless {string.Join(' ', words)}` gave no {typeof(T).Name}: {wrong.Message}";
            return null;
        }
    }

    /// <summary>The path of a file of ours where the CLI runs.</summary>
    public string Carry(string file) => unit.Platform.Carry(unit, file);

    /// <summary>Runs a command to its end.</summary>
    public ToolResult Run(params IEnumerable<string> words)
    {
        var (program, arguments) = unit.Platform.Cli(unit, words);
        return Tool.Try(program, arguments, limit: TimeSpan.FromMinutes(5));
    }

    /// <summary>
    /// Runs a command with our own terminal, so that its progress is seen; gives back its exit code, or null when it did not end in time.
    /// </summary>
    public Task<int?> ShowAsync(TimeSpan limit, CancellationToken cancellation, params IEnumerable<string> words)
    {
        var (program, arguments) = unit.Platform.Cli(unit, words);
        return Tool.AttachAsync(program, arguments, limit, cancellation);
    }

    private static string FirstLine(ToolResult said) =>
        (said.Errors.Trim() is { Length: > 0 } errors ? errors : $"exit code {said.ExitCode}").Split('\n')[0];
}
