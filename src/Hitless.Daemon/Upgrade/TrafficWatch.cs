using System.Globalization;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// Does this unit forward what it takes? A gateway sends on its ports about as many packets as it takes from them (/proc/net/dev); what is missing
/// was dropped on the way. What an operator's firewall refuses is dropped too, so a new primary is held against the former one. (The IP counters of
/// /proc/net/snmp would not do: Linux 6.18 counts a packet as forwarded before the forward hook has seen it.)
/// </summary>
public sealed class TrafficWatch(IReadOnlyCollection<string> ports)
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

    /// <summary>proc_pid_net(5): <c>name: bytes packets …</c>, eight words for what was received, then eight for what was sent.</summary>
    private (long Received, long Handled) Read()
    {
        long received = 0, handled = 0;
        foreach (var line in File.ReadLines("/proc/self/net/dev"))
        {
            var parts = line.Split(':');
            if (parts.Length == 2 && ports.Contains(parts[0].Trim()) && parts[1].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is { Length: >= 16 } words)
            {
                received += long.Parse(words[1], CultureInfo.InvariantCulture);
                handled += long.Parse(words[9], CultureInfo.InvariantCulture);
            }
        }

        return (received, handled);
    }
}
