using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>
/// Many sessions, or keys of sessions, as bytes: schema (1), then each with its length (1). Fields of a later schema are skipped.
/// </summary>
public static class SessionRecords
{
    private delegate void Writer<T>(ref ByteWriter writer, in T item);

    private delegate bool Reader<T>(ref ByteReader reader, out T item);

    /// <summary>Writes the sessions.</summary>
    public static byte[] ToBytes(IReadOnlyCollection<SessionRecord> records) => ToBytes(records, SessionCodec.WriteRecord);

    /// <summary>Reads the sessions; false when the bytes are damaged.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out IReadOnlyList<SessionRecord> records) =>
        TryParse(bytes, SessionCodec.TryReadRecord, out records);

    /// <summary>Writes the keys.</summary>
    public static byte[] KeysToBytes(IReadOnlyCollection<SessionKey> keys) => ToBytes(keys, SessionCodec.WriteKey);

    /// <summary>Reads the keys; false when the bytes are damaged.</summary>
    public static bool TryParseKeys(ReadOnlySpan<byte> bytes, out IReadOnlyList<SessionKey> keys) =>
        TryParse(bytes, SessionCodec.TryReadKey, out keys);

    private static byte[] ToBytes<T>(IReadOnlyCollection<T> items, Writer<T> write)
    {
        var buffer = new byte[1 + (items.Count * (1 + SessionCodec.RecordSizeMax))];
        buffer[0] = SessionCodec.Schema;
        var at = 1;
        foreach (var item in items)
        {
            var writer = new ByteWriter(buffer.AsSpan(at + 1));
            write(ref writer, item);
            buffer[at] = (byte)writer.Position;
            at += 1 + writer.Position;
        }

        return buffer[..at];
    }

    private static bool TryParse<T>(ReadOnlySpan<byte> bytes, Reader<T> read, out IReadOnlyList<T> items)
    {
        var list = new List<T>();
        items = list;
        var reader = new ByteReader(bytes);
        if (!reader.TryReadByte(out _))
            return false;
        while (reader.Remaining > 0)
        {
            if (!reader.TryReadByte(out var length) || !reader.TryReadBytes(length, out var bytesOfItem))
                return false;
            var operand = new ByteReader(bytesOfItem);
            if (!read(ref operand, out var item))
                return false;
            list.Add(item);
        }

        return true;
    }
}
