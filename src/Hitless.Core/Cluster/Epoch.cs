using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <summary>
/// A term of one primary. Grows by one at every change of primary; the claimant makes it unique, so that no partition, however
/// many ways it splits, can put two primaries into one epoch (docs/decisions/0003). Totally ordered: number first, then claimant.
/// </summary>
public readonly record struct Epoch(long Number, UnitId Claimant) : IComparable<Epoch>
{
    /// <summary>No cluster comes to so many changes of primary: who names more is broken or lies.</summary>
    public const long NumberMax = 1L << 40;

    /// <summary>A unit that was away for years has missed fewer changes than this.</summary>
    public const long LeapMax = 1L << 20;

    /// <summary>Before the first primary.</summary>
    public static readonly Epoch None;

    /// <summary>The epoch that <paramref name="claimant"/> opens after this one.</summary>
    public Epoch Next(UnitId claimant) => new(Number + 1, claimant);

    /// <inheritdoc/>
    public int CompareTo(Epoch other) => Number != other.Number ? Number.CompareTo(other.Number) : Claimant.CompareTo(other.Claimant);

    /// <summary>Older than.</summary>
    public static bool operator <(Epoch left, Epoch right) => left.CompareTo(right) < 0;

    /// <summary>Newer than.</summary>
    public static bool operator >(Epoch left, Epoch right) => left.CompareTo(right) > 0;

    /// <summary>Not newer than.</summary>
    public static bool operator <=(Epoch left, Epoch right) => left.CompareTo(right) <= 0;

    /// <summary>Not older than.</summary>
    public static bool operator >=(Epoch left, Epoch right) => left.CompareTo(right) >= 0;
}
