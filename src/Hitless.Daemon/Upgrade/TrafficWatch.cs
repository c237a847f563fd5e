using System.Globalization;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// Does this unit forward what it takes? The kernel counts the IP packets that came in, those that were forwarded and those delivered here
/// (/proc/net/snmp and snmp6, RFC 4293); the rest was dropped on the way. What an operator's firewall refuses is dropped too, so
/// a new primary is held against the former one.
/// </summary>
public sealed class TrafficWatch
{
    /// <summary>What may be dropped more than by the former primary.</summary>
    private const double DropShareMore = 0.005;

    /// <summary>Fewer packets say nothing.</summary>
    private const long JudgedPackets = 200;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Judged = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private readonly LinkedList<(TimeSpan At, long Received, long Handled)> samples = [];

    /// <summary>Takes a sample, if the last one is old enough.</summary>
    public void Look()
    {
        var now = Stopwatch.GetElapsedTime(0);
        lock (gate)
        {
            if (samples.Last is { } last && now - last.Value.At < Between)
            {
                return;
            }

            var (received, handled) = Read();
            samples.AddLast((now, received, handled));
            while (samples.First is { } first && now - first.Value.At > Kept)
            {
                samples.RemoveFirst();
            }
        }
    }

    /// <summary>What was seen before another role or step says nothing about now.</summary>
    public void Forget()
    {
        lock (gate)
        {
            samples.Clear();
        }
    }

    /// <summary>The share of packets that were dropped in the last seconds; null: too few to say.</summary>
    public double? DropShare()
    {
        lock (gate)
        {
            return ShareSince(TimeSpan.Zero);
        }
    }

    /// <summary>What is wrong, if this unit drops clearly more than <paramref name="before"/>.</summary>
    public string? Breach(double before)
    {
        lock (gate)
        {
            return samples.Last is { } last && samples.First is { } first && last.Value.At - first.Value.At >= Judged
                && ShareSince(last.Value.At - Judged) is { } share && share > before + DropShareMore
                ? string.Create(CultureInfo.InvariantCulture, $"this unit drops {share:P1} of the packets that it takes; the former primary dropped {before:P1}")
                : null;
        }
    }

    private double? ShareSince(TimeSpan since)
    {
        foreach (var sample in samples)
        {
            if (sample.At >= since && samples.Last is { } last)
            {
                var received = last.Value.Received - sample.Received;
                return received >= JudgedPackets ? Math.Max(0, 1 - ((double)(last.Value.Handled - sample.Handled) / received)) : null;
            }
        }

        return null;
    }

    private static (long Received, long Handled) Read()
    {
        long received = 0, handled = 0;
        Dictionary<string, int> columns = new(StringComparer.Ordinal);
        foreach (var line in ReadLines("/proc/self/net/snmp").Where(l => l.StartsWith("Ip: ", StringComparison.Ordinal)))
        {
            var words = line.Split(' ');
            if (columns.Count == 0)
            {
                columns = words.Select((word, i) => (word, i)).ToDictionary(w => w.word, w => w.i, StringComparer.Ordinal);
            }
            else
            {
                received += Number(words[columns["InReceives"]]);
                handled += Number(words[columns["ForwDatagrams"]]) + Number(words[columns["InDelivers"]]);
            }
        }

        foreach (var words in ReadLines("/proc/self/net/snmp6").Select(l => l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Where(w => w.Length == 2))
        {
            received += words[0] == "Ip6InReceives" ? Number(words[1]) : 0;
            handled += words[0] is "Ip6OutForwDatagrams" or "Ip6InDelivers" ? Number(words[1]) : 0;
        }

        return (received, handled);
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (IOException)
        {
            // No IPv6 in this kernel.
            return [];
        }
    }

    private static long Number(string text) => long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
