using Hitless.Core.Cluster;
using System.Net.Sockets;
using Hitless.Linux.Nftables;

namespace Hitless.Linux.Traffic;

/// <summary>
/// The table of docs/decisions/0001 as nf_tables rules. All addresses stand in two sets, one for each family, so a packet's cost does
/// not grow with their number. Offsets: Ethernet (IEEE 802.3), ARP (RFC 826), IPv6 (RFC 8200), neighbour discovery (RFC 4861 section 4.3, 4.4).
/// </summary>
internal static class TrafficRules
{
    private const string Ipv4Set = "virtual4";
    private const string Ipv6Set = "virtual6";

    /// <summary>Where frames from our own virtual MAC leave a mark that stands for some seconds.</summary>
    internal const string SpeakerSet = "speaker";
    private static readonly TimeSpan SpeakerMemory = TimeSpan.FromSeconds(3);

    // Before every chain that an operator may have on the port, behind packet sockets.
    private const int Priority = -500;

    internal const int EthernetDestination = 0;
    internal const int EthernetSource = 6;
    private const int ArpSenderMac = 8;
    private const int ArpSenderAddress = 14;
    private const int ArpTargetAddress = 24;
    private const int Ipv4Source = 12;
    private const int Ipv6Source = 8;
    private const int IcmpType = 0;
    private const int IcmpChecksum = 2;
    private const int DiscoveryTarget = 8;
    private const int DiscoveryOptionType = 24;
    private const int DiscoveryOptionMac = 26;

    private const byte Solicitation = 135;
    private const byte Advertisement = 136;
    private const byte OptionSourceMac = 1;
    private const byte OptionTargetMac = 2;
    private const byte PacketTypeHost = 0;

    private static ReadOnlySpan<byte> ProtocolArp => [0x08, 0x06];

    private static ReadOnlySpan<byte> ProtocolIpv4 => [0x08, 0x00];

    private static ReadOnlySpan<byte> ProtocolIpv6 => [0x86, 0xdd];

    private static ReadOnlySpan<byte> IcmpV6 => [58];

    internal static string IngressChain(string port) => $"in-{port}";

    internal static string EgressChain(string port) => $"out-{port}";

    internal static uint SpeakerKey(TrafficPort port) => 1 + (uint)(port.VirtualMac.Bits & 0xff);

    private static string Muted(string chain) => $"muted-{chain}";

    internal static ReadOnlySpan<byte> Comment(TrafficState state) => state switch
    {
        TrafficState.Muted => "hitless: muted"u8,
        TrafficState.Claimed => "hitless: claimed"u8,
        TrafficState.Draining => "hitless: draining"u8,
        _ => throw new InvalidOperationException($"No such traffic state: {state}."),
    };

    /// <summary>The whole transaction: what stood goes, the new state's table comes.</summary>
    internal static byte[] Encode(string table, NftTableFlags flags, TrafficState state, IReadOnlyList<TrafficPort> ports, ClaimFence? fence)
    {
        var ipv4 = Keys(ports, AddressFamily.InterNetwork);
        var ipv6 = Keys(ports, AddressFamily.InterNetworkV6);
        var batch = new NftBatchWriter(new byte[16384 + (ports.Count * 16384) + (ipv4.Length * 8) + (ipv6.Length * 4)], table);
        batch.Begin();
        batch.DeleteTable(acknowledge: false);
        batch.Table(flags, Comment(state));
        if (ipv4.Length > 0)
        {
            batch.Set(Ipv4Set, NftKeyType.Ipv4Address, 4, ipv4);
        }

        if (ipv6.Length > 0)
        {
            batch.Set(Ipv6Set, NftKeyType.Ipv6Address, 16, ipv6);
        }

        if (state == TrafficState.Claimed)
        {
            batch.DynamicSet(SpeakerSet);
        }

        if (state == TrafficState.Claimed && fence is not null)
        {
            ClaimRules.Write(ref batch, fence, Priority);
            WriteMuted(ref batch, ports, ipv4.Length > 0, ipv6.Length > 0);
        }

        foreach (var port in ports)
        {
            var mac = port.VirtualMac.ToArray();
            batch.Chain(IngressChain(port.Name), NftHook.Ingress, Priority, port.Name);
            if (state == TrafficState.Claimed && fence is not null)
            {
                ClaimRules.GiveWay(ref batch, IngressChain(port.Name), mac);
            }

            Fence(ref batch, IngressChain(port.Name), state, fence);
            NoteSpeaker(ref batch, port, state, mac);
            Ingress(ref batch, IngressChain(port.Name), state, mac, ipv4.Length > 0, ipv6.Length > 0);
            batch.Chain(EgressChain(port.Name), NftHook.Egress, Priority, port.Name);
            Fence(ref batch, EgressChain(port.Name), state, fence);
            Egress(ref batch, EgressChain(port.Name), state, mac, ipv4.Length > 0, ipv6.Length > 0);
        }

        batch.Commit(tableStays: true);
        return batch.Written.ToArray();
    }

