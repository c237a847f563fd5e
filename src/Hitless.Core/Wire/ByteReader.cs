using System.Buffers.Binary;

namespace Hitless.Core.Wire;

/// <summary>
/// A cursor over received bytes, network byte order. Every read either succeeds whole or returns false and moves nothing.
/// </summary>
public ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => bytes.Length - Position;

    /// <summary>Reads one byte.</summary>
    public bool TryReadByte(out byte value)
    {
        value = Remaining >= 1 ? bytes[Position] : (byte)0;
        return TryAdvance(1);
    }

    /// <summary>Reads an unsigned 16-bit number.</summary>
    public bool TryReadUInt16(out ushort value)
    {
        BinaryPrimitives.TryReadUInt16BigEndian(bytes[Position..], out value);
        return TryAdvance(2);
    }

    /// <summary>Reads an unsigned 32-bit number.</summary>
    public bool TryReadUInt32(out uint value)
    {
        BinaryPrimitives.TryReadUInt32BigEndian(bytes[Position..], out value);
        return TryAdvance(4);
    }

    /// <summary>Reads an unsigned 64-bit number.</summary>
    public bool TryReadUInt64(out ulong value)
    {
        BinaryPrimitives.TryReadUInt64BigEndian(bytes[Position..], out value);
        return TryAdvance(8);
    }

    /// <summary>Reads an unsigned 128-bit number.</summary>
    public bool TryReadUInt128(out UInt128 value)
    {
        BinaryPrimitives.TryReadUInt128BigEndian(bytes[Position..], out value);
        return TryAdvance(16);
    }

    /// <summary>Reads a unit's id, 64 bits.</summary>
    public bool TryReadUnitId(out UnitId value)
    {
        var isRead = TryReadUInt64(out var number);
        value = new UnitId(number);
        return isRead;
    }

    /// <summary>Reads an incarnation, 128 bits.</summary>
    public bool TryReadIncarnation(out Incarnation value)
    {
        var isRead = TryReadUInt128(out var bits);
        value = new Incarnation(bits);
        return isRead;
    }

    /// <summary>Reads <paramref name="lengthBytes"/> bytes; the span points into the received bytes.</summary>
    public bool TryReadBytes(int lengthBytes, out ReadOnlySpan<byte> value)
    {
        value = lengthBytes >= 0 && lengthBytes <= Remaining ? bytes.Slice(Position, lengthBytes) : default;
        return TryAdvance(lengthBytes);
    }

    /// <summary>Reads text as the writer's <see cref="ByteWriter.WriteText"/> left it: one length byte, then UTF-8.</summary>
    public bool TryReadText(out string value)
    {
        var start = Position;
        if (TryReadByte(out var length) && TryReadBytes(length, out var utf8))
        {
            value = System.Text.Encoding.UTF8.GetString(utf8);
            return true;
        }

        Position = start;
        value = "";
        return false;
    }

    private bool TryAdvance(int lengthBytes)
    {
        if (lengthBytes < 0 || lengthBytes > Remaining)
            return false;
        Position += lengthBytes;
        return true;
    }
}
