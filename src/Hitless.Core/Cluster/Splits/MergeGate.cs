namespace Hitless.Core.Cluster.Splits;

/// <summary>
/// Sessions that were born here during a split, or before a claim ended: the primary's table must not be taken before it has them, since
/// what it does not know is removed then.
/// </summary>
internal sealed class MergeGate
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private TimeSpan until = TimeSpan.MinValue;

    /// <summary>There may be some that the primary does not have.</summary>
    public bool Unmerged { get; private set; }

    /// <summary>There may be some from now on, or (false) there are none.</summary>
    public void Note(bool unmerged) => Unmerged = unmerged;

    /// <summary>A primary is there: whether they are to be sent to it now, for the first time.</summary>
    public bool TakeStart(TimeSpan now)
    {
        if (!Unmerged || until != TimeSpan.MinValue)
        {
            return false;
        }

        until = now + Timeout;
        return true;
    }

    /// <summary>Whether they are still on their way. If not, none are left.</summary>
    public bool IsOpen(TimeSpan now)
    {
        if (Unmerged && now < until)
        {
            return true;
        }

        End();
        return false;
    }

    /// <summary>This unit is primary, or all is merged: none are left.</summary>
    public void End() => (Unmerged, until) = (false, TimeSpan.MinValue);
}
