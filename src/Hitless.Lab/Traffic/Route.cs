using System.Net;
using System.Net.Sockets;
using Hitless.Lab.Network;

namespace Hitless.Lab.Traffic;

/// <summary>One way through the gateway: from which source to which address. <c>Hidden</c>: SNAT; <c>Forwarded</c>: DNAT.</summary>
public readonly record struct Route(IPAddress Source, IPAddress Target, bool Hidden, bool Forwarded)
{
    // Of ten connections five go through SNAT, two through DNAT, three are IPv6.
    private static readonly (bool Hidden, bool Forwarded, bool Ipv6)[] Pattern =
    [
        (true, false, false),
        (false, false, false),
        (true, false, false),
        (false, true, false),
        (true, false, true),
        (false, false, true),
        (true, false, false),
        (false, false, false),
        (true, false, false),
        (false, true, true),
    ];

    /// <summary>True for IPv6.</summary>
    public bool Ipv6 => Source.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>The way of the n-th connection.</summary>
    public static Route Of(long number, bool ipv4Only)
    {
        var (hidden, forwarded, ipv6) = Pattern[number % Pattern.Length];
        ipv6 &= !ipv4Only;
        var sources = (hidden, forwarded, ipv6) switch
        {
            (true, _, true) => Addresses.HiddenSources6,
            (true, _, false) => Addresses.HiddenSources,
            (_, true, true) => Addresses.ServedSources6,
            (_, true, false) => Addresses.ServedSources,
            (_, _, true) => Addresses.PlainSources6,
            _ => Addresses.PlainSources,
        };
        var target = (forwarded, ipv6) switch
        {
            (true, true) => Addresses.VirtualLan6,
            (true, false) => Addresses.VirtualLan,
            (false, true) => Addresses.Server6,
            (false, false) => Addresses.Server,
        };
        return new Route(
            IPAddress.Parse(sources[(int)(number / Pattern.Length % sources.Count)]),
            IPAddress.Parse(target),
            hidden,
            forwarded
        );
    }

    /// <summary>A TCP socket bound to the source, not yet connected.</summary>
    public Socket OpenSocket()
    {
        var socket = new Socket(Source.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(Source, 0));
        return socket;
    }
}
