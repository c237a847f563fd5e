using System.Net;

namespace Hitless.Linux.Traffic;

/// <summary>
/// What the kernel answers for on behalf of hosts behind other ports: <c>proxy_arp</c>, <c>proxy_arp_pvlan</c>, and entries of
/// <c>ip neigh add proxy</c>.
/// </summary>
/// <param name="Ports">The ports that do so.</param>
/// <param name="Own">
/// The unit's own IPv4 addresses, of all interfaces: an ARP answer for any other address is one on behalf of somebody.
/// </param>
public sealed record ProxiedAnswers(IReadOnlyList<ProxiedPort> Ports, IReadOnlyList<IPAddress> Own)
{
    /// <summary>No port answers for others.</summary>
    public static ProxiedAnswers None { get; } = new([], []);

    /// <summary>What a port answers for; null: for nobody.</summary>
    public ProxiedPort? Of(string port) => Ports.FirstOrDefault(each => each.Name == port);
}

/// <summary>A port that answers on behalf of others.</summary>
/// <param name="Name">The interface.</param>
/// <param name="Ipv4">It answers ARP for others.</param>
/// <param name="Ipv6">The addresses for which it answers neighbour solicitations.</param>
public sealed record ProxiedPort(string Name, bool Ipv4, IReadOnlyList<IPAddress> Ipv6)
{
    /// <inheritdoc/>
    public bool Equals(ProxiedPort? other) =>
        other is not null && (Name, Ipv4) == (other.Name, other.Ipv4) && Ipv6.SequenceEqual(other.Ipv6);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Ipv4, Ipv6.Count);
}
