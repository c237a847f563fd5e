using Hitless.Core.Cluster;
using Hitless.Core.Configuration;

namespace Hitless.Linux.Traffic;

/// <summary>A port with its virtual MAC (<see cref="VirtualMac.For"/>) and the virtual addresses that stand on it.</summary>
public sealed record TrafficPort(string Name, MacAddress VirtualMac, IReadOnlyList<AddressPrefix> Addresses)
{
    /// <summary>The ports of a configuration: each one's virtual MAC comes from its place in the list.</summary>
    public static IReadOnlyList<TrafficPort> From(int group, IEnumerable<PortSettings> ports) =>
        [.. ports.Select((port, index) => new TrafficPort(port.Name, Core.Cluster.VirtualMac.For(group, index), port.VirtualAddresses))];
}
