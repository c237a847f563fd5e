namespace Hitless.Core.Cluster;

/// <summary>
/// Which misses of a probe say nothing of its target: where the end of the wait itself came late, this unit was not scheduled, and the
/// answer may have come to nobody. A unit that is late each time must not stay blind, so only a few in a row are passed over.
/// </summary>
public struct LateMisses
{
    private const double OnTime = 1.25;
    private const int PassedOverMax = 5;
    private int inARow;

    /// <summary>Whether a question that <paramref name="took"/> so long counts.</summary>
    /// <param name="answered">The target has answered well.</param>
    /// <param name="took">From the question to its end.</param>
    /// <param name="patience">How long it was to be waited for an answer.</param>
    public bool Counts(bool answered, TimeSpan took, TimeSpan patience)
    {
        inARow = !answered && took > patience * OnTime ? inARow + 1 : 0;
        return inARow is 0 or > PassedOverMax;
    }
}
