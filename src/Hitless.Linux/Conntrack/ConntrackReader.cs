using System.Buffers.Binary;
using Hitless.Core.Sessions;
using Hitless.Linux.Netlink;
using static Hitless.Linux.Conntrack.ConntrackProtocol;

namespace Hitless.Linux.Conntrack;

/// <summary>What a conntrack message tells.</summary>
public enum ConntrackChange
{
    /// <summary>The entry stands as it is told: an event, or an entry of a dump.</summary>
    Updated,

    /// <summary>The entry has been removed.</summary>
    Deleted,
}

/// <summary>Walks through a datagram of conntrack messages, straight into values: nothing is allocated, and bytes that make no sense are skipped and counted.</summary>
public ref struct ConntrackReader(ReadOnlySpan<byte> datagram, uint ownPort = 0)
{
    private NetlinkMessageReader messages = new(datagram);

    /// <summary>Messages that could not be read.</summary>
    public int Unreadable { get; private set; }

    /// <summary>Events that one of our own requests caused (its port id is in them): skipped.</summary>
    public int Own { get; private set; }

    /// <summary>The dump's last message was in this datagram.</summary>
    public bool Done { get; private set; }

    /// <summary>The error number that an error message brought, 0 if none.</summary>
    public int Error { get; private set; }

    /// <summary>The table changed under the dump.</summary>
    public bool Interrupted { get; private set; }

    /// <summary>Moves to the next entry; false at the datagram's end.</summary>
    public bool TryNext(out ConntrackChange change, out SessionRecord record)
    {
        while (messages.TryRead(out var message))
        {
            Interrupted |= (message.Flags & NetlinkFlags.DumpInterrupted) != 0;
            change = message.Type == Delete ? ConntrackChange.Deleted : ConntrackChange.Updated;
            switch (message.Type)
            {
                case NetlinkMessageType.Done:
                    Done = true;
                    break;
                case NetlinkMessageType.Error:
                    Error = message.TryReadHeader(out int error) ? -error : 1;
                    break;
                case New or Delete when ownPort != 0 && message.PortId == ownPort:
                    Own++;
                    break;
                case New or Delete when TryReadEntry(message, out record):
                    return true;
                default:
                    Unreadable++;
                    break;
            }
        }

        Unreadable += messages.Malformed ? 1 : 0;
        change = default;
        record = default;
        return false;
    }

    private static bool TryReadEntry(scoped in NetlinkMessage message, out SessionRecord record)
    {
        record = default;
        var payload = message.Payload;
        if (payload.Length < FixedHeaderBytes || payload[0] is not (FamilyV4 or FamilyV6))
            return false;
        var v6 = payload[0] == FamilyV6;
        byte protocol = 0;
        SessionTuple original = default, reply = default;
        uint status = 0, timeout = 0, mark = 0;
        ushort zone = 0;
        TcpProgress tcp = default;
        bool hasOriginal = false, hasReply = false;
        var attributes = message.Attributes(FixedHeaderBytes);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case TupleOriginal:
                    hasOriginal = TryReadTuple(attribute, v6, out original, out protocol);
                    break;
                case TupleReply:
                    hasReply = TryReadTuple(attribute, v6, out reply, out _);
                    break;
                case ConntrackProtocol.Status:
                    attribute.TryReadU32BigEndian(out status);
                    break;
                case ConntrackProtocol.Timeout:
                    attribute.TryReadU32BigEndian(out timeout);
                    break;
                case Mark:
                    attribute.TryReadU32BigEndian(out mark);
                    break;
                case Zone:
                    attribute.TryReadU16BigEndian(out zone);
                    break;
                case ProtocolInfo:
                    tcp = ReadTcp(attribute);
                    break;
            }
        }

        record = new SessionRecord(new SessionKey(v6, protocol, zone, original), reply, (SessionStatus)(ushort)status, timeout, mark, tcp);
        return hasOriginal && hasReply;
    }

    private static bool TryReadTuple(scoped in NetlinkAttribute tuple, bool v6, out SessionTuple value, out byte protocol)
    {
        UInt128 source = 0, destination = 0;
        ushort sourcePort = 0, destinationPort = 0;
        protocol = 0;
        bool hasSource = false, hasDestination = false, hasProtocol = false;
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

    private static void ReadProtocol(scoped in NetlinkAttribute field, ref byte protocol, ref bool hasProtocol, ref ushort sourcePort, ref ushort destinationPort)
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

    private static TcpProgress ReadTcp(scoped in NetlinkAttribute information)
    {
        byte state = 0, flagsOriginal = 0, flagsReply = 0, scaleOriginal = 0, scaleReply = 0;
        var protocols = information.Nested;
        while (protocols.TryRead(out var protocol))
        {
            var fields = protocol.Nested;
            while (protocol.Type == InfoTcp && fields.TryRead(out var field))
            {
                // The flags are a pair of bytes (flags, mask); the first counts.
                switch (field.Type)
                {
                    case ConntrackProtocol.TcpState:
                        field.TryReadU8(out state);
                        break;
                    case TcpFlagsOriginal:
                        field.TryReadU8(out flagsOriginal);
                        break;
                    case TcpFlagsReply:
                        field.TryReadU8(out flagsReply);
                        break;
                    case TcpScaleOriginal:
                        field.TryReadU8(out scaleOriginal);
                        break;
                    case TcpScaleReply:
                        field.TryReadU8(out scaleReply);
                        break;
                }
            }
        }

        return new TcpProgress((Core.Sessions.TcpState)state, flagsOriginal, flagsReply, (byte)(scaleOriginal & 15), (byte)(scaleReply & 15));
    }
}
