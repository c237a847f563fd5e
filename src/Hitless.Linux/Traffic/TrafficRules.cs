using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hitless.Core.Cluster;
using Hitless.Linux.Links;
using Hitless.Linux.Nftables;
using static Hitless.Linux.Traffic.NeighbourFrames;

namespace Hitless.Linux.Traffic;

/// <summary>
/// The table of docs/decisions/0001 as nf_tables rules. All addresses stand in two sets, one for each family, so a packet's cost does
/// not grow with their number. Offsets: Ethernet (IEEE 802.3), ARP (RFC 826), IPv6 (RFC 8200), neighbour discovery (RFC 4861 section 4.3,
/// 4.4).
/// </summary>
internal static class TrafficRules
{
    private const string Ipv4Set = "virtual4";
    private const string Ipv6Set = "virtual6";

    private static readonly TimeSpan SpeakerMemory = TimeSpan.FromSeconds(3);

    // Before every chain that an operator may have on the port, behind packet sockets.
    private const int Priority = -500;

    internal const int EthernetDestination = 0;
    private const int Ipv4Source = 12;

    private const byte PacketTypeHost = 0;

    private static ReadOnlySpan<byte> ProtocolIpv4 => [0x08, 0x00];

    internal static string IngressChain(string port) => $"in-{port}";

    // Neighbour discovery of virtual addresses ends here, one rule for each: a set of targets is nothing that nft can read back when it has
    // printed it.
    private const string DiscoveryChain = "discovery";

    private static string SpeakChain(string port) => $"speak-{port}";

    /// <summary>Where whoever else speaks for our virtual addresses leaves a mark that stands for some seconds.</summary>
    internal static string SpeakerSet(TrafficPort port) => $"speaker-{port.Name}";

    internal static string EgressChain(string port) => $"out-{port}";

    private static string Muted(string chain) => $"muted-{chain}";

    internal static ReadOnlySpan<byte> Comment(TrafficState state) =>
        state switch
        {
            TrafficState.Muted => "hitless: muted"u8,
            TrafficState.Claimed => "hitless: claimed"u8,
            TrafficState.Draining => "hitless: draining"u8,
            _ => throw new InvalidOperationException($"No such traffic state: {state}."),
        };

    /// <summary>
    /// The whole transaction: what stood goes, the new state's tables come, each with the same rules. <paramref name="boot"/>: the boot in
    /// which it is made. <paramref name="rules"/>: how many rules the first of them has.
    /// </summary>
    internal static byte[] Encode(
        IReadOnlyList<TrafficTableCopy> copies,
        TrafficState state,
        IReadOnlyList<TrafficPort> ports,
        ProxiedAnswers proxied,
        ClaimFence? fence,
        ReadOnlySpan<byte> boot,
        out int rules
    )
    {
        rules = 0;
        var ipv4 = Keys(ports, AddressFamily.InterNetwork);
        var ipv6 = Keys(ports, AddressFamily.InterNetworkV6);
        var bytes = 16384 + (ports.Count * 24576) + (ipv4.Length * 8) + (ipv6.Length * 128) + ProxyRules.Bytes(proxied);
        var batch = new NftBatchWriter(new byte[copies.Count * bytes], copies[0].Name);
        batch.Begin();
        for (var i = 0; i < copies.Count; i++)
        {
            batch.GoOnWith(copies[i].Name);
            batch.DeleteTable(acknowledge: false);
            batch.Table(copies[i].Flags, Comment(state), boot);
            if (ipv4.Length > 0)
            {
                batch.Set(Ipv4Set, NftKeyType.Ipv4Address, 4, ipv4);
            }

            if (ipv6.Length > 0)
            {
                batch.Set(Ipv6Set, NftKeyType.Ipv6Address, 16, ipv6);
            }

            ProxyRules.WriteSet(ref batch, proxied);
            Write(ref batch, state, ports, proxied, fence, Priority - (copies.Count - 1 - i), last: i == copies.Count - 1);
            rules = i == 0 ? batch.Rules : rules;
        }

        batch.Commit(tableStays: true);
        return batch.Written.ToArray();
    }

