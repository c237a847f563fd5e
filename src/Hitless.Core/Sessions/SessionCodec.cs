using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>
/// Sessions on the wire. Schema 1: a key: flags, protocol, addresses (4 or 16 bytes each), ports, zone if any. A record: its key, the reply
/// tuple if translated, status, timeout, TCP if any, mark if any. Schema 2 appends, where there is any of it: a byte that says which, then
/// SCTP, labels, helper, parent, sequence adjustments; it knows expectations, and a flag for sessions that are new. A later schema only
/// appends; what a reader does not know is skipped, because every record stands in an operation with a length
/// (<see cref="SessionFrameWriter"/>).
/// </summary>
public static class SessionCodec
{
    /// <summary>The schema that this version writes.</summary>
    public const byte Schema = 2;

    /// <summary>No record is longer: IPv6, translated, with everything.</summary>
    public const int RecordSizeMax = 2 + (2 * 36) + 2 + 2 + 4 + 4 + 4 + ExtraSizeMax;

    /// <summary>No expectation is longer.</summary>
    public const int ExpectationSizeMax = 4 + (4 * 36) + 1 + 4 + 4 + 1 + 1 + (2 * (1 + KernelName.LengthMax));

    private const int ExtraSizeMax = 1 + 9 + 16 + (1 + KernelName.LengthMax) + 37 + 12 + 12;

    [Flags]
    private enum Fields : byte
    {
        V6 = 1,
        Zone = 2,
        Nat = 4,
        Tcp = 8,
        Mark = 16,
        Extra = 32,
        New = 64,
    }

    [Flags]
    private enum Extras : byte
    {
        Sctp = 1,
        Labels = 2,
        Helper = 4,
        Parent = 8,
        AdjustOriginal = 16,
        AdjustReply = 32,
    }

    /// <summary>Writes what identifies a session.</summary>
    public static void WriteKey(ref ByteWriter writer, in SessionKey key) => WriteKey(ref writer, key, default);

    /// <summary>Writes a whole record.</summary>
    public static void WriteRecord(ref ByteWriter writer, in SessionRecord record)
    {
        var tcp = record.Tcp;
        var nat = record.HasNat;
        var extras = ExtrasOf(record);
        WriteKey(
            ref writer,
            record.Key,
            (extras != 0 ? Fields.Extra : 0)
                | (record.IsNew ? Fields.New : 0)
                | (nat ? Fields.Nat : 0)
                | (tcp.State != TcpState.None ? Fields.Tcp : 0)
                | (record.Mark != 0 ? Fields.Mark : 0)
        );
        if (nat)
            WriteTuple(ref writer, record.Reply, record.Key.V6);
        writer.WriteUInt16((ushort)record.Status);
        writer.WriteUInt32(record.TimeoutSeconds);
        if (tcp.State != TcpState.None)
        {
            writer.WriteByte((byte)tcp.State);
            writer.WriteByte(tcp.FlagsOriginal);
            writer.WriteByte(tcp.FlagsReply);
            writer.WriteByte((byte)((tcp.ScaleOriginal << 4) | (tcp.ScaleReply & 15)));
        }

        if (record.Mark != 0)
            writer.WriteUInt32(record.Mark);
        if (extras != 0)
            WriteExtras(ref writer, record, extras);
    }

    /// <summary>Reads a key; false when the bytes end too early.</summary>
    public static bool TryReadKey(ref ByteReader reader, out SessionKey key) => TryReadKey(ref reader, out key, out _);

    /// <summary>Reads a record; false when the bytes end too early.</summary>
    public static bool TryReadRecord(ref ByteReader reader, out SessionRecord record)
    {
        record = default;
        if (!TryReadKey(ref reader, out var key, out var fields))
            return false;
        var reply = key.Original.Inverted(key.Protocol);
        if ((fields & Fields.Nat) != 0 && !TryReadTuple(ref reader, key.V6, out reply))
            return false;
        if (!reader.TryReadUInt16(out var status) || !reader.TryReadUInt32(out var timeout))
            return false;
        TcpProgress tcp = default;
        if ((fields & Fields.Tcp) != 0)
        {
            if (
                !reader.TryReadByte(out var state)
                || !reader.TryReadByte(out var original)
                || !reader.TryReadByte(out var answer)
                || !reader.TryReadByte(out var scales)
            )
                return false;
            tcp = new TcpProgress((TcpState)state, original, answer, (byte)(scales >> 4), (byte)(scales & 15));
        }

        uint mark = 0;
        if ((fields & Fields.Mark) != 0 && !reader.TryReadUInt32(out mark))
            return false;
        record = new SessionRecord(key, reply, (SessionStatus)status, timeout, mark, tcp) { IsNew = (fields & Fields.New) != 0 };
        return (fields & Fields.Extra) == 0 || TryReadExtras(ref reader, ref record);
    }

