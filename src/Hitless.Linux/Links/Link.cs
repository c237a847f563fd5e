using Hitless.Core.Cluster;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Links;

/// <summary>A network interface as the kernel tells of it. <c>Mac</c> is zero for what is no Ethernet.</summary>
/// <param name="Index">The kernel's number; it changes when an interface is made anew under the same name.</param>
/// <param name="Name">The name in this namespace.</param>
/// <param name="Mac">Its own address, not the virtual one.</param>
/// <param name="AdminUp">Set up by the operator.</param>
/// <param name="Carrier">Something is on the other end of the cable.</param>
/// <param name="MtuBytes">The longest packet that it takes.</param>
/// <param name="IsBridge">It forwards between ports of its own.</param>
public readonly record struct Link(
    int Index,
    string Name,
    MacAddress Mac,
    bool AdminUp,
    bool Carrier,
    int MtuBytes = 0,
    bool IsBridge = false
)
{
    /// <summary>Traffic can pass.</summary>
    public bool Up => AdminUp && Carrier;

    internal static bool TryRead(NetlinkMessage message, out Link link)
    {
        link = default;
        // Bridges tell of their ports in messages of the same type.
        if (!message.TryReadHeader<Rtnetlink.LinkHeader>(out var header) || header.Family == Rtnetlink.FamilyBridge)
        {
            return false;
        }

        var name = "";
        var mac = default(MacAddress);
        var mtu = 0U;
        var isBridge = false;
        var attributes = message.Attributes(16);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case Rtnetlink.LinkName:
                    name = attribute.Text;
                    break;
                case Rtnetlink.LinkMtu:
                    _ = attribute.TryReadU32(out mtu);
                    break;
                case Rtnetlink.LinkInfo:
                    isBridge = attribute.Find(Rtnetlink.LinkInfoKind).Value.TrimEnd((byte)0).SequenceEqual("bridge"u8);
                    break;
                case Rtnetlink.LinkMac:
                    _ = MacAddress.TryRead(attribute.Value, out mac);
                    break;
            }
        }

        link = new Link(
            header.Index,
            name,
            mac,
            (header.Flags & Rtnetlink.LinkUp) != 0,
            (header.Flags & Rtnetlink.LinkLowerUp) != 0,
            (int)mtu,
            isBridge
        );
        return name.Length > 0;
    }
}
