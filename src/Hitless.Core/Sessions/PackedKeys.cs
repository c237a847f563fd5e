using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>The keys of a whole table as bytes (<see cref="SessionCodec.WriteKey"/>: 14 an IPv4 session, 38 an IPv6 one, 2 more with a zone). Filling it anew leaves no garbage.</summary>
public sealed class PackedKeys
{
    private const int ChunkSize = 64 * 1024;
    private readonly List<(byte[] Bytes, int Length)> chunks = [];
    private int filled = -1;

    /// <summary>Empties it, and gives back the room that the last filling did not need.</summary>
    public void Clear()
    {
        chunks.RemoveRange(filled + 1, chunks.Count - filled - 1);
        filled = -1;
    }

    /// <summary>Adds a key.</summary>
    public void Add(in SessionKey key)
    {
        if (filled < 0 || chunks[filled].Length + SessionCodec.RecordSizeMax > ChunkSize)
            NextChunk();
        var (bytes, length) = chunks[filled];
        var writer = new ByteWriter(bytes.AsSpan(length));
        SessionCodec.WriteKey(ref writer, key);
        chunks[filled] = (bytes, length + writer.Position);
    }

    /// <summary>The keys that fall into some buckets (<see cref="SessionDigests.BucketOf"/>); false when they are more than <paramref name="max"/>.</summary>
    public bool TryFind(int buckets, IReadOnlySet<int> wanted, int max, out IReadOnlyList<SessionKey> keys)
    {
        var found = new List<SessionKey>();
        keys = found;
        for (var i = 0; i <= filled; i++)
        {
            var reader = new ByteReader(chunks[i].Bytes.AsSpan(0, chunks[i].Length));
            while (SessionCodec.TryReadKey(ref reader, out var key))
            {
                if (!wanted.Contains(SessionDigests.BucketOf(key, buckets)))
                    continue;
                if (found.Count == max)
                    return false;
                found.Add(key);
            }
        }

        return true;
    }

    private void NextChunk()
    {
        filled++;
        if (filled == chunks.Count)
            chunks.Add((new byte[ChunkSize], 0));
        else
            chunks[filled] = (chunks[filled].Bytes, 0);
    }
}
