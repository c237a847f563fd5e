using System.Runtime.InteropServices;

namespace Hitless.Linux.Netlink;

/// <summary>
/// Walks the messages of one received datagram. Never throws and never reads out of bounds: at the first message that does
/// not fit, <see cref="TryRead"/> returns false and <see cref="Malformed"/> is set.
/// The last message need not be padded to 4 bytes (conntrack events are not).
/// </summary>
public ref struct NetlinkMessageReader(ReadOnlySpan<byte> datagram)
{
    private ReadOnlySpan<byte> _rest = datagram;

    /// <summary>Bytes were left that are no message.</summary>
    public bool Malformed { get; private set; }

    /// <summary>The next message, or false at the end.</summary>
    public bool TryRead(out NetlinkMessage message)
    {
        message = default;
        if (_rest.IsEmpty)
        {
            return false;
        }

        if (_rest.Length < NetlinkMessageWriter.HeaderBytes)
        {
            return Stop();
        }

        var length = MemoryMarshal.Read<uint>(_rest);
        if (length < NetlinkMessageWriter.HeaderBytes || length > (uint)_rest.Length)
        {
            return Stop();
        }

        message = new NetlinkMessage(_rest[..(int)length]);
        _rest = _rest[Math.Min(NetlinkAlignment.Up((int)length), _rest.Length)..];
        return true;
    }

    private bool Stop()
    {
        Malformed = true;
        _rest = default;
        return false;
    }
}
