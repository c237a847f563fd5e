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

    /// <summary>A session is expected: <see cref="ConntrackReader.Expectation"/>.</summary>
    Expected,

    /// <summary>It is expected no longer.</summary>
    Unexpected,
}

/// <summary>
/// Walks through a datagram of conntrack messages, straight into values: nothing is allocated, and bytes that make no sense are skipped and
/// counted.
/// </summary>
public ref struct ConntrackReader(ReadOnlySpan<byte> datagram)
{
    private NetlinkMessageReader messages = new(datagram);

    /// <summary>What is expected, when the change is about that.</summary>
    public SessionExpectation Expectation { get; private set; }

    /// <summary>The netlink port of the program that asked for the change; 0: the kernel made it by itself.</summary>
    public uint Requester { get; private set; }

    /// <summary>Messages that could not be read.</summary>
    public int Unreadable { get; private set; }

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
            change = ChangeOf(message.Type);
            Requester = message.PortId;
            record = default;
            switch (message.Type)
            {
                case NetlinkMessageType.Done:
                    Done = true;
                    break;
                case NetlinkMessageType.Error:
                    Error = message.TryReadHeader(out int error) ? -error : 1;
                    break;
                case New or Delete when TryReadEntry(message, out record):
                    record = (record.Status & SessionStatus.Offload) != 0 && record.TimeoutSeconds == 0 ? Offloaded(record) : record;
                    return true;
                case ExpectationNew or ExpectationDelete when ExpectationReader.TryRead(message, out var expectation):
                    Expectation = expectation;
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

    private static ConntrackChange ChangeOf(ushort type) =>
        type switch
        {
            Delete => ConntrackChange.Deleted,
            ExpectationNew => ConntrackChange.Expected,
            ExpectationDelete => ConntrackChange.Unexpected,
            _ => ConntrackChange.Updated,
        };

    // Of a session whose packets a flowtable forwards the kernel tells neither timeout nor state (nf_conntrack_netlink.c,
    // ctnetlink_dump_info): a copy would end at once, and a TCP session look unlike itself. It takes only open ones in, and keeps their
    // entries for a day at a time (nf_flow_table_core.c, flow_offload_add); others are told again while they live.
    private static SessionRecord Offloaded(in SessionRecord record) =>
        record.Key.Protocol == Protocols.Tcp
            ? record with
            {
                TimeoutSeconds = 86_400,
                Tcp = new TcpProgress(Core.Sessions.TcpState.Established, 0, 0, 0, 0),
            }
            : record with
            {
                TimeoutSeconds = 120,
            };

    private static bool TryReadEntry(scoped in NetlinkMessage message, out SessionRecord record)
    {
        record = default;
        if (!TupleReader.TryReadFamily(message, out var v6))
            return false;
        byte protocol = 0;
        SessionTuple original = default,
            reply = default;
        uint status = 0,
            timeout = 0,
            mark = 0;
        ushort zone = 0;
        TcpProgress tcp = default;
        SctpProgress sctp = default;
        SessionParent parent = default;
        KernelName helper = default;
        UInt128 labels = 0;
        SequenceAdjustment forward = default,
            backward = default;
        bool hasOriginal = false,
            hasReply = false;
        var attributes = message.Attributes(FixedHeaderBytes);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case TupleOriginal:
                    hasOriginal = TupleReader.TryReadTuple(attribute, v6, out original, out protocol);
                    break;
                case TupleReply:
                    hasReply = TupleReader.TryReadTuple(attribute, v6, out reply, out _);
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
                    tcp = protocol == Protocols.Tcp ? ProgressReader.ReadTcp(attribute) : default;
                    sctp = protocol == Protocols.Sctp ? ProgressReader.ReadSctp(attribute) : default;
                    break;
                case Helper:
                    helper = ProgressReader.ReadHelper(attribute);
                    break;
                case TupleParent when TupleReader.TryReadTuple(attribute, v6, out var expecting, out var parentProtocol):
                    parent = new SessionParent(parentProtocol, expecting);
                    break;
                case AdjustOriginal:
                    forward = ProgressReader.ReadAdjustment(attribute);
                    break;
                case AdjustReply:
                    backward = ProgressReader.ReadAdjustment(attribute);
                    break;
                case Labels:
                    labels = ProgressReader.ReadLabels(attribute);
                    break;
            }
        }

        record = new SessionRecord(new SessionKey(v6, protocol, zone, original), reply, (SessionStatus)(ushort)status, timeout, mark, tcp)
        {
            IsNew = message.Type == New && (message.Flags & NetlinkFlags.Create) != 0,
            Sctp = sctp,
            Parent = parent,
            Labels = labels,
            AdjustOriginal = forward,
            AdjustReply = backward,
        };
        if (!helper.IsEmpty)
            record = record with { Helper = ProgressReader.HelperOfCopy(helper, record.HasNat) };
        return hasOriginal && hasReply;
    }
}
