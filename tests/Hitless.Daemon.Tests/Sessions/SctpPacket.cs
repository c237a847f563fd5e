using System.Buffers.Binary;
using System.Numerics;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>SCTP by hand (RFC 9260): a common header and one chunk.</summary>
internal static class SctpPacket
{
    private const int HeaderBytes = 12;

    public static byte[] Init(ushort source, ushort target, uint tag) =>
        Make(source, target, 0, 1, [.. Number(tag), 0, 0, 16, 0, 0, 1, 0, 1, 0, 0, 0, 1]);

    /// <summary>With a state cookie of four bytes.</summary>
    public static byte[] InitAck(ushort source, ushort target, uint peersTag, uint tag) =>
        Make(source, target, peersTag, 2, [.. Number(tag), 0, 0, 16, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 7, 0, 8, 1, 2, 3, 4]);

    public static byte[] CookieEcho(ushort source, ushort target, uint peersTag) => Make(source, target, peersTag, 10, [1, 2, 3, 4]);

    public static byte[] CookieAck(ushort source, ushort target, uint peersTag) => Make(source, target, peersTag, 11, []);

    public static byte[] Data(ushort source, ushort target, uint peersTag, byte value) =>
        Make(source, target, peersTag, 0, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, value, 0, 0, 0]);

    /// <summary>The ports of a packet, source first.</summary>
    public static (ushort Source, ushort Target) Ports(byte[] packet) =>
        (BinaryPrimitives.ReadUInt16BigEndian(packet), BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(2)));

    /// <summary>The byte that <see cref="Data"/> carries.</summary>
    public static byte Value(byte[] packet) => packet[HeaderBytes + 16];

    private static byte[] Make(ushort source, ushort target, uint tag, byte kind, byte[] body)
    {
        byte[] packet =
        [
            (byte)(source >> 8),
            (byte)source,
            (byte)(target >> 8),
            (byte)target,
            .. Number(tag),
            0,
            0,
            0,
            0,
            kind,
            (byte)(kind == 0 ? 3 : 0),
            0,
            (byte)(4 + body.Length),
            .. body,
        ];
        var checksum = uint.MaxValue;
        foreach (var each in packet)
            checksum = BitOperations.Crc32C(checksum, each);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(8), ~checksum);
        return packet;
    }

    private static byte[] Number(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