    /// <summary>Where the claimed chains go when the claim is over.</summary>
    private static void WriteMuted(ref NftBatchWriter batch, IReadOnlyList<TrafficPort> ports, bool ipv4, bool ipv6)
    {
        foreach (var port in ports)
        {
            var mac = port.VirtualMac.ToArray();
            batch.Chain(Muted(IngressChain(port.Name)));
            Ingress(ref batch, Muted(IngressChain(port.Name)), TrafficState.Muted, mac, ipv4, ipv6);
            batch.Chain(Muted(EgressChain(port.Name)));
            Egress(ref batch, Muted(EgressChain(port.Name)), TrafficState.Muted, mac, ipv4, ipv6);
        }
    }

    private static void Fence(ref NftBatchWriter batch, string chain, TrafficState state, ClaimFence? fence)
    {
        if (state == TrafficState.Claimed && fence is not null)
        {
            batch.BeginRule(chain);
            batch.MatchKey(ClaimRules.ClaimSet, ClaimRules.ClaimKey, inverted: true);
            batch.GoTo(Muted(chain));
            batch.EndRule();
        }
    }

    private static void NoteSpeaker(ref NftBatchWriter batch, TrafficPort port, TrafficState state, byte[] mac)
    {
        if (state == TrafficState.Claimed)
        {
            batch.BeginRule(IngressChain(port.Name));
            batch.Match(NftBase.Link, EthernetSource, mac);
            batch.Refresh(SpeakerSet, SpeakerKey(port), SpeakerMemory);
            batch.EndRule();
        }
    }

    private static void Ingress(ref NftBatchWriter batch, string chain, TrafficState state, byte[] mac, bool ipv4, bool ipv6)
    {
        batch.BeginRule(chain);
        batch.Match(NftBase.Link, EthernetDestination, mac);
        if (state == TrafficState.Muted)
        {
            batch.Drop();
        }
        else
        {
            batch.SetMeta(NftMeta.PacketType, PacketTypeHost);
        }

        batch.EndRule();
        if (state == TrafficState.Claimed)
        {
            return;
        }

        if (ipv4)
        {
            batch.BeginRule(chain);
            batch.Match(NftMeta.Protocol, ProtocolArp);
            batch.MatchSet(NftBase.Network, ArpTargetAddress, 4, Ipv4Set);
            batch.Drop();
            batch.EndRule();
        }

        if (ipv6)
        {
            DropDiscoveryOfVirtualTargets(ref batch, chain);
        }
    }

    private static void Egress(ref NftBatchWriter batch, string chain, TrafficState state, byte[] mac, bool ipv4, bool ipv6)
    {
        if (state == TrafficState.Claimed)
        {
            Speak(ref batch, chain, mac, ipv4, ipv6);
            return;
        }

        if (state == TrafficState.Muted)
        {
            Mute(ref batch, chain, mac, ipv4, ipv6);
        }

        if (ipv4)
        {
            batch.BeginRule(chain);
            batch.Match(NftMeta.Protocol, ProtocolArp);
            batch.MatchSet(NftBase.Network, ArpSenderAddress, 4, Ipv4Set);
            batch.Drop();
            batch.EndRule();
        }

        if (ipv6)
        {
            DropDiscoveryOfVirtualTargets(ref batch, chain);
            batch.BeginRule(chain);
            MatchDiscovery(ref batch, Solicitation, Solicitation);
            batch.MatchSet(NftBase.Network, Ipv6Source, 16, Ipv6Set);
            batch.Drop();
            batch.EndRule();
        }
    }

