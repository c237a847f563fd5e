using System.Buffers.Binary;
using Hitless.Core.Sessions;
using Hitless.Linux.Netlink;
using static Hitless.Linux.Conntrack.ConntrackProtocol;

namespace Hitless.Linux.Conntrack;

/// <summary>Reads ctnetlink's tuples: addresses, protocol, and what a protocol has in place of ports.</summary>
internal static class TupleReader
{
    /// <summary>Reads the family from <c>struct nfgenmsg</c>; false when it is neither IPv4 nor IPv6.</summary>
    public static bool TryReadFamily(scoped in NetlinkMessage message, out bool v6)
    {
        var payload = message.Payload;
        v6 = !payload.IsEmpty && payload[0] == FamilyV6;
        return payload.Length >= FixedHeaderBytes && (payload[0] is FamilyV4 or FamilyV6);
    }

    /// <summary>Reads a tuple attribute; false when a part is missing.</summary>
    public static bool TryReadTuple(scoped in NetlinkAttribute tuple, bool v6, out SessionTuple value, out byte protocol)
    {
        UInt128 source = 0,
            destination = 0;
        ushort sourcePort = 0,
            destinationPort = 0;
        protocol = 0;
        bool hasSource = false,
            hasDestination = false,
            hasProtocol = false;
        var parts = tuple.Nested;
        while (parts.TryRead(out var part))
        {
            var fields = part.Nested;
            while (part.Type is TupleAddresses && fields.TryRead(out var address))
            {
                if (address.Type is V4Source or V6Source)
                    hasSource = TryReadAddress(address.Value, v6, out source);
                else if (address.Type is V4Destination or V6Destination)
                    hasDestination = TryReadAddress(address.Value, v6, out destination);
            }

            while (part.Type is TupleProtocol && fields.TryRead(out var field))
                ReadProtocol(field, ref protocol, ref hasProtocol, ref sourcePort, ref destinationPort);
        }

        value = new SessionTuple(source, destination, sourcePort, destinationPort);
        return hasSource && hasDestination && hasProtocol;
    }

    private static void ReadProtocol(
        scoped in NetlinkAttribute field,
        ref byte protocol,
        ref bool hasProtocol,
        ref ushort sourcePort,
        ref ushort destinationPort
    )
    {
        byte small;
        switch (field.Type)
        {
            case ProtocolNumber:
                hasProtocol = field.TryReadU8(out protocol);
                break;
            case SourcePort or IcmpId or IcmpV6Id:
                field.TryReadU16BigEndian(out sourcePort);
                break;
            case DestinationPort:
                field.TryReadU16BigEndian(out destinationPort);
                break;
            case IcmpType or IcmpV6Type:
                field.TryReadU8(out small);
                destinationPort = (ushort)((small << 8) | (destinationPort & 0xff));
                break;
            case IcmpCode or IcmpV6Code:
                field.TryReadU8(out small);
                destinationPort = (ushort)((destinationPort & 0xff00) | small);
                break;
        }
    }

    private static bool TryReadAddress(ReadOnlySpan<byte> bytes, bool v6, out UInt128 address)
    {
        if (v6)
            return BinaryPrimitives.TryReadUInt128BigEndian(bytes, out address);
        var complete = BinaryPrimitives.TryReadUInt32BigEndian(bytes, out var number);
        address = number;
        return complete;
    }
}