    /// <summary>Writes an expectation.</summary>
    public static void WriteExpectation(ref ByteWriter writer, in SessionExpectation expectation)
    {
        WriteKey(ref writer, expectation.Parent, expectation.HasNat ? Fields.Nat : 0);
        writer.WriteByte(expectation.Protocol);
        WriteTuple(ref writer, expectation.Tuple, expectation.Parent.V6);
        WriteTuple(ref writer, expectation.Mask, expectation.Parent.V6);
        if (expectation.HasNat)
            WriteTuple(ref writer, expectation.Saved, expectation.Parent.V6);
        writer.WriteUInt32(expectation.TimeoutSeconds);
        writer.WriteUInt32(expectation.Flags);
        writer.WriteByte((byte)expectation.Class);
        writer.WriteByte((byte)expectation.Direction);
        WriteName(ref writer, expectation.Helper);
        WriteName(ref writer, expectation.Function);
    }

    /// <summary>Reads an expectation; false when the bytes end too early.</summary>
    public static bool TryReadExpectation(ref ByteReader reader, out SessionExpectation expectation)
    {
        expectation = default;
        if (!TryReadKey(ref reader, out var parent, out var fields) || !reader.TryReadByte(out var protocol))
            return false;
        SessionTuple saved = default;
        if (
            !TryReadTuple(ref reader, parent.V6, out var tuple)
            || !TryReadTuple(ref reader, parent.V6, out var mask)
            || ((fields & Fields.Nat) != 0 && !TryReadTuple(ref reader, parent.V6, out saved))
            || !reader.TryReadUInt32(out var timeout)
            || !reader.TryReadUInt32(out var flags)
            || !reader.TryReadByte(out var kind)
            || !reader.TryReadByte(out var direction)
            || !TryReadName(ref reader, out var helper)
            || !TryReadName(ref reader, out var function)
        )
        {
            return false;
        }

        expectation = new SessionExpectation(parent, protocol, tuple, mask, timeout, flags, kind, direction, saved, helper, function);
        return true;
    }

    private static Extras ExtrasOf(in SessionRecord record) =>
        (record.Sctp.State != 0 ? Extras.Sctp : 0)
        | (record.Labels != 0 ? Extras.Labels : 0)
        | (!record.Helper.IsEmpty ? Extras.Helper : 0)
        | (record.Parent.Protocol != 0 ? Extras.Parent : 0)
        | (record.AdjustOriginal != default ? Extras.AdjustOriginal : 0)
        | (record.AdjustReply != default ? Extras.AdjustReply : 0);

    private static void WriteExtras(ref ByteWriter writer, in SessionRecord record, Extras extras)
    {
        writer.WriteByte((byte)extras);
        if ((extras & Extras.Sctp) != 0)
        {
            writer.WriteByte(record.Sctp.State);
            writer.WriteUInt32(record.Sctp.TagOriginal);
            writer.WriteUInt32(record.Sctp.TagReply);
        }

        if ((extras & Extras.Labels) != 0)
            writer.WriteUInt128(record.Labels);
        if ((extras & Extras.Helper) != 0)
            WriteName(ref writer, record.Helper);
        if ((extras & Extras.Parent) != 0)
        {
            writer.WriteByte(record.Parent.Protocol);
            WriteTuple(ref writer, record.Parent.Original, record.Key.V6);
        }

        if ((extras & Extras.AdjustOriginal) != 0)
            WriteAdjustment(ref writer, record.AdjustOriginal);
        if ((extras & Extras.AdjustReply) != 0)
            WriteAdjustment(ref writer, record.AdjustReply);
    }

