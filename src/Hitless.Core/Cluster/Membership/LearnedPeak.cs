namespace Hitless.Core.Cluster.Membership;

/// <summary>
/// The largest duration that was seen, kept apart by when: what a process sees while it or the other one starts tells of a start (tables
/// are made, files are read, every thread of the machine wants its processors), and is forgotten soon after it. Not to be copied.
/// </summary>
internal struct LearnedPeak(ClusterOptions options)
{
    private FadingPeak lasting = new(options.SilenceMemory);
    private FadingPeak ofStart = new(options.StartMemory);
    private TimeSpan startsUntil;

    /// <summary>What is left of it.</summary>
    public readonly TimeSpan At(TimeSpan now)
    {
        var (kept, soonGone) = (lasting.At(now), ofStart.At(now));
        return kept > soonGone ? kept : soonGone;
    }

    /// <summary>A start begins now.</summary>
    public void Begin(TimeSpan now) => startsUntil = now + options.StartTime;

    /// <summary>Takes note of <paramref name="duration"/>.</summary>
    public void Note(TimeSpan duration, TimeSpan now)
    {
        if (now < startsUntil)
        {
            ofStart.Note(duration, now);
        }
        else
        {
            lasting.Note(duration, now);
        }
    }
}
