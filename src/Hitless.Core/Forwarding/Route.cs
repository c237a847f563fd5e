using System.Globalization;
using System.Net;
using System.Text;

namespace Hitless.Core.Forwarding;

/// <summary>What a route does with a packet; the numbers are the kernel's (<c>linux/rtnetlink.h</c>, RTN_*).</summary>
public enum RouteKind : byte
{
    /// <summary>To an interface, mostly by way of a gateway.</summary>
    Unicast = 1,

    /// <summary>Dropped without a word.</summary>
    Blackhole = 6,

    /// <summary>Dropped; the sender is told that there is no way.</summary>
    Unreachable = 7,

    /// <summary>Dropped; the sender is told that it is not allowed.</summary>
    Prohibit = 8,

    /// <summary>This table does not know: go on with the next rule.</summary>
    Throw = 9,
}

/// <summary>One way out of a route: the interface, the gateway behind it (null: none is needed), and its weight among several.</summary>
public readonly record struct RouteHop(string Interface, IPAddress? Gateway, int Weight = 1);

/// <summary>
/// A route as the kernel has it. <c>Metric</c>: lower wins. <c>Protocol</c>: who set it (RTPROT_*). <c>Source</c>: the source address that
/// the unit's own packets take on it
/// (<c>src</c>); null: the interface's first.
/// </summary>
public sealed record Route(
    AddressPrefix Destination,
    uint Table,
    uint Metric,
    RouteKind Kind,
    byte Protocol,
    IPAddress? Source,
    IReadOnlyList<RouteHop> Hops
)
{
    /// <summary>The table that everything goes to unless a rule says otherwise (RT_TABLE_MAIN).</summary>
    public const uint MainTable = 254;

    /// <summary>The one that the last rule looks in (RT_TABLE_DEFAULT).</summary>
    public const uint DefaultTable = 253;

    /// <summary>What one table can have once: the same destination with the same metric.</summary>
    public (uint Table, AddressPrefix Destination, uint Metric) Key => (Table, Destination, Metric);

    /// <summary>Everything that is not in another network: <c>0.0.0.0/0</c> or <c>::/0</c>.</summary>
    public bool IsDefault => Destination.PrefixLength == 0;

    /// <summary>Whether <paramref name="other"/> brings packets the same way.</summary>
    public bool LeadsLike(Route other) => Kind == other.Kind && Hops.SequenceEqual(other.Hops);

    /// <summary>As <c>ip route</c> writes it.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Kind == RouteKind.Unicast ? "" : Kind.ToString().ToLowerInvariant() + " ");
        text.Append(
            !IsDefault ? Destination.ToString()
            : Destination.Address.Equals(IPAddress.IPv6Any) ? "default (IPv6)"
            : "default"
        );
        foreach (var hop in Hops)
        {
            text.Append(hop.Gateway is null ? "" : $" via {hop.Gateway}").Append(hop.Interface.Length == 0 ? "" : $" dev {hop.Interface}");
        }

        text.Append(Source is null ? "" : $" src {Source}");
        text.Append(Table == MainTable ? "" : string.Create(CultureInfo.InvariantCulture, $" table {Table}"));
        return text.Append(Metric == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" metric {Metric}")).ToString();
    }

    /// <inheritdoc/>
    public bool Equals(Route? other) =>
        other is not null && Key == other.Key && Protocol == other.Protocol && Equals(Source, other.Source) && LeadsLike(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Table, Destination, Metric, Kind);
}
