namespace Hitless.Core.Cluster.Claims;

/// <summary>
/// When a primary announces itself: after a claim at growing distances, then again and again to keep the switches' entries alive.
/// </summary>
internal sealed class AnnouncementTimes
{
    private static readonly TimeSpan[] After = [.. new[] { 5, 20, 75, 400, 1500 }.Select(ms => TimeSpan.FromMilliseconds(ms))];
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private int made;

    /// <summary>When the next one is due; the far future: never.</summary>
    public TimeSpan Next { get; private set; } = TimeSpan.MaxValue;

    /// <summary>The first one is due at <paramref name="at"/>.</summary>
    public void Begin(TimeSpan at) => Next = at;

    /// <summary>Somebody may have learned something else meanwhile: the distances begin again.</summary>
    public void Restart() => made = 0;

    /// <summary>One is made now.</summary>
    public void Made(TimeSpan now)
    {
        Next = now + (made < After.Length ? After[made] : Interval);
        made++;
    }

    /// <summary>The addresses are somebody else's.</summary>
    public void End() => Next = TimeSpan.MaxValue;
}
