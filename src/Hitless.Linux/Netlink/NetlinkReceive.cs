namespace Hitless.Linux.Netlink;

/// <summary>What came of one attempt to receive.</summary>
public enum NetlinkReceive
{
    /// <summary>A datagram was received.</summary>
    Data,

    /// <summary>There is none now.</summary>
    Empty,

    /// <summary>The kernel had to drop messages for this socket (ENOBUFS): ask for everything anew.</summary>
    Overrun,

    /// <summary>The datagram was larger than the buffer and is lost.</summary>
    Truncated,
}
