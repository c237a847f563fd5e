using System.Text.Json.Nodes;

namespace Hitless.Web.Tests.OpenApi;

/// <summary>What one description has and a later one lacks, so that a client of the earlier one may break.</summary>
internal static class BreakingChanges
{
    private static readonly string[] Words = ["summary", "description"];

    /// <summary>The places, as in <c>paths./v1/status.get</c>.</summary>
    public static IReadOnlyList<string> Between(JsonNode earlier, JsonNode later) => [.. Lost(earlier, later, "")];

    private static IEnumerable<string> Lost(JsonNode? earlier, JsonNode? later, string place) =>
        (earlier, later) switch
        {
            (JsonObject before, JsonObject after) => before
                .Where(each => !Words.Contains(each.Key, StringComparer.Ordinal))
                .SelectMany(each => Lost(each.Value, after[each.Key], $"{place}.{each.Key}")),

            // What a body must have may become less, or come back from elsewhere, but not more.
            (JsonArray before, JsonArray after) when place.EndsWith(".required", StringComparison.Ordinal) => after
                .Where(each => !before.Any(old => JsonNode.DeepEquals(old, each)))
                .Select(each => $"{place} has {each} now"),
            (JsonArray before, JsonArray after) => before
                .Where(each => !after.Any(now => !Lost(each, now, "").Any()))
                .Select(each => $"{place} lacks {each!.ToJsonString()}"),
            _ => JsonNode.DeepEquals(earlier, later) ? [] : [place],
        };
}
