using Hitless.Daemon.Common;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hitless.Daemon.Configuration.Yaml;

/// <summary>
/// Text to nodes with places. Only the plain part of YAML is taken: one document, no anchors, aliases or tags (what "billion
/// laughs" files are made of), and no deeper than <see cref="DepthMax"/>.
/// </summary>
public sealed class Document
{
    /// <summary>Deeper nesting is refused; unit.yaml needs five.</summary>
    public const int DepthMax = 16;

    private readonly Parser _parser;

    private Document(string text) => _parser = new Parser(new StringReader(text));

    /// <summary>Reads one document; null when it is empty, or when it is not YAML, which is then in <paramref name="problems"/>.</summary>
    public static Node? Read(string text, Problems problems)
    {
        var document = new Document(text);
        try
        {
            return document.ReadAll();
        }
        catch (RefusedException refused)
        {
            problems.Add(refused.At, refused.Message);
        }
        catch (YamlException e)
        {
            if (FirstTab(text) is { } tab)
            {
                problems.Add(tab, "not YAML: a line is indented with a tab; expected spaces");
                return null;
            }

            problems.Add(PlaceOf(e.End), $"not YAML: {OneLine(e.Message)}; expected keys and values such as \"cluster: {{ name: edge }}\"");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // YamlDotNet's scanner lets these out on some broken input (seen in ScanPlainScalar; found by the fuzz test).
            problems.Add(
                PlaceOf(document._parser.Current?.End ?? Mark.Empty),
                "not YAML after this place; expected keys and values such as \"cluster: { name: edge }\""
            );
        }

        return null;
    }

    private Node? ReadAll()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            return null;
        }

        _parser.Consume<DocumentStart>();
        var root = ReadNode(depth: 0);
        _parser.Consume<DocumentEnd>();
        if (_parser.TryConsume<DocumentStart>(out var second))
        {
            throw new RefusedException(second.Start, "a second document begins here; expected only one");
        }

        return root;
    }

    private Node ReadNode(int depth)
    {
        var at = _parser.Current ?? throw new RefusedException(Mark.Empty, "the file ends too early");
        if (depth > DepthMax)
        {
            throw new RefusedException(at.Start, $"nested too deep; expected at most {DepthMax} levels");
        }

        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            throw new RefusedException(
                alias.Start,
                $"alias *{alias.Value}; expected the value itself (anchors and aliases are not used here)"
            );
        }

        if (at is NodeEvent node && (!node.Anchor.IsEmpty || !node.Tag.IsEmpty))
        {
            throw new RefusedException(at.Start, "an anchor or a tag; expected the plain value");
        }

        return at switch
        {
            Scalar => ReadText(),
            SequenceStart => ReadList(depth),
            MappingStart => ReadMap(depth),
            _ => throw new RefusedException(at.Start, "expected a value"),
        };
    }

    private TextNode ReadText()
    {
        var scalar = _parser.Consume<Scalar>();
        return new TextNode(PlaceOf(scalar.Start), scalar.Value, scalar.Style == ScalarStyle.Plain);
    }

    private ListNode ReadList(int depth)
    {
        var start = _parser.Consume<SequenceStart>();
        var items = new List<Node>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
        }

        return new ListNode(PlaceOf(start.Start), items);
    }

    private MapNode ReadMap(int depth)
    {
        var start = _parser.Consume<MappingStart>();
        var entries = new List<KeyValuePair<TextNode, Node>>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (ReadNode(depth + 1) is not TextNode key)
            {
                throw new RefusedException(_parser.Current?.Start ?? start.Start, "a list or a map as a key; expected a word");
            }

            entries.Add(new(key, ReadNode(depth + 1)));
        }

        return new MapNode(PlaceOf(start.Start), entries);
    }

    /// <summary>YamlDotNet tells a tab's place badly, and it is the most common slip.</summary>
    private static Place? FirstTab(string text)
    {
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            var indent = line.IndexOfAnyExcept(' ');
            if (indent >= 0 && line[indent] == '\t')
            {
                return new Place(number, indent + 1);
            }
        }

        return null;
    }

    private static Place PlaceOf(Mark mark) => new(Math.Max(1, mark.Line), Math.Max(1, mark.Column));

    private static string OneLine(string text)
    {
        // YamlDotNet puts "(Line: 3, Col: 4, Idx: 20) - (…): " in front; the place is already said.
        var start = text.StartsWith('(') ? text.IndexOf("): ", StringComparison.Ordinal) + 3 : 0;
        return text[(start == 2 ? 0 : start)..].ReplaceLineEndings(" ").TrimEnd('.');
    }

    /// <summary>Leaves the recursive descent at the first thing that makes the rest unreadable; never leaves this class.</summary>
    private sealed class RefusedException(Mark mark, string message) : Exception(message)
    {
        public Place At { get; } = PlaceOf(mark);
    }
}
