using System.Net;
using System.Net.Sockets;
using Hitless.Core.Forwarding;
using Hitless.Daemon.Configuration.Yaml;

namespace Hitless.Daemon.Configuration;

/// <summary>Declared routes and policy rules: what must hold between their keys, and what is made of them.</summary>
internal static class RoutingRules
{
    public static void Check(Section root, Problems problems)
    {
        var ports = root.Sections("interfaces");
        var virtualAddresses = ports
            .SelectMany(port => port.Items("virtual-addresses"))
            .Select(each => each.Value)
            .OfType<AddressPrefix>()
            .Select(each => each.Address)
            .ToHashSet();
        var seen = new Dictionary<(uint Table, AddressPrefix To, uint Metric), Place>();
        foreach (var route in ports.SelectMany(port => port.Sections("routes")))
        {
            CheckRoute(route, virtualAddresses, problems);
            if (problems.None && RouteFrom("", route).AsRoute().Key is var key && !seen.TryAdd(key, route.At))
            {
                var line = seen[key].Line;
                problems.Add(
                    route.At,
                    $"a route to {key.Destination} of the same table and metric stands in line {line} already; expected another metric"
                );
            }
        }

        CheckRules(root.Under("forwarding").Sections("rules"), problems);
    }

    public static DeclaredRoute RouteFrom(string port, Section route)
    {
        var (via, source) = (AddressIn(route, "via"), AddressIn(route, "source"));
        var to = NetworkIn(route, "to", IsIpv6(via ?? source)) ?? default;
        return new DeclaredRoute(port, to, via, route.Get<uint>("table"), (uint)route.Get<int>("metric"), source);
    }

    /// <summary>One rule, or one for each family.</summary>
    public static IEnumerable<DeclaredRule> RulesFrom(Section rule)
    {
        bool?[] known = [IsIpv6(PrefixIn(rule, "from")?.Address), IsIpv6(PrefixIn(rule, "to")?.Address)];
        foreach (var ipv6 in known.OfType<bool>().Distinct().ToArray() is [var one] ? [one] : new[] { false, true })
        {
            yield return new DeclaredRule(ipv6, (uint)rule.Get<int>("priority"), rule.Get<uint>("table"))
            {
                From = PrefixIn(rule, "from"),
                To = PrefixIn(rule, "to"),
                Incoming = rule.Find("incoming")?.Value as string,
                Outgoing = rule.Find("outgoing")?.Value as string,
                Mark = rule.Find("mark")?.Value is int mark ? (uint)mark : 0,
            };
        }
    }

    private static void CheckRoute(Section route, HashSet<IPAddress> virtualAddresses, Problems problems)
    {
        var (to, via, source) = (route.Find("to"), route.Find("via"), route.Find("source"));
        if (to?.Value is "default" && via is null && source is null && problems.None)
        {
            problems.Add(to.At, "default is of IPv4 or IPv6 by via or source, and neither is given; expected via, or 0.0.0.0/0 or ::/0");
        }

        if (source is { Value: IPAddress given } && !virtualAddresses.Contains(given))
        {
            problems.Add(source.At, $"{given} is no virtual address; expected one that stands in interfaces, as every unit has the route");
        }

        if (via is { Value: IPAddress gateway } && virtualAddresses.Contains(gateway))
        {
            problems.Add(via.At, $"{gateway} is a virtual address of this cluster; expected the address of another machine");
        }

        SameFamily([to, via, source], problems);
    }

    private static void CheckRules(IReadOnlyList<Section> rules, Problems problems)
    {
        var seen = new Dictionary<DeclaredRule, Place>();
        foreach (var rule in rules)
        {
            SameFamily([rule.Find("from"), rule.Find("to")], problems);
            if (Matches(rule) == 0 && problems.None)
            {
                problems.Add(rule.At, "the rule matches every packet; expected from, to, incoming, outgoing or mark");
            }

            foreach (var each in problems.None ? RulesFrom(rule) : [])
            {
                if (!seen.TryAdd(each, rule.At))
                {
                    problems.Add(rule.At, $"the rule {each} stands in line {seen[each].Line} already; expected it once");
                    break;
                }
            }
        }
    }

    private static int Matches(Section rule) =>
        ((string[])["from", "to", "incoming", "outgoing", "mark"]).Count(key => rule.Find(key) is { Value: not "default" });

    private static void SameFamily(Located?[] addresses, Problems problems)
    {
        Located? first = null;
        foreach (var each in addresses)
        {
            if (FamilyOf(each) is not { } family)
            {
                continue;
            }

            first ??= each;
            if (FamilyOf(first) != family)
            {
                problems.Add(each!.At, $"{each.Value} is of another address family than {first!.Value}; expected both IPv4 or both IPv6");
            }
        }
    }

    private static AddressFamily? FamilyOf(Located? value) =>
        value?.Value switch
        {
            AddressPrefix prefix => prefix.Address.AddressFamily,
            IPAddress address => address.AddressFamily,
            _ => null,
        };

    private static IPAddress? AddressIn(Section section, string key) => section.Find(key)?.Value as IPAddress;

    /// <summary><c>default</c> in a rule is the same as nothing.</summary>
    private static AddressPrefix? PrefixIn(Section rule, string key) =>
        rule.Find(key)?.Value is AddressPrefix { PrefixLength: > 0 } prefix ? prefix : null;

    private static AddressPrefix? NetworkIn(Section section, string key, bool? ipv6) =>
        section.Find(key)?.Value switch
        {
            AddressPrefix prefix => prefix,
            "default" => new AddressPrefix(ipv6 == true ? IPAddress.IPv6Any : IPAddress.Any, 0),
            _ => null,
        };

    private static bool? IsIpv6(IPAddress? address) => address is null ? null : address.AddressFamily == AddressFamily.InterNetworkV6;
}
