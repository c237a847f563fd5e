using Hitless.Core.Cluster;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Links;

/// <summary>
/// Reads the interfaces of the namespace of the thread that made it, and keeps virtual MACs in their unicast filters. Not for several
/// threads at once.
/// </summary>
public sealed class LinkTable : IDisposable
{
    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Route);

    /// <summary>Every interface.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public IReadOnlyList<Link> Read()
    {
        var links = new List<Link>();
        Span<byte> buffer = stackalloc byte[64];
        var writer = new NetlinkMessageWriter(buffer);
        writer.BeginMessage(Rtnetlink.GetLink, NetlinkFlags.Request | NetlinkFlags.Dump, _netlink.NextSequence());
        writer.Header(default(Rtnetlink.LinkHeader));
        writer.EndMessage();
        _netlink.Query(writer.Written, ref links, Add).ThrowIfFailed("cannot list the network interfaces");
        return links;
    }

    /// <summary>The interface of that name, or null.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public Link? Find(string name)
    {
        var links = new List<Link>();
        Span<byte> buffer = stackalloc byte[512];
        var writer = new NetlinkMessageWriter(buffer);
        writer.BeginMessage(Rtnetlink.GetLink, NetlinkFlags.Request | NetlinkFlags.Acknowledge, _netlink.NextSequence());
        writer.Header(default(Rtnetlink.LinkHeader));
        writer.String(Rtnetlink.LinkName, name);
        writer.EndMessage();
        var result = _netlink.Query(writer.Written, ref links, Add);
        if (result.Errno == Native.Errno.NoDevice)
        {
            return null;
        }

        result.ThrowIfFailed($"cannot look up the interface {name}");
        return links.Count > 0 ? links[0] : null;
    }

    /// <summary>Sets the interface up. May be repeated.</summary>
    public NetlinkResult SetUp(int linkIndex)
    {
        Span<byte> buffer = stackalloc byte[64];
        var writer = new NetlinkMessageWriter(buffer);
        writer.BeginMessage(Rtnetlink.NewLink, NetlinkFlags.Request | NetlinkFlags.Acknowledge, _netlink.NextSequence());
        writer.Header(
            new Rtnetlink.LinkHeader
            {
                Index = linkIndex,
                Flags = Rtnetlink.LinkUp,
                Change = Rtnetlink.LinkUp,
            }
        );
        writer.EndMessage();
        return _netlink.Execute(writer.Written);
    }

    /// <summary>
    /// Makes the interface's hardware take frames to this address besides its own (<c>bridge fdb add … self</c>). May be repeated.
    /// </summary>
    public NetlinkResult EnsureUnicastFilter(int linkIndex, MacAddress mac) =>
        ChangeUnicastFilter(linkIndex, mac, Rtnetlink.NewNeighbour, NetlinkFlags.Create);

    /// <summary>Undoes <see cref="EnsureUnicastFilter"/>; "no such entry" is no failure.</summary>
    public NetlinkResult RemoveUnicastFilter(int linkIndex, MacAddress mac)
    {
        var result = ChangeUnicastFilter(linkIndex, mac, Rtnetlink.DeleteNeighbour, NetlinkFlags.None);
        return result.Errno is Native.Errno.NoEntry ? default : result;
    }

    /// <inheritdoc/>
    public void Dispose() => _netlink.Dispose();

    private static void Add(NetlinkMessage message, ref List<Link> links)
    {
        if (message.Type == Rtnetlink.NewLink && Link.TryRead(message, out var link))
        {
            links.Add(link);
        }
    }

    private NetlinkResult ChangeUnicastFilter(int linkIndex, MacAddress mac, ushort type, NetlinkFlags flags)
    {
        Span<byte> buffer = stackalloc byte[64];
        var writer = new NetlinkMessageWriter(buffer);
        writer.BeginMessage(type, NetlinkFlags.Request | NetlinkFlags.Acknowledge | flags, _netlink.NextSequence());
        writer.Header(
            new Rtnetlink.NeighbourHeader
            {
                Family = Rtnetlink.FamilyBridge,
                Index = linkIndex,
                State = Rtnetlink.NeighbourPermanent,
                Flags = Rtnetlink.NeighbourSelf,
            }
        );
        mac.WriteTo(writer.Attribute(Rtnetlink.NeighbourMac, MacAddress.Bytes));
        writer.EndMessage();
        return _netlink.Execute(writer.Written);
    }
}
