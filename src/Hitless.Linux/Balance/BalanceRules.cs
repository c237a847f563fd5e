using Hitless.Core.Balance;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Core.Wire;
using Hitless.Linux.Links;
using Hitless.Linux.Nftables;

namespace Hitless.Linux.Balance;

/// <summary>
/// The rules of <see cref="BalanceTable"/>. On each interface, for a frame to the virtual MAC whose packet is routed to the other side: the
/// bucket of the inside address (source on inside interfaces, destination on outside ones) is looked up, and the frame sent on to the MAC
/// found, from the interface's own. What is not found, and everything else (ARP and neighbour discovery, groups and broadcasts, addresses
/// of this unit, traffic that stays on one side, networks that are kept), is the primary's. Offsets: Ethernet (IEEE 802.3), IPv4 (RFC 791),
/// IPv6 (RFC 8200).
/// </summary>
internal static class BalanceRules
{
    // Behind the chains of Traffic.TrafficTable (-501 and -500), which take frames to the virtual MAC or, on a muted unit, drop them.
    private const int Priority = -499;

    private const string InsideSet = "inside";
    private const string OutsideSet = "outside";
    private const string KeptSet = "kept";
    private const int EthernetDestination = 0;
    private const int EthernetSource = 6;
    private const int MacBytes = 6;

    private static readonly AddressPlace Ipv4 = new([0x08, 0x00], NftKeyType.Ipv4Address, Source: 12, Destination: 16, Bytes: 4);
    private static readonly AddressPlace Ipv6 = new([0x86, 0xdd], NftKeyType.Ipv6Address, Source: 8, Destination: 24, Bytes: 16);
    private static readonly AddressPlace[] Families = [Ipv4, Ipv6];

    /// <summary>The first transaction: a table that hands nothing on, with the sets that its rules will look into.</summary>
    internal static byte[] EncodeSets(
        string table,
        IReadOnlyList<(BalancePort Port, Link Link)> ports,
        IReadOnlyList<AddressPrefix> kept,
        ReadOnlySpan<byte> boot
    )
    {
        var batch = new NftBatchWriter(new byte[8192 + (kept.Count * 512) + (ports.Count * 256)], table);
        batch.Begin();
        batch.DeleteTable(acknowledge: false);
        batch.Table(NftTableFlags.Owner, "hitless: load balancing"u8, boot);
        batch.Set(InsideSet, NftKeyType.InterfaceIndex, 4, Indexes(ports, PortSide.Inside));
        batch.Set(OutsideSet, NftKeyType.InterfaceIndex, 4, Indexes(ports, PortSide.Outside));
        foreach (var place in Families.Where(place => Ranges(kept, place).Count > 0))
        {
            batch.Ranges($"{KeptSet}{place.Bytes}", place.KeyType, place.Bytes, Ranges(kept, place));
        }

        batch.Commit(tableStays: true);
        return batch.Written.ToArray();
    }

    /// <summary>The second: its rules come, and the table that stood goes.</summary>
    internal static byte[] EncodeRules(
        string table,
        string former,
        IReadOnlyList<(BalancePort Port, Link Link)> ports,
        ReadOnlySpan<UnitId> owners,
        IReadOnlyDictionary<UnitId, IReadOnlyDictionary<string, MacAddress>> macs,
        IReadOnlyList<AddressPrefix> kept
    )
    {
        var batch = new NftBatchWriter(new byte[8192 + (ports.Count * 2 * (4096 + (owners.Length * 64)))], table);
        batch.Begin();
        foreach (var (port, link) in ports)
        {
            var chain = $"in-{port.Name}";
            batch.Chain(chain, NftHook.Ingress, Priority, port.Name);
            foreach (var place in Families.Where(place => Ranges(kept, place).Count > 0))
            {
                Keep(ref batch, chain, port, place, place.Source);
                Keep(ref batch, chain, port, place, place.Destination);
            }

            var (keys, values) = Elements(port, owners, macs);
            if (keys.Length > 0)
            {
                HandOn(ref batch, chain, port, link, Ipv4, keys, values);
                HandOn(ref batch, chain, port, link, Ipv6, keys, values);
            }
        }

        batch.GoOnWith(former);
        batch.DeleteTable(acknowledge: false);
        batch.GoOnWith(table);
        batch.Commit(tableStays: true);
        return batch.Written.ToArray();
    }

