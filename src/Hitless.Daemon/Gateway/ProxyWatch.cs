using System.Net.Sockets;
using Hitless.Linux.Links;
using Hitless.Linux.Neighbours;
using Hitless.Linux.Sysctls;
using Hitless.Linux.Traffic;

namespace Hitless.Daemon.Gateway;

/// <summary>
/// Looks each second which ports answer on behalf of hosts behind others (proxy ARP, proxied neighbour discovery): only the primary may
/// (docs/decisions/0075). One thread's.
/// </summary>
public sealed class ProxyWatch(IReadOnlyList<string> ports) : IWatchDuty
{
    private IReadOnlyList<ProxiedPort> known = [];

    /// <summary>Called on the watching thread when it is no longer as it was.</summary>
    public event Action<IReadOnlyList<ProxiedPort>>? Changed;

    /// <inheritdoc/>
    public void Tick(TimeSpan now)
    {
        var found = Read(ports);
        if (!found.SequenceEqual(known))
        {
            known = found;
            Changed?.Invoke(found);
        }
    }

    /// <summary>Those of <paramref name="ports"/> that answer on behalf of others now.</summary>
    public static IReadOnlyList<ProxiedPort> Read(IReadOnlyList<string> ports)
    {
        using var links = new LinkTable();
        using var table = new ProxyEntries();
        var entries = table.Read();
        var answering = new List<ProxiedPort>();
        foreach (var link in links.Read().Where(link => ports.Contains(link.Name)))
        {
            var listed = entries.Where(entry => entry.LinkIndex == link.Index || entry.LinkIndex == 0).Select(entry => entry.Address);
            var ipv6 = listed
                .Where(address => address.AddressFamily == AddressFamily.InterNetworkV6)
                .OrderBy(address => address.ToString());
            var ipv4 =
                IsOn($"net/ipv4/conf/{link.Name}/proxy_arp")
                || IsOn("net/ipv4/conf/all/proxy_arp")
                || IsOn($"net/ipv4/conf/{link.Name}/proxy_arp_pvlan")
                || listed.Any(address => address.AddressFamily == AddressFamily.InterNetwork);
            if (ipv4 || ipv6.Any())
            {
                answering.Add(new ProxiedPort(link.Name, ipv4, [.. ipv6]));
            }
        }

        return answering;
    }

    private static bool IsOn(string name) => SysctlScope.Read(name) is not (null or "0");
}
