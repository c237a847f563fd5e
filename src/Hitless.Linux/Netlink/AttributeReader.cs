using System.Runtime.InteropServices;

namespace Hitless.Linux.Netlink;

/// <summary>Walks a list of attributes (<c>struct nlattr</c>). Same promises as <see cref="NetlinkMessageReader"/>.</summary>
public ref struct AttributeReader(ReadOnlySpan<byte> attributes)
{
    private const int HeaderBytes = 4;
    private ReadOnlySpan<byte> _rest = attributes;

    /// <summary>Bytes were left that are no attribute.</summary>
    public bool Malformed { get; private set; }

    /// <summary>The next attribute, or false at the end.</summary>
    public bool TryRead(out NetlinkAttribute attribute)
    {
        attribute = default;
        if (_rest.Length < HeaderBytes)
        {
            Malformed |= !_rest.IsEmpty;
            _rest = default;
            return false;
        }

        var length = MemoryMarshal.Read<ushort>(_rest);
        if (length < HeaderBytes || length > _rest.Length)
        {
            Malformed = true;
            _rest = default;
            return false;
        }

        attribute = new NetlinkAttribute(MemoryMarshal.Read<ushort>(_rest[2..]), _rest[HeaderBytes..length]);
        _rest = _rest[Math.Min(NetlinkAlignment.Up(length), _rest.Length)..];
        return true;
    }
}
