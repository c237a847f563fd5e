using System.Buffers.Binary;
using Hitless.Core.Sessions;
using Hitless.Linux.Netlink;
using static Hitless.Linux.Conntrack.ConntrackProtocol;

namespace Hitless.Linux.Conntrack;

/// <summary>
/// Writes requests that change the table. Two rules of the kernel (nf_conntrack_netlink.c) shape them: translation may only be
/// given when an entry is made (<c>ctnetlink_change_conntrack</c> refuses it), and then the reply tuple must be the untranslated one,
/// because the translation is worked out from it (<c>nf_nat_setup_info</c> sets no bit where nothing changes).
/// Bits that the kernel alone sets are left out of the status; "confirmed" has to be in it, and "expected" must be in a change and may not
/// be in a creation.
/// </summary>
internal static class ConntrackWriter
{
    /// <summary>No request is longer.</summary>
    public const int RequestSizeMax = 768;

    private const SessionStatus StatusReplicated = SessionStatus.SeenReply | SessionStatus.Assured;

    /// <summary>
    /// A request that makes an entry, with its translation. Without <paramref name="exclusive"/> one that stands is changed, which the
    /// kernel refuses when the record <see cref="SessionRecord.IsBoundAtCreation"/>. Its parent must stand, else ENOENT.
    /// </summary>
    public static void Create(ref NetlinkMessageWriter writer, in SessionRecord record, bool exclusive, bool withParent, uint sequence)
    {
        Begin(ref writer, New, NetlinkFlags.Create | (exclusive ? NetlinkFlags.Exclusive : 0), record.Key, sequence);
        Tuple(ref writer, TupleReply, record.Key.Original.Inverted(record.Key.Protocol), record.Key);
        // The timeouts of GRE are those that the entry's first packet found (ct->proto.gre): here it finds none, and the second would not
        // find the entry.
        State(
            ref writer,
            record,
            (record.Status & StatusReplicated) | (record.Key.Protocol == Protocols.Gre ? SessionStatus.FixedTimeout : 0)
        );
        if (!record.Helper.IsEmpty)
        {
            var helper = writer.BeginNested(Helper);
            Name(ref writer, HelperName, record.Helper);
            writer.EndNested(helper);
        }

        if (withParent && record.Parent.Protocol != 0)
            Tuple(ref writer, TupleParent, record.Parent.Original, record.Key with { Protocol = record.Parent.Protocol });
        if (record.HasSourceNat)
            Nat(ref writer, NatSource, record.Reply.Destination, record.SourceNatPort, record.Key);
        if (record.HasDestinationNat)
            Nat(ref writer, NatDestination, record.Reply.Source, record.Reply.SourcePort, record.Key);
        writer.EndMessage();
    }

    /// <summary>A request that changes an entry that stands (else ENOENT).</summary>
    public static void Update(ref NetlinkMessageWriter writer, in SessionRecord record, uint sequence)
    {
        Begin(ref writer, New, NetlinkFlags.None, record.Key, sequence);
        State(ref writer, record, record.Status & (StatusReplicated | SessionStatus.Expected));
        writer.EndMessage();
    }

    /// <summary>
    /// A request that makes the kernel believe a TCP entry's next packets, whatever their windows (ENOENT if there is none). It changes
    /// nothing else.
    /// </summary>
    public static void MakeLiberal(ref NetlinkMessageWriter writer, in SessionKey key, uint sequence)
    {
        Begin(ref writer, New, NetlinkFlags.None, key, sequence);
        var information = writer.BeginNested(ProtocolInfo);
        var tcp = writer.BeginNested(InfoTcp);
        writer.Attribute(TcpFlagsOriginal, 2).Fill(FlagBeLiberal);
        writer.Attribute(TcpFlagsReply, 2).Fill(FlagBeLiberal);
        writer.EndNested(tcp);
        writer.EndNested(information);
        writer.EndMessage();
    }

    /// <summary>A request that removes an entry (ENOENT if there is none).</summary>
    public static void Delete(ref NetlinkMessageWriter writer, in SessionKey key, uint sequence)
    {
        Begin(ref writer, ConntrackProtocol.Delete, NetlinkFlags.None, key, sequence);
        writer.EndMessage();
    }

    /// <summary>A request that tells an entry (ENOENT if there is none).</summary>
    public static void Get(ref NetlinkMessageWriter writer, in SessionKey key, uint sequence)
    {
        Begin(ref writer, ConntrackProtocol.Get, NetlinkFlags.None, key, sequence);
        writer.EndMessage();
    }

    private static void Begin(ref NetlinkMessageWriter writer, ushort type, NetlinkFlags flags, in SessionKey key, uint sequence)
    {
        writer.BeginMessage(type, NetlinkFlags.Request | flags, sequence);
        writer.NetfilterHeader(key.V6 ? FamilyV6 : FamilyV4);
        Tuple(ref writer, TupleOriginal, key.Original, key);
        if (key.Zone != 0)
            writer.U16BigEndian(Zone, key.Zone);
    }

