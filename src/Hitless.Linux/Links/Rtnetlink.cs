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
    internal const ushort NewNeighbour = 28;
    internal const ushort DeleteNeighbour = 29;
    internal const ushort GetNeighbour = 30;

    internal const uint GroupLink = 1;
    internal const uint GroupIpv4Address = 5;
    internal const uint GroupIpv6Address = 9;

    internal const byte FamilyBridge = 7;

    internal const ushort LinkMac = 1;
    internal const ushort LinkName = 3;
    internal const uint LinkUp = 0x1;
    internal const uint LinkLowerUp = 0x10000;

    internal const ushort AddressPeer = 1;
    internal const ushort AddressLocal = 2;
    internal const ushort AddressCacheInfo = 6;
    internal const ushort AddressFlags = 8;
    internal const uint AddressSecondary = 0x01;
    internal const uint AddressNoDuplicateDetection = 0x02;
    internal const uint AddressDuplicate = 0x08;
    internal const uint AddressTentative = 0x40;

    internal const ushort NeighbourAddress = 1;
    internal const ushort NeighbourMac = 2;
    internal const ushort NeighbourReachable = 0x02;
    internal const ushort NeighbourStale = 0x04;
    internal const ushort NeighbourDelay = 0x08;
    internal const ushort NeighbourProbe = 0x10;
    internal const ushort NeighbourPermanent = 0x80;
    internal const byte NeighbourSelf = 0x02;

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
