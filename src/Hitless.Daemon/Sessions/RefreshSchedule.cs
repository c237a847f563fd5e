using System.Globalization;
using Hitless.Core.Sessions;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// When entries are told again although no event came: traffic refreshes an entry's timeout without one, and the copies would end too early.
/// Connectionless sessions each round, open TCP sessions (whose timeouts are long) in turns over many rounds.
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

    public TimeSpan Interval { get; private set; } = IntervalMax;

    /// <summary>Begins a round: other sessions are due.</summary>
    public void BeginRound()
    {
        ReadTimeouts();
        round++;
    }

    /// <summary>Reads the timeouts of this thread's namespace, from which the interval follows.</summary>
    public void ReadTimeouts()
    {
        var shortest = Math.Min(Math.Min(Seconds("nf_conntrack_udp_timeout", 30), Seconds("nf_conntrack_udp_timeout_stream", 120)), Math.Min(Seconds("nf_conntrack_icmp_timeout", 30), Seconds("nf_conntrack_icmpv6_timeout", 30)));
        var interval = TimeSpan.FromSeconds(shortest / 3.0);
        Interval = interval > IntervalMax ? IntervalMax : interval < IntervalMin ? IntervalMin : interval;
        turns = (ulong)Math.Clamp(Seconds("nf_conntrack_tcp_timeout_established", 432_000) / 3 / Interval.TotalSeconds, 1, TurnsMax);
    }

    /// <summary>True when the session is to be told in this round.</summary>
    public bool IsDue(in SessionRecord record) => record.Key.Protocol != Protocols.Tcp
        || (record.Tcp.State == TcpState.Established && (record.Key.Hash64() >> 32) % turns == round % turns);

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
