using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>Many sessions as bytes: schema (1), then each with its length (1). Fields of a later schema are skipped.</summary>
public static class SessionRecords
{
    /// <summary>Writes the sessions.</summary>
    public static byte[] ToBytes(IReadOnlyCollection<SessionRecord> records)
    {
        var buffer = new byte[1 + (records.Count * (1 + SessionCodec.RecordSizeMax))];
        buffer[0] = SessionCodec.Schema;
        var at = 1;
        foreach (var record in records)
        {
            var writer = new ByteWriter(buffer.AsSpan(at + 1));
            SessionCodec.WriteRecord(ref writer, record);
            buffer[at] = (byte)writer.Position;
            at += 1 + writer.Position;
        }

        return buffer[..at];
    }

    /// <summary>Reads the sessions; false when the bytes are damaged.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out IReadOnlyList<SessionRecord> records)
    {
        var list = new List<SessionRecord>();
        records = list;
        var reader = new ByteReader(bytes);
        if (!reader.TryReadByte(out _))
            return false;
        while (reader.Remaining > 0)
        {
            if (!reader.TryReadByte(out var length) || !reader.TryReadBytes(length, out var bytesOfRecord))
                return false;
            var operand = new ByteReader(bytesOfRecord);
            if (!SessionCodec.TryReadRecord(ref operand, out var record))
                return false;
            list.Add(record);
        }

        return true;
    }
}
