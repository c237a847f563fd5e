using Hitless.Core.Upgrade.Forwarding;

namespace Hitless.Core.Tests.Upgrade;

/// <summary>
/// A gateway's counters as a Linux kernel keeps them (6.18 unless said: a packet is forwarded before the hook forward has seen it), fed by
/// packets a second. Noise is that of real interfaces: receive offload merges
/// 40 packets into one on the way in and segments them on the way out, drivers count frames, the unit has traffic of its own.
/// </summary>
internal sealed class Traffic(bool old = false)
{
    private readonly Random noise = new(7);
    private double received,
        delivered,
        routed,
        left,
        own,
        noRoute,
        off,
        refused,
        vanished,
        unreachables,
        made,
        answered;
    private double lanIn,
        lanOut,
        wanIn,
        wanOut,
        lost;

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(1000);

    /// <summary>Packets a second from LAN to WAN and back, at the IP layer.</summary>
    public (double Up, double Down) Rate { get; set; } = (500, 500);

    /// <summary>How many frames a received packet was merged from.</summary>
    public double Offload { get; set; } = 1;

    /// <summary>Packets a second of the unit itself, in and out: probes, heartbeats, logs.</summary>
    public double Own { get; set; } = 30;

    /// <summary>Multicasts, broadcasts and ARP a second on the LAN.</summary>
    public double Broadcasts { get; set; } = 15;

    /// <summary>New sessions a second, and the share of them that is answered.</summary>
    public (double New, double Answered) Sessions { get; set; } = (10, 0.98);

    /// <summary>By how much a second differs from the mean, 0 to 1.</summary>
    public double Jitter { get; set; } = 0.3;

    /// <summary>
    /// Shares of what is routed or arrives: no route, forwarding off, dropped at the hook forward, dropped before routing, dropped by the
    /// WAN interface as it sends.
    /// </summary>
    public (double NoRoute, double Off, double Refused, double Vanished, double Lost) Fault { get; set; }

    /// <summary>The upstream is dead here: nothing comes back.</summary>
    public bool NothingBack { get; set; }

    /// <summary>What leaves the IP layer does not leave by the WAN.</summary>
    public bool Stuck { get; set; }

    /// <summary>Who sends what vanishes is told, as often as the kernel's limit for ICMP lets.</summary>
    public bool Tells { get; set; }

    /// <summary>Time passes.</summary>
    public ForwardingSample After(double seconds)
    {
        Now += TimeSpan.FromSeconds(seconds);
        double Some(double rate) => rate * seconds * (1 + (Jitter * ((noise.NextDouble() * 2) - 1)));
        var up = Some(Rate.Up);
        var down =
            NothingBack || Stuck ? 0 : Some(Rate.Down) * (1 - Fault.NoRoute) * (1 - Fault.Off) * (1 - Fault.Refused) * (1 - Fault.Vanished);
        var (arrived, local, others) = (up + down, Some(Own), Some(Broadcasts));
        var gone = arrived * Fault.Vanished;
        var (nowhere, unwilling) = ((up - (up * Fault.Vanished)) * Fault.NoRoute, (arrived - gone) * Fault.Off);
        var forwarded = arrived - gone - nowhere - unwilling;
        var dropped = forwarded * Fault.Refused;
        received += arrived + local + others;
        delivered += local + (others / 3);
        (vanished, noRoute, off, refused) = (vanished + gone, noRoute + nowhere, off + unwilling, refused + dropped);
        routed += old ? forwarded - dropped : forwarded;
        left += forwarded - dropped;
        own += local;
        unreachables += Math.Min(Tells ? gone : nowhere, 5 * seconds);
        made += Sessions.New * seconds;
        answered +=
            NothingBack || Fault.Refused >= 1 || Fault.Vanished >= 1 || Fault.NoRoute >= 1 ? 0 : Sessions.New * Sessions.Answered * seconds;
        var goes = forwarded <= 0 ? 0 : (forwarded - dropped) / forwarded;
        lanIn += (up * Offload) + local + others;
        wanIn += (down * Offload) + (local / 2);
        lanOut += (down * goes * Offload) + local;
        wanOut += Stuck
            ? 0
            : (Math.Max(0, up - nowhere - (up * Fault.Vanished)) * (1 - Fault.Off) * goes * Offload * (1 - Fault.Lost)) + (local / 2);
        lost += up * Offload * Fault.Lost;
        return new ForwardingSample(
            Now,
            new ForwardingCounters
            {
                Received = (long)received,
                Delivered = (long)delivered,
                Forwarded = (long)routed,
                LocalOut = (long)own,
                Transmitted = old ? null : (long)left + (long)own,
                NoRoute = (long)noRoute,
                NotForwarding = (long)off,
                Unreachables = (long)unreachables,
                SessionsMade = (long)made,
                SessionsAnswered = (long)answered,
            },
            [
                new InterfaceCounters("lan0", (long)lanIn, (long)lanOut, 0, 0),
                new InterfaceCounters("wan0", (long)wanIn, (long)wanOut, 0, (long)lost),
            ]
        );
    }
}
