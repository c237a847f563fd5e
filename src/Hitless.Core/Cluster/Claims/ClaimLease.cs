namespace Hitless.Core.Cluster.Claims;

/// <summary>
/// How long the claim in the kernel stands, and when it is renewed (docs/decisions/0020).
/// <code>
///   Begin ──▶ renewed with every heartbeat while it is fresh
///                 │ fresh no more
///                 ▼
///             listens for an interval, then renewed and fresh again
///   nobody renews it ──▶ over
/// </code>
/// </summary>
internal sealed class ClaimLease(ClusterOptions options)
{
    private TimeSpan until = TimeSpan.MaxValue;
    private TimeSpan renewedAt;
    private TimeSpan renewedBefore;
    private TimeSpan freshUntil = TimeSpan.MaxValue;
    private TimeSpan? listensUntil;
    private TimeSpan settledAt;

    /// <summary>This unit claims.</summary>
    public void Begin() => freshUntil = TimeSpan.MaxValue;

    /// <summary>The claim of a daemon before this one stands: this one has its peers' patience for a while.</summary>
    public void Resume(TimeSpan now) => settledAt = now + options.RestartHold / 2;

    /// <summary>
    /// Whether the claim is to be renewed now, and for how long. It expires while somebody would take over, and who is there would, ready
    /// or not: a lone primary that freezes forwards on, and a daemon that was just restarted has its peers' patience.
    /// </summary>
    public bool TryRenew(TimeSpan now, bool alone, TimeSpan lateness, out ClaimTerm term)
    {
        term =
            alone ? ClaimTerm.Lasting
            : now < settledAt ? ClaimTerm.Restart
            : options.LeaseOf(lateness);
        if (Listens(now, term))
        {
            return false;
        }

        until = options.TimeOf(term) is { } time ? now + time : TimeSpan.MaxValue;
        (renewedBefore, renewedAt) = (renewedAt, now);
        return true;
    }

    /// <summary>The kernel has ended it by <paramref name="now"/>.</summary>
    public bool IsOver(TimeSpan now) => now >= until;

    /// <summary>The kernel found it over when it was to be renewed.</summary>
    public void Lose(TimeSpan now) => until = now;

    /// <summary>There is no claim any more.</summary>
    public void End() => until = TimeSpan.MaxValue;

    /// <summary>Since when it was not renewed; <paramref name="byKernel"/>: the last renewal found it over.</summary>
    public TimeSpan SinceRenewal(TimeSpan now, bool byKernel) => now - (byKernel ? renewedBefore : renewedAt);

    /// <summary>
    /// A claim that is fresh no more is renewed an interval later: should there be a successor, its announcement must still find the claim
    /// as it is, and its heartbeat comes meanwhile. The claim itself stands much longer.
    /// </summary>
    private bool Listens(TimeSpan now, ClaimTerm term)
    {
        if (now < freshUntil || now >= listensUntil || term == ClaimTerm.Lasting)
        {
            freshUntil = now + options.ClaimFresh;
            listensUntil = null;
            return false;
        }

        listensUntil ??= now + options.Interval;
        return true;
    }
}
