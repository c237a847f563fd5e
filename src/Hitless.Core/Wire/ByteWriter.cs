using System.Buffers.Binary;

namespace Hitless.Core.Wire;

/// <summary>
/// A cursor that fills a buffer, network byte order. What does not fit is not written and leaves <see cref="Overflowed"/> set: checked once
/// at the end.
/// </summary>
public ref struct ByteWriter(Span<byte> buffer)
{
    private readonly Span<byte> buffer = buffer;

    /// <summary>Bytes written so far.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes that still fit.</summary>
    public readonly int Remaining => buffer.Length - Position;

    /// <summary>True once something did not fit.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>What has been written.</summary>
    public readonly ReadOnlySpan<byte> Written => buffer[..Position];

    /// <summary>Writes one byte.</summary>
    public void WriteByte(byte value)
    {
        if (TryTake(1, out var room))
            room[0] = value;
    }

    /// <summary>Writes an unsigned 16-bit number.</summary>
    public void WriteUInt16(ushort value)
    {
        if (TryTake(2, out var room))
            BinaryPrimitives.WriteUInt16BigEndian(room, value);
    }

    /// <summary>Writes an unsigned 32-bit number.</summary>
    public void WriteUInt32(uint value)
    {
        if (TryTake(4, out var room))
            BinaryPrimitives.WriteUInt32BigEndian(room, value);
    }

    /// <summary>Writes an unsigned 64-bit number.</summary>
    public void WriteUInt64(ulong value)
    {
        if (TryTake(8, out var room))
            BinaryPrimitives.WriteUInt64BigEndian(room, value);
    }

    /// <summary>Writes an unsigned 128-bit number.</summary>
    public void WriteUInt128(UInt128 value)
    {
        if (TryTake(16, out var room))
            BinaryPrimitives.WriteUInt128BigEndian(room, value);
    }

    /// <summary>Writes a unit's id, 64 bits.</summary>
    public void WriteUnitId(UnitId value) => WriteUInt64(value.Number);

    /// <summary>Writes an incarnation, 128 bits.</summary>
    public void WriteIncarnation(Incarnation value) => WriteUInt128(value.Bits);

    /// <summary>Writes bytes as they are.</summary>
    public void WriteBytes(scoped ReadOnlySpan<byte> value)
    {
        if (TryTake(value.Length, out var room))
            value.CopyTo(room);
    }

    /// <summary>Writes at most 255 bytes of UTF-8 after one length byte; longer text is cut at a whole character.</summary>
    public void WriteText(string value)
    {
        Span<byte> utf8 = stackalloc byte[255];
        System.Text.Unicode.Utf8.FromUtf16(value, utf8, out _, out var length);
        WriteByte((byte)length);
        WriteBytes(utf8[..length]);
    }

    /// <summary>Leaves room for a length or count that is known later, see <see cref="PatchUInt16"/>.</summary>
    public int Skip(int lengthBytes)
    {
        var at = Position;
        TryTake(lengthBytes, out _);
        return at;
    }

    /// <summary>Fills room that <see cref="Skip"/> left.</summary>
    public readonly void PatchUInt16(int at, ushort value)
    {
        if (at + 2 <= buffer.Length)
            BinaryPrimitives.WriteUInt16BigEndian(buffer[at..], value);
    }

    private bool TryTake(int lengthBytes, out Span<byte> room)
    {
        if (Overflowed || lengthBytes > Remaining)
        {
            Overflowed = true;
            room = default;
            return false;
        }

        room = buffer.Slice(Position, lengthBytes);
        Position += lengthBytes;
        return true;
    }
}
