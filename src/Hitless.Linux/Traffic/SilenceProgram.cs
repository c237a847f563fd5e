using System.Net;
using System.Net.Sockets;
using Hitless.Core.Cluster;
using Hitless.Linux.Links;
using Hitless.Linux.Native;

namespace Hitless.Linux.Traffic;

/// <summary>
/// Classic packet filters that drop what speaks for a virtual address unless a rule of the <see cref="TrafficTable"/> has let it speak:
/// such a rule has written a virtual MAC of the cluster's group into the frame as its source (any of them, so that another version of
/// Hitless with other numbers speaks too), or, on a port without a virtual MAC, has given the frame <see cref="LetSpeakMark"/>. "Speaks" is
/// an ARP packet whose sender the address is, a neighbour advertisement for it, and a solicitation from it. They know no state, so a switch
/// does not touch them. Offsets: Ethernet (IEEE 802.3), ARP (RFC 826), IPv6 (RFC 8200), neighbour discovery (RFC 4861).
/// </summary>
internal static class SilenceProgram
{
    /// <summary>
    /// What the traffic table sets as the mark of ARP and neighbour discovery that may leave a port without a virtual MAC.
    /// </summary>
    internal const uint LetSpeakMark = 0x4849544c;

    // One program has at most 4096 steps (BPF_MAXINSNS).
    private const int Ipv4PerProgram = 1500;
    private const int Ipv6PerProgram = 400;

    private const uint EthernetSource = 6;
    private const uint ArpSender = 14 + 14;
    private const uint NextHeader = 14 + 6;
    private const uint Ipv6Source = 14 + 8;
    private const uint IcmpType = 14 + 40;
    private const uint DiscoveryTarget = 14 + 40 + 8;
    private const uint IcmpV6 = 58;
    private const uint Solicitation = 135;
    private const uint Advertisement = 136;

    private const uint GoOn = uint.MaxValue; // TC_ACT_UNSPEC
    private const uint Drop = 2; // TC_ACT_SHOT

    /// <summary>
    /// For frames of type ARP that leave <paramref name="port"/>; as many programs as the addresses of all <paramref name="ports"/> need,
    /// each of which sees every frame.
    /// </summary>
    internal static IEnumerable<FilterStep[]> Arp(TrafficPort port, IEnumerable<TrafficPort> ports) =>
        from addresses in Of(ports, AddressFamily.InterNetwork).Chunk(Ipv4PerProgram)
        select (FilterStep[])
            [
                .. UnlessLetSpeak(port),
                new(FilterStep.LoadWord, 0, 0, ArpSender),
                .. addresses.SelectMany(DropIpv4),
                new(FilterStep.Answer, 0, 0, GoOn),
            ];

    /// <summary>For IPv6 packets. What is no neighbour discovery has passed after two steps.</summary>
    internal static IEnumerable<FilterStep[]> Discovery(TrafficPort port, IEnumerable<TrafficPort> ports) =>
        from addresses in Of(ports, AddressFamily.InterNetworkV6).Chunk(Ipv6PerProgram)
        select (FilterStep[])
            [
                new(FilterStep.LoadByte, 0, 0, NextHeader),
                new(FilterStep.JumpIfEqual, 0, 5, IcmpV6),
                new(FilterStep.LoadByte, 0, 0, IcmpType),
                new(FilterStep.SetIndex, 0, 0, Ipv6Source),
                new(FilterStep.JumpIfEqual, 3, 0, Solicitation),
                new(FilterStep.SetIndex, 0, 0, DiscoveryTarget),
                new(FilterStep.JumpIfEqual, 1, 0, Advertisement),
                new(FilterStep.Answer, 0, 0, GoOn),
                .. UnlessLetSpeak(port),
                .. addresses.SelectMany(DropIpv6),
                new(FilterStep.Answer, 0, 0, GoOn),
            ];

    private static FilterStep[] UnlessLetSpeak(TrafficPort port)
    {
        if (port.VirtualMac is not { } mac)
        {
            return
            [
                new(FilterStep.LoadWord, 0, 0, FilterStep.Mark),
                new(FilterStep.JumpIfEqual, 0, 1, LetSpeakMark),
                new(FilterStep.Answer, 0, 0, GoOn),
            ];
        }

        var group = mac.Bits & VirtualMac.GroupMask;
        return
        [
            new(FilterStep.LoadWord, 0, 0, EthernetSource),
            new(FilterStep.And, 0, 0, (uint)(VirtualMac.GroupMask >> 16)),
            new(FilterStep.JumpIfEqual, 0, 3, (uint)(group >> 16)),
            new(FilterStep.LoadByte, 0, 0, EthernetSource + 4),
            new(FilterStep.JumpIfEqual, 0, 1, (uint)((group >> 8) & 0xff)),
            new(FilterStep.Answer, 0, 0, GoOn),
        ];
    }

    private static FilterStep[] DropIpv4(IPAddress address) =>
        [new(FilterStep.JumpIfEqual, 0, 1, Word(address.GetAddressBytes(), 0)), new(FilterStep.Answer, 0, 0, Drop)];

    private static FilterStep[] DropIpv6(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return
        [
            new(FilterStep.LoadWordAtIndex, 0, 0, 0),
            new(FilterStep.JumpIfEqual, 0, 7, Word(bytes, 0)),
            new(FilterStep.LoadWordAtIndex, 0, 0, 4),
            new(FilterStep.JumpIfEqual, 0, 5, Word(bytes, 4)),
            new(FilterStep.LoadWordAtIndex, 0, 0, 8),
            new(FilterStep.JumpIfEqual, 0, 3, Word(bytes, 8)),
            new(FilterStep.LoadWordAtIndex, 0, 0, 12),
            new(FilterStep.JumpIfEqual, 0, 1, Word(bytes, 12)),
            new(FilterStep.Answer, 0, 0, Drop),
        ];
    }

    private static uint Word(byte[] bytes, int at) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));

    private static IEnumerable<IPAddress> Of(IEnumerable<TrafficPort> ports, AddressFamily family) =>
        ports
            .SelectMany(port => port.Addresses)
            .Select(prefix => prefix.Address)
            .Where(address => address.AddressFamily == family)
            .Distinct();
}
