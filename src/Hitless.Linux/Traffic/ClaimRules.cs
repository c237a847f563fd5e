using System.Buffers.Binary;
using Hitless.Core.Cluster;
using Hitless.Linux.Nftables;

namespace Hitless.Linux.Traffic;

/// <summary>
/// The part of the traffic table that lets a claim end by itself. One element in one set is the claim; while it stands the claimed rules
/// are in force, without
/// it the muted ones. It is renewed from the packet path (a frame on the loopback device), which takes no lock: an nf_tables transaction
/// would
/// wait for whoever loads a large rule file just then. Only a claim that still stands is renewed, so a daemon that wakes too late cannot
/// speak again by itself.
/// Offsets: ICMP (RFC 792), ICMPv6 (RFC 4443 section 3.1), and the datagram that they quote.
/// </summary>
internal static class ClaimRules
{
    internal const string ClaimSet = "claim";

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

    private static ReadOnlySpan<byte> RenewalPrefix => [0x02, 0x48, 0x4c, 0xff, 0x00];

    private static ReadOnlySpan<byte> SpoiltRenewal => [0x02, 0x48, 0x4c, 0xff, 0xff, 0xff];

    /// <summary>How many base chains <see cref="Write"/> makes.</summary>
    internal static int Chains(ClaimFence fence) => 1 + fence.HeartbeatInterfaces.Distinct(StringComparer.Ordinal).Count();

    /// <summary>The claim, standing, and the rules that renew it.</summary>
    /// <param name="batch">The table's transaction.</param>
    /// <param name="fence">How the claim ends.</param>
    /// <param name="priority">Of the chains.</param>
    /// <param name="last">
    /// No other table of ours takes the renewing frame after this one. One before it lets the frame through as a renewal only while its own
    /// claim stands: the daemon is told that the claim stands when it does in every table.
    /// </param>
    internal static void Write(ref NftBatchWriter batch, ClaimFence fence, int priority, bool last)
    {
        batch.Flag(ClaimSet, ForEver);
        batch.Flag(EndedSet, TimeSpan.Zero);
        batch.Flag(FreshSet, fence.Fresh);
        batch.Chain(RenewalChain, NftHook.Egress, priority, RenewalDevice);
        RenewFresh(ref batch, fence);
        Renew(ref batch, fence, ClaimTerm.Lease, fence.Lease, last);
        Renew(ref batch, fence, ClaimTerm.LongLease, fence.LongLease, last);
        Renew(ref batch, fence, ClaimTerm.LongestLease, fence.LongestLease, last);
        Renew(ref batch, fence, ClaimTerm.Restart, fence.RestartHold, last);
        Renew(ref batch, fence, ClaimTerm.Lasting, ForEver, last);
        if (!last)
        {
            Spoil(ref batch);
        }

        foreach (var device in fence.HeartbeatInterfaces.Distinct(StringComparer.Ordinal))
        {
            var chain = $"ended-{device}";
            batch.Chain(chain, NftHook.Egress, priority, device);
            Prolong(ref batch, chain, fence, ProtocolIpv4);
            Prolong(ref batch, chain, fence, ProtocolIpv6);
        }
    }

    /// <summary>
    /// The end of a port's rules in front of all others, which match that somebody else speaks: whoever was not renewed of late has a
    /// successor.
    /// </summary>
    internal static void GiveWay(ref NftBatchWriter batch)
    {
        batch.MatchFlag(FreshSet, inverted: true);
        batch.Remove(ClaimSet);
    }

    /// <summary>
    /// In a rule of its own, for a rule ends where a flag cannot be set: what has run out of time fills the set until the kernel collects
    /// it (<see cref="NftBatchWriter.Flag"/>). To refresh one that stands, as the claim does, cannot fail.
    /// </summary>
    private static void RenewFresh(ref NftBatchWriter batch, ClaimFence fence)
    {
        batch.BeginRule(RenewalChain);
        batch.Match(NftBase.Link, TrafficRules.EthernetDestination, RenewalPrefix);
        batch.MatchFlag(ClaimSet);
        batch.Refresh(FreshSet, fence.Fresh);
        batch.EndRule();
    }

    private static void Renew(ref NftBatchWriter batch, ClaimFence fence, ClaimTerm term, TimeSpan time, bool last)
    {
        batch.BeginRule(RenewalChain);
        batch.Match(NftBase.Link, TrafficRules.EthernetDestination, Renewal(term).ToArray());
        batch.MatchFlag(ClaimSet);
        batch.Refresh(ClaimSet, time);
        if (last)
        {
            batch.Drop();
        }

        batch.EndRule();
    }

    /// <summary>Where the claim is over, a renewing frame is one no more.</summary>
    private static void Spoil(ref NftBatchWriter batch)
    {
        batch.BeginRule(RenewalChain);
        batch.Match(NftBase.Link, TrafficRules.EthernetDestination, RenewalPrefix);
        batch.MatchFlag(ClaimSet, inverted: true);
        batch.Write(NftBase.Link, TrafficRules.EthernetDestination, SpoiltRenewal);
        batch.EndRule();
    }

    /// <summary>
    /// The first refusal of a heartbeat prolongs a claim that stands. When it does not, refusals stay here: whoever hears one may rely on
    /// the claim.
    /// </summary>
    private static void Prolong(ref NftBatchWriter batch, string chain, ClaimFence fence, ReadOnlySpan<byte> protocol)
    {
        MatchRefusal(ref batch, chain, fence, protocol);
        batch.MatchFlag(ClaimSet);
        batch.MatchFlag(EndedSet, inverted: true);
        batch.Refresh(ClaimSet, fence.RestartHold);
        batch.Refresh(EndedSet, TimeSpan.Zero);
        batch.EndRule();

        MatchRefusal(ref batch, chain, fence, protocol);
        batch.MatchFlag(ClaimSet, inverted: true);
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
