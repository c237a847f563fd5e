using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// <c>sessions.pickup.delay</c>: sessions that are younger are not told yet. Most sessions are short, so a delay saves most of the work; a
/// planned switch tells the young ones too.
/// </summary>
internal sealed class YoungSessions(TimeSpan delay, ConntrackTable table)
{
    private readonly HashSet<SessionKey> young = [];
    private readonly Queue<(SessionKey Key, TimeSpan Due)> queue = new();

    /// <summary>When <see cref="OnTime"/> wants to be called next.</summary>
    public TimeSpan NextDeadline => queue.TryPeek(out var first) ? first.Due : TimeSpan.MaxValue;

    /// <summary>True when the session is not to be told yet.</summary>
    public bool Holds(in SessionRecord record, TimeSpan now)
    {
        if (delay == TimeSpan.Zero)
            return false;
        if (record.IsNew && young.Add(record.Key))
            queue.Enqueue((record.Key, now + delay));
        return young.Contains(record.Key);
    }

    /// <summary>True when the session is known to be too young.</summary>
    public bool Contains(in SessionKey key) => young.Contains(key);

    /// <summary>True when the session ended young: nobody was told of it.</summary>
    public bool EndsYoung(in SessionKey key) => delay != TimeSpan.Zero && young.Remove(key);

    /// <summary>Tells the sessions that are old enough; at <see cref="TimeSpan.MaxValue"/> all.</summary>
    public void OnTime(TimeSpan now, SessionExchange exchange, ISessionEffects effects)
    {
        while (queue.TryPeek(out var first) && first.Due <= now)
        {
            queue.Dequeue();
            if (young.Remove(first.Key) && table.TryGet(first.Key, out var record))
                exchange.OnUpdated(record with { IsNew = true }, effects);
        }
    }

    /// <summary>This unit carries no traffic any more.</summary>
    public void Clear()
    {
        young.Clear();
        queue.Clear();
    }
}
