using System.Globalization;
using Hitless.Core.Api;

namespace Hitless.Core.Upgrade.Forwarding;

/// <summary>
/// Drops in part: more of them, by a cause that the kernel counts, than the former primary had in its worst second. Each rule is about
/// shares of what could meet that cause, over seconds, in both halves of them,
/// and beyond what chance makes of few packets.
/// </summary>
internal static class LossRules
{
    /// <summary>After the switch itself: sessions whose windows are learned anew, neighbours that are asked.</summary>
    internal static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(500);

    /// <summary>How far beyond chance: of ten thousand windows of an honest unit none.</summary>
    private const double Deviations = 4;

    private const long LostMin = 6;

    /// <summary>
    /// The share by which each cause may be worse. What strangers can cause (packets to nowhere) has more than what only this unit can.
    /// </summary>
    private static double Margin(string cause) =>
        cause switch
        {
            LossCauses.Refused or LossCauses.Discarded or LossCauses.SessionTable or LossCauses.Send => 0.005,
            LossCauses.Vanished or LossCauses.Backlog or LossCauses.Receive => 0.01,
            LossCauses.ReversePath => 0.02,
            _ => 0.05,
        };

    /// <summary>What is lost clearly more than before, if anything is; <paramref name="windows"/> in halves.</summary>
    internal static (TrafficVerdict Verdict, string Text)? Find(
        string unit,
        ForwardingFigures before,
        double allowed,
        IReadOnlyList<(ForwardingInterval First, ForwardingInterval Second)> windows
    )
    {
        foreach (var (first, second) in windows)
        {
            foreach (var (now, then) in second.Losses().Zip(first.Losses()))
            {
                // A rule before routing and one at the hook input look alike, and what knocks at the unit itself comes and goes.
                var known = (now.Cause, now.Interface) == (then.Cause, then.Interface);
                if (!known || (now.Cause == LossCauses.Vanished && first.Seconds + second.Seconds < 4))
                {
                    continue;
                }

                var was = before.Losses.FirstOrDefault(loss => loss.Cause == now.Cause && loss.Interface == now.Interface);
                var normal = Math.Max(Math.Max(was?.ShareMax ?? 0, was?.Share ?? 0), now.Cause == LossCauses.Refused ? allowed : 0);
                var (margin, limit) = (Margin(now.Cause), (normal > 0.05 ? normal * 1.25 : normal) + Margin(now.Cause));
                var (lost, outOf) = (now.Lost + then.Lost, now.OutOf + then.OutOf);

                // Where the traffic has shrunk, what was always lost is a larger share of it.
                var more = lost > (was?.PerSecond ?? 0) * 1.25 * (first.Seconds + second.Seconds);
                if (
                    more
                    && Exceeds(lost, outOf, limit)
                    && IsAbove(then.Lost, then.OutOf, limit - (margin / 2))
                    && IsAbove(now.Lost, now.OutOf, limit - (margin / 2))
                )
                {
                    return (VerdictOf(now.Cause), Describe(unit, before.Unit, now.Cause, now.Interface, (lost, outOf), was?.Share ?? 0));
                }
            }
        }

        return null;
    }

    /// <summary>Packets per second, in words.</summary>
    internal static string Rate(double perSecond) => string.Create(CultureInfo.InvariantCulture, $"{perSecond:#,0.#} packets/s");

    /// <summary>The cause in words, and where the kernel counts it.</summary>
    internal static string Words(string cause, string? @interface) =>
        cause switch
        {
            LossCauses.Refused =>
                "a firewall rule drops them (routed by the kernel, and dropped before they left: an nftables chain at the hook "
                    + "forward or postrouting)",
            LossCauses.Vanished =>
                "they arrive and vanish without a counter (an nftables chain at the hook prerouting or input, on older kernels also at "
                    + "forward, or a blackhole route)",
            LossCauses.NoRoute => "no route to their destination (InNoRoutes)",
            LossCauses.NotForwarding => "IPv4 forwarding is off, or their addresses are not valid (InAddrErrors)",
            LossCauses.ReversePath => "rp_filter refuses them (IPReversePathFilter)",
            LossCauses.Unreachable =>
                "unreachables are sent instead (OutDestUnreachs: a route of the kind unreachable or prohibit, or a rule that rejects)",
            LossCauses.Discarded => "the IP layer discards them (InDiscards, OutDiscards)",
            LossCauses.SessionTable => "the session table refuses them (nf_conntrack drop, insert_failed)",
            LossCauses.Backlog => "the queue of a processor is full (softnet_stat)",
            LossCauses.Receive => $"{@interface} drops them as it receives (rx dropped, errors)",
            _ => $"{@interface} drops them as it sends (tx dropped, errors)",
        };

    private static TrafficVerdict VerdictOf(string cause) =>
        cause switch
        {
            LossCauses.NoRoute => TrafficVerdict.NoRoute,
            LossCauses.Unreachable => TrafficVerdict.Unreachable,
            _ => TrafficVerdict.Drops,
        };

    private static string Describe(
        string unit,
        string former,
        string cause,
        string? @interface,
        (long Lost, long OutOf) found,
        double was
    ) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{unit} loses {Math.Min(1, (double)found.Lost / Math.Max(1, found.OutOf)):P1} of the packets, {found.Lost} of "
                + $"{found.OutOf}; {former} lost {was:P1}: {Words(cause, @interface)}"
        );

    private static bool IsAbove(long lost, long outOf, double limit) => lost > outOf * limit;

    private static bool Exceeds(long lost, long outOf, double limit) =>
        lost >= LostMin && lost > (outOf * limit) + (Deviations * Math.Sqrt(outOf * limit));
}
