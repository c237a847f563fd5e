using System.Buffers.Binary;
using Hitless.Core.Cluster;
using Hitless.Linux.Nftables;

namespace Hitless.Linux.Traffic;

/// <summary>
/// The part of the traffic table that lets a claim end by itself. One element in one set is the claim; while it stands the claimed rules are in force, without
/// it the muted ones. It is renewed from the packet path (a frame on the loopback device), which takes no lock: an nf_tables transaction would
/// wait for whoever loads a large rule file just then. Only a claim that still stands is renewed, so a daemon that wakes too late cannot speak again by itself.
/// Offsets: ICMP (RFC 792), ICMPv6 (RFC 4443 section 3.1), and the datagram that they quote.
/// </summary>
internal static class ClaimRules
{
    internal const string ClaimSet = "claim";
    internal const uint ClaimKey = 1;

    private const string EndedSet = "ended";
    private const string FreshSet = "fresh";
    private const string RenewalDevice = "lo";
    private const string RenewalChain = "renewal";

    private const int IcmpType = 0;
    private const int QuotedProtocol = 8 + 9;
    private const int QuotedPort = 8 + 20 + 2;
    private const int QuotedNextHeader = 8 + 6;
    private const int QuotedPort6 = 8 + 40 + 2;
    private const byte Udp = 17;

    private static readonly TimeSpan ForEver = TimeSpan.FromDays(36_500);

    private static ReadOnlySpan<byte> ProtocolIpv4 => [0x08, 0x00];

    private static ReadOnlySpan<byte> ProtocolIpv6 => [0x86, 0xdd];

    private static ReadOnlySpan<byte> Icmp => [1];

    private static ReadOnlySpan<byte> IcmpV6 => [58];

    /// <summary>The destination of a renewing frame.</summary>
    internal static MacAddress Renewal(ClaimTerm term) => new(0x02_48_4c_ff_00_00UL + (ulong)term);

    /// <summary>How many base chains <see cref="Write"/> makes.</summary>
    internal static int Chains(ClaimFence fence) => 1 + fence.HeartbeatInterfaces.Distinct(StringComparer.Ordinal).Count();

    /// <summary>The claim, standing, and the rules that renew it.</summary>
    internal static void Write(ref NftBatchWriter batch, ClaimFence fence, int priority)
    {
        batch.DynamicSet(ClaimSet, ClaimKey, ForEver);
        batch.DynamicSet(EndedSet);
        batch.DynamicSet(FreshSet, ClaimKey, fence.Fresh);
        batch.Chain(RenewalChain, NftHook.Egress, priority, RenewalDevice);
        Renew(ref batch, fence, ClaimTerm.Lease, fence.Lease);
        Renew(ref batch, fence, ClaimTerm.Restart, fence.RestartHold);
        Renew(ref batch, fence, ClaimTerm.Lasting, ForEver);
        foreach (var device in fence.HeartbeatInterfaces.Distinct(StringComparer.Ordinal))
        {
            var chain = $"ended-{device}";
            batch.Chain(chain, NftHook.Egress, priority, device);
            Prolong(ref batch, chain, fence, ProtocolIpv4);
            Prolong(ref batch, chain, fence, ProtocolIpv6);
        }
    }

    /// <summary>A port's rule in front of all others: whoever was not renewed of late and hears its own virtual MAC has a successor.</summary>
    internal static void GiveWay(ref NftBatchWriter batch, string chain, ReadOnlySpan<byte> virtualMac)
    {
        batch.BeginRule(chain);
        batch.Match(NftBase.Link, TrafficRules.EthernetSource, virtualMac);
        batch.MatchKey(FreshSet, ClaimKey, inverted: true);
        batch.Remove(ClaimSet, ClaimKey);
        batch.EndRule();
    }

    private static void Renew(ref NftBatchWriter batch, ClaimFence fence, ClaimTerm term, TimeSpan time)
    {
        batch.BeginRule(RenewalChain);
        batch.Match(NftBase.Link, TrafficRules.EthernetDestination, Renewal(term).ToArray());
        batch.MatchKey(ClaimSet, ClaimKey);
        batch.Refresh(ClaimSet, ClaimKey, time);
        batch.Refresh(FreshSet, ClaimKey, fence.Fresh);
        batch.Drop();
        batch.EndRule();
    }

    /// <summary>The first refusal of a heartbeat prolongs a claim that stands. When it does not, refusals stay here: whoever hears one may rely on the claim.</summary>
    private static void Prolong(ref NftBatchWriter batch, string chain, ClaimFence fence, ReadOnlySpan<byte> protocol)
    {
        MatchRefusal(ref batch, chain, fence, protocol);
        batch.MatchKey(ClaimSet, ClaimKey);
        batch.MatchKey(EndedSet, ClaimKey, inverted: true);
        batch.Refresh(ClaimSet, ClaimKey, fence.RestartHold);
        batch.Refresh(EndedSet, ClaimKey, TimeSpan.Zero);
        batch.EndRule();

        MatchRefusal(ref batch, chain, fence, protocol);
        batch.MatchKey(ClaimSet, ClaimKey, inverted: true);
        batch.Drop();
        batch.EndRule();
    }

    private static void MatchRefusal(ref NftBatchWriter batch, string chain, ClaimFence fence, ReadOnlySpan<byte> protocol)
    {
        var ipv4 = protocol.SequenceEqual(ProtocolIpv4);
        Span<byte> port = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(port, (ushort)fence.HeartbeatPort);
        batch.BeginRule(chain);
        batch.Match(NftMeta.Protocol, protocol);
        batch.Match(NftMeta.LayerFourProtocol, ipv4 ? Icmp : IcmpV6);
        batch.Match(NftBase.Transport, IcmpType, ipv4 ? [3, 3] : [1, 4]);
        batch.Match(NftBase.Transport, ipv4 ? QuotedProtocol : QuotedNextHeader, [Udp]);
        batch.Match(NftBase.Transport, ipv4 ? QuotedPort : QuotedPort6, port);
    }
}
