namespace Hitless.Core.Cluster.Membership;

/// <summary>
/// A unit's hold, and what is left of its time. The time runs while the unit's daemon runs, by its monotonic clock: a clock that is set
/// does not end a hold, and a machine that was switched off for the night comes back held. What is left is kept on disk once a minute.
/// </summary>
public sealed class HoldClock
{
    private static readonly TimeSpan KeepInterval = TimeSpan.FromMinutes(1);
    private UnitHold? hold;
    private TimeSpan since;
    private TimeSpan keepAt = TimeSpan.MaxValue;

    /// <summary>The unit is held.</summary>
    public bool Stands => hold is not null;

    /// <summary>Why; empty while it does not stand.</summary>
    public string Reason => hold?.Reason ?? "";

    /// <summary>When something of it is due; the far future: never.</summary>
    public TimeSpan NextDeadline => hold?.Remaining is { } time && since + time < keepAt ? since + time : keepAt;

    /// <summary>The hold as it stands at <paramref name="now"/>; null: the unit is not held.</summary>
    public UnitHold? At(TimeSpan now) =>
        hold is { Remaining: { } time } ? hold with { Remaining = since + time > now ? since + time - now : TimeSpan.Zero } : hold;

    /// <summary>Its time is over.</summary>
    public bool IsOver(TimeSpan now) => hold?.Remaining is { } time && now >= since + time;

    /// <summary>Begins, or takes the place of the one that stands.</summary>
    public void Begin(UnitHold next, TimeSpan now)
    {
        (hold, since) = (next, now);
        keepAt = next.Remaining is null ? TimeSpan.MaxValue : now + KeepInterval;
    }

    /// <summary>The unit is held no longer.</summary>
    public void End() => (hold, keepAt) = (null, TimeSpan.MaxValue);

    /// <summary>Whether what is left has to be kept on disk anew.</summary>
    public bool TakeKeep(TimeSpan now)
    {
        if (now < keepAt)
        {
            return false;
        }

        keepAt = now + KeepInterval;
        return true;
    }
}
