using System.Net;
using System.Runtime.InteropServices;
using Hitless.Linux.Links;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Neighbours;

/// <summary>
/// The addresses that the kernel answers for on behalf of others because somebody listed them (<c>ip neigh add proxy</c>), in the
/// namespace of the thread that made it. Not for several threads at once.
/// </summary>
public sealed class ProxyEntries : IDisposable
{
    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Route);

    /// <summary>
    /// Each entry with the number of its interface; 0 stands for all. Empty while the list changes: then it is looked at again.
    /// </summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public IReadOnlyList<(int LinkIndex, IPAddress Address)> Read()
    {
        var entries = new List<(int LinkIndex, IPAddress Address)>();
        Span<byte> buffer = stackalloc byte[64];
        var writer = new NetlinkMessageWriter(buffer);
        writer.BeginMessage(Rtnetlink.GetNeighbour, NetlinkFlags.Request | NetlinkFlags.Dump, _netlink.NextSequence());
        writer.Header(new Rtnetlink.NeighbourHeader { Flags = Rtnetlink.NeighbourProxy });
        writer.EndMessage();
        _netlink
            .Query(writer.Written, ref entries, Add)
            .ThrowIfFailed("cannot list the addresses that are answered for on behalf of others");
        return entries;
    }

    /// <inheritdoc/>
    public void Dispose() => _netlink.Dispose();

    private static void Add(NetlinkMessage message, ref List<(int LinkIndex, IPAddress Address)> entries)
    {
        if (
            message.Type != Rtnetlink.NewNeighbour
            || !message.TryReadHeader<Rtnetlink.NeighbourHeader>(out var header)
            || (header.Flags & Rtnetlink.NeighbourProxy) == 0
        )
        {
            return;
        }

        var attributes = message.Attributes(Marshal.SizeOf<Rtnetlink.NeighbourHeader>());
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == Rtnetlink.NeighbourAddress && attribute.Value.Length is 4 or 16)
            {
                entries.Add((header.Index, new IPAddress(attribute.Value)));
            }
        }
    }
}
