using System.Buffers.Binary;

namespace Hitless.Lab.Floods;

/// <summary>
/// Makes frames of a flood from recorded ones: an Ethernet header, then (on a heartbeat network) IPv4 and UDP, then a datagram of Hitless.
/// </summary>
public static class FrameForger
{
    /// <summary>Ethernet's type of heartbeats through the ports.</summary>
    public const ushort PortType = 0x88b5;

    /// <summary>IPv4 in Ethernet.</summary>
    public const ushort Ipv4 = 0x0800;

    private const int Ethernet = 14;
    private const int IpHeader = 20;
    private const int UdpHeader = 8;
    private const int TypeOffset = 12;
    private const int IncarnationOffset = 16;
    private const int SequenceOffset = 32;
    private const byte Udp = 17;

    /// <summary>Where the datagram begins; null: there is none of Hitless's to UDP port <paramref name="port"/> in this frame.</summary>
    public static int? DatagramIn(ReadOnlySpan<byte> frame, int port)
    {
        if (frame.Length <= Ethernet + IpHeader + UdpHeader)
        {
            return null;
        }

        var type = BinaryPrimitives.ReadUInt16BigEndian(frame[TypeOffset..]);
        var isUdp = type == Ipv4 && frame[Ethernet] == 0x45 && frame[Ethernet + 9] == Udp;
        var at =
            type == PortType ? Ethernet
            : isUdp && BinaryPrimitives.ReadUInt16BigEndian(frame[(Ethernet + IpHeader + 2)..]) == port ? Ethernet + IpHeader + UdpHeader
            : (int?)null;
        return at is { } begin && frame[begin..].StartsWith("HL"u8) ? begin : null;
    }

    /// <summary>
    /// One frame of the flood; <paramref name="number"/> counts them. Unless <paramref name="spoofed"/> it comes from an address of the
    /// sender's own: 10.10.9.66 (or the same network's), or the MAC 02:66:66:66:66:66.
    /// </summary>
    public static byte[] Forge(ReadOnlySpan<byte> recorded, int datagramAt, FloodKind kind, bool spoofed, int number)
    {
        var frame = recorded.ToArray();
        var datagram = frame.AsSpan(datagramAt);
        var random = new Random(number);
        switch (kind)
        {
            case FloodKind.Junk:
                random.NextBytes(datagram);
                datagram[0] = 0;
                break;
            case FloodKind.Unknown:
                random.NextBytes(datagram.Slice(IncarnationOffset, 16));
                break;
            case FloodKind.Known:
                BinaryPrimitives.WriteUInt64BigEndian(
                    datagram[SequenceOffset..],
                    BinaryPrimitives.ReadUInt64BigEndian(datagram[SequenceOffset..]) + 2000 + (ulong)number
                );
                datagram[^1] ^= 1;
                break;
            default:
                break;
        }

        if (!spoofed)
        {
            frame.AsSpan(7, 5).Fill(0x66);
            frame[6] = 0x02;
        }

        if (datagramAt > Ethernet)
        {
            Readdress(frame.AsSpan(Ethernet), spoofed);
        }

        return frame;
    }

    private static void Readdress(Span<byte> packet, bool spoofed)
    {
        packet[15] = spoofed ? packet[15] : (byte)66;

        // No checksum of UDP (RFC 768), a new one of IP (RFC 1071).
        BinaryPrimitives.WriteUInt16BigEndian(packet[(IpHeader + 6)..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], 0);
        var sum = 0u;
        for (var i = 0; i < IpHeader; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(packet[i..]);
        }

        sum = (sum & 0xffff) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], (ushort)~(sum + (sum >> 16)));
    }
}
