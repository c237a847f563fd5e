using System.Net;
using Hitless.Core.Forwarding;
using Hitless.Linux.Links;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Routes;

/// <summary>
/// The routes of the namespace of the thread that made it, of every table but the kernel's own of local addresses. Not for several threads
/// at once.
/// </summary>
public sealed class RouteTable : IDisposable
{
    private const int MessageMax = 16 * 1024;

    // Who reads routes for their own sake waits for the kernel to walk them: a whole Internet table is read by who set it.
    private static readonly byte[] Configured =
    [
        2 /* kernel */
        ,
        3 /* boot */
        ,
        4 /* static */
        ,
        9 /* ra */
        ,
        16 /* dhcp */
        ,
        DeclaredRoute.Protocol,
    ];

    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Route, strict: true);

    /// <summary>
    /// Every route that the kernel, an operator, DHCP or a router advertisement set; those of routing daemons (RTPROT_BGP and so on), which
    /// set them again by themselves, are left out by the kernel.
    /// </summary>
    /// <param name="names">The interfaces' names by their numbers.</param>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public IReadOnlyList<KernelRoute> Read(IReadOnlyDictionary<int, string> names)
    {
        var reading = new Reading(names, []);
        Span<byte> buffer = stackalloc byte[64];
        foreach (var family in (ReadOnlySpan<byte>)[Libc.AddressFamilyInet, Libc.AddressFamilyInet6])
        {
            foreach (var protocol in Configured)
            {
                var writer = new NetlinkMessageWriter(buffer);
                writer.BeginMessage(Rtnetlink.GetRoute, NetlinkFlags.Request | NetlinkFlags.Dump, _netlink.NextSequence());
                writer.Header(new Rtnetlink.RouteHeader { Family = family, Protocol = protocol });
                writer.EndMessage();
                _netlink.Query(writer.Written, ref reading, Add).ThrowIfFailed("cannot list the routes");
            }
        }

        return reading.Routes;
    }

    /// <summary>
    /// Makes a route again as it was; one that stands already, or another in its place, stays (IPv6: is replaced, as only its source
    /// differs).
    /// </summary>
    /// <param name="route">What <see cref="Read"/> gave earlier.</param>
    /// <param name="linkOf">The interfaces' numbers by their names, of today.</param>
    /// <returns>Whether it stands now, or why not.</returns>
    public NetlinkResult Restore(KernelRoute route, IReadOnlyDictionary<string, int> linkOf)
    {
        var result = Restore(route, linkOf, route.IsByObject);

        // The object is gone with its interface, and only its owner can make it anew: the hops are known.
        return result.Errno == Errno.InvalidArgument && route.IsByObject ? Restore(route, linkOf, byObject: false) : result;
    }

    /// <summary>Makes a route, unless one stands in its place.</summary>
    public NetlinkResult Add(Route route, IReadOnlyDictionary<string, int> linkOf) =>
        Change(Rtnetlink.NewRoute, NetlinkFlags.Create | NetlinkFlags.Exclusive, route, linkOf);

    /// <summary>Takes a route away, and no other one in its place; one that is gone already is no failure.</summary>
    public NetlinkResult Remove(Route route, IReadOnlyDictionary<string, int> linkOf)
    {
        var result = Change(Rtnetlink.DeleteRoute, NetlinkFlags.None, route, linkOf);
        return result.Errno is Errno.NoProcess or Errno.NoEntry or Errno.NoDevice ? default : result;
    }

    /// <inheritdoc/>
    public void Dispose() => _netlink.Dispose();

    private NetlinkResult Restore(KernelRoute route, IReadOnlyDictionary<string, int> linkOf, bool byObject)
    {
        var writer = new NetlinkMessageWriter(new byte[MessageMax]);
        var ipv6 = route.Route.Destination.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        var flags = NetlinkFlags.Acknowledge | NetlinkFlags.Create | (ipv6 ? NetlinkFlags.Replace : NetlinkFlags.Exclusive);
        if (!route.TryWrite(ref writer, flags, _netlink.NextSequence(), linkOf, byObject))
        {
            return new NetlinkResult(Errno.NoDevice, 1, 0, 0, "its interface is not there");
        }

        var result = _netlink.Execute(writer.Written);
        return result.Errno == Errno.Exists ? default : result;
    }

    private NetlinkResult Change(ushort type, NetlinkFlags flags, Route route, IReadOnlyDictionary<string, int> linkOf)
    {
        var hop = route.Hops.Count == 1 ? route.Hops[0] : throw new ArgumentException($"{route} has not one way", nameof(route));
        if (!linkOf.TryGetValue(hop.Interface, out var link))
        {
            return new NetlinkResult(Errno.NoDevice, 1, 0, 0, $"the interface {hop.Interface} is not there");
        }

        const byte onLink = 253; // RT_SCOPE_LINK
        var ipv6 = route.Destination.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        var writer = new NetlinkMessageWriter(stackalloc byte[256]);
        writer.BeginMessage(type, NetlinkFlags.Request | NetlinkFlags.Acknowledge | flags, _netlink.NextSequence());
        writer.Header(
            new Rtnetlink.RouteHeader
            {
                Family = (byte)(ipv6 ? Libc.AddressFamilyInet6 : Libc.AddressFamilyInet),
                DestinationLength = (byte)route.Destination.PrefixLength,
                Protocol = route.Protocol,
                Kind = (byte)route.Kind,
                Scope = hop.Gateway is null && !ipv6 ? onLink : default,
            }
        );
        writer.U32(Rtnetlink.RouteTable, route.Table);
        writer.U32(Rtnetlink.RoutePriority, route.Metric);
        writer.U32(Rtnetlink.RouteOutput, (uint)link);
        WriteAddress(ref writer, Rtnetlink.RouteDestination, route.Destination.PrefixLength == 0 ? null : route.Destination.Address);
        WriteAddress(ref writer, Rtnetlink.RouteGateway, hop.Gateway);
        WriteAddress(ref writer, Rtnetlink.RouteSource, route.Source);
        writer.EndMessage();
        return _netlink.Execute(writer.Written);
    }

    private static void WriteAddress(ref NetlinkMessageWriter writer, ushort attribute, IPAddress? address)
    {
        if (address is not null)
        {
            writer.Attribute(attribute, address.GetAddressBytes());
        }
    }

    private static void Add(NetlinkMessage message, ref Reading reading)
    {
        if (message.Type == Rtnetlink.NewRoute && KernelRoute.TryRead(message, reading.Names, out var route))
        {
            reading.Routes.Add(route!);
        }
    }

    private readonly record struct Reading(IReadOnlyDictionary<int, string> Names, List<KernelRoute> Routes);
}
