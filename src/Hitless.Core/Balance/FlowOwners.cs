using System.Net;
using Hitless.Core.Forwarding;

namespace Hitless.Core.Balance;

/// <summary>
/// Which unit forwards a flow, told from its addresses as the primary's kernel tells it from a packet (docs/decisions/0090). Values only.
/// </summary>
/// <param name="Primary">The primary's name.</param>
/// <param name="Buckets">The name of each bucket's owner; empty: the primary hands nothing on.</param>
/// <param name="Kept">The networks whose flows stay on the primary.</param>
/// <param name="Inside">Of the addresses that are asked about those that an inside interface leads to.</param>
/// <param name="Outside">Those that an outside interface leads to.</param>
public sealed record FlowOwners(
    string Primary,
    IReadOnlyList<string> Buckets,
    IReadOnlyList<AddressPrefix> Kept,
    IReadOnlySet<IPAddress> Inside,
    IReadOnlySet<IPAddress> Outside
)
{
    /// <summary>The unit that forwards what is opened from one address to another, and the answers.</summary>
    public string Of(IPAddress source, IPAddress destination) =>
        Buckets.Count != BucketHash.Buckets || Kept.Any(network => network.Contains(source) || network.Contains(destination)) ? Primary
        : Inside.Contains(source) && Outside.Contains(destination) ? Buckets[BucketHash.Of(source)]
        : Outside.Contains(source) && Inside.Contains(destination) ? Buckets[BucketHash.Of(destination)]
        : Primary;
}
