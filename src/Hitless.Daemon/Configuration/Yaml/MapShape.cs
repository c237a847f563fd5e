using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hitless.Daemon.Configuration.Yaml;

/// <summary>A map whose keys the operator chooses; its value is a list of key and <see cref="Located"/>.</summary>
public sealed record MapShape(string KeyExpected, Regex KeyPattern, ScalarShape Item, int CountMax) : Shape
{
    /// <inheritdoc/>
    public override string Expected => $"a map from {KeyExpected} to {Item.Expected}";

    /// <inheritdoc/>
    public override JsonObject Schema() =>
        new()
        {
            ["type"] = "object",
            ["maxProperties"] = CountMax,
            ["propertyNames"] = new JsonObject { ["pattern"] = KeyPattern.ToString() },
            ["additionalProperties"] = Item.Schema(),
        };

    /// <inheritdoc/>
    public override Located? Read(Node node, string path, Problems problems)
    {
        if (node is not MapNode map)
        {
            problems.Add(node.At, $"{path} is a {(node is ListNode ? "list" : "single value")}; expected {Expected}");
            return null;
        }

        if (map.Entries.Count > CountMax)
        {
            problems.Add(node.At, $"{path} has {map.Entries.Count} entries; expected at most {CountMax}");
        }

        var values = new Dictionary<string, Located>(StringComparer.Ordinal);
        foreach (var (key, value) in map.Entries)
        {
            if (!KeyPattern.IsMatch(key.Text) || key.Text.EndsWith('\n'))
            {
                problems.Add(key.At, $"{Problems.Quote(key.Text)} in {path} is not valid; expected {KeyExpected}");
            }
            else if (Item.Read(value, $"{path}.{key.Text}", problems) is { } read && !values.TryAdd(key.Text, read))
            {
                problems.Add(key.At, $"{Problems.Quote(key.Text)} is given twice in {path}; expected it once");
            }
        }

        return new Located(values, node.At);
    }
}