    /// <summary>What comes from these networks, or goes to them, stays on the primary.</summary>
    private static void Keep(ref NftBatchWriter batch, string chain, BalancePort port, AddressPlace place, int offset)
    {
        batch.BeginRule(chain);
        MatchFrame(ref batch, port, place);
        batch.MatchSet(NftBase.Network, offset, place.Bytes, $"{KeptSet}{place.Bytes}");
        batch.Accept();
        batch.EndRule();
    }

    /// <summary>A packet of the family, to the virtual MAC; with the interface's type, so that nft reads back what it prints.</summary>
    private static void MatchFrame(ref NftBatchWriter batch, BalancePort port, AddressPlace place)
    {
        const ushort Ethernet = 1; // ARPHRD_ETHER
        batch.Match(NftMeta.InputType, BitConverter.GetBytes(Ethernet));
        batch.Match(NftBase.Link, EthernetDestination, port.VirtualMac.ToArray());
        batch.Match(NftMeta.Protocol, place.Protocol);
    }

    /// <summary>The networks of a family as ranges in order, those that touch made one: the kernel takes none that overlap.</summary>
    private static IReadOnlyList<(UInt128 First, UInt128 Last)> Ranges(IReadOnlyList<AddressPrefix> networks, AddressPlace place)
    {
        var ranges = new List<(UInt128 First, UInt128 Last)>();
        var wanted = networks.Where(each => each.IsIpv6 == (place.Bytes == 16)).Select(AddressRange.Of);
        foreach (var (_, first, last) in wanted.OrderBy(each => each.First).ThenBy(each => each.Last))
        {
            if (ranges.Count > 0 && first <= ranges[^1].Last + 1 && ranges[^1].Last != UInt128.MaxValue)
            {
                ranges[^1] = (ranges[^1].First, last > ranges[^1].Last ? last : ranges[^1].Last);
            }
            else if (ranges.Count == 0 || first > ranges[^1].Last)
            {
                ranges.Add((first, last));
            }
        }

        return ranges;
    }

    private static void HandOn(
        ref NftBatchWriter batch,
        string chain,
        BalancePort port,
        Link link,
        AddressPlace place,
        uint[] keys,
        byte[] values
    )
    {
        var inside = port.Side == PortSide.Inside;
        var map = batch.Map(NftKeyType.EthernetAddress, MacBytes, keys, values);
        batch.BeginRule(chain);
        MatchFrame(ref batch, port, place);
        batch.MatchRoute(inside ? OutsideSet : InsideSet);
        batch.LoadHash(NftBase.Network, inside ? place.Source : place.Destination, place.Bytes, BucketHash.Buckets, BucketHash.Seed);
        batch.LookUp(map);
        batch.WriteFound(NftBase.Link, EthernetDestination, MacBytes);
        batch.Write(NftBase.Link, EthernetSource, link.Mac.ToArray());
        batch.Forward(link.Index);
        batch.EndRule();
    }

    /// <summary>The buckets of other units, and the MAC of each bucket's owner on this interface.</summary>
    private static (uint[] Keys, byte[] Values) Elements(
        BalancePort port,
        ReadOnlySpan<UnitId> owners,
        IReadOnlyDictionary<UnitId, IReadOnlyDictionary<string, MacAddress>> macs
    )
    {
        var keys = new List<uint>();
        var values = new List<byte>();
        for (var bucket = 0; bucket < owners.Length; bucket++)
        {
            if (macs.TryGetValue(owners[bucket], out var of) && of.TryGetValue(port.Name, out var mac))
            {
                keys.Add((uint)bucket);
                values.AddRange(mac.ToArray());
            }
        }

        return ([.. keys], [.. values]);
    }

    private static byte[] Indexes(IEnumerable<(BalancePort Port, Link Link)> ports, PortSide side) =>
        [.. ports.Where(each => each.Port.Side == side).SelectMany(each => BitConverter.GetBytes(each.Link.Index))];

    /// <summary>Where the addresses stand in a packet of a protocol.</summary>
    private sealed record AddressPlace(byte[] Protocol, NftKeyType KeyType, int Source, int Destination, int Bytes);
}
