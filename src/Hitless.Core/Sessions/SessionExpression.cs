using System.Globalization;
using System.Net;

namespace Hitless.Core.Sessions;

/// <summary>
/// Which sessions are meant, in nftables' own words: <c>tcp dport 5432</c>, <c>ip saddr { 10.1.0.0/16, 10.9.0.1-10.9.0.7 } udp sport !=
/// 5060-5069</c>,
/// <c>ct mark 0x10</c>, <c>meta l4proto { tcp, sctp }</c>. Every condition must hold; they are about the first packet of the session, as
/// the sender sent it.
/// </summary>
public sealed class SessionExpression
{
    /// <summary>Expressions to learn from.</summary>
    public const string Examples = "tcp dport 5432, ip saddr 10.1.0.0/16 udp dport { 53, 5060-5069 }, ct mark != 7";

    private readonly string text;
    private readonly Condition[] conditions;

    private SessionExpression(string text, List<Condition> conditions) => (this.text, this.conditions) = (text, [.. conditions]);

    private delegate bool Condition(in SessionRecord record);

    private delegate UInt128 Field(in SessionRecord record);

    private delegate bool ReadValue(string word, out Range range);

    private delegate bool ReadOne(string word, out UInt128 number);

    /// <summary>Whether the session is meant. Allocates nothing.</summary>
    public bool Matches(in SessionRecord record)
    {
        foreach (var condition in conditions)
        {
            if (!condition(record))
                return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => text;

    /// <summary>Reads an expression; <paramref name="wrongAt"/> says where it is not understood: a word in quotes, or "its end".</summary>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out SessionExpression? expression,
        [NotNullWhen(false)] out string? wrongAt
    )
    {
        var words = new Words(text);
        var conditions = new List<Condition>();
        do
        {
            if (TryReadClause(words, conditions))
                continue;
            expression = null;
            wrongAt = words.Last is { } word ? $"\"{word}\"" : "its end";
            return false;
        } while (!words.AtEnd);

        expression = new SessionExpression(text, conditions);
        wrongAt = null;
        return true;
    }

    private static bool TryReadClause(Words words, List<Condition> conditions)
    {
        switch (words.Take())
        {
            case "ip" or "ip6":
                var v6 = words.Last == "ip6";
                conditions.Add((in record) => record.Key.V6 == v6);
                while (words.Next is "saddr" or "daddr")
                {
                    if (!TryReadValues(words, conditions, AddressField(words.Take()), v6 ? TryAddress6 : TryAddress4))
                        return false;
                }

                return true;
            case "meta":
                return words.Take() == "l4proto" && TryReadValues(words, conditions, (in record) => record.Key.Protocol, TryProtocol);
            case "ct":
                return words.Take() switch
                {
                    "mark" => TryReadValues(words, conditions, (in record) => record.Mark, TryNumber),
                    "zone" => TryReadValues(words, conditions, (in record) => record.Key.Zone, TryNumber),
                    _ => false,
                };
            case { } word when TryProtocol(word, out var protocol):
                conditions.Add((in record) => record.Key.Protocol == protocol.Low);
                while (words.Next is "sport" or "dport")
                {
                    if (!TryReadValues(words, conditions, PortField(words.Take()), TryPort))
                        return false;
                }

                return true;
            default:
                return false;
        }
    }

    private static Field AddressField(string? word) =>
        word == "saddr" ? (in record) => record.Key.Original.Source : (in record) => record.Key.Original.Destination;

    private static Field PortField(string? word) =>
        word == "sport" ? (in record) => record.Key.Original.SourcePort : (in record) => record.Key.Original.DestinationPort;

    // A value or { a set of them }, after "!=" for all but them.
    private static bool TryReadValues(Words words, List<Condition> conditions, Field field, ReadValue read)
    {
        var negated = words.TryTake("!=");
        var isSet = words.TryTake("{");
        var ranges = new List<Range>();
        do
        {
            if (words.Take() is not { } word || !read(word, out var range))
                return false;
            ranges.Add(range);
        } while (isSet && words.TryTake(","));
        if (isSet && words.Take() != "}")
            return false;
        var among = ranges.ToArray();
        conditions.Add((in record) => IsAmong(field(record), among) != negated);
        return true;
    }

    private static bool IsAmong(UInt128 value, Range[] ranges)
    {
        foreach (var range in ranges)
        {
            if (value >= range.Low && value <= range.High)
                return true;
        }

        return false;
    }

    private static bool TryProtocol(string word, out Range range)
    {
        byte? number = word switch
        {
            "tcp" => Protocols.Tcp,
            "udp" => Protocols.Udp,
            "icmp" => Protocols.Icmp,
            "icmpv6" => Protocols.IcmpV6,
            "sctp" => Protocols.Sctp,
            "dccp" => Protocols.Dccp,
            "gre" => Protocols.Gre,
            _ => null,
        };
        range = new Range(number ?? 0, number ?? 0);
        return number is not null;
    }

    private static bool TryNumber(string word, out Range range) => TryRange(word, TryOne, out range);

    private static bool TryPort(string word, out Range range) => TryNumber(word, out range) && range.High <= ushort.MaxValue;

    private static bool TryAddress4(string word, out Range range) => TryAddress(word, v6: false, out range);

    private static bool TryAddress6(string word, out Range range) => TryAddress(word, v6: true, out range);

    private static bool TryAddress(string word, bool v6, out Range range)
    {
        range = default;
        if (!IPNetwork.TryParse(word, out var network))
            return TryRange(word, (string one, out UInt128 number) => TryHost(one, v6, out number), out range);
        var first = SessionTuple.Number(network.BaseAddress);
        range = new Range(first, first | ((UInt128.One << ((v6 ? 128 : 32) - network.PrefixLength)) - 1));
        if (network.PrefixLength == 0)
            range = new Range(0, UInt128.MaxValue);
        return SessionTuple.IsV6(network.BaseAddress) == v6;
    }

    private static bool TryHost(string word, bool v6, out UInt128 number)
    {
        number = 0;
        if (!IPAddress.TryParse(word, out var address) || SessionTuple.IsV6(address) != v6 || (!v6 && word.Count(c => c == '.') != 3))
            return false;
        number = SessionTuple.Number(address);
        return true;
    }

    private static bool TryRange(string word, ReadOne read, out Range range)
    {
        range = default;
        var dash = word.IndexOf('-', StringComparison.Ordinal);
        if (!read(dash < 0 ? word : word[..dash], out var low) || !read(dash < 0 ? word : word[(dash + 1)..], out var high))
            return false;
        range = new Range(low, high);
        return low <= high;
    }

    private static bool TryOne(string word, out UInt128 number)
    {
        var isHex = word.StartsWith("0x", StringComparison.Ordinal);
        var isNumber = uint.TryParse(
            isHex ? word.AsSpan(2) : word,
            isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var small
        );
        number = small;
        return isNumber;
    }

    private readonly record struct Range(UInt128 Low, UInt128 High);

    /// <summary>The words of a text; braces and commas are words of their own.</summary>
    private sealed class Words(string text)
    {
        private readonly string[] words = text.Replace("{", " { ", StringComparison.Ordinal)
            .Replace("}", " } ", StringComparison.Ordinal)
            .Replace(",", " , ", StringComparison.Ordinal)
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

        private int taken;

        public bool AtEnd => taken == words.Length;

        /// <summary>The word that was taken last; null: there was none left.</summary>
        public string? Last { get; private set; }

        public string? Next => AtEnd ? null : words[taken];

        public string? Take() => Last = AtEnd ? null : words[taken++];

        public bool TryTake(string word)
        {
            var isNext = Next == word;
            if (isNext)
                Take();
            return isNext;
        }
    }
}
