namespace Hitless.Linux.Netlink;

/// <summary>NLMSG_ALIGN and NLA_ALIGN of <c>linux/netlink.h</c>.</summary>
internal static class NetlinkAlignment
{
    internal static int Up(int bytes) => (bytes + 3) & ~3;
}
