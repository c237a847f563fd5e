namespace Hitless.Core.Wire.Floods;

/// <summary>
/// Where a datagram came from, by its outermost address: IPv4 (4 bytes), Ethernet (6) or IPv6 (16), as the bytes are on the wire. What it
/// says may be forged. Compared at once, and allocates nothing.
/// </summary>
/// <param name="High">The first eight bytes of an IPv6 address; else 0.</param>
/// <param name="Low">The last eight bytes, or all of a shorter address, as a big-endian number.</param>
/// <param name="Length">Its length in bytes; 0: not known.</param>
public readonly record struct WireSource(ulong High, ulong Low, int Length)
{
    /// <summary>Of 4, 6 or 16 bytes.</summary>
    public static WireSource From(ReadOnlySpan<byte> address)
    {
        var (high, low) = (0UL, 0UL);
        foreach (var each in address)
        {
            high = (high << 8) | (low >> 56);
            low = (low << 8) | each;
        }

        return new WireSource(high, low, address.Length);
    }

    /// <summary>The address in its usual form.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
        bytes = bytes[(16 - Length)..];
        return Length switch
        {
            0 => "an unknown source",
            6 => string.Join(':', Convert.ToHexStringLower(bytes).Chunk(2).Select(pair => new string(pair))),
            _ => new System.Net.IPAddress(bytes).ToString(),
        };
    }
}
