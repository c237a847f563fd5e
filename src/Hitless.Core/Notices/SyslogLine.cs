using System.Globalization;
using System.Text;
using Hitless.Core.Api;

namespace Hitless.Core.Notices;

/// <summary>
/// An event as a message of RFC 5424: <c>&lt;PRI&gt;1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG</c>, facility daemon.
/// The structured data have the cluster, the event's number and, where there is one, the epoch, under the enterprise number that RFC 5612
/// reserves for examples.
/// </summary>
public static class SyslogLine
{
    private const int Daemon = 3;
    private const int Warning = 4;
    private const int Notice = 5;
    private const int Informational = 6;

    // What a receiver has to take by UDP (RFC 5426 section 3.2, as it should).
    private const int BytesMax = 2048;

    /// <summary>The message in UTF-8; a text that would make it longer than 2,048 bytes is cut.</summary>
    public static byte[] Of(ClusterEvent told, string cluster)
    {
        var priority = (Daemon * 8) + SeverityOf(told.Kind);
        var time = told.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        var epoch = told.Epoch is { } number ? string.Create(CultureInfo.InvariantCulture, $" epoch=\"{number}\"") : "";
        var data = string.Create(
            CultureInfo.InvariantCulture,
            $"[hitless@32473 cluster=\"{Value(cluster)}\" number=\"{told.Number}\"{epoch}]"
        );
        var bytes = Encoding.UTF8.GetBytes(
            $"<{priority}>1 {time} {Name(told.Unit)} hitless - {Name(told.Kind)} {data} {OneLine(told.Text)}"
        );
        if (bytes.Length <= BytesMax)
        {
            return bytes;
        }

        // Not in the middle of a character.
        var end = BytesMax;
        while ((bytes[end] & 0xc0) == 0x80)
        {
            end--;
        }

        return bytes[..end];
    }

    private static int SeverityOf(string kind) =>
        kind switch
        {
            EventKinds.Role or EventKinds.Upgrade => Notice,
            EventKinds.Health or EventKinds.Problem => Warning,
            _ => Informational,
        };

    // PRINTUSASCII, no space.
    private static string Name(string text)
    {
        var name = new string([.. text.Where(c => c is > ' ' and <= '~').Take(48)]);
        return name.Length == 0 ? "-" : name;
    }

    private static string Value(string text) =>
        OneLine(text)
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("]", "\\]", StringComparison.Ordinal);

    private static string OneLine(string text) => new([.. text.Select(c => char.IsControl(c) ? ' ' : c)]);
}
