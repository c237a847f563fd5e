using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Hitless.Linux.Netlink;

/// <summary>One attribute inside a received buffer. The <c>TryRead…</c> members return false when the value is too short.</summary>
public readonly ref struct NetlinkAttribute
{
    private const ushort TypeMask = 0x3fff;
    private readonly ushort _type;

    internal NetlinkAttribute(ushort type, ReadOnlySpan<byte> value)
    {
        _type = type;
        Value = value;
    }

    /// <summary>The type without the nested and byte-order bits.</summary>
    public ushort Type => (ushort)(_type & TypeMask);

    /// <summary>The value without header and padding.</summary>
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>The value as a list of attributes.</summary>
    public AttributeReader Nested => new(Value);

    /// <summary>The first attribute of a type in that list; an empty one when there is none.</summary>
    public NetlinkAttribute Find(ushort type)
    {
        var nested = Nested;
        while (nested.TryRead(out var each))
        {
            if (each.Type == type)
                return each;
        }

        return default;
    }

    /// <summary>The value as text up to the first zero byte. Allocates.</summary>
    public string Text
    {
        get
        {
            var end = Value.IndexOf((byte)0);
            return Encoding.UTF8.GetString(end < 0 ? Value : Value[..end]);
        }
    }

    public bool TryReadU8(out byte value) => MemoryMarshal.TryRead(Value, out value);

    public bool TryReadU16(out ushort value) => MemoryMarshal.TryRead(Value, out value);

    public bool TryReadU32(out uint value) => MemoryMarshal.TryRead(Value, out value);

    public bool TryReadU64(out ulong value) => MemoryMarshal.TryRead(Value, out value);

    public bool TryReadU16BigEndian(out ushort value) => BinaryPrimitives.TryReadUInt16BigEndian(Value, out value);

    public bool TryReadU32BigEndian(out uint value) => BinaryPrimitives.TryReadUInt32BigEndian(Value, out value);

    public bool TryReadU64BigEndian(out ulong value) => BinaryPrimitives.TryReadUInt64BigEndian(Value, out value);
}
