using System.Text.Json.Serialization;

namespace Hitless.Core.Api;

/// <summary>
/// What a unit forwarded while it was primary, from its kernel's counters. Rates are packets per second, shares 0 to 1. <c>Seconds</c>: how
/// much of the unit's time as primary this covers.
/// <c>ForwardedPerSecond</c>: mean of the last seconds; <c>SteadyPerSecond</c>: the least of the last seconds, which is what a successor
/// can be held against; 0 while too little time is covered.
/// Packets are counted where the kernel routes them, so receive offload merges none between the two sides, and traffic of the unit itself
/// is left out.
/// </summary>
public sealed record ForwardingFigures(
    string Unit,
    double Seconds,
    double ForwardedPerSecond,
    double SteadyPerSecond,
    double NewSessionsPerSecond,
    IReadOnlyList<InterfaceFigures> Interfaces,
    IReadOnlyList<ForwardingLoss> Losses
)
{
    /// <summary>The share of the packets to be forwarded that left; null: none were to be forwarded.</summary>
    public double? ForwardedShare { get; init; }

    /// <summary>The share of the new sessions that got an answer; null: there were none.</summary>
    public double? AnsweredShare { get; init; }
}

/// <summary>
/// A data interface's packets per second (as its driver counts them: only silence is told by them), and the least of the last seconds in
/// each direction.
/// </summary>
public sealed record InterfaceFigures(
    string Name,
    double ReceivedPerSecond,
    double ReceivedSteady,
    double SentPerSecond,
    double SentSteady
);

/// <summary>
/// Packets that went no further, by cause (<see cref="LossCauses"/>): their share of the packets that could have met it, and the highest
/// share of one second.
/// </summary>
public sealed record ForwardingLoss(string Cause, string? Interface, double PerSecond, double Share, double ShareMax);

/// <summary>The values of <see cref="ForwardingLoss.Cause"/>; readers pass over those that they do not know.</summary>
public static class LossCauses
{
    /// <summary>Routed, and dropped before they left: a rule of an nftables chain at the hooks forward or output.</summary>
    public const string Refused = "refused";

    /// <summary>
    /// Received and neither forwarded, delivered nor counted as dropped: a rule before routing, a blackhole route, or a rule at the hook
    /// input. Where the kernel counts a packet as forwarded only behind the hook forward (seen on 6.1), a rule there too.
    /// </summary>
    public const string Vanished = "vanished";

    /// <summary>No route (IpExt InNoRoutes, Ip6InNoRoutes).</summary>
    public const string NoRoute = "no-route";

    /// <summary>Not forwarded, since forwarding is off or the address is not valid (Ip InAddrErrors, Ip6InAddrErrors).</summary>
    public const string NotForwarding = "not-forwarding";

    /// <summary>Not the way by which an answer would leave (TcpExt IPReversePathFilter; rp_filter).</summary>
    public const string ReversePath = "reverse-path";

    /// <summary>Unreachables sent (Icmp and Icmp6 OutDestUnreachs).</summary>
    public const string Unreachable = "unreachable";

    /// <summary>Discarded by the IP layer (InDiscards, OutDiscards).</summary>
    public const string Discarded = "discarded";

    /// <summary>No room in the table of sessions (nf_conntrack drop, insert_failed).</summary>
    public const string SessionTable = "session-table";

    /// <summary>The processor's queue was full (softnet_stat).</summary>
    public const string Backlog = "backlog";

    /// <summary>Dropped or refused as damaged by an interface that received them.</summary>
    public const string Receive = "receive";

    /// <summary>Dropped by an interface that was to send them.</summary>
    public const string Send = "send";
}

/// <summary>
/// Whether the traffic went on after a switch to <c>Unit</c>, by the kernel's own counters there; <c>Text</c> says so in a sentence, with
/// the cause. <c>Before</c>: the former primary's last figures;
/// <c>After</c>: the new one's since the switch.
/// </summary>
public sealed record ReportTraffic(TrafficVerdict Verdict, string Text, string? Unit, ForwardingFigures? Before, ForwardingFigures? After)
{
    /// <summary>What is wrong, in one sentence; null: nothing is known to be. Not in the JSON.</summary>
    [JsonIgnore]
    public string? Breach => Verdict.IsBreach ? Text : null;
}