    /// <summary>Answers for virtual addresses carry the virtual MAC.</summary>
    private static void Speak(ref NftBatchWriter batch, string chain, byte[] mac, bool ipv4, bool ipv6)
    {
        if (ipv4)
        {
            batch.BeginRule(chain);
            batch.Match(NftMeta.Protocol, ProtocolArp);
            batch.MatchSet(NftBase.Network, ArpSenderAddress, 4, Ipv4Set);
            batch.Write(NftBase.Network, ArpSenderMac, mac);
            batch.Write(NftBase.Link, EthernetSource, mac);
            batch.EndRule();
        }

        if (!ipv6)
        {
            return;
        }

        // Two rules each: an answer to a unicast solicitation has no option to rewrite, yet must have the virtual MAC as its source.
        foreach (var withOption in (ReadOnlySpan<bool>)[false, true])
        {
            batch.BeginRule(chain);
            MatchDiscovery(ref batch, Advertisement, Advertisement);
            batch.MatchSet(NftBase.Transport, DiscoveryTarget, 16, Ipv6Set);
            WriteMac(ref batch, OptionTargetMac, withOption, mac);
            batch.EndRule();

            batch.BeginRule(chain);
            MatchDiscovery(ref batch, Solicitation, Solicitation);
            batch.MatchSet(NftBase.Network, Ipv6Source, 16, Ipv6Set);
            WriteMac(ref batch, OptionSourceMac, withOption, mac);
            batch.EndRule();
        }
    }

    private static void Mute(ref NftBatchWriter batch, string chain, byte[] mac, bool ipv4, bool ipv6)
    {
        batch.BeginRule(chain);
        batch.Match(NftBase.Link, EthernetSource, mac);
        batch.Drop();
        batch.EndRule();
        if (ipv4)
        {
            batch.BeginRule(chain);
            batch.Match(NftMeta.Protocol, ProtocolIpv4);
            batch.MatchSet(NftBase.Network, Ipv4Source, 4, Ipv4Set);
            batch.Drop();
            batch.EndRule();
        }

        if (ipv6)
        {
            batch.BeginRule(chain);
            batch.Match(NftMeta.Protocol, ProtocolIpv6);
            batch.MatchSet(NftBase.Network, Ipv6Source, 16, Ipv6Set);
            batch.Drop();
            batch.EndRule();
        }
    }

    private static void WriteMac(ref NftBatchWriter batch, byte option, bool withOption, byte[] mac)
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

    private static void DropDiscoveryOfVirtualTargets(ref NftBatchWriter batch, string chain)
    {
        batch.BeginRule(chain);
        MatchDiscovery(ref batch, Solicitation, Advertisement);
        batch.MatchSet(NftBase.Transport, DiscoveryTarget, 16, Ipv6Set);
        batch.Drop();
        batch.EndRule();
    }

    private static void MatchDiscovery(ref NftBatchWriter batch, byte firstType, byte lastType)
    {
        batch.Match(NftMeta.Protocol, ProtocolIpv6);
        batch.Match(NftMeta.LayerFourProtocol, IcmpV6);
        batch.MatchRange(NftBase.Transport, IcmpType, firstType, lastType);
    }

    private static byte[] Keys(IReadOnlyList<TrafficPort> ports, AddressFamily family) =>
        [.. ports.SelectMany(port => port.Addresses).Where(prefix => prefix.Address.AddressFamily == family)
            .Select(prefix => prefix.Address).Distinct().SelectMany(address => address.GetAddressBytes())];
}
