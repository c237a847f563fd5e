using Hitless.Core.Wire;

namespace Hitless.Core.Balance;

/// <summary>
/// Which unit gets which bucket. Shares go by weight, to within one bucket; of all ways to reach them the one with the fewest moves is
/// taken: a unit that leaves gives away its own buckets and no other moves, one that joins takes its share and no bucket goes from one of
/// the others to another. Which buckets those are, and where those of a unit that is gone go (their second choice), is chosen by rendezvous
/// hashing, so it does not depend on the order of events. Values only.
/// </summary>
public static class BucketAssignment
{
    /// <summary>How many buckets there are.</summary>
    public const int Buckets = BucketHash.Buckets;

    /// <summary>
    /// The owners that are wanted, when those of now are <paramref name="now"/> (who is not among <paramref name="units"/> is nobody).
    /// <paramref name="units"/>: at least one; weights are at least 1.
    /// </summary>
    public static UnitId[] Assign(ReadOnlySpan<UnitId> now, IReadOnlyList<BalanceShare> units)
    {
        var next = now.ToArray();
        var held = new int[units.Count];
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            var at = IndexOf(units, next[bucket]);
            next[bucket] = at < 0 ? default : next[bucket];
            held[at < 0 ? 0 : at] += at < 0 ? 0 : 1;
        }

        var quota = Quotas(units, held);
        for (var at = 0; at < units.Count; at++)
        {
            GiveUp(next, units[at].Unit, held[at] - quota[at]);
            held[at] = Math.Min(held[at], quota[at]);
        }

        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            if (next[bucket] == default)
            {
                var best = -1;
                for (var at = 0; at < units.Count; at++)
                {
                    var mayTake = held[at] < quota[at];
                    best = mayTake && (best < 0 || Score(bucket, units[at].Unit) > Score(bucket, units[best].Unit)) ? at : best;
                }

                next[bucket] = units[best].Unit;
                held[best]++;
            }
        }

        return next;
    }

    /// <summary>
    /// How many buckets each unit is to have; their sum is <see cref="Buckets"/>. Of those with the same claim to one more, whoever has
    /// more now gets it: a share that was rounded up does not wander.
    /// </summary>
    private static int[] Quotas(IReadOnlyList<BalanceShare> units, int[] held)
    {
        var weights = units.Sum(unit => (long)unit.Weight);
        var quota = units.Select(unit => (int)(Buckets * unit.Weight / weights)).ToArray();
        var rest = Enumerable
            .Range(0, units.Count)
            .OrderByDescending(at => Buckets * units[at].Weight % weights)
            .ThenByDescending(at => held[at])
            .ThenBy(at => units[at].Unit.Number)
            .Take(Buckets - quota.Sum());
        foreach (var at in rest.ToArray())
        {
            quota[at]++;
        }

        return quota;
    }

    private static void GiveUp(UnitId[] next, UnitId unit, int count)
    {
        if (count <= 0)
        {
            return;
        }

        foreach (
            var bucket in Enumerable
                .Range(0, Buckets)
                .Where(bucket => next[bucket] == unit)
                .OrderBy(bucket => Score(bucket, unit))
                .Take(count)
                .ToArray()
        )
        {
            next[bucket] = default;
        }
    }

    private static int IndexOf(IReadOnlyList<BalanceShare> units, UnitId unit)
    {
        for (var at = 0; at < units.Count; at++)
        {
            if (units[at].Unit == unit)
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>How much a unit is the right one for a bucket: rendezvous hashing (the mixer of splitmix64).</summary>
    private static ulong Score(int bucket, UnitId unit)
    {
        var z = unit.Number ^ ((ulong)(bucket + 1) * 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

/// <summary>A unit that may have buckets, and its weight (at least 1).</summary>
public readonly record struct BalanceShare(UnitId Unit, long Weight);
