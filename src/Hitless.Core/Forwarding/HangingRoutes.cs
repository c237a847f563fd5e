using System.Net;

namespace Hitless.Core.Forwarding;

/// <summary>
/// Routes that hang on virtual addresses: when such an address is taken away, by whomever and for however short a time, the kernel takes
/// them away too (IPv6: their source), and the
/// address's return does not bring them back. So they are remembered while all virtual addresses stand, and put back after those.
/// </summary>
public static class HangingRoutes
{
    /// <summary>
    /// Which of <paramref name="routes"/> hang on a virtual address: it is their source, or their gateway is reached through its network
    /// alone.
    /// </summary>
    /// <param name="routes">The routes that stand; the kernel's own (for addresses) are passed over, and declared ones, which are put back
    /// in any case.</param>
    /// <param name="virtualAddresses">The virtual addresses with the names of their interfaces.</param>
    /// <param name="ownAddresses">All others with the names of theirs.</param>
    public static IEnumerable<Route> Among(
        IEnumerable<Route> routes,
        IReadOnlyCollection<(string Interface, AddressPrefix Prefix)> virtualAddresses,
        IReadOnlyCollection<(string Interface, AddressPrefix Prefix)> ownAddresses
    )
    {
        const byte ofKernel = 2; // RTPROT_KERNEL
        return routes.Where(route =>
            route.Protocol is not (ofKernel or DeclaredRoute.Protocol) && (IsSource(route) || route.Hops.Any(NeedsVirtualAddress))
        );

        bool IsSource(Route route) => route.Source is { } source && virtualAddresses.Any(each => each.Prefix.Address.Equals(source));

        bool NeedsVirtualAddress(RouteHop hop) =>
            hop.Gateway is { IsIPv6LinkLocal: false } gateway
            && Reaches(virtualAddresses, hop, gateway)
            && !Reaches(ownAddresses, hop, gateway);
    }

    /// <summary>
    /// Which of <paramref name="remembered"/> are to be put back: those whose place is empty. A route that somebody has set in its place
    /// meanwhile stays; IPv6's that only lost their source get it again.
    /// </summary>
    public static IEnumerable<Route> Missing(IEnumerable<Route> remembered, IEnumerable<Route> standing)
    {
        var there = standing.ToLookup(route => route.Key);
        return remembered.Where(route =>
            there[route.Key].All(other => other.LeadsLike(route) && other.Source is null && route.Source is not null)
        );
    }

    private static bool Reaches(IEnumerable<(string Interface, AddressPrefix Prefix)> addresses, RouteHop hop, IPAddress gateway) =>
        addresses.Any(each => each.Interface == hop.Interface && each.Prefix.Contains(gateway));
}
