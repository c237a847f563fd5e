using System.Net;
using Hitless.Core.Forwarding;
using Hitless.Daemon.Configuration.Yaml;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// What must hold between the keys of <c>unit.yaml</c>. Works on whatever was readable, so one bad value hides no other mistake.
/// </summary>
internal static class UnitRules
{
    public static void Check(Section root, string path, Problems problems)
    {
        CheckOwnFiles(root, Path.GetFullPath(path), problems);
        CheckLinks(LinksOf(root), problems);
        CheckInterfaces(root, problems);
        CheckBalance(root, problems);
        RoutingRules.Check(root, problems);
        CheckTwice(root.Under("configuration").Sections("files"), "path", "the managed file", problems);
        CheckTwice(root.Sections("health"), "name", "the probe", problems);
        CheckTwice(root.Sections("services"), "unit", "the unit of systemd", problems);
        CheckProbes(root.Sections("health"), problems);
        CheckTwice(root.Sections("notices"), "name", "who is told", problems);
        CheckNotices(root.Sections("notices"), problems);
        CheckTwice(root.Under("upgrade").Sections("gates"), "name", "the gate", problems);
        CheckTwice(root.Sections("compare"), "name", "the command", problems);
    }

    private static void CheckNotices(IReadOnlyList<Section> notices, Problems problems)
    {
        foreach (var notice in notices.Where(each => (each.Find("url") is null) == (each.Find("syslog") is null) && problems.None))
        {
            problems.Add(notice.At, "expected either url or syslog");
        }
    }

    private static void CheckProbes(IReadOnlyList<Section> probes, Problems problems)
    {
        string[] targets = ["ping", "tcp", "http", "memory", "load", "exec"];
        foreach (var probe in probes)
        {
            var given = targets.Where(key => probe.Find(key) is not null).ToArray();
            if (given.Length > 1 || (given.Length == 0 && problems.None))
            {
                problems.Add(
                    probe.At,
                    $"the probe has {(given.Length == 0 ? "no target" : string.Join(" and ", given))}; expected exactly one of "
                        + $"{string.Join(", ", targets)}"
                );
            }
        }
    }

    private static void CheckOwnFiles(Section root, string unitFile, Problems problems)
    {
        var keyFile = root.Under("cluster").Find("key-file")?.Value is string key
            ? Path.GetFullPath(key, Path.GetDirectoryName(unitFile) ?? "/")
            : null;
        foreach (var file in root.Under("configuration").Sections("files").Select(f => f.Find("path")).OfType<Located>())
        {
            if (file.Value as string == unitFile || file.Value as string == keyFile)
            {
                problems.Add(file.At, $"{file.Value} is this unit's own; expected a file that is the same on every unit");
            }
        }
    }

    private static List<Section> LinksOf(Section root) =>
        [
            .. root.Under("heartbeat").Sections("links"),
            .. root.Under("sessions").Find("link")?.Value is Section link ? [link] : Array.Empty<Section>(),
        ];

    private static void CheckLinks(IEnumerable<Section> links, Problems problems)
    {
        var seen = new Dictionary<object, Place>();
        foreach (var link in links)
        {
            var address = link.Find("address");
            Once(seen, address, "link address", problems);
            foreach (var peer in link.Items("peers"))
            {
                Once(seen, peer, "link address", problems);
                if (address is { Value: IPAddress own } && peer.Value is IPAddress other && own.AddressFamily != other.AddressFamily)
                {
                    problems.Add(
                        peer.At,
                        $"peer {other} is of another address family than the link's own address {own}; expected both IPv4 or both IPv6"
                    );
                }
            }
        }
    }

    private static void CheckInterfaces(Section root, Problems problems)
    {
        CheckTwice(root.Sections("interfaces"), "name", "the interface", problems);
        CheckTwice(root.Sections("interfaces"), "virtual-mac-id", "the id of a virtual MAC", problems);
        var own = LinksOf(root).Select(l => l.Find("address")?.Value).OfType<IPAddress>().ToHashSet();
        var seen = new Dictionary<object, Place>();
        foreach (
            var (port, located) in root.Sections("interfaces")
                .SelectMany(port => port.Items("virtual-addresses").Select(located => (port, located)))
        )
        {
            if (located.Value is AddressPrefix prefix)
            {
                // A link-local address is one of its interface: every interface may have the same.
                var zone =
                    prefix.Address.IsIPv6LinkLocal || prefix.Address.ToString().StartsWith("169.254.", StringComparison.Ordinal)
                        ? $"%{port.Find("name")?.Value}"
                        : "";
                Once(seen, located with { Value = $"{prefix.Address}{zone}" }, "virtual address", problems);
                if (own.Contains(prefix.Address))
                {
                    problems.Add(
                        located.At,
                        $"virtual address {prefix.Address} is a link address of this unit; expected one that no unit owns"
                    );
                }
            }
        }
    }

    /// <summary>What hands frames on goes by the virtual MAC that they are sent to.</summary>
    private static void CheckBalance(Section root, Problems problems)
    {
        foreach (var network in root.Under("balance").Items("on-primary").Where(each => each.Value is string))
        {
            problems.Add(network.At, "all networks on the primary are no load balancing; expected networks, or schedule: none");
        }

        foreach (var port in root.Under("cluster").Find("mode")?.Value is "active-active" ? root.Sections("interfaces") : [])
        {
            if (port.Find("virtual-mac") is { Value: "off" } off)
            {
                problems.Add(off.At, "active-active needs a virtual MAC on every interface; expected on, or mode active-passive");
            }
        }
    }

    private static void CheckTwice(IReadOnlyList<Section> sections, string key, string what, Problems problems)
    {
        var seen = new Dictionary<object, Place>();
        foreach (var section in sections)
        {
            Once(seen, section.Find(key), what, problems);
        }
    }

    private static void Once(Dictionary<object, Place> seen, Located? value, string what, Problems problems)
    {
        if (value is not null && !seen.TryAdd(value.Value, value.At))
        {
            problems.Add(value.At, $"{what} {value.Value} stands in line {seen[value.Value].Line} already; expected each only once");
        }
    }
}
