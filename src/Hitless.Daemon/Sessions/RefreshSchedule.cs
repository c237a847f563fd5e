using System.Globalization;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// How often the timeouts of short sessions are looked at (<see cref="Hitless.Core.Sessions.RefreshRule"/>): three rounds fit into the
/// shortest timeout of this thread's namespace.
/// </summary>
internal sealed class RefreshSchedule
{
    private const string Folder = "/proc/sys/net/netfilter/";
    private const int IntervalMax = 15;
    private static readonly string[] Timeouts = ["udp_timeout", "udp_timeout_stream", "icmp_timeout", "icmpv6_timeout"];

    /// <summary>Seconds.</summary>
    public int Interval { get; private set; } = IntervalMax;

    /// <summary>Reads the kernel's timeouts.</summary>
    public void ReadTimeouts() => Interval = Math.Clamp(Timeouts.Min(Seconds) / 3, 1, IntervalMax);

    private static int Seconds(string name)
    {
        try
        {
            return int.TryParse(File.ReadAllText($"{Folder}nf_conntrack_{name}"), CultureInfo.InvariantCulture, out var seconds)
                ? seconds
                : int.MaxValue;
        }
        catch (IOException)
        {
            return int.MaxValue;
        }
    }
}
