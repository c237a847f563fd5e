namespace Hitless.Linux.Native;

/// <summary>Rights that root has and that can be had one by one: those that are spoken of here (<c>linux/capability.h</c>).</summary>
public enum Capability
{
    /// <summary><c>CAP_DAC_OVERRIDE</c>: other users' files.</summary>
    DacOverride = 1,

    /// <summary><c>CAP_NET_BIND_SERVICE</c>: ports below 1024.</summary>
    NetBindService = 10,

    /// <summary><c>CAP_NET_ADMIN</c>: links, addresses, routes, nftables, conntrack, network sysctls.</summary>
    NetAdmin = 12,

    /// <summary><c>CAP_NET_RAW</c>: packet and ICMP sockets, sockets bound to an interface.</summary>
    NetRaw = 13,

    /// <summary><c>CAP_SYS_NICE</c>: real-time scheduling.</summary>
    SysNice = 23,
}
