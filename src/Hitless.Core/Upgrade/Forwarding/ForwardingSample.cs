namespace Hitless.Core.Upgrade.Forwarding;

/// <summary>
/// The kernel's counters at one moment (<paramref name="At"/>, monotonic) in the unit's network namespace, each counted since the start of
/// the machine or of the interface.
/// </summary>
public sealed record ForwardingSample(TimeSpan At, ForwardingCounters Counters, IReadOnlyList<InterfaceCounters> Interfaces);

/// <summary>
/// Sums over IPv4 (/proc/net/snmp, /proc/net/netstat) and IPv6 (/proc/net/snmp6). All of them count packets as the IP layer sees them: what
/// receive offload has merged is one packet on its way in and on its way
/// out. By <see cref="Forwarded"/> Linux 6.18 counts a packet before the hook forward has seen it, older kernels after it; what left is
/// <see cref="Transmitted"/> there, where older kernels do not have it.
/// </summary>
public readonly record struct ForwardingCounters
{
    /// <summary>InReceives: packets of every kind that reached the IP layer.</summary>
    public long Received { get; init; }

    /// <summary>InDelivers: for this unit itself.</summary>
    public long Delivered { get; init; }

    /// <summary>InMcastPkts, InBcastPkts: for groups; nobody waits for them to be forwarded.</summary>
    public long Group { get; init; }

    /// <summary>ReasmReqds less ReasmOKs: fragments that went on as a part of a whole packet.</summary>
    public long Merged { get; init; }

    /// <summary>ForwDatagrams: routed to another host.</summary>
    public long Forwarded { get; init; }

    /// <summary>OutRequests: packets of this unit itself.</summary>
    public long LocalOut { get; init; }

    /// <summary>
    /// OutTransmits: packets that left the IP layer, forwarded or own; null: the kernel does not count them (before 6.7).
    /// </summary>
    public long? Transmitted { get; init; }

    /// <summary>InNoRoutes.</summary>
    public long NoRoute { get; init; }

    /// <summary>InAddrErrors: IPv4 counts here what it does not forward because forwarding is off.</summary>
    public long NotForwarding { get; init; }

    /// <summary>IPReversePathFilter: refused by rp_filter.</summary>
    public long ReversePath { get; init; }

    /// <summary>
    /// InHdrErrors, InTruncatedPkts, FragFails: damaged, at the end of their hops, or too large for the next one; their senders are told.
    /// </summary>
    public long Damaged { get; init; }

    /// <summary>InDiscards and OutDiscards.</summary>
    public long Discarded { get; init; }

    /// <summary>OutDestUnreachs of ICMP and ICMPv6.</summary>
    public long Unreachables { get; init; }

    /// <summary>/proc/net/softnet_stat: packets that found the queue of their processor full, in all namespaces of the machine.</summary>
    public long BacklogDrops { get; init; }

    /// <summary>/proc/net/stat/nf_conntrack: drop and insert_failed.</summary>
    public long SessionTableDrops { get; init; }

    /// <summary>Sessions that began (conntrack events of sessions through the gateway).</summary>
    public long SessionsMade { get; init; }

    /// <summary>Of those, sessions that got a first answer.</summary>
    public long SessionsAnswered { get; init; }
}

/// <summary>The counters of one data interface (/proc/net/dev), as its driver keeps them.</summary>
public readonly record struct InterfaceCounters(string Name, long Received, long Sent, long ReceiveLost, long SendLost);
