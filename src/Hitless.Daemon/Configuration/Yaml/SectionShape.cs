using System.Text.Json.Nodes;

namespace Hitless.Daemon.Configuration.Yaml;

/// <summary>
/// One key of a section. <c>Default</c> is what an operator would have written; null with <c>Mandatory</c> false means "may be
/// absent" (a section then has the defaults of its keys, if it has no mandatory ones; a list is empty).
/// </summary>
public sealed record Key(string Name, Shape Shape, string About, string? Default = null, bool Mandatory = false);

/// <summary>A map with a fixed set of keys; its value is a <see cref="Section"/>.</summary>
public sealed record SectionShape(IReadOnlyList<Key> Keys) : Shape
{
    /// <inheritdoc/>
    public override string Expected => $"a map with {string.Join(", ", Keys.Select(k => k.Name))}";

    /// <inheritdoc/>
    public override JsonObject Schema()
    {
        var properties = new JsonObject();
        foreach (var key in Keys)
        {
            var schema = key.Shape.Schema();
            schema["description"] = key.About;
            if (key.Default is not null)
            {
                schema["default"] =
                    schema["type"] is JsonValue type && type.GetValue<string>() is not "string" ? JsonNode.Parse(key.Default) : key.Default;
            }

            properties[key.Name] = schema;
        }

        return new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["required"] = new JsonArray([.. Keys.Where(k => k.Mandatory).Select(k => JsonValue.Create(k.Name))]),
            ["properties"] = properties,
        };
    }

    /// <inheritdoc/>
    public override Located? Read(Node node, string path, Problems problems)
    {
        if (node is not MapNode map)
        {
            problems.Add(
                node.At,
                $"{(path.Length == 0 ? "the file" : path)} is a {(node is ListNode ? "list" : "single value")}; expected {Expected}"
            );
            return null;
        }

        var given = Given(map, path, problems);
        var section = new Section(node.At);
        foreach (var key in Keys)
        {
            var full = path.Length == 0 ? key.Name : $"{path}.{key.Name}";
            if (given.GetValueOrDefault(key.Name) is { } value && value is not TextNode { IsNothing: true })
            {
                section.Set(key.Name, key.Shape.Read(value, full, problems));
            }
            else if (key.Mandatory)
            {
                problems.Add(node.At, $"{full} is missing; expected {key.Shape.Expected}");
            }
            else
            {
                section.Set(key.Name, Absent(key, full, node.At, problems));
            }
        }

        return new Located(section, node.At);
    }

    private Dictionary<string, Node> Given(MapNode map, string path, Problems problems)
    {
        var given = new Dictionary<string, Node>(StringComparer.Ordinal);
        var where = path.Length == 0 ? "" : $" in {path}";
        foreach (var (key, value) in map.Entries)
        {
            if (!Keys.Any(k => k.Name == key.Text))
            {
                var near = Spelling.Nearest(key.Text, Keys.Select(k => k.Name));
                problems.Add(
                    key.At,
                    $"unknown key {Problems.Quote(key.Text)}{where}; expected "
                        + $"{string.Join(", ", Keys.Select(k => k.Name))}{(near is null ? "" : $" (did you mean \"{near}\"?)")}"
                );
            }
            else if (!given.TryAdd(key.Text, value))
            {
                problems.Add(key.At, $"{Problems.Quote(key.Text)} is given twice{where}; expected it once");
            }
        }

        return given;
    }

    private static Located? Absent(Key key, string path, Place at, Problems problems) =>
        key switch
        {
            { Default: { } text } => key.Shape.Read(new TextNode(at, text, Plain: true), path, problems),
            { Shape: SectionShape section } when !section.Keys.Any(k => k.Mandatory) => section.Read(new MapNode(at, []), path, problems),
            { Shape: ListShape } => new Located(new List<Located>(), at),
            { Shape: MapShape } => new Located(new Dictionary<string, Located>(StringComparer.Ordinal), at),
            _ => null,
        };
}
