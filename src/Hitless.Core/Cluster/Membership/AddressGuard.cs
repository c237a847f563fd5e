using Hitless.Core.Wire;

namespace Hitless.Core.Cluster.Membership;

/// <summary>
/// Keeps a unit from claiming addresses that a unit speaks for which it cannot understand: one with another cluster key, or one that is not
/// heard at all (docs/decisions/0042). The network itself is
/// asked who has the addresses; only an answer from our own virtual MAC counts, since only a unit of this cluster speaks with it.
/// <code>
///   alone (some unit of the cluster was not heard since the start): asks while it listens, and waits as long as it is answered;
/// heartbeats that its key does not open make it listen StrangerPatience longer, and the one with the lesser id twice as long:
///                                                            two that start together with different keys do not both claim
/// in the cluster, the primary is gone: asks only while heartbeats that bear the primary's id, and that our key does not open, come; waits
/// for QuestionTime, and as long as it is answered
/// </code>
/// Where there is nothing to ask for (no IPv4 address), a unit that is alone waits as long as such heartbeats come. So without the key
/// nobody mutes a primary, or a standby for longer than QuestionTime, unless it already speaks with the virtual MAC in our networks.
/// </summary>
public sealed class AddressGuard(UnitId self, bool canAsk)
{
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan AskIntervalLater = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan QuestionTime = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan AnswerMemory = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StrangerMemory = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StrangerPatience = TimeSpan.FromSeconds(3);
    private TimeSpan answeredAt = TimeSpan.MinValue;
    private TimeSpan strangerAt = TimeSpan.MinValue;
    private TimeSpan strangerSince;
    private UnitId stranger;
    private TimeSpan askedAt = TimeSpan.MinValue;
    private TimeSpan askedSince;
    private TimeSpan blockedAt = TimeSpan.MinValue;

    /// <summary>Our virtual MAC has answered for one of our addresses: somebody is primary.</summary>
    public void Answered(TimeSpan now) => answeredAt = now;

    /// <summary>
    /// A heartbeat of our group came on a heartbeat link that our key does not open; <paramref name="unit"/> is the id that it bears in
    /// clear text.
    /// </summary>
    public void StrangerHeard(UnitId unit, TimeSpan now)
    {
        strangerSince = Within(strangerAt, StrangerMemory, now) ? strangerSince : now;
        (stranger, strangerAt) = (unit, now);
    }

    /// <summary>
    /// Whether a claim has to wait. <paramref name="alone"/>: this unit has just started, and did not hear every other one yet;
    /// <paramref name="former"/>: the primary that is gone, if there was one. <paramref name="ask"/>: ask the network now.
    /// </summary>
    public bool Blocks(bool alone, UnitId former, TimeSpan now, out bool ask)
    {
        var hasStranger = Within(strangerAt, StrangerMemory, now) && (alone || (former != UnitId.None && stranger == former));
        var interval = now - askedSince < AnswerMemory ? AskInterval : AskIntervalLater;
        ask = (alone || hasStranger) && !Within(askedAt, interval, now);
        if (!alone && !hasStranger)
        {
            return false;
        }

        askedSince = Within(askedAt, AnswerMemory, now) ? askedSince : now;
        askedAt = ask ? now : askedAt;
        var patience = self < stranger ? StrangerPatience * 2 : StrangerPatience;
        var blocks =
            Within(answeredAt, AnswerMemory, now)
            || now - askedSince < QuestionTime
            || (alone && hasStranger && (!canAsk || now - strangerSince < patience));
        blockedAt = blocks && (hasStranger || Within(answeredAt, AnswerMemory, now)) ? now : blockedAt;
        return blocks;
    }

    /// <summary>Why a claim waits, and what to do; null while none does.</summary>
    public string? ProblemAt(TimeSpan now) =>
        !Within(blockedAt, StrangerMemory, now) ? null
        : Within(strangerAt, StrangerMemory, now)
            ? "another unit speaks for the virtual addresses, and its heartbeats do not fit our cluster key: this unit stays mute; "
                + "copy cluster.key from the primary to this unit and restart hitlessd"
        : "another unit speaks for the virtual addresses with our virtual MAC, and no heartbeat of it comes: this unit stays mute; "
            + "look at the heartbeat links, and at cluster.key and cluster.group on both units";

    private static bool Within(TimeSpan since, TimeSpan time, TimeSpan now) => since != TimeSpan.MinValue && now - since < time;
}
