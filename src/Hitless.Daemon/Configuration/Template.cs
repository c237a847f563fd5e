using System.Text;
using System.Text.RegularExpressions;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// Unit-local values in a managed file that is a template: <c>{{name}}</c> stands for the value of this unit. Bytes around it stay as they
/// are.
/// </summary>
public static partial class Template
{
    /// <summary>
    /// What a template may name on a unit: <c>cluster.name</c>, <c>unit.name</c>, <c>unit.priority</c>, <c>heartbeat.address</c> (of the
    /// first link), <c>heartbeat.address.PORT</c>, and all of <c>unit.values</c>.
    /// </summary>
    public static IReadOnlyDictionary<string, string> ValuesOf(UnitSettings settings)
    {
        var values = new Dictionary<string, string>(settings.Values, StringComparer.Ordinal)
        {
            ["cluster.name"] = settings.Cluster.Name,
            ["unit.name"] = settings.Unit.Name,
            ["unit.priority"] = $"{settings.Unit.Priority}",
            ["heartbeat.address"] = $"{settings.Heartbeat.Links[0].Address}",
        };
        foreach (var link in settings.Heartbeat.Links)
        {
            values[$"heartbeat.address.{link.Interface}"] = $"{link.Address}";
        }

        return values;
    }

    /// <summary>The content with the values in it. An unknown name stays as it is, and the problem says which and where.</summary>
    public static (byte[] Content, string? Problem) Render(byte[] content, IReadOnlyDictionary<string, string> values)
    {
        // Latin-1 keeps every byte, whatever the file's encoding is.
        var text = Encoding.Latin1.GetString(content);
        string? problem = null;
        var rendered = NamePattern()
            .Replace(text, match =>
            {
                if (values.TryGetValue(match.Groups["name"].Value, out var value))
                {
                    return Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(value));
                }

                problem ??=
                    $"line {text.AsSpan(0, match.Index).Count('\n') + 1}: {match.Value} has no value on this unit; known are "
                    + $"{string.Join(", ", values.Keys.Order(StringComparer.Ordinal))}";
                return match.Value;
            });
        return (Encoding.Latin1.GetBytes(rendered), problem);
    }

    [GeneratedRegex(@"\{\{(?<name>[A-Za-z0-9._-]+)\}\}", RegexOptions.ExplicitCapture)]
    private static partial Regex NamePattern();
}
