using System.Net;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Linux.Links;
using Hitless.Linux.Netlink;
using Hitless.Linux.Nftables;
using Hitless.Linux.Routes;
using Hitless.Linux.Sysctls;

namespace Hitless.Daemon.Gateway;

/// <summary>Reads all that forwarding depends on from the kernel. Belongs to one thread.</summary>
public sealed class ForwardingStateReader : IDisposable
{
    private const string OfHitless = "hitless";
    private readonly IReadOnlyList<PortSettings> ports;
    private readonly string[] portNames;
    private readonly HashSet<string> unitLinks;
    private readonly HashSet<IPAddress> virtualAddresses;
    private readonly LinkTable links = new();
    private readonly AddressTable addresses = new();
    private readonly RouteTable routes = new();
    private readonly RuleTable rules = new();
    private readonly RulesetReader ruleset = new();

    /// <param name="settings">Which interfaces carry traffic, and which are between the units.</param>
    public ForwardingStateReader(UnitSettings settings)
    {
        ports = settings.Interfaces;
        portNames = [.. ports.Select(port => port.Name)];
        unitLinks = [.. settings.SessionLinks.Select(link => link.Interface), "lo"];
        unitLinks.ExceptWith(portNames);
        virtualAddresses = [.. ports.SelectMany(port => port.VirtualAddresses).Select(each => each.Address)];
    }

    /// <summary>The state now.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public ForwardingState Read()
    {
        var there = links.Read();
        var names = there.ToDictionary(link => link.Index, link => link.Name);
        var byName = there.ToDictionary(link => link.Name, StringComparer.Ordinal);
        List<ForwardingItem> items =
        [
            .. ForwardingItems.Of(routes.Read(names).Select(each => each.Route), portNames, unitLinks, virtualAddresses),
        ];
        items.AddRange(
            ports.Select(port =>
                byName.TryGetValue(port.Name, out var link)
                    ? ForwardingItems.Interface(port.Name, link.Up, link.MtuBytes)
                    : ForwardingItems.Interface(port.Name, up: false, mtuBytes: null)
            )
        );
        var standing = addresses.Read().Select(each => (names.GetValueOrDefault(each.LinkIndex, ""), each.Prefix)).ToHashSet();
        items.AddRange(
            ports.SelectMany(port =>
                port.VirtualAddresses.Where(each => standing.Contains((port.Name, each)))
                    .Select(each => ForwardingItems.Address(port.Name, each))
            )
        );
        var own = standing.Select(each => each.Prefix.Address).Where(each => !virtualAddresses.Contains(each)).ToHashSet();
        items.AddRange(
            rules
                .Read()
                .Where(rule => !own.Any(each => rule.Words.Contains($" {each}/", StringComparison.Ordinal)))
                .Select(rule => ForwardingItems.Rule(rule.Ipv6, rule.Priority, rule.Words))
        );
        items.AddRange(Sysctls());
        items.AddRange(
            ruleset
                .Read()
                .Where(table => !table.Name.StartsWith(OfHitless, StringComparison.Ordinal))
                .Select(table =>
                    ForwardingItems.Table(table.Family, table.Name, table.Rules, table.NatRules, table.Hooks, table.Nats, table.Drops)
                )
        );
        return new ForwardingState(items);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        links.Dispose();
        addresses.Dispose();
        routes.Dispose();
        rules.Dispose();
        ruleset.Dispose();
    }

    private IEnumerable<ForwardingItem> Sysctls()
    {
        string[] names =
        [
            "net/ipv4/ip_forward",
            "net/ipv6/conf/all/forwarding",
            "net/netfilter/nf_conntrack_max",
            "net/netfilter/nf_conntrack_tcp_timeout_established",
            "net/netfilter/nf_conntrack_udp_timeout_stream",
            .. portNames.SelectMany(port =>
                (string[])
                    [
                        $"net/ipv4/conf/{port}/forwarding",
                        $"net/ipv4/conf/{port}/proxy_arp",
                        $"net/ipv6/conf/{port}/forwarding",
                        $"net/ipv6/conf/{port}/disable_ipv6",
                        $"net/ipv6/conf/{port}/proxy_ndp",
                    ]
            ),
        ];
        foreach (var name in names)
        {
            if (SysctlScope.Read(name) is { } value)
            {
                yield return ForwardingItems.Sysctl(name, value);
            }
        }

        // The kernel takes the stricter of the two (ip-sysctl: rp_filter).
        var all = SysctlScope.Read("net/ipv4/conf/all/rp_filter") ?? "0";
        foreach (var port in portNames)
        {
            if (SysctlScope.Read($"net/ipv4/conf/{port}/rp_filter") is { } value)
            {
                yield return ForwardingItems.Sysctl($"net/ipv4/conf/{port}/rp_filter", string.CompareOrdinal(value, all) > 0 ? value : all);
            }
        }
    }
}
