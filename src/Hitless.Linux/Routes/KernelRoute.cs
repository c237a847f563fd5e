using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hitless.Core.Forwarding;
using Hitless.Linux.Links;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Routes;

/// <summary>
/// A route, and the message that told of it, from which exactly the same can be made again (metrics, flags, encapsulation…).
/// </summary>
public sealed class KernelRoute
{
    // Dead, without carrier, in hardware: what the kernel says, not what anybody asked for.
    private readonly byte[] _payload;

    private KernelRoute(Route route, byte[] payload, IReadOnlyList<int> links)
    {
        Route = route;
        _payload = payload;
        Links = links;
    }

    /// <summary>The route in words.</summary>
    public Route Route { get; }

    /// <summary>The numbers of the interfaces of <see cref="Route.Hops"/>, in their order.</summary>
    public IReadOnlyList<int> Links { get; }

    /// <summary>One line of text from which <see cref="TryParse"/> makes it again, in another process or after a reboot.</summary>
    public override string ToString() =>
        $"{Convert.ToBase64String(_payload)} {string.Join(',', Links.Zip(Route.Hops, (link, hop) => $"{link}={hop.Interface}"))}";

    /// <summary>Reads such a line; false for anything else.</summary>
    public static bool TryParse(string line, out KernelRoute? route)
    {
        route = null;
        var words = line.Split(' ');
        var message = new byte[NetlinkMessageWriter.HeaderBytes + line.Length];
        if (words.Length != 2 || !Convert.TryFromBase64String(words[0], message.AsSpan(NetlinkMessageWriter.HeaderBytes), out var length))
        {
            return false;
        }

        var names = new Dictionary<int, string>();
        foreach (var pair in words[1].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (
                pair.Split('=', 2) is not [var index, var name]
                || !int.TryParse(index, System.Globalization.CultureInfo.InvariantCulture, out var number)
            )
            {
                return false;
            }

            names[number] = name;
        }

        return TryRead(new NetlinkMessage(message.AsSpan(0, NetlinkMessageWriter.HeaderBytes + length)), names, out route)
            && route!.Route.Hops.All(hop => hop.Interface.Length > 0);
    }

