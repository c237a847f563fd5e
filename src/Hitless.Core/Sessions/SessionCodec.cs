using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>
/// Sessions on the wire, schema 1. A key: flags, protocol, addresses (4 or 16 bytes each), ports, zone if any. A record: its key, the reply
/// tuple if translated, status, timeout, TCP if any, mark if any. A later schema only appends; what a reader does not know is
/// skipped, because every record stands in an operation with a length (<see cref="SessionFrameWriter"/>).
/// </summary>
public static class SessionCodec
{
    /// <summary>The schema that this version writes.</summary>
    public const byte Schema = 1;

    /// <summary>No record is longer: IPv6, translated, with everything.</summary>
    public const int RecordSizeMax = 2 + (2 * 36) + 2 + 2 + 4 + 4 + 4;

    [Flags]
    private enum Fields : byte
    {
        V6 = 1,
        Zone = 2,
        Nat = 4,
        Tcp = 8,
        Mark = 16,
    }

    /// <summary>Writes what identifies a session.</summary>
    public static void WriteKey(ref ByteWriter writer, in SessionKey key) => WriteKey(ref writer, key, default);

    /// <summary>Writes a whole record.</summary>
    public static void WriteRecord(ref ByteWriter writer, in SessionRecord record)
    {
        var tcp = record.Tcp;
        var nat = record.HasNat;
        WriteKey(ref writer, record.Key, (nat ? Fields.Nat : 0) | (tcp.State != TcpState.None ? Fields.Tcp : 0) | (record.Mark != 0 ? Fields.Mark : 0));
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
            if (!reader.TryReadByte(out var state) || !reader.TryReadByte(out var original) || !reader.TryReadByte(out var answer) || !reader.TryReadByte(out var scales))
                return false;
            tcp = new TcpProgress((TcpState)state, original, answer, (byte)(scales >> 4), (byte)(scales & 15));
        }

        uint mark = 0;
        if ((fields & Fields.Mark) != 0 && !reader.TryReadUInt32(out mark))
            return false;
        record = new SessionRecord(key, reply, (SessionStatus)status, timeout, mark, tcp);
        return true;
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
        if (!TryReadAddress(ref reader, v6, out var source) || !TryReadAddress(ref reader, v6, out var destination)
            || !reader.TryReadUInt16(out var sourcePort) || !reader.TryReadUInt16(out var destinationPort))
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
