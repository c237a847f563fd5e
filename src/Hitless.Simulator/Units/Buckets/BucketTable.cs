using Hitless.Core.Balance;
using Hitless.Core.Wire;

namespace Hitless.Simulator.Units.Buckets;

/// <summary>What a unit's kernel hands on: the owner of each bucket. <paramref name="Owners"/>: not to be changed.</summary>
internal sealed record BucketTable(IReadOnlyList<UnitId> Owners)
{
    /// <summary>The bucket of a session.</summary>
    public static int BucketOf(int session) => (int)((uint)session * 2654435761u >> 24) % BucketAssignment.Buckets;

    /// <summary>Whether a unit has a bucket.</summary>
    public bool Has(UnitId unit) => Owners.Contains(unit);
}