    /// <summary>
    /// Reads a route from the kernel's message; false for cached ones, those of the table of local addresses, and kinds that lead nowhere
    /// else.
    /// </summary>
    internal static bool TryRead(NetlinkMessage message, IReadOnlyDictionary<int, string> names, out KernelRoute? route)
    {
        route = null;
        if (
            !message.TryReadHeader<Rtnetlink.RouteHeader>(out var header)
            || (header.Flags & Rtnetlink.RouteCloned) != 0
            || header.Family is not (Libc.AddressFamilyInet or Libc.AddressFamilyInet6)
            || !Enum.IsDefined((RouteKind)header.Kind)
        )
        {
            return false;
        }

        IPAddress? destination = null,
            source = null,
            gateway = null;
        uint table = header.Table,
            metric = 0;
        var link = 0;
        var hops = new List<RouteHop>();
        var links = new List<int>();
        var attributes = message.Attributes(12);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case Rtnetlink.RouteDestination:
                    destination = AddressIn(attribute);
                    break;
                case Rtnetlink.RouteSource:
                    source = AddressIn(attribute);
                    break;
                case Rtnetlink.RouteGateway:
                case Rtnetlink.RouteVia:
                    gateway = AddressIn(attribute);
                    break;
                case Rtnetlink.RouteOutput:
                    _ = MemoryMarshal.TryRead(attribute.Value, out link);
                    break;
                case Rtnetlink.RoutePriority:
                    _ = attribute.TryReadU32(out metric);
                    break;
                case Rtnetlink.RouteTable:
                    _ = attribute.TryReadU32(out table);
                    break;
                case Rtnetlink.RouteMultipath:
                    ReadHops(attribute.Value, names, hops, links);
                    break;
            }
        }

        if (link != 0 || gateway is not null)
        {
            hops.Add(new RouteHop(names.GetValueOrDefault(link, ""), gateway));
            links.Add(link);
        }

        const uint tableOfLocalAddresses = 255;
        var any = header.Family == Libc.AddressFamilyInet ? IPAddress.Any : IPAddress.IPv6Any;
        var to = new AddressPrefix(destination ?? any, header.DestinationLength);
        route = new KernelRoute(
            new Route(to, table, metric, (RouteKind)header.Kind, header.Protocol, source, hops),
            message.Payload.ToArray(),
            links
        );
        return table != tableOfLocalAddresses;
    }

    /// <summary>It goes by a next-hop object, which the kernel deletes when its interface goes down.</summary>
    internal bool IsByObject
    {
        get
        {
            var attributes = new AttributeReader(_payload.AsSpan(12));
            while (attributes.TryRead(out var attribute))
            {
                if (attribute.Type == Rtnetlink.RouteNextHopId)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>
    /// Writes the request that makes it again; <paramref name="linkOf"/> gives an interface's number of today by its name. With
    /// <paramref name="byObject"/> it goes by its next-hop object, else by the hops themselves.
    /// </summary>
    /// <returns>False if one of its interfaces is not there.</returns>
    internal bool TryWrite(
        ref NetlinkMessageWriter writer,
        NetlinkFlags flags,
        uint sequence,
        IReadOnlyDictionary<string, int> linkOf,
        bool byObject
    )
    {
        foreach (var hop in Route.Hops)
        {
            if (hop.Interface.Length > 0 && !linkOf.ContainsKey(hop.Interface))
            {
                return false;
            }
        }

        var header = MemoryMarshal.Read<Rtnetlink.RouteHeader>(_payload);
        header.Flags &= ~Rtnetlink.RouteHopFlagsOfKernel;
        writer.BeginMessage(Rtnetlink.NewRoute, NetlinkFlags.Request | flags, sequence);
        writer.Header(header);
        var attributes = new AttributeReader(_payload.AsSpan(12));
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                // A route of a next-hop object must not name the hops too.
                case Rtnetlink.RouteCacheInfo:
                case Rtnetlink.RouteNextHopId when !byObject:
                case Rtnetlink.RouteOutput or Rtnetlink.RouteGateway or Rtnetlink.RouteVia or Rtnetlink.RouteMultipath when byObject:
                    break;
                case Rtnetlink.RouteOutput:
                    writer.U32(Rtnetlink.RouteOutput, (uint)linkOf[Route.Hops[0].Interface]);
                    break;
                case Rtnetlink.RouteMultipath:
                    WriteHops(writer.Attribute(Rtnetlink.RouteMultipath, attribute.Value.Length), attribute.Value, linkOf);
                    break;
                default:
                    writer.Attribute(attribute.Type, attribute.Value);
                    break;
            }
        }

        writer.EndMessage();
        return true;
    }

    private static IPAddress? AddressIn(NetlinkAttribute attribute) =>
        attribute.Type == Rtnetlink.RouteVia
            ? attribute.Value.Length is 6 or 18
                ? new IPAddress(attribute.Value[2..])
                : null
            : attribute.Value.Length is 4 or 16
                ? new IPAddress(attribute.Value)
                : null;

    private static void ReadHops(ReadOnlySpan<byte> value, IReadOnlyDictionary<int, string> names, List<RouteHop> hops, List<int> links)
    {
        while (MemoryMarshal.TryRead<Rtnetlink.RouteNextHop>(value, out var hop) && hop.Length >= 8 && hop.Length <= value.Length)
        {
            IPAddress? gateway = null;
            var attributes = new AttributeReader(value[8..hop.Length]);
            while (attributes.TryRead(out var attribute))
            {
                gateway = attribute.Type is Rtnetlink.RouteGateway or Rtnetlink.RouteVia ? AddressIn(attribute) : gateway;
            }

            hops.Add(new RouteHop(names.GetValueOrDefault(hop.Index, ""), gateway, hop.WeightMinusOne + 1));
            links.Add(hop.Index);
            value = value[Math.Min(NetlinkAlignment.Up(hop.Length), value.Length)..];
        }
    }

    private void WriteHops(Span<byte> target, ReadOnlySpan<byte> value, IReadOnlyDictionary<string, int> linkOf)
    {
        value.CopyTo(target);
        var place = 0;
        while (
            MemoryMarshal.TryRead<Rtnetlink.RouteNextHop>(target, out var hop)
            && hop.Length >= 8
            && hop.Length <= target.Length
            && place < Route.Hops.Count
        )
        {
            hop.Index = linkOf.GetValueOrDefault(Route.Hops[place++].Interface);
            hop.Flags &= unchecked((byte)~Rtnetlink.RouteHopFlagsOfKernel);
            MemoryMarshal.Write(target, hop);
            target = target[Math.Min(NetlinkAlignment.Up(hop.Length), target.Length)..];
        }
    }
}
