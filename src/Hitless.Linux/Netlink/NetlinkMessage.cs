using System.Runtime.InteropServices;

namespace Hitless.Linux.Netlink;

/// <summary>One message inside a received buffer. <c>default</c> is a message of type 0 without payload.</summary>
public readonly ref struct NetlinkMessage
{
    internal NetlinkMessage(ReadOnlySpan<byte> bytes) => Bytes = bytes;

    /// <summary>The message with its header, as it was received.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    public ushort Type => Bytes.IsEmpty ? (ushort)0 : MemoryMarshal.Read<ushort>(Bytes[4..]);

    public NetlinkFlags Flags => Bytes.IsEmpty ? NetlinkFlags.None : (NetlinkFlags)MemoryMarshal.Read<ushort>(Bytes[6..]);

    public uint Sequence => Bytes.IsEmpty ? 0 : MemoryMarshal.Read<uint>(Bytes[8..]);

    /// <summary>The netlink port that asked; 0 in events.</summary>
    public uint PortId => Bytes.IsEmpty ? 0 : MemoryMarshal.Read<uint>(Bytes[12..]);

    /// <summary>What follows the header.</summary>
    public ReadOnlySpan<byte> Payload => Bytes.IsEmpty ? default : Bytes[NetlinkMessageWriter.HeaderBytes..];

    /// <summary>The family's fixed header, in host byte order; false if the message is too short for it.</summary>
    public bool TryReadHeader<T>(out T header)
        where T : unmanaged => MemoryMarshal.TryRead(Payload, out header);

    /// <summary>The attributes behind a fixed header of that many bytes (none if the message is shorter).</summary>
    public AttributeReader Attributes(int fixedHeaderBytes)
    {
        var start = NetlinkAlignment.Up(fixedHeaderBytes);
        return new AttributeReader(start <= Payload.Length ? Payload[start..] : default);
    }
}
