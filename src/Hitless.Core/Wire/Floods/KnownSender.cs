namespace Hitless.Core.Wire.Floods;

/// <summary>A sender that was authentic on a socket: of which incarnation, from where, and how far its sequence had come.</summary>
/// <param name="Incarnation">Of its process.</param>
/// <param name="Source">Where its last datagram came from.</param>
/// <param name="Sequence">Of its last datagram there.</param>
public readonly record struct KnownSender(Incarnation Incarnation, WireSource Source, ulong Sequence)
{
    /// <summary>Further behind the last one is a recording: more than datagrams overtake each other, and than a window remembers.</summary>
    public const ulong Behind = 1024;

    /// <summary>Further ahead than this no sender comes until the filter is made anew: a million datagrams a second for a minute.</summary>
    public const ulong Ahead = 1 << 26;

    /// <summary>The lowest sequence that it may have sent lately.</summary>
    public ulong Lowest => Sequence > Behind ? Sequence - Behind : 1;

    /// <summary>The highest that it will have sent soon.</summary>
    public ulong Highest => Sequence > ulong.MaxValue - Ahead ? ulong.MaxValue : Sequence + Ahead;

    /// <summary>Whether a datagram may be its next one.</summary>
    public bool Fits(Incarnation incarnation, in WireSource source, ulong sequence) =>
        IsOf(incarnation) && source == Source && sequence >= Lowest && sequence <= Highest;

    /// <summary>Whether it is of that incarnation, by its first half: 64 random bits.</summary>
    public bool IsOf(Incarnation incarnation) => incarnation.FirstHalf == Incarnation.FirstHalf;
}
