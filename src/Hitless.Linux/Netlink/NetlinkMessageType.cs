namespace Hitless.Linux.Netlink;

/// <summary>Message types that every netlink family shares (<c>linux/netlink.h</c>); those of a family start at 16.</summary>
public static class NetlinkMessageType
{
    public const ushort Noop = 1;

    /// <summary>An error, or with error 0 an acknowledgement.</summary>
    public const ushort Error = 2;

    /// <summary>The end of a dump.</summary>
    public const ushort Done = 3;

    public const ushort Overrun = 4;

    /// <summary>The message type of an nfnetlink subsystem: subsystem in the high byte.</summary>
    public static ushort Netfilter(byte subsystem, byte message) => (ushort)((subsystem << 8) | message);
}
