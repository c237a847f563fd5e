using System.Net;
using Hitless.Linux.Nftables;

namespace Hitless.Linux.Traffic;

/// <summary>
/// How rules match and rewrite ARP and neighbour discovery. Offsets: Ethernet (IEEE 802.3), ARP (RFC 826), IPv6 (RFC 8200), neighbour
/// discovery (RFC 4861 sections 4.3 and 4.4).
/// </summary>
internal static class NeighbourFrames
{
    internal const int EthernetSource = 6;
    internal const int ArpSenderMac = 8;
    internal const int ArpSenderAddress = 14;
    internal const int ArpTargetAddress = 24;
    internal const int Ipv6Source = 8;
    internal const int IcmpType = 0;
    internal const int IcmpChecksum = 2;
    internal const int DiscoveryTarget = 8;
    internal const int DiscoveryOptionType = 24;
    internal const int DiscoveryOptionMac = 26;
    internal const byte Solicitation = 135;
    internal const byte Advertisement = 136;
    internal const byte OptionSourceMac = 1;
    internal const byte OptionTargetMac = 2;

    internal static ReadOnlySpan<byte> ProtocolArp => [0x08, 0x06];

    internal static ReadOnlySpan<byte> ProtocolIpv6 => [0x86, 0xdd];

    private static ReadOnlySpan<byte> IcmpV6 => [58];

    /// <summary>A frame of type ARP.</summary>
    internal static void MatchArp(ref NftBatchWriter batch) => batch.Match(NftMeta.Protocol, ProtocolArp);

    /// <summary>A neighbour advertisement for that address.</summary>
    internal static void MatchAdvertisement(ref NftBatchWriter batch, IPAddress address)
    {
        MatchDiscovery(ref batch, Advertisement, Advertisement);
        batch.Match(NftBase.Transport, DiscoveryTarget, address.GetAddressBytes());
    }

    /// <summary>The packet speaks with that MAC.</summary>
    internal static void WriteArpSender(ref NftBatchWriter batch, byte[] mac)
    {
        batch.Write(NftBase.Network, ArpSenderMac, mac);
        batch.Write(NftBase.Link, EthernetSource, mac);
    }

    /// <summary>
    /// Neighbour discovery speaks with that MAC: in the frame and, <paramref name="withOption"/>, in its option of that type. Two rules are
    /// needed, for what has no such option matches neither rule that writes it.
    /// </summary>
    internal static void WriteMac(ref NftBatchWriter batch, byte option, bool withOption, byte[] mac)
    {
        if (withOption)
        {
            batch.Match(NftBase.Transport, DiscoveryOptionType, [option]);
            batch.Write(NftBase.Transport, DiscoveryOptionMac, mac, IcmpChecksum);
        }
        else
        {
            batch.Write(NftBase.Link, EthernetSource, mac);
        }
    }

    /// <summary>Neighbour discovery of a range of ICMPv6 types.</summary>
    internal static void MatchDiscovery(ref NftBatchWriter batch, byte firstType, byte lastType)
    {
        batch.Match(NftMeta.Protocol, ProtocolIpv6);
        batch.Match(NftMeta.LayerFourProtocol, IcmpV6);
        batch.MatchRange(NftBase.Transport, IcmpType, firstType, lastType);
    }
}
