using System.Buffers.Binary;
using System.Net;
using Hitless.Core.Cluster;

namespace Hitless.Linux.Announcements;

/// <summary>The Ethernet frames that tell a network where a virtual address is now.</summary>
internal static class AnnouncementFrame
{
    internal const ushort ArpRequest = 1;
    internal const ushort ArpReply = 2;

    private const int EthernetBytes = 14;
    private const int ArpBytes = 28;
    private const int Ipv6Bytes = 40;
    private const int AdvertisementBytes = 32;

    /// <summary>
    /// Gratuitous ARP (RFC 826, RFC 5944 section 4.6): sender and target are both the virtual address. Some hosts heed the request form
    /// only, some the reply form.
    /// </summary>
    internal static byte[] GratuitousArp(MacAddress mac, IPAddress address, ushort operation)
    {
        var frame = new byte[EthernetBytes + ArpBytes];
        var ethernet = frame.AsSpan(0, EthernetBytes);
        var arp = frame.AsSpan(EthernetBytes);
        ethernet[..6].Fill(0xff);
        mac.WriteTo(ethernet[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(ethernet[12..], 0x0806);

        BinaryPrimitives.WriteUInt16BigEndian(arp, 1);
        BinaryPrimitives.WriteUInt16BigEndian(arp[2..], 0x0800);
        arp[4] = 6;
        arp[5] = 4;
        BinaryPrimitives.WriteUInt16BigEndian(arp[6..], operation);
        mac.WriteTo(arp[8..]);
        _ = address.TryWriteBytes(arp[14..], out _);
        if (operation == ArpReply)
        {
            mac.WriteTo(arp[18..]);
        }

        _ = address.TryWriteBytes(arp[24..], out _);
        return frame;
    }

    /// <summary>
    /// ARP probe (RFC 5227 section 2.1.1): a request without a sender's address, which changes nobody's cache. To all, or to one MAC only.
    /// </summary>
    internal static byte[] ArpProbe(MacAddress mac, IPAddress address, MacAddress? to = null)
    {
        var frame = GratuitousArp(mac, address, ArpRequest);
        to?.WriteTo(frame);
        frame.AsSpan(EthernetBytes + 14, 4).Clear();
        return frame;
    }

    /// <summary>
    /// Unsolicited neighbour advertisement to all nodes (RFC 4861 section 4.4, 7.2.6) with the flags router and override, as the kernel of
    /// a router sends it.
    /// </summary>
    internal static byte[] NeighbourAdvertisement(MacAddress mac, IPAddress address)
    {
        const uint RouterAndOverride = 0xa000_0000;
        var frame = new byte[EthernetBytes + Ipv6Bytes + AdvertisementBytes];
        var ethernet = frame.AsSpan(0, EthernetBytes);
        var ip = frame.AsSpan(EthernetBytes, Ipv6Bytes);
        var icmp = frame.AsSpan(EthernetBytes + Ipv6Bytes);
        new MacAddress(0x3333_0000_0001).WriteTo(ethernet);
        mac.WriteTo(ethernet[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(ethernet[12..], 0x86dd);

        ip[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], AdvertisementBytes);
        ip[6] = 58;
        ip[7] = 255;
        _ = address.TryWriteBytes(ip[8..], out _);
        _ = IPAddress.Parse("ff02::1").TryWriteBytes(ip[24..], out _);

        icmp[0] = 136;
        BinaryPrimitives.WriteUInt32BigEndian(icmp[4..], RouterAndOverride);
        _ = address.TryWriteBytes(icmp[8..], out _);
        icmp[24] = 2;
        icmp[25] = 1;
        mac.WriteTo(icmp[26..]);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], Checksum(ip[8..], icmp));
        return frame;
    }

    /// <summary>The Internet checksum of an ICMPv6 message with its pseudo-header (RFC 8200 section 8.1).</summary>
    internal static ushort Checksum(ReadOnlySpan<byte> sourceAndDestination, ReadOnlySpan<byte> icmp)
    {
        var sum = Sum(sourceAndDestination[..32]) + (uint)icmp.Length + 58 + Sum(icmp);
        while (sum > ushort.MaxValue)
        {
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        }

        return (ushort)~sum;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (var i = 0; i + 1 < bytes.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        }

        return sum;
    }
}