    private static bool TryReadExtras(ref ByteReader reader, ref SessionRecord record)
    {
        if (!reader.TryReadByte(out var flags))
            return false;
        var extras = (Extras)flags;
        if ((extras & Extras.Sctp) != 0)
        {
            if (!reader.TryReadByte(out var state) || !reader.TryReadUInt32(out var original) || !reader.TryReadUInt32(out var reply))
                return false;
            record = record with { Sctp = new SctpProgress(state, original, reply) };
        }

        if ((extras & Extras.Labels) != 0)
        {
            if (!reader.TryReadUInt128(out var labels))
                return false;
            record = record with { Labels = labels };
        }

        if ((extras & Extras.Helper) != 0)
        {
            if (!TryReadName(ref reader, out var helper))
                return false;
            record = record with { Helper = helper };
        }

        if ((extras & Extras.Parent) != 0)
        {
            if (!reader.TryReadByte(out var protocol) || !TryReadTuple(ref reader, record.Key.V6, out var parent))
                return false;
            record = record with { Parent = new SessionParent(protocol, parent) };
        }

        SequenceAdjustment forward = default,
            backward = default;
        if (
            ((extras & Extras.AdjustOriginal) != 0 && !TryReadAdjustment(ref reader, out forward))
            || ((extras & Extras.AdjustReply) != 0 && !TryReadAdjustment(ref reader, out backward))
        )
        {
            return false;
        }

        record = record with { AdjustOriginal = forward, AdjustReply = backward };
        return true;
    }

    private static void WriteName(ref ByteWriter writer, in KernelName name)
    {
        Span<byte> bytes = stackalloc byte[KernelName.LengthMax];
        var length = name.CopyTo(bytes);
        writer.WriteByte((byte)length);
        writer.WriteBytes(bytes[..length]);
    }

    private static bool TryReadName(ref ByteReader reader, out KernelName name)
    {
        name = default;
        if (!reader.TryReadByte(out var length) || !reader.TryReadBytes(length, out var bytes))
            return false;
        name = KernelName.From(bytes);
        return true;
    }

    private static void WriteAdjustment(ref ByteWriter writer, SequenceAdjustment adjustment)
    {
        writer.WriteUInt32(adjustment.Position);
        writer.WriteUInt32((uint)adjustment.Before);
        writer.WriteUInt32((uint)adjustment.After);
    }

    private static bool TryReadAdjustment(ref ByteReader reader, out SequenceAdjustment adjustment)
    {
        var complete = reader.TryReadUInt32(out var position) & reader.TryReadUInt32(out var before) & reader.TryReadUInt32(out var after);
        adjustment = new SequenceAdjustment(position, (int)before, (int)after);
        return complete;
    }

    private static void WriteKey(ref ByteWriter writer, in SessionKey key, Fields fields)
    {
        writer.WriteByte((byte)(fields | (key.V6 ? Fields.V6 : 0) | (key.Zone != 0 ? Fields.Zone : 0)));
        writer.WriteByte(key.Protocol);
        WriteTuple(ref writer, key.Original, key.V6);
        if (key.Zone != 0)
            writer.WriteUInt16(key.Zone);
    }

    private static bool TryReadKey(ref ByteReader reader, out SessionKey key, out Fields fields)
    {
        key = default;
        fields = default;
        if (!reader.TryReadByte(out var flags) || !reader.TryReadByte(out var protocol))
            return false;
        fields = (Fields)flags;
        var v6 = (fields & Fields.V6) != 0;
        if (!TryReadTuple(ref reader, v6, out var original))
            return false;
        ushort zone = 0;
        if ((fields & Fields.Zone) != 0 && !reader.TryReadUInt16(out zone))
            return false;
        key = new SessionKey(v6, protocol, zone, original);
        return true;
    }

    private static void WriteTuple(ref ByteWriter writer, in SessionTuple tuple, bool v6)
    {
        if (v6)
        {
            writer.WriteUInt128(tuple.Source);
            writer.WriteUInt128(tuple.Destination);
        }
        else
        {
            writer.WriteUInt32((uint)tuple.Source);
            writer.WriteUInt32((uint)tuple.Destination);
        }

        writer.WriteUInt16(tuple.SourcePort);
        writer.WriteUInt16(tuple.DestinationPort);
    }

    private static bool TryReadTuple(ref ByteReader reader, bool v6, out SessionTuple tuple)
    {
        tuple = default;
        if (
            !TryReadAddress(ref reader, v6, out var source)
            || !TryReadAddress(ref reader, v6, out var destination)
            || !reader.TryReadUInt16(out var sourcePort)
            || !reader.TryReadUInt16(out var destinationPort)
        )
        {
            return false;
        }

        tuple = new SessionTuple(source, destination, sourcePort, destinationPort);
        return true;
    }

    private static bool TryReadAddress(ref ByteReader reader, bool v6, out UInt128 address)
    {
        if (v6)
            return reader.TryReadUInt128(out address);
        var complete = reader.TryReadUInt32(out var number);
        address = number;
        return complete;
    }
}
