using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;

namespace Hitless.Linux.Links;

/// <summary>
/// A port with its virtual MAC (<see cref="VirtualMac.For"/>) and the virtual addresses that stand on it. Without a virtual MAC the unit
/// answers for them with the port's own (docs/decisions/0044).
/// </summary>
public sealed record TrafficPort(string Name, MacAddress? VirtualMac, IReadOnlyList<AddressPrefix> Addresses)
{
    /// <summary>The ports of a configuration: each one's virtual MAC comes from its name (<see cref="VirtualMacIds"/>).</summary>
    public static IReadOnlyList<TrafficPort> From(int group, IReadOnlyList<PortSettings> ports) =>
        [
            .. ports.Zip(VirtualMacIds.Of([.. ports.Select(port => (port.Name, port.VirtualMacId))]), (port, id) =>
                new TrafficPort(port.Name, port.HasVirtualMac ? Core.Cluster.VirtualMac.For(group, id) : null, port.VirtualAddresses)
            ),
        ];
}
