using System.Net;
using System.Runtime.InteropServices;
using Hitless.Core.Forwarding;
using Hitless.Linux.Links;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Routes;

/// <summary>
/// Asks the kernel where it would send a packet, in the network namespace of the thread that made this. Not for several threads at once.
/// </summary>
public sealed class RouteLookup : IDisposable
{
    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Route);

    /// <summary>
    /// The number of the interface that leads to an address, by the routes and rules for packets of this unit's own; null: none does, or
    /// the address is this unit's, a group's or a broadcast.
    /// </summary>
    public int? LinkTo(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        var writer = new NetlinkMessageWriter(new byte[64]);
        writer.BeginMessage(Rtnetlink.GetRoute, NetlinkFlags.Request | NetlinkFlags.Acknowledge, _netlink.NextSequence());
        writer.Header(
            new Rtnetlink.RouteHeader
            {
                Family = (byte)(length == 4 ? Libc.AddressFamilyInet : Libc.AddressFamilyInet6),
                DestinationLength = (byte)(length * 8),
            }
        );
        writer.Attribute(Rtnetlink.RouteDestination, bytes[..length]);
        writer.EndMessage();
        int? link = null;
        return _netlink.Query(writer.Written, ref link, Read).Succeeded ? link : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _netlink.Dispose();

    private static void Read(NetlinkMessage message, ref int? link)
    {
        if (!message.TryReadHeader<Rtnetlink.RouteHeader>(out var header) || (RouteKind)header.Kind != RouteKind.Unicast)
        {
            return;
        }

        var attributes = message.Attributes(12);
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == Rtnetlink.RouteOutput && MemoryMarshal.TryRead<int>(attribute.Value, out var number))
            {
                link = number;
            }
        }
    }
}
