using System.Globalization;
using System.Net;

namespace Hitless.Core.Sessions;

/// <summary>
/// Which sessions are meant, in nftables' own words: <c>tcp dport 5432</c>, <c>ip saddr 10.1.0.0/16 udp sport 5060-5069</c>. Every condition must
/// hold; they are about the first packet of the session, as the sender sent it.
/// </summary>
public sealed class SessionExpression
{
    private readonly List<Func<SessionRecord, bool>> conditions = [];

    private SessionExpression()
    {
    }

    /// <summary>Whether the session is meant.</summary>
    public bool Matches(SessionRecord record) => conditions.TrueForAll(c => c(record));

    /// <summary>Reads an expression; <paramref name="error"/> names the word that is not understood.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out SessionExpression? expression, [NotNullWhen(false)] out string? error)
    {
        expression = new SessionExpression();
        error = null;
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        for (var i = 0; i < words.Length && error is null; i++)
        {
            var value = i + 1 < words.Length ? words[i + 1] : "";
            switch (words[i])
            {
                case "ip" or "ip6":
                    var v6 = words[i] == "ip6";
                    expression.conditions.Add(r => r.Key.V6 == v6);
                    break;
                case "tcp" or "udp" or "icmp" or "icmpv6" or "sctp" or "gre":
                    var name = words[i];
                    expression.conditions.Add(r => Protocols.Name(r.Key.Protocol) == name);
                    break;
                case "sport" or "dport" when TryPorts(value, out var low, out var high):
                    var source = words[i++] == "sport";
                    expression.conditions.Add(r => (source ? r.Key.Original.SourcePort : r.Key.Original.DestinationPort) is var port && port >= low && port <= high);
                    break;
                case "saddr" or "daddr" when TryNetwork(value, out var network):
                    var from = words[i++] == "saddr";
                    expression.conditions.Add(r => network.Contains(SessionTuple.Address(from ? r.Key.Original.Source : r.Key.Original.Destination, r.Key.V6)));
                    break;
                case "mark" when uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var mark):
                    i++;
                    expression.conditions.Add(r => r.Mark == mark);
                    break;
                default:
                    error = $"\"{words[i]}{(value.Length == 0 ? "" : " " + value)}\" is not understood in \"{text}\"; expected words such as: tcp dport 5432, ip saddr 10.1.0.0/16, udp sport 5060-5069, mark 7";
                    break;
            }
        }

        error ??= expression.conditions.Count == 0 ? "the expression is empty; expected for example: tcp dport 5432" : null;
        expression = error is null ? expression : null;
        return error is null;
    }

    private static bool TryPorts(string text, out int low, out int high)
    {
        high = 0;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return TryPort(dash < 0 ? text : text[..dash], out low) && TryPort(dash < 0 ? text : text[(dash + 1)..], out high) && low <= high;
    }

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 0 and <= 65535;

    private static bool TryNetwork(string text, out IPNetwork network)
    {
        if (!text.Contains('/', StringComparison.Ordinal) && IPAddress.TryParse(text, out var single))
        {
            network = new IPNetwork(single, SessionTuple.IsV6(single) ? 128 : 32);
            return true;
        }

        return IPNetwork.TryParse(text, out network);
    }
}
