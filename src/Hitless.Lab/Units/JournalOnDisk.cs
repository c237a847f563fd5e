using System.Text.Json;
using Hitless.Lab.Network;

namespace Hitless.Lab.Units;

/// <summary>What the units have written of a run, read from outside: the units are not asked.</summary>
public static class JournalOnDisk
{
    /// <summary>The longest journal of the last run on any unit's disk; empty if there is none.</summary>
    public static IReadOnlyList<JsonElement> Longest(LabPlan plan) =>
        LabSite
            .UnitsOf(plan)
            .Select(Read)
            .OrderByDescending(j => j.Count > 0 && Has(j[^1], "kind", "End"))
            .ThenByDescending(j => j.Count)
            .First();

    /// <summary>Whether an entry's property has this text.</summary>
    public static bool Has(JsonElement entry, string property, string value) => entry.GetProperty(property).GetString() == value;

    private static IReadOnlyList<JsonElement> Read(LabUnit unit)
    {
        var folder = Path.Combine(unit.State, "journal");
        try
        {
            return
                Directory.Exists(folder)
                && Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal).LastOrDefault() is { } file
                ? [.. File.ReadAllLines(file).Select(line => JsonDocument.Parse(line).RootElement)]
                : [];
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return [];
        }
    }
}
