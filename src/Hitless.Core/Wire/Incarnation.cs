using System.Text.Json.Serialization;

namespace Hitless.Core.Wire;

/// <summary>One start of a unit's daemon: random, in every datagram's header, and what the keys of that start are derived from.</summary>
public readonly record struct Incarnation(UInt128 Bits)
{
    /// <summary>Its first 64 bits on the wire: what a filter in the kernel knows it by.</summary>
    public ulong FirstHalf => (ulong)(Bits >> 64);

    /// <summary>What heartbeats and journals name it by.</summary>
    public IncarnationTag Tag => new((ulong)Bits | 1);
}

/// <summary>The short name of an <see cref="Incarnation"/>. In JSON a number, in text 16 hexadecimal digits.</summary>
[JsonConverter(typeof(IncarnationTagConverter))]
public readonly record struct IncarnationTag(ulong Bits) : IComparable<IncarnationTag>
{
    /// <summary>Of no incarnation: 0 on the wire.</summary>
    public static readonly IncarnationTag None;

    /// <inheritdoc/>
    public int CompareTo(IncarnationTag other) => Bits.CompareTo(other.Bits);

    /// <inheritdoc/>
    public override string ToString() => $"{Bits:x16}";

    /// <summary>Lesser than: of two with one id, what decides if nothing else does.</summary>
    public static bool operator <(IncarnationTag left, IncarnationTag right) => left.Bits < right.Bits;

    /// <summary>Greater than.</summary>
    public static bool operator >(IncarnationTag left, IncarnationTag right) => left.Bits > right.Bits;

    /// <summary>Not greater than.</summary>
    public static bool operator <=(IncarnationTag left, IncarnationTag right) => left.Bits <= right.Bits;

    /// <summary>Not lesser than.</summary>
    public static bool operator >=(IncarnationTag left, IncarnationTag right) => left.Bits >= right.Bits;
}