    private static void State(ref NetlinkMessageWriter writer, in SessionRecord record, SessionStatus status)
    {
        writer.U32BigEndian(ConntrackProtocol.Status, (uint)(SessionStatus.Confirmed | status));
        writer.U32BigEndian(ConntrackProtocol.Timeout, record.TimeoutSeconds);
        writer.U32BigEndian(Mark, record.Mark);
        if (record.Labels != 0)
            BinaryPrimitives.WriteUInt128LittleEndian(writer.Attribute(Labels, 16), record.Labels);
        if (record.AdjustOriginal != default)
            Adjustment(ref writer, AdjustOriginal, record.AdjustOriginal);
        if (record.AdjustReply != default)
            Adjustment(ref writer, AdjustReply, record.AdjustReply);
        if (record.Sctp.State != 0)
            Sctp(ref writer, record.Sctp);
        if (record.Key.Protocol != Protocols.Tcp || record.Tcp.State == Core.Sessions.TcpState.None)
            return;
        var information = writer.BeginNested(ProtocolInfo);
        var tcp = writer.BeginNested(InfoTcp);
        writer.U8(ConntrackProtocol.TcpState, (byte)record.Tcp.State);
        writer.U8(TcpScaleOriginal, record.Tcp.ScaleOriginal);
        writer.U8(TcpScaleReply, record.Tcp.ScaleReply);
        Flags(writer.Attribute(TcpFlagsOriginal, 2), record.Tcp.FlagsOriginal);
        Flags(writer.Attribute(TcpFlagsReply, 2), record.Tcp.FlagsReply);
        writer.EndNested(tcp);
        writer.EndNested(information);
    }

    // The windows are not replicated: "be liberal" makes the kernel take the next packets, whatever it believes of windows.
    private static void Flags(Span<byte> pair, byte flags)
    {
        pair[0] = (byte)((flags & FlagsReplicated) | FlagBeLiberal);
        pair[1] = FlagsReplicated | FlagBeLiberal;
    }

    private static void Sctp(ref NetlinkMessageWriter writer, SctpProgress progress)
    {
        var information = writer.BeginNested(ProtocolInfo);
        var sctp = writer.BeginNested(InfoSctp);
        writer.U8(SctpState, progress.State);
        writer.U32BigEndian(SctpTagOriginal, progress.TagOriginal);
        writer.U32BigEndian(SctpTagReply, progress.TagReply);
        writer.EndNested(sctp);
        writer.EndNested(information);
    }

    private static void Adjustment(ref NetlinkMessageWriter writer, ushort type, SequenceAdjustment adjustment)
    {
        var nested = writer.BeginNested(type);
        writer.U32BigEndian(AdjustPosition, adjustment.Position);
        writer.U32BigEndian(AdjustBefore, (uint)adjustment.Before);
        writer.U32BigEndian(AdjustAfter, (uint)adjustment.After);
        writer.EndNested(nested);
    }

    /// <summary>A zero-terminated name.</summary>
    internal static void Name(ref NetlinkMessageWriter writer, ushort type, in KernelName name)
    {
        Span<byte> bytes = stackalloc byte[KernelName.LengthMax + 1];
        var length = name.CopyTo(bytes);
        bytes[length] = 0;
        writer.Attribute(type, bytes[..(length + 1)]);
    }

    /// <summary>A tuple of the key's family and protocol.</summary>
    internal static void Tuple(ref NetlinkMessageWriter writer, ushort type, in SessionTuple tuple, in SessionKey key)
    {
        var outer = writer.BeginNested(type);
        var addresses = writer.BeginNested(TupleAddresses);
        Address(ref writer, key.V6 ? V6Source : V4Source, tuple.Source, key.V6);
        Address(ref writer, key.V6 ? V6Destination : V4Destination, tuple.Destination, key.V6);
        writer.EndNested(addresses);
        var protocol = writer.BeginNested(TupleProtocol);
        writer.U8(ProtocolNumber, key.Protocol);
        switch (key.Protocol)
        {
            case Protocols.Icmp:
                Icmp(ref writer, IcmpId, tuple);
                break;
            case Protocols.IcmpV6:
                Icmp(ref writer, IcmpV6Id, tuple);
                break;
            default:
                writer.U16BigEndian(SourcePort, tuple.SourcePort);
                writer.U16BigEndian(DestinationPort, tuple.DestinationPort);
                break;
        }

        writer.EndNested(protocol);
        writer.EndNested(outer);
    }

    // Identifier, type and code follow each other in both protocols' numbering.
    private static void Icmp(ref NetlinkMessageWriter writer, ushort first, in SessionTuple tuple)
    {
        writer.U16BigEndian(first, tuple.SourcePort);
        writer.U8((ushort)(first + 1), (byte)(tuple.DestinationPort >> 8));
        writer.U8((ushort)(first + 2), (byte)tuple.DestinationPort);
    }

    private static void Nat(ref NetlinkMessageWriter writer, ushort type, UInt128 address, ushort port, in SessionKey key)
    {
        var nat = writer.BeginNested(type);
        Address(ref writer, key.V6 ? NatV6Min : NatV4Min, address, key.V6);
        Address(ref writer, key.V6 ? NatV6Max : NatV4Max, address, key.V6);
        var protocol = writer.BeginNested(NatProtocol);
        writer.U16BigEndian(NatPortMin, port);
        writer.U16BigEndian(NatPortMax, port);
        writer.EndNested(protocol);
        writer.EndNested(nat);
    }

    private static void Address(ref NetlinkMessageWriter writer, ushort type, UInt128 address, bool v6)
    {
        if (v6)
            BinaryPrimitives.WriteUInt128BigEndian(writer.Attribute(type, 16), address);
        else
            writer.U32BigEndian(type, (uint)address);
    }
}