    private static void Write(
        ref NftBatchWriter batch,
        TrafficState state,
        IReadOnlyList<TrafficPort> ports,
        ProxiedAnswers proxied,
        ClaimFence? fence,
        int priority,
        bool last
    )
    {
        var (ipv4, ipv6) = (Has(ports, AddressFamily.InterNetwork), Has(ports, AddressFamily.InterNetworkV6));
        if (ipv6)
        {
            WriteDiscovery(ref batch, state, ports);
        }

        foreach (var port in state == TrafficState.Claimed ? ports : [])
        {
            batch.Flag(SpeakerSet(port), TimeSpan.Zero);
        }

        if (state == TrafficState.Claimed && fence is not null)
        {
            ClaimRules.Write(ref batch, fence, priority, last);
            WriteMuted(ref batch, ports, proxied, ipv4, ipv6);
        }

        foreach (var port in ports)
        {
            batch.Chain(IngressChain(port.Name), NftHook.Ingress, priority, port.Name);
            foreach (var sign in state == TrafficState.Claimed && fence is not null ? SignsOfSpeaker(port, ipv4, ipv6) : [])
            {
                batch.BeginRule(IngressChain(port.Name));
                MatchSpeaker(ref batch, port, sign);
                ClaimRules.GiveWay(ref batch);
                batch.EndRule();
            }

            Fence(ref batch, IngressChain(port.Name), state, fence);
            foreach (var sign in state == TrafficState.Claimed ? SignsOfSpeaker(port, ipv4, ipv6) : [])
            {
                batch.BeginRule(IngressChain(port.Name));
                MatchSpeaker(ref batch, port, sign);
                batch.Refresh(SpeakerSet(port), SpeakerMemory);
                batch.EndRule();
            }

            Ingress(ref batch, IngressChain(port.Name), state, port, ipv4, ipv6);
            batch.Chain(EgressChain(port.Name), NftHook.Egress, priority, port.Name);
            Fence(ref batch, EgressChain(port.Name), state, fence);
            Egress(ref batch, EgressChain(port.Name), state, port, proxied, ipv4, ipv6);
        }
    }

    /// <summary>Where the claimed chains go when the claim is over.</summary>
    private static void WriteMuted(ref NftBatchWriter batch, IReadOnlyList<TrafficPort> ports, ProxiedAnswers proxied, bool ipv4, bool ipv6)
    {
        foreach (var port in ports)
        {
            batch.Chain(Muted(IngressChain(port.Name)));
            Ingress(ref batch, Muted(IngressChain(port.Name)), TrafficState.Muted, port, ipv4, ipv6);
            batch.Chain(Muted(EgressChain(port.Name)));
            Egress(ref batch, Muted(EgressChain(port.Name)), TrafficState.Muted, port, proxied, ipv4, ipv6);
        }
    }

    private static void Fence(ref NftBatchWriter batch, string chain, TrafficState state, ClaimFence? fence)
    {
        if (state == TrafficState.Claimed && fence is not null)
        {
            batch.BeginRule(chain);
            batch.MatchFlag(ClaimRules.ClaimSet, inverted: true);
            batch.GoTo(Muted(chain));
            batch.EndRule();
        }
    }

    /// <summary>What shows that somebody else speaks for the virtual addresses of a port.</summary>
    private enum SignOfSpeaker
    {
        VirtualMac,
        Arp,
        Advertisement,
    }

    private static SignOfSpeaker[] SignsOfSpeaker(TrafficPort port, bool ipv4, bool ipv6) =>
        port.VirtualMac is not null
            ? [SignOfSpeaker.VirtualMac]
            :
            [
                .. ipv4 ? [SignOfSpeaker.Arp] : Array.Empty<SignOfSpeaker>(),
                .. ipv6 ? [SignOfSpeaker.Advertisement] : Array.Empty<SignOfSpeaker>(),
            ];

    private static void MatchSpeaker(ref NftBatchWriter batch, TrafficPort port, SignOfSpeaker sign)
    {
        switch (sign)
        {
            case SignOfSpeaker.VirtualMac:
                batch.Match(NftBase.Link, EthernetSource, port.VirtualMac!.Value.ToArray());
                break;
            case SignOfSpeaker.Arp:
                batch.Match(NftMeta.Protocol, ProtocolArp);
                batch.MatchSet(NftBase.Network, ArpSenderAddress, 4, Ipv4Set);
                break;
            default:
                MatchDiscovery(ref batch, Advertisement, Advertisement);
                batch.MatchSet(NftBase.Network, Ipv6Source, 16, Ipv6Set);
                break;
        }
    }

