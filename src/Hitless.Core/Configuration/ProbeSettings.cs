using System.Net;

namespace Hitless.Core.Configuration;

/// <summary>
/// One entry of <c>health:</c>: <c>Target</c> is looked at each <c>Interval</c>, and fails after <c>FailAfter</c> misses in a row.
/// <c>Weight</c>: what that costs the unit.
/// </summary>
public sealed record ProbeSettings(string Name, ProbeTarget Target, TimeSpan Interval, int FailAfter, int Weight = 1);

/// <summary>What a probe looks at.</summary>
public abstract record ProbeTarget
{
    private ProbeTarget() { }

    /// <summary>An address that answers ICMP echo.</summary>
    public sealed record Ping(IPAddress Address) : ProbeTarget;

    /// <summary>An address and port that takes TCP connections.</summary>
    public sealed record Tcp(IPEndPoint Service) : ProbeTarget;

    /// <summary>A page that answers GET with a status below 400; http or https.</summary>
    public sealed record Http(Uri Page) : ProbeTarget;

    /// <summary>The unit itself: at most this much of its memory is in use, in percent.</summary>
    public sealed record Memory(int PercentMax) : ProbeTarget;

    /// <summary>The unit itself: its load average of a minute, in percent of its processors.</summary>
    public sealed record Load(int PercentMax) : ProbeTarget;

    /// <summary>A shell command that exits with 0 while all is well.</summary>
    public sealed record Exec(string Command) : ProbeTarget;
}

/// <summary>
/// <c>election:</c>. <c>ProbeThreshold</c>: failing probes count from this sum of their weights on. <c>FlipGuard</c>: after a switch that
/// probes asked for, they ask for none more for so long. <c>Witness</c>: see docs/decisions/0024.
/// </summary>
public sealed record ElectionSettings(int ProbeThreshold, TimeSpan FlipGuard, IPAddress? Witness);
