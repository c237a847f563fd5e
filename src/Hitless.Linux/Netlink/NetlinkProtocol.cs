namespace Hitless.Linux.Netlink;

/// <summary>Netlink families (<c>linux/netlink.h</c>).</summary>
public enum NetlinkProtocol
{
    /// <summary>Links, addresses, neighbours, routes.</summary>
    Route = 0,

    /// <summary>The list of sockets (NETLINK_SOCK_DIAG).</summary>
    SocketDiagnosis = 4,

    /// <summary>nf_tables, conntrack and the other subsystems of nfnetlink.</summary>
    Netfilter = 12,
}
