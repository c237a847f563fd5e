using System.Net;
using Hitless.Core.Sessions;

namespace Hitless.Core.Forwarding;

/// <summary>An address as a value. <paramref name="Number"/>: of IPv4 the lowest 32 bits.</summary>
public readonly record struct HostAddress(bool V6, UInt128 Number)
{
    /// <summary>The address of the platform's type.</summary>
    public static HostAddress Of(IPAddress address) => new(SessionTuple.IsV6(address), SessionTuple.Number(address));

    /// <summary>The address as the platform's type.</summary>
    public IPAddress Address => SessionTuple.Address(Number, V6);

    /// <summary>The network of this address alone.</summary>
    public AddressPrefix Prefix => new(Address, V6 ? 128 : 32);

    /// <inheritdoc/>
    public override string ToString() => Address.ToString();
}
