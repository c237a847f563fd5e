using Hitless.Core.Api;

namespace Hitless.Core.Configuration;

/// <summary>What to do with another unit's head.</summary>
public enum MergeVerdict
{
    /// <summary>Both have the same head.</summary>
    Same,

    /// <summary>Theirs goes on from ours: take it, nothing is lost.</summary>
    FastForward,

    /// <summary>Ours goes on from theirs: they have to take ours.</summary>
    TheyAreBehind,

    /// <summary>Both went their own way and theirs wins: take it, keep ours as a branch.</summary>
    TheirsWins,

    /// <summary>Both went their own way and ours wins: they keep theirs as a branch.</summary>
    OursWins,
}

/// <summary>
/// Which of two heads wins, so that every unit that looks at the same two comes to the same answer: what goes on from the other
/// wins; else what an operator committed wins over what was only found on disk (a unit with factory settings never overwrites);
/// else the higher epoch, then the higher number, then the higher hash.
/// </summary>
public static class RevisionMerge
{
    /// <summary>
    /// Compares our trunk with theirs; each is oldest first and ends in its head, and is empty for a unit that has nothing yet.
    /// </summary>
    public static MergeVerdict Compare(IReadOnlyList<RevisionInfo> ours, IReadOnlyList<RevisionInfo> theirs)
    {
        if (theirs.Count == 0)
        {
            return ours.Count == 0 ? MergeVerdict.Same : MergeVerdict.TheyAreBehind;
        }

        if (ours.Count == 0 || Contains(theirs, ours[^1]))
        {
            return ours.Count > 0 && ours[^1].Hash == theirs[^1].Hash ? MergeVerdict.Same : MergeVerdict.FastForward;
        }

        if (Contains(ours, theirs[^1]))
        {
            return MergeVerdict.TheyAreBehind;
        }

        return Order(theirs[^1], ours[^1]) > 0 ? MergeVerdict.TheirsWins : MergeVerdict.OursWins;
    }

    /// <summary>Above zero if <paramref name="a"/> wins over <paramref name="b"/>, neither going on from the other.</summary>
    public static int Order(RevisionInfo a, RevisionInfo b)
    {
        var (committedA, committedB) = (a.Parent is not null, b.Parent is not null);
        return committedA != committedB ? committedA.CompareTo(committedB)
            : a.Epoch != b.Epoch ? a.Epoch.CompareTo(b.Epoch)
            : a.Number != b.Number ? a.Number.CompareTo(b.Number)
            : string.CompareOrdinal(a.Hash, b.Hash);
    }

    /// <summary>The name under which a loser is kept: <c>lost-&lt;epoch&gt;-&lt;number&gt;-&lt;hash&gt;</c>.</summary>
    public static string BranchName(RevisionInfo loser, string kind = "lost") => $"{kind}-{loser.Epoch}-{loser.Number}-{loser.Hash[..8]}";

    private static bool Contains(IReadOnlyList<RevisionInfo> trunk, RevisionInfo head) => trunk.Any(r => r.Hash == head.Hash);
}
