using System.Globalization;
using Hitless.Core.Sessions;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// When entries are told again although no event came: traffic refreshes an entry's timeout without one, and the copies would end too early.
/// Connectionless sessions in each round in which traffic has refreshed them, open TCP sessions (whose timeouts are long) in turns over many rounds.
/// Three rounds fit into the shortest timeout of the kernel.
/// </summary>
internal sealed class RefreshSchedule
{
    private const string Folder = "/proc/sys/net/netfilter/";
    private static readonly TimeSpan IntervalMax = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan IntervalMin = TimeSpan.FromSeconds(1);
    private const ulong TurnsMax = 240;
    private ulong turns = TurnsMax;
    private ulong round;
    private ExpiryMarks former = new();
    private ExpiryMarks current = new();

    public TimeSpan Interval { get; private set; } = IntervalMax;

    /// <summary>Begins a round: other sessions are due.</summary>
    public void BeginRound()
    {
        ReadTimeouts();
        round++;
        (former, current) = (current, former);
        current.Clear();
    }

    /// <summary>Reads the timeouts of this thread's namespace, from which the interval follows.</summary>
    public void ReadTimeouts()
    {
        var shortest = Math.Min(Math.Min(Seconds("nf_conntrack_udp_timeout", 30), Seconds("nf_conntrack_udp_timeout_stream", 120)), Math.Min(Seconds("nf_conntrack_icmp_timeout", 30), Seconds("nf_conntrack_icmpv6_timeout", 30)));
        var interval = TimeSpan.FromSeconds(shortest / 3.0);
        Interval = interval > IntervalMax ? IntervalMax : interval < IntervalMin ? IntervalMin : interval;
        turns = (ulong)Math.Clamp(Seconds("nf_conntrack_tcp_timeout_established", 432_000) / 3 / Interval.TotalSeconds, 1, TurnsMax);
    }

    /// <summary>True when the session is to be told in this round; <paramref name="now"/> in seconds.</summary>
    public bool IsDue(in SessionRecord record, int now)
    {
        var hash = record.Key.Hash64();
        if (record.Key.Protocol == Protocols.Tcp)
            return record.Tcp.State == TcpState.Established && (hash >> 32) % turns == round % turns;
        // The kernel tells whole seconds, rounded down: one more is no news, unless the copy would end before the next but one round.
        var expiry = (int)Math.Min(now + (long)record.TimeoutSeconds, int.MaxValue);
        var refreshed = !former.TryGet(hash, out var told) || expiry > told + 1 || (expiry > told && told - now <= (2 * Interval.TotalSeconds) + 1);
        current.Set(hash, refreshed ? expiry : told);
        return refreshed;
    }

    private static double Seconds(string name, double otherwise)
    {
        try
        {
            return double.TryParse(File.ReadAllText(Folder + name), CultureInfo.InvariantCulture, out var seconds) ? seconds : otherwise;
        }
        catch (IOException)
        {
            return otherwise;
        }
    }
}
