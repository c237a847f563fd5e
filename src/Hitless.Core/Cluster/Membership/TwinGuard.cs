using Hitless.Core.Wire;

namespace Hitless.Core.Cluster.Membership;

/// <summary>
/// Another unit with this unit's id: a cloned machine (docs/decisions/0042). Two of one id would be two primaries of one epoch, so the one
/// that came later stays mute.
/// <code>
///   heard, names not our incarnation ──▶ only echoed: it may be a recording of a former start of ours
///   heard, names our incarnation     ──▶ proven: it is there now
///        only it has a role          ──▶ yield
///        both have a role            ──▶ the younger yields; should both think that they are the older, the lesser tag after BothTimeout
///        neither has                 ──▶ the lesser tag yields
///   silent for Memory                ──▶ as if it had never been there
/// </code>
/// </summary>
public sealed class TwinGuard(IncarnationTag ownTag)
{
    /// <summary>So long it is remembered: longer than a restart of its daemon takes.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan BothTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AgeMargin = TimeSpan.FromSeconds(5);
    private TimeSpan provenAt = TimeSpan.MinValue;
    private TimeSpan bothSince = TimeSpan.MinValue;

    /// <summary>The tag of the incarnation that was heard last. It is echoed, so that the other one has its proof too.</summary>
    public IncarnationTag Tag { get; private set; }

    /// <summary>When that was heard.</summary>
    public TimeSpan HeardAt { get; private set; }

    /// <summary>The name that it has.</summary>
    public string Name { get; private set; } = "";

    /// <summary>This unit is the one that came later: it stays mute.</summary>
    public bool Yields { get; private set; }

    /// <summary>It is proven, and was heard of late.</summary>
    public bool IsThere(TimeSpan now) => provenAt != TimeSpan.MinValue && now - provenAt < Memory;

    /// <summary>
    /// An authentic heartbeat with our own id came from the incarnation <paramref name="tag"/>. <paramref name="proven"/>: it names ours.
    /// <paramref name="hasRole"/>, <paramref name="age"/>: of this unit.
    /// </summary>
    /// <returns>Whether it is proven for the first time since it was last forgotten.</returns>
    public bool Heard(IncarnationTag tag, Heartbeat heartbeat, bool proven, bool hasRole, TimeSpan age, TimeSpan now)
    {
        (Tag, HeardAt) = (tag, now);
        if (!proven)
        {
            return false;
        }

        var news = !IsThere(now);
        provenAt = now;
        Name = heartbeat.Name;
        Judge(tag, heartbeat, hasRole, age, now);
        return news;
    }

    /// <summary>Time has passed: one that is gone holds nobody up.</summary>
    public void OnTime(TimeSpan now)
    {
        if (Yields && !IsThere(now))
        {
            Yields = false;
        }
    }

    private void Judge(IncarnationTag tag, Heartbeat heartbeat, bool hasRole, TimeSpan age, TimeSpan now)
    {
        var lesser = ownTag < tag;
        if (heartbeat.Role == UnitRole.None || !hasRole)
        {
            bothSince = TimeSpan.MinValue;
            Yields = heartbeat.Role != UnitRole.None || (!hasRole && lesser);
            return;
        }

        bothSince = bothSince == TimeSpan.MinValue ? now : bothSince;
        var difference = age - heartbeat.Age;
        var younger = difference.Duration() < AgeMargin ? lesser : difference < TimeSpan.Zero;
        Yields = younger || (lesser && now - bothSince >= BothTimeout);
    }
}
