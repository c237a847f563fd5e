namespace Hitless.Core.Cluster.Membership;

/// <summary>
/// The largest duration that was seen, which fades in a straight line to nothing within <paramref name="memory"/>. Not to be copied.
/// </summary>
internal struct FadingPeak(TimeSpan memory)
{
    private TimeSpan peak;
    private TimeSpan seenAt;

    /// <summary>What is left of it.</summary>
    public readonly TimeSpan At(TimeSpan now) =>
        peak == TimeSpan.Zero || now - seenAt >= memory ? TimeSpan.Zero : peak * (1 - ((now - seenAt) / memory));

    /// <summary>Takes note of <paramref name="duration"/>, if it is more than what is left.</summary>
    public void Note(TimeSpan duration, TimeSpan now)
    {
        if (duration > At(now))
        {
            (peak, seenAt) = (duration, now);
        }
    }
}
