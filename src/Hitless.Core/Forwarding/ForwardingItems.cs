using System.Globalization;
using System.Net;

namespace Hitless.Core.Forwarding;

/// <summary>
/// Makes items of what the kernel has, leaving out what is a unit's own by right: own addresses as sources, networks and routes of the
/// links between the units, interfaces that come and go with
/// programs (containers, virtual machines).
/// </summary>
public static class ForwardingItems
{
    private const string Up = "up";
    private const string Down = "down";
    private const string Missing = "absent";

    /// <summary>The value of a table of nftables that has no rule.</summary>
    public const string Empty = "no rules";

    /// <summary>In the value of a table: one of its chains drops forwarded packets that it does not accept.</summary>
    public const string PolicyDrop = "policy drop";

    /// <summary>In the value of a table: what its rules do not drop goes on.</summary>
    public const string PolicyAccept = "policy accept";

    /// <summary>How many sessions a kernel holds: a smaller table is a difference, but not one that stops what flows.</summary>
    public const string SessionsMax = "sysctl net.netfilter.nf_conntrack_max";

    private const byte OfKernel = 2; // RTPROT_KERNEL
    private static readonly string[] OfPrograms = ["docker", "br-", "veth", "virbr", "vnet", "tap", "cni", "flannel", "cali", "lxc"];

    /// <summary>The routes and networks.</summary>
    /// <param name="routes">All routes that are configured, and the kernel's own.</param>
    /// <param name="interfaces">The interfaces that carry traffic.</param>
    /// <param name="links">Those between the units.</param>
    /// <param name="virtualAddresses">Sources that every unit has.</param>
    public static IEnumerable<ForwardingItem> Of(
        IEnumerable<Route> routes,
        IReadOnlyCollection<string> interfaces,
        IReadOnlyCollection<string> links,
        IReadOnlySet<IPAddress> virtualAddresses
    )
    {
        var networks = new HashSet<string>(StringComparer.Ordinal);
        foreach (var route in routes.Where(route => !IsLinkLocal(route.Destination.Address)))
        {
            var devices = route.Hops.Select(hop => hop.Interface).ToArray();
            if (route.Protocol == OfKernel)
            {
                if (
                    route.Kind == RouteKind.Unicast
                    && devices is [var device]
                    && interfaces.Contains(device)
                    && route.Destination.PrefixLength < Length(route.Destination.Address)
                    && networks.Add($"{route.Destination} {device}")
                )
                {
                    yield return new ForwardingItem(ForwardingKind.Network, $"network {route.Destination} dev {device}", "");
                }
            }
            else if (!devices.Any(links.Contains) && !devices.Any(device => IsOfProgram(device) && !interfaces.Contains(device)))
            {
                var plain = route with { Source = route.Source is { } source && virtualAddresses.Contains(source) ? source : null };
                var name = (route with { Hops = [], Source = null, Kind = RouteKind.Unicast }).ToString();
                yield return new ForwardingItem(
                    ForwardingKind.Route,
                    $"route {name}",
                    (plain with { Metric = 0, Table = Route.MainTable })
                        .ToString()
                        .Replace(DestinationOf(route), "", StringComparison.Ordinal)
                        .Trim()
                );
            }
        }
    }

    /// <summary>A kernel setting, with the name that sysctl uses.</summary>
    public static ForwardingItem Sysctl(string name, string value) => new(ForwardingKind.Sysctl, $"sysctl {name.Replace('/', '.')}", value);

    /// <summary>How much of an interface is there, by the value of its item: 2 it can forward, 1 it is down, 0 it is not there.</summary>
    public static int RankOf(string value) =>
        value.StartsWith(Up, StringComparison.Ordinal) ? 2
        : value.StartsWith(Down, StringComparison.Ordinal) ? 1
        : 0;

    /// <summary>An interface that carries traffic; <paramref name="mtuBytes"/> null: it is not there.</summary>
    public static ForwardingItem Interface(string name, bool up, int? mtuBytes) =>
        new(
            ForwardingKind.Interface,
            $"interface {name}",
            mtuBytes is { } mtu ? string.Create(CultureInfo.InvariantCulture, $"{(up ? Up : Down)}, MTU {mtu}") : Missing
        );

    /// <summary>A policy rule.</summary>
    public static ForwardingItem Rule(bool ipv6, uint priority, string words) =>
        new(ForwardingKind.Rule, string.Create(CultureInfo.InvariantCulture, $"rule {(ipv6 ? "IPv6" : "IPv4")} {priority}: {words}"), "");

    /// <summary>A virtual address that stands.</summary>
    public static ForwardingItem Address(string port, AddressPrefix prefix) =>
        new(ForwardingKind.Address, $"address {prefix} dev {port}", "");

    /// <summary>A table of nftables.</summary>
    /// <param name="family">As <c>nft</c> writes it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="rules">Rules in all of its chains.</param>
    /// <param name="natRules">Those of them in chains of type nat that have a hook.</param>
    /// <param name="hooks">Chains with a hook.</param>
    /// <param name="nats">Those of them of type nat.</param>
    /// <param name="drops">One of its chains drops forwarded packets that it does not accept.</param>
    public static ForwardingItem Table(string family, string name, int rules, int natRules, int hooks, int nats, bool drops) =>
        new(
            ForwardingKind.Firewall,
            $"nftables table {family} {name}",
            rules == 0 && !drops
                ? Empty
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{rules} rules ({natRules} that translate), {(drops ? PolicyDrop : PolicyAccept)}, {hooks} hooks, {nats} nat"
                )
        );

    private static string DestinationOf(Route route) =>
        (route with { Hops = [], Source = null, Kind = RouteKind.Unicast, Metric = 0, Table = Route.MainTable }).ToString();

    private static bool IsOfProgram(string device) => OfPrograms.Any(prefix => device.StartsWith(prefix, StringComparison.Ordinal));

    private static bool IsLinkLocal(IPAddress address) => address.IsIPv6LinkLocal || address.IsIPv6Multicast;

    private static int Length(IPAddress address) => address.GetAddressBytes().Length * 8;
}
