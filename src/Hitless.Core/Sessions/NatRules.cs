using System.Net;

namespace Hitless.Core.Sessions;

/// <summary>
/// Finds, in the text of a firewall's file (nftables, or iptables-save), the rules that translate to an address of the unit, so that a
/// message can name them. It reads lines, not the language.
/// </summary>
public static class NatRules
{
    private static readonly string[] OutNames = ["oifname", "oif", "-o", "--out-interface"];

    /// <summary>The numbers, from 1 on, of the lines that masquerade what leaves by an interface, or that do not say by which.</summary>
    public static IReadOnlyList<int> Masquerades(string text, string port) =>
        Lines(text, words =>
            words.Contains("masquerade", StringComparer.OrdinalIgnoreCase)
            && (words.FindIndex(OutNames.Contains) is var at && (at < 0 || Names(words, at + 1, port)))
        );

    /// <summary>The numbers, from 1 on, of the lines that translate a source to an address.</summary>
    public static IReadOnlyList<int> SourcesTo(string text, IPAddress address) =>
        Lines(text, words =>
            words.Contains("snat", StringComparer.OrdinalIgnoreCase)
            && words.Exists(word => Is(word, address) || Is(word.Split(':', '-')[0], address))
        );

    private static bool Is(string word, IPAddress address) => IPAddress.TryParse(word, out var read) && read.Equals(address);

    private static bool Names(List<string> words, int at, string port)
    {
        var negated = at < words.Count && words[at] == "!=";
        at += negated ? 1 : 0;
        var isSet = at < words.Count && words[at] == "{";
        var names = isSet ? words.Skip(at + 1).TakeWhile(word => word != "}") : words.Skip(at).Take(1);
        return names.Any(name => name == port || (name.EndsWith('*') && port.StartsWith(name[..^1], StringComparison.Ordinal))) != negated;
    }

    private static List<int> Lines(string text, Predicate<List<string>> isMeant)
    {
        var found = new List<int>();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var rule = line.Split('#')[0]
                .Replace("\"", " ", StringComparison.Ordinal)
                .Replace("{", " { ", StringComparison.Ordinal)
                .Replace("}", " } ", StringComparison.Ordinal);
            var words = rule.Split([' ', '\t', ',', ';', '\r'], StringSplitOptions.RemoveEmptyEntries).ToList();
            if (isMeant(words))
                found.Add(number);
        }

        return found;
    }
}
