using System.Globalization;
using Hitless.Core.Api;

namespace Hitless.Core.Upgrade.Forwarding;

/// <summary>
/// Outages: what went on steadily before the switch and does not now. Decided within a second, so that the former primary carries the
/// traffic again within two.
/// </summary>
internal static class OutageRules
{
    /// <summary>
    /// How long silence lasts before it is one, right after a switch: announcements are repeated five times within it, and no hitless
    /// switch takes a half of it.
    /// </summary>
    internal static readonly TimeSpan Window = TimeSpan.FromMilliseconds(800);

    /// <summary>The same later on, when a network may fall silent for its own reasons.</summary>
    internal static readonly TimeSpan LateWindow = TimeSpan.FromSeconds(3);

    /// <summary>A longer time between two samples is a machine that stood still.</summary>
    internal static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(400);

    private const double SilentShare = 0.1;

    /// <summary>
    /// What the rules are about. <paramref name="Window"/> null: not watched without a pause. <paramref name="Carried"/>,
    /// <paramref name="Alive"/>: what has been seen going on since the switch.
    /// </summary>
    internal readonly record struct Facts(
        string Unit,
        ForwardingFigures Before,
        ForwardingInterval? Window,
        ForwardingInterval? All,
        TimeSpan Age,
        bool Carried,
        IReadOnlySet<string> Alive
    );

    /// <summary>The outage, if there is one.</summary>
    internal static (TrafficVerdict Verdict, string Text)? Find(in Facts facts) =>
        facts.Window is { } window
            ? Collapse(facts, window) ?? Attempts(facts) ?? DeadInterface(facts, window) ?? Unanswered(facts, window)
            : null;

    /// <summary>Next to nothing leaves, and packets arrive or have not since the switch.</summary>
    private static (TrafficVerdict Verdict, string Text)? Collapse(in Facts facts, ForwardingInterval window)
    {
        var steady = facts.Before.SteadyPerSecond;
        if (steady < ForwardingJudge.SteadyMin || window.Left >= SilentShare * steady * window.Seconds)
        {
            return null;
        }

        var stopped = window.Wanted - window.Left;
        var arrivals =
            stopped >= Math.Max(5, SilentShare * steady * window.Seconds)
            || window.Interfaces.Sum(each => each.Received)
                >= 0.2 * facts.Before.Interfaces.Sum(each => each.ReceivedPerSecond) * window.Seconds;
        return !facts.Carried || arrivals ? Outage(facts, window, $"{LossRules.Rate(facts.Before.ForwardedPerSecond)} before") : null;
    }

    /// <summary>Too little traffic for a rate, yet all of what arrives stays here.</summary>
    private static (TrafficVerdict Verdict, string Text)? Attempts(in Facts facts)
    {
        if (
            facts.All is not { } all
            || facts.Carried
            || facts.Before.ForwardedShare is not >= 0.5
            || facts.Before.ForwardedPerSecond < 1
            || all.Left >= SilentShare * all.Wanted
        )
        {
            return null;
        }

        // What never was forwarded, such as a scan of this unit, was there before as well.
        var stray =
            facts.Before.Losses.Where(loss => loss.Interface is null && loss.Cause != LossCauses.Unreachable).Sum(loss => loss.PerSecond)
            * all.Seconds;
        var named = all.NoRoute + all.NotForwarding + all.ReversePath + all.Refused;
        return named >= 10 + (2 * stray) || all.Wanted >= 20 + (2 * stray)
            ? Outage(facts, all, $"{all.Wanted} arrived to be forwarded, {all.Left} left")
            : null;
    }

