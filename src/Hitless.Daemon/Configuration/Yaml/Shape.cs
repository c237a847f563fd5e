using System.Text.Json.Nodes;

namespace Hitless.Daemon.Configuration.Yaml;

/// <summary>
/// What a value in unit.yaml may be. One definition serves both ways: <see cref="Read"/> checks and converts what an operator
/// wrote, <see cref="Schema"/> is the same as JSON Schema for editors. A closed set: scalar, list, section, map.
/// </summary>
public abstract record Shape
{
    /// <summary>Ends the sentence "expected …".</summary>
    public abstract string Expected { get; }

    /// <summary>
    /// Converts <paramref name="node"/>; null when it is wrong, and then the reason is in <paramref name="problems"/>.
    /// <paramref name="path"/> is the key's name for messages.
    /// </summary>
    public abstract Located? Read(Node node, string path, Problems problems);

    /// <summary>JSON Schema (2020-12) of this value.</summary>
    public abstract JsonObject Schema();
}

/// <summary>A value that was read, and where it stood.</summary>
public sealed record Located(object Value, Place At);

/// <summary>Converts a scalar's text; <paramref name="wrong"/> says what is wrong with it, or null for "is not valid".</summary>
/// <param name="text">The text between the quotes, or the plain word.</param>
/// <param name="plain">It was written without quotes.</param>
/// <param name="wrong">Set when the result is null.</param>
/// <returns>The value, or null when the text is not one.</returns>
public delegate object? ReadScalar(string text, bool plain, out string? wrong);

/// <summary>One word, number, address…</summary>
public sealed record ScalarShape(string What, ReadScalar Convert, Func<JsonObject> MakeSchema) : Shape
{
    /// <inheritdoc/>
    public override string Expected => What;

    /// <inheritdoc/>
    public override JsonObject Schema() => MakeSchema();

    /// <inheritdoc/>
    public override Located? Read(Node node, string path, Problems problems)
    {
        if (node is not TextNode text)
        {
            problems.Add(node.At, $"{path} is a {(node is ListNode ? "list" : "map")}; expected {What}");
            return null;
        }

        var value = Convert(text.Text, text.Plain, out var wrong);
        if (value is null)
        {
            problems.Add(text.At, $"{path}: {Problems.Quote(text.Text)} {wrong ?? "is not valid"}; expected {What}");
            return null;
        }

        return new Located(value, text.At);
    }
}

/// <summary>A list of values of one shape; its value is a list of <see cref="Located"/>.</summary>
public sealed record ListShape(Shape Item, int CountMin, int CountMax) : Shape
{
    /// <inheritdoc/>
    public override string Expected => $"a list, each {Item.Expected}";

    /// <inheritdoc/>
    public override JsonObject Schema() =>
        new()
        {
            ["type"] = "array",
            ["minItems"] = CountMin,
            ["maxItems"] = CountMax,
            ["items"] = Item.Schema(),
        };

    /// <inheritdoc/>
    public override Located? Read(Node node, string path, Problems problems)
    {
        if (node is not ListNode list)
        {
            problems.Add(node.At, $"{path} is a {(node is MapNode ? "map" : "single value")}; expected {Expected}");
            return null;
        }

        if (list.Items.Count < CountMin || list.Items.Count > CountMax)
        {
            problems.Add(node.At, $"{path} has {list.Items.Count} entries; expected {CountMin} to {CountMax}");
        }

        List<Located> items = [.. list.Items.Select((item, i) => Item.Read(item, $"{path}[{i + 1}]", problems)).OfType<Located>()];
        return new Located(items, node.At);
    }
}
