using System.Net;

namespace Hitless.Core.Forwarding;

/// <summary>An address with its prefix length, <c>10.10.1.1/24</c>.</summary>
public readonly record struct AddressPrefix(IPAddress Address, int PrefixLength)
{
    /// <summary>IPv6, not IPv4.</summary>
    public bool IsIpv6 => Address.GetAddressBytes().Length == 16;

    /// <summary>Whether an address is of this one's network.</summary>
    public bool Contains(IPAddress other)
    {
        Span<byte> own = stackalloc byte[16];
        Span<byte> theirs = stackalloc byte[16];
        if (!Address.TryWriteBytes(own, out var length) || !other.TryWriteBytes(theirs, out var otherLength) || length != otherLength)
        {
            return false;
        }

        var whole = PrefixLength / 8;
        var mask = (byte)(0xff00 >> (PrefixLength % 8));
        return own[..whole].SequenceEqual(theirs[..whole]) && (mask == 0 || ((own[whole] ^ theirs[whole]) & mask) == 0);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Address}/{PrefixLength}";
}
