namespace Hitless.Core.Cluster.Switching;

/// <summary>Until when a primary stays what it is although the rules would have another: each change leaves the cluster calmer.</summary>
internal sealed class SwitchPauses(ClusterOptions options)
{
    private TimeSpan quietUntil;
    private TimeSpan calmUntil;
    private TimeSpan retryAfter;
    private TimeSpan flipUntil = TimeSpan.MinValue;
    private TimeSpan probesSince;
    private TimeSpan raiseAfter;

    /// <summary>A new primary lets the others settle; <paramref name="calm"/>: so long it stays for all but a port that falls.</summary>
    public void Claimed(TimeSpan now, TimeSpan calm) => (quietUntil, calmUntil) = (now + options.RetryDelay, now + calm);

    /// <summary>Primary on after a restart of its daemon.</summary>
    public void Resumed(TimeSpan now) => quietUntil = now + options.RetryDelay;

    /// <summary>However lately this unit became primary, a better one goes on.</summary>
    public void PortFell(TimeSpan now) => quietUntil = now;

    /// <summary>After an offer that nobody took up it waits, whatever falls.</summary>
    public void OfferWithdrawn(TimeSpan now) => retryAfter = now + options.RetryDelay;

    /// <summary>FortiOS's flip timeout: probe targets that come and go must not throw the traffic from unit to unit.</summary>
    public void TakenForProbes(TimeSpan now) => flipUntil = now + options.FlipGuard;

    /// <summary>What failing probes cost has changed.</summary>
    public void ProbesChanged(TimeSpan now) => probesSince = now;

    /// <summary>The epoch was raised above one that only others hear; not again at once, while both would race.</summary>
    public void EpochRaised(TimeSpan now) => raiseAfter = now + options.RetryDelay;

    /// <summary>Something may be done at all.</summary>
    public bool MayMove(TimeSpan now) => now >= quietUntil && now >= retryAfter;

    /// <summary>What is no failure of a port waits the longer the more changes there were of late.</summary>
    public bool IsCalm(TimeSpan now) => now >= calmUntil;

    /// <summary>Probes have failed for long enough, and not too soon after a switch for the same reason.</summary>
    public bool MayMoveForProbes(TimeSpan now) => now >= flipUntil && IsCalm(now) && now - probesSince >= options.ProbeSettle;

    /// <summary>The epoch may be raised.</summary>
    public bool MayRaise(TimeSpan now) => now >= raiseAfter;
}
