using Hitless.Core.Sessions;
using Hitless.Linux.Netlink;
using static Hitless.Linux.Conntrack.ConntrackProtocol;

namespace Hitless.Linux.Conntrack;

/// <summary>Reads ctnetlink's expectations.</summary>
internal static class ExpectationReader
{
    /// <summary>Reads an event about an expectation, or one of a dump; false when it makes no sense.</summary>
    public static bool TryRead(scoped in NetlinkMessage message, out SessionExpectation expectation)
    {
        expectation = default;
        if (!TupleReader.TryReadFamily(message, out var v6))
            return false;
        bool hasParent = false,
            hasTuple = false,
            hasMask = false;
        SessionTuple parent = default,
            tuple = default,
            mask = default,
            saved = default;
        byte parentProtocol = 0,
            protocol = 0;
        uint timeout = 0,
            flags = 0,
            kind = 0,
            direction = 0;
        ushort zone = 0;
        KernelName helper = default,
            function = default;
        var attributes = message.Attributes(FixedHeaderBytes);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case ExpectParent:
                    hasParent = TupleReader.TryReadTuple(attribute, v6, out parent, out parentProtocol);
                    break;
                case ExpectTuple:
                    hasTuple = TupleReader.TryReadTuple(attribute, v6, out tuple, out protocol);
                    break;
                case ExpectMask:
                    hasMask = TupleReader.TryReadTuple(attribute, v6, out mask, out _);
                    break;
                case ExpectTimeout:
                    attribute.TryReadU32BigEndian(out timeout);
                    break;
                case ExpectFlags:
                    attribute.TryReadU32BigEndian(out flags);
                    break;
                case ExpectClass:
                    attribute.TryReadU32BigEndian(out kind);
                    break;
                case ExpectZone:
                    attribute.TryReadU16BigEndian(out zone);
                    break;
                case ExpectHelper:
                    helper = KernelName.From(attribute.Value);
                    break;
                case ExpectFunction:
                    function = KernelName.From(attribute.Value);
                    break;
                case ExpectNat:
                    attribute.Find(ExpectNatDirection).TryReadU32BigEndian(out direction);
                    TupleReader.TryReadTuple(attribute.Find(ExpectNatTuple), v6, out saved, out _);
                    break;
            }
        }

        expectation = new SessionExpectation(
            new SessionKey(v6, parentProtocol, zone, parent),
            protocol,
            tuple,
            mask,
            timeout,
            flags,
            kind,
            direction,
            saved,
            helper,
            function
        );
        return hasParent && hasTuple && hasMask;
    }
}
