using System.Text.Json;

namespace Hitless.Bench.Waves;

/// <summary>A run as a report has it, by itself and not by hand.</summary>
internal sealed record MeasuredRun(bool Completed, double Seconds)
{
    /// <summary>
    /// The runs of all reports below a folder (<c>hitless upgrade report --json</c>, or a unit's <c>reports/</c>); other files are passed
    /// over.
    /// </summary>
    public static IReadOnlyList<MeasuredRun> Below(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Select(Read).OfType<MeasuredRun>()];

    private static MeasuredRun? Read(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            return
                document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("mode", out var mode)
                && mode.ValueEquals("automatic")
                && root.TryGetProperty("verdict", out var verdict)
                && root.TryGetProperty("durationMs", out var duration)
                && duration.TryGetDouble(out var milliseconds)
                ? new MeasuredRun(verdict.ValueEquals("completed"), milliseconds / 1000)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
