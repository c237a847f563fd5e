namespace Hitless.Core.Forwarding;

/// <summary>The addresses of a network, from the first to the last.</summary>
public readonly record struct AddressRange(bool V6, UInt128 First, UInt128 Last)
{
    /// <summary>Those of a network; bits behind its prefix do not matter.</summary>
    public static AddressRange Of(AddressPrefix network)
    {
        var (v6, number) = HostAddress.Of(network.Address);
        var host = (v6 ? 128 : 32) - network.PrefixLength;
        var mask = host == 128 ? UInt128.MaxValue : (UInt128.One << host) - 1;
        return new AddressRange(v6, number & ~mask, number | mask);
    }

    /// <summary>Whether the address is one of them.</summary>
    public bool Contains(HostAddress host) => host.V6 == V6 && host.Number >= First && host.Number <= Last;
}
