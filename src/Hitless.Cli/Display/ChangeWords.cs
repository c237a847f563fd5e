using Hitless.Core.Api;

namespace Hitless.Cli.Display;

/// <summary>What is otherwise around the traffic after a run than before it, in words.</summary>
internal static class ChangeWords
{
    /// <summary>The sum, then what nobody expected, then what could not be compared; none where the report does not say.</summary>
    public static IEnumerable<string> Of(ReportChanges? changes) =>
        changes is null
            ? []
            :
            [
                $"before and after: {Sum(changes)}",
                .. changes.Found.Where(each => !each.Expected).Select(each => $"  unexpected: {Of(each)}"),
                .. changes.NotKnown.Select(line => $"  not compared: {line}"),
            ];

    /// <summary>How many there are.</summary>
    public static string Sum(ReportChanges changes)
    {
        var unexpected = changes.Found.Count(each => !each.Expected);
        var expected = changes.Found.Count - unexpected;
        return (unexpected, expected, changes.NotKnown.Count) switch
        {
            (0, 0, 0) => "routes, rules, settings, gateways, routing peers and listening services are as they were",
            (0, 0, _) => "what could be compared is as it was",
            _ => $"{unexpected} unexpected {Differences(unexpected)}, {expected} expected"
                + (changes.LeftOut > 0 ? $", {changes.LeftOut} more are not shown" : ""),
        };
    }

    /// <summary>What was there at a time.</summary>
    public static string Of(string? value) =>
        value is null ? "not there"
        : value.Length == 0 ? "there"
        : value.Replace("\n", " | ");

    private static string Of(ReportChange change) =>
        change switch
        {
            { After: null } => $"{change.Unit}: {change.Name} is gone{(change.Before is { Length: > 0 } was ? $" (was: {Of(was)})" : "")}",
            { Before: null } => $"{change.Unit}: {change.Name} is new{(change.After.Length > 0 ? $": {Of(change.After)}" : "")}",
            _ => $"{change.Unit}: {change.Name}: {Of(change.Before)} before, {Of(change.After)} now",
        };

    private static string Differences(int count) => count == 1 ? "difference" : "differences";
}
