using System.Net;
using System.Runtime.InteropServices;
using Hitless.Core.Forwarding;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Links;

/// <summary>An address on an interface.</summary>
/// <param name="LinkIndex">The interface's number.</param>
/// <param name="Prefix">The address with its prefix length.</param>
/// <param name="Secondary">IPv4: not the first of its network, so never chosen as a source by itself, and removed together with the
/// first.</param>
/// <param name="Usable">False while IPv6 looks for duplicates, and after it found one.</param>
/// <param name="Protocol">Who set it (<c>IFA_PROTO</c>); 0: nobody said.</param>
public readonly record struct LocalAddress(int LinkIndex, AddressPrefix Prefix, bool Secondary, bool Usable, byte Protocol = 0)
{
    /// <summary>It was set by Hitless, by this process or one before it (<see cref="AddressTable.Protocol"/>).</summary>
    public bool OfHitless => Protocol == AddressTable.Protocol;

    internal static bool TryRead(NetlinkMessage message, out LocalAddress address)
    {
        address = default;
        if (!message.TryReadHeader<Rtnetlink.AddressHeader>(out var header))
        {
            return false;
        }

        IPAddress? local = null,
            peer = null;
        uint flags = header.Flags;
        byte protocol = 0;
        var attributes = message.Attributes(8);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case Rtnetlink.AddressLocal when attribute.Value.Length is 4 or 16:
                    local = new IPAddress(attribute.Value);
                    break;
                case Rtnetlink.AddressPeer when attribute.Value.Length is 4 or 16:
                    peer = new IPAddress(attribute.Value);
                    break;
                case Rtnetlink.AddressProtocol:
                    _ = attribute.TryReadU8(out protocol);
                    break;
                case Rtnetlink.AddressFlags:
                    _ = MemoryMarshal.TryRead(attribute.Value, out flags);
                    break;
            }
        }

        if ((local ?? peer) is not { } own)
        {
            return false;
        }

        var isIpv4 = own.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;
        address = new LocalAddress(
            header.Index,
            new AddressPrefix(own, header.PrefixLength),
            isIpv4 && (flags & Rtnetlink.AddressSecondary) != 0,
            (flags & (Rtnetlink.AddressTentative | Rtnetlink.AddressDuplicate)) == 0,
            protocol
        );
        return true;
    }
}
