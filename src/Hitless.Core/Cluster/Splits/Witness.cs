namespace Hitless.Core.Cluster.Splits;

/// <summary>
/// A third host that both sides of a split ask (docs/decisions/0024). No answer since the others were missed means that it is this unit
/// that is cut off; a witness that was gone before has no say.
/// </summary>
internal sealed class Witness(ClusterOptions options)
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(500);
    private TimeSpan answeredAt = TimeSpan.MinValue;

    /// <summary>It has answered.</summary>
    public void Answered(TimeSpan now) => answeredAt = now;

    /// <summary>Whether a unit that misses the primary since <paramref name="since"/> may take over.</summary>
    public bool Allows(TimeSpan since, TimeSpan now) => !options.HasWitness || answeredAt >= since || WasGone(since, now);

    /// <summary>Whether a primary that lost every other unit at <paramref name="lostAt"/> lost the witness in the same moment.</summary>
    public bool IsLostToo(TimeSpan lostAt, TimeSpan now) =>
        options.HasWitness && lostAt != TimeSpan.MinValue && now - lostAt >= Timeout && answeredAt < lostAt && !WasGone(lostAt, now);

    private bool WasGone(TimeSpan since, TimeSpan now) => answeredAt == TimeSpan.MinValue || now - answeredAt >= Memory + (now - since);
}