    private static void Ingress(ref NftBatchWriter batch, string chain, TrafficState state, TrafficPort port, bool ipv4, bool ipv6)
    {
        if (port.VirtualMac is { } mac)
        {
            batch.BeginRule(chain);
            batch.Match(NftBase.Link, EthernetDestination, mac.ToArray());
            if (state == TrafficState.Muted)
            {
                batch.Drop();
            }
            else
            {
                batch.SetMeta(NftMeta.PacketType, [PacketTypeHost]);
            }

            batch.EndRule();
        }

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

    private static void Egress(
        ref NftBatchWriter batch,
        string chain,
        TrafficState state,
        TrafficPort port,
        ProxiedAnswers proxied,
        bool ipv4,
        bool ipv6
    )
    {
        switch (state)
        {
            case TrafficState.Claimed when port.VirtualMac is { } mac:
                Speak(ref batch, chain, port, mac.ToArray(), ipv4);
                ProxyRules.Speak(ref batch, chain, port.Name, mac.ToArray(), proxied);
                return;
            case TrafficState.Claimed:
                LetSpeak(ref batch, chain);
                return;
            case TrafficState.Muted:
                Mute(ref batch, chain, port, ipv4, ipv6);
                break;
            default:
                break;
        }

        ProxyRules.Mute(ref batch, chain, port.Name, proxied);
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
    private static void Speak(ref NftBatchWriter batch, string chain, TrafficPort port, byte[] mac, bool ipv4)
    {
        if (ipv4)
        {
            batch.BeginRule(chain);
            batch.Match(NftMeta.Protocol, ProtocolArp);
            batch.MatchSet(NftBase.Network, ArpSenderAddress, 4, Ipv4Set);
            WriteArpSender(ref batch, mac);
            batch.EndRule();
        }

        if (!Ipv6Of(port).Any())
        {
            return;
        }

        // Two rules each: an answer to a unicast solicitation has no option to rewrite, yet must have the virtual MAC as its source.
        foreach (var withOption in (ReadOnlySpan<bool>)[false, true])
        {
            batch.BeginRule(chain);
            MatchDiscovery(ref batch, Solicitation, Solicitation);
            batch.MatchSet(NftBase.Network, Ipv6Source, 16, Ipv6Set);
            WriteMac(ref batch, OptionSourceMac, withOption, mac);
            batch.EndRule();
        }

        batch.BeginRule(chain);
        MatchDiscovery(ref batch, Advertisement, Advertisement);
        batch.Jump(SpeakChain(port.Name));
        batch.EndRule();
    }

    /// <summary>
    /// Answers carry the port's own MAC as they are; the filters behind (<see cref="SilenceProgram"/>) see by the mark that they may leave.
    /// </summary>
    private static void LetSpeak(ref NftBatchWriter batch, string chain)
    {
        Span<byte> mark = stackalloc byte[4];
        MemoryMarshal.Write(mark, SilenceProgram.LetSpeakMark);
        batch.BeginRule(chain);
        batch.Match(NftMeta.Protocol, ProtocolArp);
        batch.SetMeta(NftMeta.Mark, mark);
        batch.EndRule();
        batch.BeginRule(chain);
        MatchDiscovery(ref batch, Solicitation, Advertisement);
        batch.SetMeta(NftMeta.Mark, mark);
        batch.EndRule();
    }

    /// <summary>
    /// The chains that neighbour discovery is sent through: in all states one that drops what is about virtual addresses, and in the
    /// claimed one those that write the virtual MAC into it.
    /// </summary>
    private static void WriteDiscovery(ref NftBatchWriter batch, TrafficState state, IReadOnlyList<TrafficPort> ports)
    {
        batch.Chain(DiscoveryChain);
        foreach (var address in ports.SelectMany(Ipv6Of).Distinct())
        {
            batch.BeginRule(DiscoveryChain);
            batch.Match(NftBase.Transport, DiscoveryTarget, address.GetAddressBytes());
            batch.Drop();
            batch.EndRule();
        }

        foreach (var port in state == TrafficState.Claimed ? ports.Where(port => port.VirtualMac is not null && Ipv6Of(port).Any()) : [])
        {
            batch.Chain(SpeakChain(port.Name));
            foreach (var address in Ipv6Of(port))
            {
                foreach (var withOption in (ReadOnlySpan<bool>)[false, true])
                {
                    batch.BeginRule(SpeakChain(port.Name));
                    batch.Match(NftBase.Transport, DiscoveryTarget, address.GetAddressBytes());
                    WriteMac(ref batch, OptionTargetMac, withOption, port.VirtualMac!.Value.ToArray());
                    batch.EndRule();
                }
            }
        }
    }

    private static void Mute(ref NftBatchWriter batch, string chain, TrafficPort port, bool ipv4, bool ipv6)
    {
        if (port.VirtualMac is { } mac)
        {
            batch.BeginRule(chain);
            batch.Match(NftBase.Link, EthernetSource, mac.ToArray());
            batch.Drop();
            batch.EndRule();
        }

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

    private static void DropDiscoveryOfVirtualTargets(ref NftBatchWriter batch, string chain)
    {
        batch.BeginRule(chain);
        MatchDiscovery(ref batch, Solicitation, Advertisement);
        batch.Jump(DiscoveryChain);
        batch.EndRule();
    }

    private static IEnumerable<IPAddress> Ipv6Of(TrafficPort port) =>
        port.Addresses.Select(prefix => prefix.Address).Where(address => address.AddressFamily == AddressFamily.InterNetworkV6);

    private static bool Has(IReadOnlyList<TrafficPort> ports, AddressFamily family) =>
        ports.Any(port => port.Addresses.Any(prefix => prefix.Address.AddressFamily == family));

    private static byte[] Keys(IReadOnlyList<TrafficPort> ports, AddressFamily family) =>
        [
            .. ports
                .SelectMany(port => port.Addresses)
                .Where(prefix => prefix.Address.AddressFamily == family)
                .Select(prefix => prefix.Address)
                .Distinct()
                .SelectMany(address => address.GetAddressBytes()),
        ];
}
