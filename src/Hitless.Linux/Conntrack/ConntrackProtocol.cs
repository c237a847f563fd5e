namespace Hitless.Linux.Conntrack;

/// <summary>Numbers of ctnetlink (<c>linux/netfilter/nfnetlink_conntrack.h</c>, <c>nfnetlink.h</c>, <c>nf_conntrack_tcp.h</c>).</summary>
internal static class ConntrackProtocol
{
    // Message types: subsystem conntrack (1) in the high byte.
    public const ushort New = 0x100;
    public const ushort Get = 0x101;
    public const ushort Delete = 0x102;
    public const ushort GetStatistics = 0x105;

    // Multicast groups.
    public const uint GroupNew = 1;
    public const uint GroupUpdate = 2;
    public const uint GroupDestroy = 3;

    // Message types of expectations: subsystem 2.
    public const ushort ExpectationNew = 0x200;
    public const ushort ExpectationGet = 0x201;
    public const ushort ExpectationDelete = 0x202;
    public const uint GroupExpectationNew = 4;
    public const uint GroupExpectationUpdate = 5;
    public const uint GroupExpectationDestroy = 6;

    public const byte FamilyUnspecified = 0;
    public const byte FamilyV4 = 2;
    public const byte FamilyV6 = 10;

    /// <summary>Length of <c>struct nfgenmsg</c>.</summary>
    public const int FixedHeaderBytes = 4;

    // enum ctattr_type.
    public const ushort TupleOriginal = 1;
    public const ushort TupleReply = 2;
    public const ushort Status = 3;
    public const ushort ProtocolInfo = 4;
    public const ushort Helper = 5;
    public const ushort NatSource = 6;
    public const ushort Timeout = 7;
    public const ushort Mark = 8;
    public const ushort NatDestination = 13;
    public const ushort TupleParent = 14;
    public const ushort AdjustOriginal = 15;
    public const ushort AdjustReply = 16;
    public const ushort Zone = 18;
    public const ushort Labels = 22;

    // enum ctattr_help, ctattr_seqadj.
    public const ushort HelperName = 1;
    public const ushort AdjustPosition = 1;
    public const ushort AdjustBefore = 2;
    public const ushort AdjustAfter = 3;

    // enum ctattr_expect, ctattr_expect_nat.
    public const ushort ExpectParent = 1;
    public const ushort ExpectTuple = 2;
    public const ushort ExpectMask = 3;
    public const ushort ExpectTimeout = 4;
    public const ushort ExpectHelper = 6;
    public const ushort ExpectZone = 7;
    public const ushort ExpectFlags = 8;
    public const ushort ExpectClass = 9;
    public const ushort ExpectNat = 10;
    public const ushort ExpectFunction = 11;
    public const ushort ExpectNatDirection = 1;
    public const ushort ExpectNatTuple = 2;

    // enum ctattr_tuple, ctattr_ip, ctattr_l4proto.
    public const ushort TupleAddresses = 1;
    public const ushort TupleProtocol = 2;
    public const ushort V4Source = 1;
    public const ushort V4Destination = 2;
    public const ushort V6Source = 3;
    public const ushort V6Destination = 4;
    public const ushort ProtocolNumber = 1;
    public const ushort SourcePort = 2;
    public const ushort DestinationPort = 3;
    public const ushort IcmpId = 4;
    public const ushort IcmpType = 5;
    public const ushort IcmpCode = 6;
    public const ushort IcmpV6Id = 7;
    public const ushort IcmpV6Type = 8;
    public const ushort IcmpV6Code = 9;

    // enum ctattr_protoinfo, ctattr_protoinfo_tcp, ctattr_protoinfo_sctp.
    public const ushort InfoTcp = 1;
    public const ushort InfoSctp = 3;
    public const ushort SctpState = 1;
    public const ushort SctpTagOriginal = 2;
    public const ushort SctpTagReply = 3;
    public const ushort TcpState = 1;
    public const ushort TcpScaleOriginal = 2;
    public const ushort TcpScaleReply = 3;
    public const ushort TcpFlagsOriginal = 4;
    public const ushort TcpFlagsReply = 5;

    // enum ctattr_nat, ctattr_protonat.
    public const ushort NatV4Min = 1;
    public const ushort NatV4Max = 2;
    public const ushort NatProtocol = 3;
    public const ushort NatV6Min = 4;
    public const ushort NatV6Max = 5;
    public const ushort NatPortMin = 1;
    public const ushort NatPortMax = 2;

    // enum ctattr_stats_global.
    public const ushort StatisticsEntries = 1;

    // IP_CT_TCP_FLAG_*: of a direction. MAXACK_SET and the rest speak of windows that are not replicated.
    public const byte FlagWindowScale = 1;
    public const byte FlagSackPermitted = 2;
    public const byte FlagCloseInit = 4;
    public const byte FlagBeLiberal = 8;
    public const byte FlagsReplicated = FlagWindowScale | FlagSackPermitted | FlagCloseInit;
}
