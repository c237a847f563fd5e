using System.Runtime.InteropServices;

namespace Hitless.Linux.Links;

/// <summary>Numbers and fixed headers of <c>linux/rtnetlink.h</c>, <c>if_link.h</c>, <c>if_addr.h</c> and <c>neighbour.h</c>.</summary>
internal static class Rtnetlink
{
    internal const ushort NewLink = 16;
    internal const ushort DeleteLink = 17;
    internal const ushort GetLink = 18;
    internal const ushort NewAddress = 20;
    internal const ushort DeleteAddress = 21;
    internal const ushort GetAddress = 22;
    internal const ushort NewRoute = 24;
    internal const ushort DeleteRoute = 25;
    internal const ushort GetRoute = 26;
    internal const ushort NewRule = 32;
    internal const ushort DeleteRule = 33;
    internal const ushort GetRule = 34;
    internal const ushort NewNeighbour = 28;
    internal const ushort DeleteNeighbour = 29;
    internal const ushort GetNeighbour = 30;

    internal const uint GroupLink = 1;
    internal const uint GroupIpv4Address = 5;
    internal const uint GroupIpv6Address = 9;
    internal const uint GroupIpv4Route = 7;
    internal const uint GroupIpv4Rule = 8;
    internal const uint GroupIpv6Route = 11;
    internal const uint GroupIpv6Rule = 19;

    internal const byte FamilyBridge = 7;

    internal const ushort LinkMac = 1;
    internal const ushort LinkName = 3;
    internal const ushort LinkMtu = 4; // IFLA_MTU
    internal const ushort LinkInfo = 18; // IFLA_LINKINFO
    internal const ushort LinkInfoKind = 1; // IFLA_INFO_KIND
    internal const uint LinkUp = 0x1;
    internal const uint LinkLowerUp = 0x10000;

    internal const ushort AddressPeer = 1;
    internal const ushort AddressLocal = 2;
    internal const ushort AddressCacheInfo = 6;
    internal const ushort AddressFlags = 8;
    internal const ushort AddressProtocol = 11; // IFA_PROTO, since Linux 5.18
    internal const uint AddressSecondary = 0x01;
    internal const uint AddressNoDuplicateDetection = 0x02;
    internal const uint AddressDuplicate = 0x08;
    internal const uint AddressTentative = 0x40;

    internal const ushort RouteDestination = 1; // RTA_DST
    internal const ushort RouteOutput = 4; // RTA_OIF
    internal const ushort RouteGateway = 5; // RTA_GATEWAY
    internal const ushort RoutePriority = 6; // RTA_PRIORITY
    internal const ushort RouteSource = 7; // RTA_PREFSRC
    internal const ushort RouteMultipath = 9; // RTA_MULTIPATH
    internal const ushort RouteCacheInfo = 12; // RTA_CACHEINFO
    internal const ushort RouteTable = 15; // RTA_TABLE
    internal const ushort RouteVia = 18; // RTA_VIA
    internal const ushort RouteNextHopId = 30; // RTA_NH_ID
    internal const uint RouteCloned = 0x200; // RTM_F_CLONED
    internal const uint RouteHopFlagsOfKernel = 0x1 | 0x8 | 0x10; // RTNH_F_DEAD, RTNH_F_OFFLOAD, RTNH_F_LINKDOWN

    internal const ushort NeighbourAddress = 1;
    internal const ushort NeighbourMac = 2;
    internal const ushort NeighbourReachable = 0x02;
    internal const ushort NeighbourStale = 0x04;
    internal const ushort NeighbourDelay = 0x08;
    internal const ushort NeighbourProbe = 0x10;
    internal const ushort NeighbourPermanent = 0x80;
    internal const byte NeighbourSelf = 0x02;
    internal const byte NeighbourProxy = 0x08;

    /// <summary><c>struct ifinfomsg</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct LinkHeader
    {
        internal byte Family;
        internal byte Padding;
        internal ushort Type;
        internal int Index;
        internal uint Flags;
        internal uint Change;
    }

    /// <summary><c>struct ifaddrmsg</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct AddressHeader
    {
        internal byte Family;
        internal byte PrefixLength;
        internal byte Flags;
        internal byte Scope;
        internal int Index;
    }

    /// <summary><c>struct ifa_cacheinfo</c>; lifetimes in seconds.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct AddressLifetimes
    {
        internal uint Preferred;
        internal uint Valid;
        internal uint Created;
        internal uint Updated;
    }

    /// <summary><c>struct rtmsg</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RouteHeader
    {
        internal byte Family;
        internal byte DestinationLength;
        internal byte SourceLength;
        internal byte TypeOfService;
        internal byte Table;
        internal byte Protocol;
        internal byte Scope;
        internal byte Kind;
        internal uint Flags;
    }

    /// <summary><c>struct rtnexthop</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RouteNextHop
    {
        internal ushort Length;
        internal byte Flags;
        internal byte WeightMinusOne;
        internal int Index;
    }

    /// <summary><c>struct fib_rule_hdr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RuleHeader
    {
        internal byte Family;
        internal byte DestinationLength;
        internal byte SourceLength;
        internal byte TypeOfService;
        internal byte Table;
        internal byte Reserved1;
        internal byte Reserved2;
        internal byte Action;
        internal uint Flags;
    }

    /// <summary><c>struct ndmsg</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NeighbourHeader
    {
        internal byte Family;
        internal byte Padding1;
        internal ushort Padding2;
        internal int Index;
        internal ushort State;
        internal byte Flags;
        internal byte Type;
    }
}
