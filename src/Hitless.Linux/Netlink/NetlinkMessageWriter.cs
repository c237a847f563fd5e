using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Hitless.Linux.Netlink;

/// <summary>
/// Writes one or more netlink messages one after the other into a buffer: begin, fixed header, attributes, end. Allocates
/// nothing. Writing past the buffer's end throws: ask <see cref="Remaining"/> first where the size is not known.
/// Layout: <c>struct nlmsghdr</c>, <c>struct nlattr</c> (<c>linux/netlink.h</c>); everything is padded to 4 bytes.
/// </summary>
public ref struct NetlinkMessageWriter(Span<byte> buffer)
{
    /// <summary>Size of <c>struct nlmsghdr</c>.</summary>
    public const int HeaderBytes = 16;

    private const int None = -1;
    private const ushort NestedBit = 0x8000;

    private readonly Span<byte> _buffer = buffer;
    private int _message = None;

    /// <summary>Bytes written so far, of all messages.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes that still fit.</summary>
    public readonly int Remaining => _buffer.Length - Length;

    /// <summary>Everything written so far: ready to be sent once the last message is ended.</summary>
    public readonly ReadOnlySpan<byte> Written => _buffer[..Length];

    /// <summary>Starts a message; it lasts until <see cref="EndMessage"/>.</summary>
    public void BeginMessage(ushort type, NetlinkFlags flags, uint sequence)
    {
        if (_message != None)
        {
            throw new InvalidOperationException("The message before was not ended.");
        }

        _message = Length;
        var header = Reserve(HeaderBytes);
        MemoryMarshal.Write(header[4..], type);
        MemoryMarshal.Write(header[6..], (ushort)flags);
        MemoryMarshal.Write(header[8..], sequence);
    }

    /// <summary>Fills in the message's length.</summary>
    public void EndMessage()
    {
        MemoryMarshal.Write(_buffer[_message..], (uint)(Length - _message));
        _message = None;
    }

    /// <summary>Drops the message being written, as if it had never been begun.</summary>
    public void AbandonMessage()
    {
        Length = _message;
        _message = None;
    }

    /// <summary>A family's fixed header (<c>nfgenmsg</c>, <c>ifinfomsg</c>…) in host byte order.</summary>
    public void Header<T>(in T header)
        where T : unmanaged => MemoryMarshal.Write(Reserve(Unsafe.SizeOf<T>()), in header);

    /// <summary>The fixed header of nfnetlink, <c>struct nfgenmsg</c>: family, version 0, and a resource id (big-endian).</summary>
    public void NetfilterHeader(byte family, ushort resource = 0)
    {
        var header = Reserve(4);
        header[0] = family;
        header[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], resource);
    }

    /// <summary>Opens an attribute that holds attributes; close it with <see cref="EndNested"/> and the value returned here.</summary>
    public int BeginNested(ushort type)
    {
        var start = Length;
        WriteAttributeHeader(Reserve(4), (ushort)(type | NestedBit), 0);
        return start;
    }

    /// <summary>Closes the attribute opened by <see cref="BeginNested"/>.</summary>
    public readonly void EndNested(int start) => MemoryMarshal.Write(_buffer[start..], (ushort)(Length - start));

    /// <summary>An attribute with these bytes.</summary>
    public void Attribute(ushort type, scoped ReadOnlySpan<byte> value) => value.CopyTo(Attribute(type, value.Length));

    /// <summary>An attribute of that many bytes, for the caller to fill in (they are zero).</summary>
    public Span<byte> Attribute(ushort type, int valueBytes)
    {
        var space = Reserve(4 + valueBytes);
        WriteAttributeHeader(space, type, valueBytes);
        return space.Slice(4, valueBytes);
    }

    /// <summary>An attribute without a value.</summary>
    public void Flag(ushort type) => Attribute(type, 0);

    /// <summary>A zero-terminated string.</summary>
    public void String(ushort type, ReadOnlySpan<char> value) =>
        Encoding.UTF8.GetBytes(value, Attribute(type, Encoding.UTF8.GetByteCount(value) + 1));

    public void U8(ushort type, byte value) => Attribute(type, 1)[0] = value;

    public void U16(ushort type, ushort value) => MemoryMarshal.Write(Attribute(type, 2), value);

    public void U32(ushort type, uint value) => MemoryMarshal.Write(Attribute(type, 4), value);

    public void U64(ushort type, ulong value) => MemoryMarshal.Write(Attribute(type, 8), value);

    public void U16BigEndian(ushort type, ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Attribute(type, 2), value);

    public void U32BigEndian(ushort type, uint value) => BinaryPrimitives.WriteUInt32BigEndian(Attribute(type, 4), value);

    public void U64BigEndian(ushort type, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Attribute(type, 8), value);

    private static void WriteAttributeHeader(Span<byte> space, ushort type, int valueBytes)
    {
        MemoryMarshal.Write(space, (ushort)(4 + valueBytes));
        MemoryMarshal.Write(space[2..], type);
    }

    private Span<byte> Reserve(int bytes)
    {
        var padded = NetlinkAlignment.Up(bytes);
        if (padded > Remaining)
        {
            throw new InvalidOperationException($"A netlink buffer of {_buffer.Length} bytes is too small.");
        }

        var space = _buffer.Slice(Length, padded);
        space.Clear();
        Length += padded;
        return space[..bytes];
    }
}
