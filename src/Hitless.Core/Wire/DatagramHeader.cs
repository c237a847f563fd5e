namespace Hitless.Core.Wire;

/// <summary>
/// The clear-text beginning of every datagram between units; it is authenticated as associated data.
/// 40 bytes: "HL", major, minor, kind, header length, group (2), unit id (8), incarnation (16), sequence (8).
/// A newer version may lengthen it: what lies between byte 40 and the header length is skipped.
/// </summary>
/// <param name="Major">Protocol major version.</param>
/// <param name="Minor">Protocol minor version of the sender.</param>
/// <param name="Kind">What the datagram is for.</param>
/// <param name="LengthBytes">Length of the header as sent, at least <see cref="Size"/>.</param>
/// <param name="Group">Cluster group, 0-1023.</param>
/// <param name="UnitId">The sender: random, persisted per unit.</param>
/// <param name="Incarnation">Random per start of the sending process.</param>
/// <param name="Sequence">Grows by one per datagram of an incarnation and kind, from 1.</param>
public readonly record struct DatagramHeader(
    byte Major,
    byte Minor,
    DatagramKind Kind,
    byte LengthBytes,
    ushort Group,
    UnitId UnitId,
    Incarnation Incarnation,
    ulong Sequence
)
{
    /// <summary>Bytes of the header that this version writes.</summary>
    public const byte Size = 40;

    /// <summary>"HL".</summary>
    public const ushort Magic = 0x484C;

    /// <summary>Bytes of the authentication tag at the end of a datagram.</summary>
    public const int TagSize = 16;

    /// <summary>Writes the header.</summary>
    public void Write(ref ByteWriter writer)
    {
        writer.WriteUInt16(Magic);
        writer.WriteByte(Major);
        writer.WriteByte(Minor);
        writer.WriteByte((byte)Kind);
        writer.WriteByte(LengthBytes);
        writer.WriteUInt16(Group);
        writer.WriteUnitId(UnitId);
        writer.WriteIncarnation(Incarnation);
        writer.WriteUInt64(Sequence);
    }

    /// <summary>
    /// Reads a header; the verdict is <see cref="DatagramVerdict.Accepted"/> when it is well formed and of our major version.
    /// </summary>
    public static DatagramVerdict Read(ReadOnlySpan<byte> datagram, out DatagramHeader header)
    {
        header = default;
        var reader = new ByteReader(datagram);
        if (!reader.TryReadUInt16(out var magic))
            return DatagramVerdict.Truncated;
        if (magic != Magic)
            return DatagramVerdict.ForeignMagic;
        if (!reader.TryReadByte(out var major))
            return DatagramVerdict.Truncated;
        if (major != WireVersion.Major)
            return DatagramVerdict.UnsupportedMajor;
        if (
            !reader.TryReadByte(out var minor)
            || !reader.TryReadByte(out var kind)
            || !reader.TryReadByte(out var length)
            || !reader.TryReadUInt16(out var group)
            || !reader.TryReadUnitId(out var unitId)
            || !reader.TryReadIncarnation(out var incarnation)
            || !reader.TryReadUInt64(out var sequence)
            || length < Size
            || datagram.Length < length + TagSize
        )
        {
            return DatagramVerdict.Truncated;
        }

        header = new DatagramHeader(major, minor, (DatagramKind)kind, length, group, unitId, incarnation, sequence);
        return DatagramVerdict.Accepted;
    }
}
