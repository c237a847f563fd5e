namespace Hitless.Daemon.Configuration.Yaml;

/// <summary>A piece of a YAML document, and where it begins. A closed set: text, list, map.</summary>
public abstract record Node(Place At);

/// <summary>A scalar. <c>Plain</c>: written without quotes, so <c>true</c> may be a boolean and <c>7</c> a number.</summary>
public sealed record TextNode(Place At, string Text, bool Plain) : Node(At)
{
    /// <summary>Nothing was written (<c>key:</c> and no more): the same as a key that is not given.</summary>
    public bool IsNothing => Plain && Text is "" or "~" or "null";
}

/// <summary>A sequence.</summary>
public sealed record ListNode(Place At, IReadOnlyList<Node> Items) : Node(At);

/// <summary>A mapping, in the order of the file; keys may still repeat, which the reader of the section reports.</summary>
public sealed record MapNode(Place At, IReadOnlyList<KeyValuePair<TextNode, Node>> Entries) : Node(At);
