using System.Globalization;
using Hitless.Core.Upgrade.Forwarding;

namespace Hitless.Linux.Counters;

/// <summary>
/// Reads the counters by which the kernel tells whether it forwards, in the network namespace of the thread that made this:
/// proc_pid_net(5), Documentation/networking/snmp_counter.rst. A counter that a kernel
/// does not have is 0, but for <see cref="ForwardingCounters.Transmitted"/>. Not for several threads at once. Takes some tenths of a
/// millisecond.
/// </summary>
public sealed class ForwardingReader(IReadOnlyCollection<string> interfaces) : IDisposable
{
    private const int SoftnetDropped = 1;
    private readonly CounterFile _ipv4 = new("snmp");
    private readonly CounterFile _extended = new("netstat");
    private readonly CounterFile _ipv6 = new("snmp6");
    private readonly CounterFile _devices = new("dev");
    private readonly CounterFile _softnet = new("softnet_stat");
    private readonly CounterFile _conntrack = new("stat/nf_conntrack");

    /// <summary>The counters at <paramref name="at"/>, which is now; the sessions are those that the caller has counted.</summary>
    public ForwardingSample Read(TimeSpan at, long sessionsMade, long sessionsAnswered)
    {
        var four = new Dictionary<string, long>(StringComparer.Ordinal);
        ReadPairs(_ipv4.Lines(), four);
        ReadPairs(_extended.Lines(), four);
        var six = ReadNames(_ipv6.Lines());
        long Sum(string name) => four.GetValueOrDefault($"Ip.{name}") + six.GetValueOrDefault($"Ip6{name}");
        long Extended(string name) => four.GetValueOrDefault($"IpExt.{name}") + six.GetValueOrDefault($"Ip6{name}");
        var table = ReadTable(_conntrack.Lines());
        return new ForwardingSample(
            at,
            new ForwardingCounters
            {
                Received = Sum("InReceives"),
                Delivered = Sum("InDelivers"),
                Group = Extended("InMcastPkts") + four.GetValueOrDefault("IpExt.InBcastPkts"),
                Merged = Sum("ReasmReqds") - Sum("ReasmOKs"),
                Forwarded = four.GetValueOrDefault("Ip.ForwDatagrams") + six.GetValueOrDefault("Ip6OutForwDatagrams"),
                LocalOut = Sum("OutRequests"),
                Transmitted = four.ContainsKey("Ip.OutTransmits") ? Sum("OutTransmits") : null,
                NoRoute = Extended("InNoRoutes"),
                NotForwarding = Sum("InAddrErrors"),
                ReversePath = four.GetValueOrDefault("TcpExt.IPReversePathFilter"),
                Damaged = Sum("InHdrErrors") + Extended("InTruncatedPkts") + Sum("FragFails"),
                Discarded = Sum("InDiscards") + Sum("OutDiscards"),
                Unreachables = four.GetValueOrDefault("Icmp.OutDestUnreachs") + six.GetValueOrDefault("Icmp6OutDestUnreachs"),
                BacklogDrops = _softnet.Lines().Sum(line => Hexadecimal(Words(line), SoftnetDropped)),
                SessionTableDrops = table.GetValueOrDefault("drop") + table.GetValueOrDefault("insert_failed"),
                SessionsMade = sessionsMade,
                SessionsAnswered = sessionsAnswered,
            },
            [.. _devices.Lines().Select(ReadDevice).Where(each => each.Name is not null && interfaces.Contains(each.Name))]
        );
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in (ReadOnlySpan<CounterFile>)[_ipv4, _extended, _ipv6, _devices, _softnet, _conntrack])
        {
            file.Dispose();
        }
    }

    /// <summary>Lines in pairs: <c>Ip: InReceives …</c>, then <c>Ip: 4574 …</c>.</summary>
    internal static void ReadPairs(string[] lines, Dictionary<string, long> into)
    {
        for (var i = 0; i + 1 < lines.Length; i += 2)
        {
            var (names, values) = (Words(lines[i]), Words(lines[i + 1]));
            for (var each = 1; each < Math.Min(names.Length, values.Length); each++)
            {
                into[$"{names[0].TrimEnd(':')}.{names[each]}"] = Decimal(values[each]);
            }
        }
    }

    /// <summary>Lines of a name and a value: <c>Ip6InReceives 115</c>.</summary>
    internal static Dictionary<string, long> ReadNames(string[] lines) =>
        lines
            .Select(Words)
            .Where(words => words.Length == 2)
            .ToDictionary(words => words[0], words => Decimal(words[1]), StringComparer.Ordinal);

    /// <summary>A line of names, then one of hexadecimal values for each processor: their sums.</summary>
    internal static Dictionary<string, long> ReadTable(string[] lines)
    {
        var names = lines.Length == 0 ? [] : Words(lines[0]);
        Dictionary<string, long> sums = new(StringComparer.Ordinal);
        foreach (var values in lines.Skip(1).Select(Words))
        {
            for (var i = 0; i < Math.Min(names.Length, values.Length); i++)
            {
                sums[names[i]] = sums.GetValueOrDefault(names[i]) + Hexadecimal(values, i);
            }
        }

        return sums;
    }

    /// <summary>
    /// <c>name: bytes packets errs drop fifo …</c>, eight words for what was received, then eight for what was sent. What found no room
    /// (fifo) is a part of errs or of drop, by the driver.
    /// </summary>
    internal static InterfaceCounters ReadDevice(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        var words = colon < 0 ? [] : Words(line[(colon + 1)..]);
        return words.Length < 16
            ? default
            : new InterfaceCounters(
                line[..colon].Trim(),
                Decimal(words[1]),
                Decimal(words[9]),
                Decimal(words[2]) + Decimal(words[3]),
                Decimal(words[10]) + Decimal(words[11])
            );
    }

    private static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    // A counter of 64 bits may be printed without a sign.
    private static long Decimal(string word) =>
        long.TryParse(word, CultureInfo.InvariantCulture, out var value) ? value
        : ulong.TryParse(word, CultureInfo.InvariantCulture, out var large) ? unchecked((long)large)
        : 0;

    private static long Hexadecimal(string[] words, int at) =>
        at < words.Length && long.TryParse(words[at], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value) ? value : 0;
}
