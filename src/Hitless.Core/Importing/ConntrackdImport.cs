using System.Net;
using static Hitless.Core.Importing.ImportOutcome;

namespace Hitless.Core.Importing;

/// <summary>What a conntrackd.conf adds (conntrackd.conf(5), 1.4).</summary>
internal static class ConntrackdImport
{
    /// <summary>Translates a file that <see cref="ConfigText"/> has read.</summary>
    public static void Run(IReadOnlyList<ConfigLine> lines, ImportedUnit unit)
    {
        unit.Source = ImportFinding.Second;
        foreach (var line in lines.SelectMany(each => each.Keyword is "Sync" or "General" or "Helper" ? each.Below ?? [] : [each]))
        {
            switch (line.Keyword)
            {
                case "Mode":
                    unit.Find(
                        line,
                        Equal,
                        "sessions go straight into the standby's kernel, in order, and are asked for again where some were lost"
                    );
                    break;
                case "UDP" or "Multicast" or "TCP":
                    Link(line, unit);
                    break;
                case "Filter":
                    Filter(line, unit);
                    break;
                case "Options" or "Type" or "ExpectationSync":
                    unit.Find(line, Equal, "expectations and helpers are replicated");
                    break;
                default:
                    unit.Find(line, Equal, "a matter of conntrackd's own");
                    break;
            }
        }
    }

    // conntrackd's own network is what a heartbeat link should be: a cable of its own.
    private static void Link(ConfigLine line, ImportedUnit unit)
    {
        string? Said(params ReadOnlySpan<string> keywords)
        {
            foreach (var keyword in keywords)
            {
                if (line.All(keyword).FirstOrDefault()?.Argument(0) is { Length: > 0 } value)
                {
                    return value;
                }
            }

            return null;
        }

        var multicast = line.Keyword == "Multicast";
        var port = Said("Interface");
        var own = multicast ? Said("IPv4_interface") : Said("IPv4_address", "IPv6_address");
        var other = multicast ? null : Said("IPv4_Destination_Address", "IPv6_Destination_Address");
        if (port is null || !IPAddress.TryParse(own, out _) || unit.IsLink(port))
        {
            unit.Find(line, Equal, "sessions take the heartbeat links; a network of their own: sessions.link");
        }
        else if (IPAddress.TryParse(other, out _))
        {
            unit.AddLink(port, own!, [other!]);
            unit.Find(line, Taken, $"heartbeat.links: {port}; sessions take the heartbeat links");
        }
        else
        {
            unit.AddLink(port, own!, []);
            unit.Find(line, Decide, $"heartbeat.links: {port}: write the other unit's address in peers, or let it hitless join");
        }
    }

    private static void Filter(ConfigLine filter, ImportedUnit unit)
    {
        foreach (var line in filter.Below ?? [])
        {
            switch (line.Keyword, line.Argument(0))
            {
                case ("Address", "Ignore"):
                    Ignore(line, unit);
                    break;
                case ("Protocol", "Accept"):
                    Protocols(line, unit);
                    break;
                case ("State", "Accept"):
                    unit.Find(line, Equal, "every state that can go on at another unit is replicated");
                    break;
                default:
                    unit.Find(line, Decide, "this filter has no equal: sessions.exclude takes expressions in nftables' words");
                    break;
            }
        }
    }

    private static void Ignore(ConfigLine list, ImportedUnit unit)
    {
        foreach (var line in list.Below ?? [])
        {
            var (family, address) = (line.Keyword == "IPv6_address" ? "ip6" : "ip", line.Argument(0));
            if (address is "127.0.0.1" or "::1")
            {
                unit.Find(line, Equal, "sessions of the unit itself are told apart by their addresses");
                continue;
            }

            unit.Excluded.Add($"{family} saddr {address}");
            unit.Excluded.Add($"{family} daddr {address}");
            unit.Find(line, Taken, $"sessions.exclude; not needed for the unit's own addresses: those sessions are known anyway");
        }
    }

    private static void Protocols(ConfigLine list, ImportedUnit unit)
    {
        var names = (list.Below ?? []).Select(line => line.Keyword.ToUpperInvariant()).ToHashSet(StringComparer.Ordinal);
        unit.Pickup["tcp"] = names.Contains("TCP") ? "true" : "false";
        unit.Pickup["connectionless"] = names.Overlaps(["UDP", "ICMP", "IPV6-ICMP"]) ? "true" : "false";
        unit.Find(list, Taken, $"sessions.pickup: tcp {unit.Pickup["tcp"]}, connectionless {unit.Pickup["connectionless"]}");
    }
}
