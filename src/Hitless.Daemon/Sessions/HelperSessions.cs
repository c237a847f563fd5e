using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// Sessions that a helper reads along, on the unit that carries traffic. Two things the kernel does not tell in time: it tells an
/// expectation before the session that announced it, if that is its first packet; and it tells no shift of sequence numbers at all. So
/// expectations wait a moment, and shifts are looked up: with each expectation, a few times a second, and before a planned switch.
/// </summary>
internal sealed class HelperSessions(ConntrackTable table)
{
    private const int LookedUpPerRound = 256;
    private static readonly TimeSpan ExpectationDelay = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan RoundInterval = TimeSpan.FromMilliseconds(250);
    private readonly Queue<(SessionExpectation Expectation, bool Ended, TimeSpan Due)> waiting = new();
    private readonly Dictionary<SessionKey, (SequenceAdjustment Original, SequenceAdjustment Reply)> shifts = [];
    private readonly Queue<SessionKey> turns = new();
    private TimeSpan roundAt;

    /// <summary>When <see cref="OnTime"/> wants to be called next.</summary>
    public TimeSpan NextDeadline =>
        waiting.TryPeek(out var first) ? first.Due
        : shifts.Count > 0 ? roundAt
        : TimeSpan.MaxValue;

    /// <summary>An entry was told. Only TCP has sequence numbers, and only translation changes lengths.</summary>
    public void OnUpdated(in SessionRecord record)
    {
        if (
            !record.Helper.IsEmpty
            && record.Key.Protocol == Protocols.Tcp
            && record.HasNat
            && shifts.TryAdd(record.Key, (record.AdjustOriginal, record.AdjustReply))
        )
            turns.Enqueue(record.Key);
    }

    /// <summary>An entry has ended.</summary>
    public void OnDeleted(in SessionKey key) => shifts.Remove(key);

    /// <summary>The kernel has told an expectation.</summary>
    public void OnExpected(in SessionExpectation expectation, bool ended, TimeSpan now) =>
        waiting.Enqueue((expectation, ended, now + ExpectationDelay));

    /// <summary>Tells what has waited long enough, and looks some shifts up.</summary>
    public void OnTime(TimeSpan now, SessionExchange exchange, ISessionEffects effects)
    {
        while (waiting.TryPeek(out var first) && first.Due <= now)
            Tell(waiting.Dequeue(), exchange, effects);
        if (now < roundAt)
            return;
        roundAt = now + RoundInterval;
        LookUp(LookedUpPerRound, exchange, effects);
    }

    /// <summary>Tells all of it now.</summary>
    public void TellAll(SessionExchange exchange, ISessionEffects effects)
    {
        while (waiting.TryDequeue(out var each))
            Tell(each, exchange, effects);
        LookUp(int.MaxValue, exchange, effects);
    }

    /// <summary>This unit carries no traffic any more.</summary>
    public void Clear()
    {
        waiting.Clear();
        shifts.Clear();
        turns.Clear();
    }

    private void Tell((SessionExpectation Expectation, bool Ended, TimeSpan Due) each, SessionExchange exchange, ISessionEffects effects)
    {
        if (!each.Ended)
            LookUp(each.Expectation.Parent, exchange, effects);
        exchange.OnExpected(each.Expectation, each.Ended, effects);
    }

    private void LookUp(int limit, SessionExchange exchange, ISessionEffects effects)
    {
        for (var left = Math.Min(limit, turns.Count); left > 0; left--)
        {
            var key = turns.Dequeue();
            if (!shifts.ContainsKey(key))
                continue;
            LookUp(key, exchange, effects);
            turns.Enqueue(key);
        }
    }

    private void LookUp(in SessionKey key, SessionExchange exchange, ISessionEffects effects)
    {
        if (
            !shifts.TryGetValue(key, out var known)
            || !table.TryGet(key, out var record)
            || known == (record.AdjustOriginal, record.AdjustReply)
        )
            return;
        shifts[key] = (record.AdjustOriginal, record.AdjustReply);
        exchange.OnUpdated(record, effects);
    }
}
