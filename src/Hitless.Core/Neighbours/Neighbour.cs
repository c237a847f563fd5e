using Hitless.Core.Cluster;

namespace Hitless.Core.Neighbours;

/// <summary>
/// Who answers for an address on a port: an entry of the kernel's ARP or ND table. <c>Port</c>: place in <c>interfaces:</c>.
/// <c>Address</c>: big-endian; of IPv4 the low 32 bits.
/// </summary>
public readonly record struct Neighbour(byte Port, bool Ipv6, UInt128 Address, MacAddress Mac)
{
    /// <summary>Length of the address in bytes.</summary>
    public int AddressBytes => Ipv6 ? 16 : 4;
}