    /// <summary>
    /// An interface that was never quiet for a second hears nothing, although packets go out there; or sends nothing, although they come in
    /// elsewhere.
    /// </summary>
    private static (TrafficVerdict Verdict, string Text)? DeadInterface(in Facts facts, ForwardingInterval window)
    {
        foreach (var was in facts.Before.Interfaces)
        {
            var now = window.Interfaces.FirstOrDefault(each => each.Name == was.Name);
            if (now.Name is null)
            {
                continue;
            }

            var others = window.Interfaces.Where(each => each.Name != was.Name).Sum(each => each.Received);
            var hears = was.ReceivedSteady < ForwardingJudge.SteadyMin || now.Received >= SilentShare * was.ReceivedSteady * window.Seconds;
            if (
                !hears
                && now.Sent >= Math.Max(3, SilentShare * was.SentSteady * window.Seconds)
                && (!facts.Alive.Contains(was.Name) || facts.Age >= LateWindow)
            )
            {
                return (
                    TrafficVerdict.NoAnswer,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"nothing comes in at {was.Name} of {facts.Unit}: {now.Received} packets in {window.Seconds:F1} s while "
                            + $"{now.Sent} were sent there; {facts.Before.Unit} received {was.ReceivedPerSecond:#,0} a second there"
                    )
                );
            }

            var othersBefore = facts.Before.Interfaces.Where(each => each.Name != was.Name).Sum(each => each.ReceivedSteady);
            var sends = was.SentSteady < ForwardingJudge.SteadyMin || now.Sent >= SilentShare * was.SentSteady * window.Seconds;
            if (!sends && othersBefore >= ForwardingJudge.SteadyMin && others >= 0.2 * othersBefore * window.Seconds)
            {
                var dropped =
                    now.SendLost > 0
                        ? LossRules.Words(LossCauses.Send, was.Name)
                        : "a rule or queue at its way out (nft hook egress, tc), or its driver, keeps them";
                return (
                    TrafficVerdict.NothingForwarded,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"nothing leaves by {was.Name} of {facts.Unit}: {now.Sent} packets in {window.Seconds:F1} s while {others} "
                            + $"came in elsewhere; {facts.Before.Unit} sent {was.SentPerSecond:#,0} a second: {dropped}"
                    )
                );
            }
        }

        return null;
    }

    /// <summary>New connections get no answer, where the former primary's did: since the switch, or of late.</summary>
    private static (TrafficVerdict Verdict, string Text)? Unanswered(in Facts facts, ForwardingInterval window)
    {
        if (facts.Before.AnsweredShare is not { } was || was < 0.5 || facts.Before.NewSessionsPerSecond < 2)
        {
            return null;
        }

        foreach (var seen in (ReadOnlySpan<ForwardingInterval?>)[facts.All, facts.Age > LateWindow ? window : null])
        {
            if (seen is null || seen.Made < (seen.Seconds < 2 ? 10 : 5) || seen.Answered >= SilentShare * was * seen.Made)
            {
                continue;
            }

            if (seen.Left < SilentShare * seen.Wanted)
            {
                return Outage(facts, seen, $"{seen.Made} new connections, {seen.Answered} answered");
            }
            else
            {
                return (
                    TrafficVerdict.NoAnswer,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"new connections through {facts.Unit} get no answer: {seen.Answered} of {seen.Made} were answered; through "
                            + $"{facts.Before.Unit} {was:P0} were"
                    )
                );
            }
        }

        return null;
    }

    /// <summary>
    /// What the kernel names is the cause from the first packet on (hosts stop when they are told); what it does not name may be a stray
    /// one.
    /// </summary>
    private static long LeastOf(string cause) => cause is LossCauses.Vanished or LossCauses.Refused ? 3 : 0;

    /// <summary>The cause is what the kernel counted most of what did not leave.</summary>
    private static (TrafficVerdict Verdict, string Text) Outage(in Facts facts, ForwardingInterval seen, string held)
    {
        (string Cause, long Count)[] causes =
        [
            (LossCauses.NoRoute, seen.NoRoute),
            (LossCauses.NotForwarding, seen.NotForwarding),
            (LossCauses.ReversePath, seen.ReversePath),
            (LossCauses.Refused, seen.Refused),
            (LossCauses.Vanished, seen.Vanished),
        ];
        var (before, seconds) = (facts.Before, seen.Seconds);

        // What was lost all the time is not the cause.
        bool Counts(string cause, long count) =>
            count > 1.5 * seconds * (before.Losses.FirstOrDefault(loss => loss.Cause == cause)?.PerSecond ?? 0);
        var most = causes
            .Select(cause => cause.Count > LeastOf(cause.Cause) && Counts(cause.Cause, cause.Count) ? cause : cause with { Count = 0 })
            .MaxBy(cause => cause.Count);
        var (verdict, why) = most switch
        {
            (LossCauses.Vanished, _) or (_, 0) when Counts(LossCauses.Unreachable, seen.Unreachables) => (
                TrafficVerdict.Unreachable,
                LossRules.Words(LossCauses.Unreachable, null)
            ),
            (_, 0) => (TrafficVerdict.NothingForwarded, "no packet to be forwarded arrives"),
            (LossCauses.NoRoute, _) => (TrafficVerdict.NoRoute, LossRules.Words(LossCauses.NoRoute, null)),
            _ => (TrafficVerdict.NothingForwarded, LossRules.Words(most.Cause, null)),
        };
        return (
            verdict,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{facts.Unit} forwards nothing {(facts.Carried ? "any more" : "since the switch")} ({held}): "
                    + $"{why}{(most.Count > 0 ? $", {most.Count} packets" : "")}"
            )
        );
    }
}
