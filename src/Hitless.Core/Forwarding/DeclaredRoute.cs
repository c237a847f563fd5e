using System.Net;

namespace Hitless.Core.Forwarding;

/// <summary>
/// One entry of <c>interfaces[].routes</c>. <c>Via</c> null: the destination is on the interface's own network. <c>Source</c> null: the
/// kernel chooses.
/// </summary>
public sealed record DeclaredRoute(string Interface, AddressPrefix Destination, IPAddress? Via, uint Table, uint Metric, IPAddress? Source)
{
    /// <summary>
    /// Marks routes and rules as declared (<c>rtm_protocol</c>, <c>FRA_PROTOCOL</c>), so that whoever comes later finds them.
    /// </summary>
    public const byte Protocol = 72;

    /// <summary>What IPv6 routes have where nobody gives a metric (<c>IP6_RT_PRIO_USER</c>).</summary>
    private const uint MetricOfIpv6 = 1024;

    /// <summary>As the kernel will have it.</summary>
    public Route AsRoute() =>
        new(
            Destination,
            Table,
            Metric == 0 && Destination.IsIpv6 ? MetricOfIpv6 : Metric,
            RouteKind.Unicast,
            Protocol,
            Source,
            [new RouteHop(Interface, Via)]
        );
}
