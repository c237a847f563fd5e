using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Hitless.Daemon.Joining;

/// <summary>
/// Changes single values in a YAML text and leaves everything else as it is written, comments too. The text has been read by
/// <see cref="Configuration.UnitFile"/> before, and the result is read by it afterwards.
/// </summary>
internal sealed class YamlEdit
{
    private readonly List<(int Start, int End, string Text)> _changes = [];
    private readonly string _text;

    private YamlEdit(string text, YamlMappingNode root) => (_text, Root) = (text, root);

    /// <summary>The document's mapping.</summary>
    public YamlMappingNode Root { get; }

    /// <summary>Opens a text whose document is a mapping; null if it is not.</summary>
    public static YamlEdit? Open(string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException)
        {
            return null;
        }

        return stream.Documents is [{ RootNode: YamlMappingNode root }] ? new YamlEdit(text, root) : null;
    }

    /// <summary>The value of a key; null if there is none.</summary>
    public static YamlNode? Find(YamlNode? map, string key) =>
        map is YamlMappingNode mapping && mapping.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    /// <summary>Sets a scalar; a key that is not there is put first in its mapping.</summary>
    public void Set(YamlMappingNode map, string key, string value)
    {
        if (Find(map, key) is { } old)
        {
            _changes.Add((At(old.Start), At(old.End), Quoted(value)));
            return;
        }

        var at = At(map.Children.Keys.First().Start);
        var separator = map.Style == MappingStyle.Flow ? ", " : "\n" + new string(' ', (int)map.Children.Keys.First().Start.Column - 1);
        _changes.Add((at, at, $"{key}: {Quoted(value)}{separator}"));
    }

    /// <summary>Replaces the items of a list, from its key's colon to its last item.</summary>
    public void SetItems(YamlMappingNode map, string key, IEnumerable<string> items)
    {
        var name = map.Children.Keys.First(each => each is YamlScalarNode scalar && scalar.Value == key);
        var list = (YamlSequenceNode)map.Children[name];
        var start = _text.IndexOf(':', At(name.End)) + 1;
        var end = list.Style == SequenceStyle.Flow ? EndOfFlow(list) : At(list.Children[^1].End);
        _changes.Add((start, end, $" [{string.Join(", ", items.Select(Quoted))}]"));
    }

    /// <summary>Adds an item at the end of a list.</summary>
    public void Append(YamlSequenceNode list, string item)
    {
        if (list.Style == SequenceStyle.Flow)
        {
            var end = list.Children.Count == 0 ? At(list.Start) + 1 : At(list.Children[^1].End);
            _changes.Add((end, end, (list.Children.Count == 0 ? "" : ", ") + Quoted(item)));
            return;
        }

        var last = list.Children[^1];
        var dash = _text.LastIndexOf('-', At(last.Start) - 1);
        var lineStart = _text.LastIndexOf('\n', dash) + 1;
        var lineEnd = _text.IndexOf('\n', At(last.End));
        lineEnd = lineEnd < 0 ? _text.Length : lineEnd;
        _changes.Add((lineEnd, lineEnd, $"\n{new string(' ', dash - lineStart)}- {Quoted(item)}"));
    }

    /// <summary>The text with all changes.</summary>
    public override string ToString()
    {
        var text = _text;
        foreach (var (start, end, change) in _changes.OrderByDescending(change => change.Start))
        {
            text = text[..start] + change + text[end..];
        }

        return text;
    }

    // A list's own end is where it begins, to the library.
    private int EndOfFlow(YamlSequenceNode list) =>
        _text.IndexOf(']', list.Children.Count == 0 ? At(list.Start) : At(list.Children[^1].End)) + 1;

    private static int At(Mark mark) => (int)mark.Index;

    // Whatever comes from another machine stays one scalar.
    private static string Quoted(string value) =>
        value.Length > 0 && value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-')
            ? value
            : $"\"{JsonEncodedText.Encode(value)}\"";
}
