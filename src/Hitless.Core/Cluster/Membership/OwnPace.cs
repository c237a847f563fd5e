namespace Hitless.Core.Cluster.Membership;

/// <summary>How late this unit's own loop comes: what it did not hear while it stood still proves nothing.</summary>
internal sealed class OwnPace
{
    /// <summary>A wake that is later by no more than this is no stall.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan StallMemory = TimeSpan.FromSeconds(2);
    private readonly ClusterOptions options;
    private LearnedPeak lateness;
    private TimeSpan wantedAt = TimeSpan.MaxValue;
    private TimeSpan longestStall;
    private TimeSpan stalledAt = TimeSpan.MinValue;

    /// <summary>A unit that starts at <paramref name="now"/>.</summary>
    public OwnPace(ClusterOptions options, TimeSpan now)
    {
        this.options = options;
        LastStep = now;
        lateness = new LearnedPeak(options);
        lateness.Note(options.LatenessAtStart, now);
        lateness.Begin(now);
    }

    /// <summary>When the machine was stepped last.</summary>
    public TimeSpan LastStep { get; private set; }

    /// <summary>How late it has come by now, summed.</summary>
    public TimeSpan Lateness { get; private set; }

    /// <summary>Until then everybody is granted some more time.</summary>
    public TimeSpan GraceUntil { get; private set; }

    /// <summary>The longest that it came late, as far as that is not forgotten.</summary>
    public TimeSpan LatenessAt(TimeSpan now) => lateness.At(now);

    /// <summary>
    /// The machine is stepped. A unit that was not scheduled for a while has missed heartbeats for a reason of its own: it grants everybody
    /// one more interval. True if it comes <paramref name="late"/>.
    /// </summary>
    public bool Wake(TimeSpan now, out TimeSpan late)
    {
        if (now - LastStep > options.Silence / 2)
        {
            GraceUntil = now + options.Interval;
        }

        late = now > wantedAt ? now - wantedAt : TimeSpan.Zero;
        if (now <= wantedAt)
        {
            return false;
        }

        Lateness += late;

        // Far beyond every limit it was a suspended machine, or a debugger's: that tells of no pace.
        if (late < options.LatenessMax * 2)
        {
            lateness.Note(late < options.LatenessMax ? late : options.LatenessMax, now);
        }

        if (late > longestStall || IsForgotten(now))
        {
            (longestStall, stalledAt) = (late, now);
        }

        return true;
    }

    /// <summary>The step is done.</summary>
    public void Rest(TimeSpan now) => LastStep = now;

    /// <summary>The next step is wanted at <paramref name="deadline"/>.</summary>
    public void Expect(TimeSpan deadline) => wantedAt = deadline > LastStep + Tolerance ? deadline : LastStep + Tolerance;

    /// <summary>The longest stall of late, if a machine may stand still for so long without being gone; null: there was none.</summary>
    public TimeSpan? StallAt(TimeSpan now) => !IsForgotten(now) && longestStall < options.StallPatience ? longestStall : null;

    private bool IsForgotten(TimeSpan now) => stalledAt == TimeSpan.MinValue || now - stalledAt >= StallMemory;
}
