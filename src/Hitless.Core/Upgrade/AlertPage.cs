using System.Text.Json;

namespace Hitless.Core.Upgrade;

/// <summary>
/// Reads the answer of a page of alerts: an instant query of Prometheus (<c>/api/v1/query</c>, a vector: each sample is an alert), or a
/// list of Alertmanager (<c>/api/v2/alerts</c>: each element is one).
/// </summary>
public static class AlertPage
{
    private const int NamedMax = 5;

    /// <summary>Whether no alert is there, and else which; an answer that is none of the two shows that nothing is known.</summary>
    public static (bool Open, string Why) Read(ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer);
            return AlertsOf(document.RootElement) is { } alerts
                ? (alerts.Count == 0, alerts.Count == 0 ? "no alert" : Describe(alerts))
                : (false, "the answer is neither that of a query of Prometheus for a vector nor a list of Alertmanager");
        }
        catch (JsonException)
        {
            return (false, "the answer is not JSON");
        }
    }

    private static string Describe(List<string> alerts)
    {
        var names = alerts.Distinct(StringComparer.Ordinal).ToArray();
        var shown = string.Join(", ", names.Take(NamedMax));
        var more = names.Length > NamedMax ? $" and {names.Length - NamedMax} more" : "";
        return $"{(names.Length == 1 ? "alert" : "alerts")} {shown}{more}";
    }

    /// <summary>The names of the alerts; null: it is no such answer.</summary>
    private static List<string>? AlertsOf(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Array)
        {
            return [.. root.EnumerateArray().Select(alert => NameIn(alert, "labels"))];
        }

        return
            root.ValueKind == JsonValueKind.Object
            && Is(root, "status", "success")
            && root.TryGetProperty("data", out var data)
            && data.ValueKind == JsonValueKind.Object
            && data.TryGetProperty("result", out var result)
            && result.ValueKind == JsonValueKind.Array
            && Is(data, "resultType", "vector")
            ? [.. result.EnumerateArray().Select(sample => NameIn(sample, "metric"))]
            : null;
    }

    private static bool Is(JsonElement of, string name, string value) =>
        of.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.String && found.ValueEquals(value);

    private static string NameIn(JsonElement alert, string labels) =>
        alert.ValueKind == JsonValueKind.Object
        && alert.TryGetProperty(labels, out var all)
        && all.ValueKind == JsonValueKind.Object
        && all.TryGetProperty("alertname", out var name)
        && name.ValueKind == JsonValueKind.String
            ? name.GetString()!
            : "without a name";
}
