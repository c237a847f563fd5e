using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hitless.Core.Cluster;
using Hitless.Core.Neighbours;
using Hitless.Linux.Links;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Neighbours;

/// <summary>
/// The kernel's ARP and ND entries on some ports, in the namespace of the thread that made it. Entries that are put in are <em>stale</em>
/// (<c>NUD_STALE</c>): the first packet to them leaves at once, and the kernel asks the neighbour itself some seconds later. Not for
/// several threads at once.
/// </summary>
public sealed class NeighbourTable(IReadOnlyList<string> ports) : IDisposable
{
    // Header, ndmsg, address of 16 bytes, MAC.
    private const int BytesPerMessage = 64;
    private const int Batch = 256;
    private const ushort Known =
        Rtnetlink.NeighbourReachable | Rtnetlink.NeighbourStale | Rtnetlink.NeighbourDelay | Rtnetlink.NeighbourProbe;

    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Route);
    private readonly LinkTable _links = new();
    private readonly byte[] _batch = new byte[Batch * BytesPerMessage];

    /// <summary>
    /// Adds every neighbour whose MAC is known to <paramref name="neighbours"/>; what an operator set for ever is not the cluster's.
    /// </summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public void Read(List<Neighbour> neighbours)
    {
        var reading = new Reading(Indices(), neighbours, Known);
        Dump(ref reading);
    }

    /// <summary>Puts in what the kernel does not know, or knows otherwise without being sure of it.</summary>
    /// <returns>How many were put in.</returns>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public int Learn(IEnumerable<Neighbour> neighbours)
    {
        var links = _links.Read();
        var indices = Indices(links);
        var own = links.Select(link => link.Mac).ToHashSet();
        List<Neighbour> standing = [],
            sure = [];
        var reading = new Reading(indices, standing, Known);
        Dump(ref reading);
        reading = new Reading(indices, sure, Rtnetlink.NeighbourReachable | Rtnetlink.NeighbourPermanent);
        Dump(ref reading);
        var known = standing.ToHashSet();
        var settled = sure.Select(each => (each.Port, each.Ipv6, each.Address)).ToHashSet();
        Neighbour[] wanted =
        [
            .. neighbours.Where(each =>
                each.Port < ports.Count
                && indices[each.Port] != 0
                && !own.Contains(each.Mac)
                && !known.Contains(each)
                && !settled.Contains((each.Port, each.Ipv6, each.Address))
            ),
        ];
        foreach (var batch in wanted.Chunk(Batch))
        {
            Put(batch, indices);
        }

        return wanted.Length;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _links.Dispose();
        _netlink.Dispose();
    }

    private void Put(ReadOnlySpan<Neighbour> batch, int[] indices)
    {
        Span<byte> address = stackalloc byte[16];
        var writer = new NetlinkMessageWriter(_batch);
        for (var i = 0; i < batch.Length; i++)
        {
            var each = batch[i];
            var acknowledge = i == batch.Length - 1 ? NetlinkFlags.Acknowledge : NetlinkFlags.None;
            writer.BeginMessage(
                Rtnetlink.NewNeighbour,
                NetlinkFlags.Request | NetlinkFlags.Create | NetlinkFlags.Replace | acknowledge,
                _netlink.NextSequence()
            );
            writer.Header(
                new Rtnetlink.NeighbourHeader
                {
                    Family = (byte)(each.Ipv6 ? Libc.AddressFamilyInet6 : Libc.AddressFamilyInet),
                    Index = indices[each.Port],
                    State = Rtnetlink.NeighbourStale,
                }
            );
            BinaryPrimitives.WriteUInt128BigEndian(address, each.Address);
            writer.Attribute(Rtnetlink.NeighbourAddress, address[^each.AddressBytes..]);
            each.Mac.WriteTo(writer.Attribute(Rtnetlink.NeighbourMac, MacAddress.Bytes));
            writer.EndMessage();
        }

        _netlink.Execute(writer.Written).ThrowIfFailed("cannot put neighbours in");
    }

    private int[] Indices() => Indices(_links.Read());

    /// <summary>The kernel's numbers of the ports; 0 for one that is absent.</summary>
    private int[] Indices(IReadOnlyList<Link> links) => [.. ports.Select(port => links.FirstOrDefault(link => link.Name == port).Index)];

    private void Dump(ref Reading reading)
    {
        Span<byte> buffer = stackalloc byte[64];
        var writer = new NetlinkMessageWriter(buffer);
        writer.BeginMessage(Rtnetlink.GetNeighbour, NetlinkFlags.Request | NetlinkFlags.Dump, _netlink.NextSequence());
        writer.Header(default(Rtnetlink.NeighbourHeader));
        writer.EndMessage();
        var result = _netlink.Query(writer.Written, ref reading, Add);

        // What came or went meanwhile interrupts a dump; what was told is true enough, and the next look is a second away.
        if (result.Errno != Errno.Again)
        {
            result.ThrowIfFailed("cannot list the neighbours");
        }
    }

    private static void Add(NetlinkMessage message, ref Reading reading)
    {
        if (
            message.Type != Rtnetlink.NewNeighbour
            || !message.TryReadHeader<Rtnetlink.NeighbourHeader>(out var header)
            || (header.State & reading.States) == 0
        )
        {
            return;
        }

        var port = Array.IndexOf(reading.Indices, header.Index);
        var (address, mac, length) = (default(UInt128), default(MacAddress), 0);
        var attributes = message.Attributes(Marshal.SizeOf<Rtnetlink.NeighbourHeader>());
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case Rtnetlink.NeighbourAddress when attribute.Value.Length is 4:
                    (address, length) = (BinaryPrimitives.ReadUInt32BigEndian(attribute.Value), 4);
                    break;
                case Rtnetlink.NeighbourAddress when attribute.Value.Length is 16:
                    (address, length) = (BinaryPrimitives.ReadUInt128BigEndian(attribute.Value), 16);
                    break;
                case Rtnetlink.NeighbourMac:
                    _ = MacAddress.TryRead(attribute.Value, out mac);
                    break;
            }
        }

        if (port >= 0 && length > 0 && mac != default)
        {
            reading.Into.Add(new Neighbour((byte)port, length == 16, address, mac));
        }
    }

    private readonly record struct Reading(int[] Indices, List<Neighbour> Into, int States);
}
