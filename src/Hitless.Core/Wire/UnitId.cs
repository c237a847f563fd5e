using System.Text.Json.Serialization;

namespace Hitless.Core.Wire;

/// <summary>
/// A unit's number, random and kept for life; what the election asks last, the greater one wins. In JSON a number, in text 16 hexadecimal
/// digits.
/// </summary>
[JsonConverter(typeof(UnitIdConverter))]
public readonly record struct UnitId(ulong Number) : IComparable<UnitId>
{
    /// <summary>Nobody's: 0 on the wire.</summary>
    public static readonly UnitId None;

    /// <inheritdoc/>
    public int CompareTo(UnitId other) => Number.CompareTo(other.Number);

    /// <inheritdoc/>
    public override string ToString() => $"{Number:x16}";

    /// <summary>Loses against.</summary>
    public static bool operator <(UnitId left, UnitId right) => left.Number < right.Number;

    /// <summary>Wins against.</summary>
    public static bool operator >(UnitId left, UnitId right) => left.Number > right.Number;

    /// <summary>Does not win against.</summary>
    public static bool operator <=(UnitId left, UnitId right) => left.Number <= right.Number;

    /// <summary>Does not lose against.</summary>
    public static bool operator >=(UnitId left, UnitId right) => left.Number >= right.Number;
}
