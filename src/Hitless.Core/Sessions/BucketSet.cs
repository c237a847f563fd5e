using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>Some of the buckets of a table (<see cref="SessionDigests"/>), as bits: 512 bytes on the wire.</summary>
public sealed class BucketSet
{
    /// <summary>Bytes on the wire.</summary>
    public const int SizeBytes = SessionDigests.BucketsDefault / 8;

    private readonly ulong[] bits = new ulong[SessionDigests.BucketsDefault / 64];

    /// <summary>No bucket is in it.</summary>
    public bool IsEmpty => !bits.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>The buckets in it.</summary>
    public IEnumerable<int> Buckets =>
        Enumerable.Range(0, SessionDigests.BucketsDefault).Where(bucket => (bits[bucket / 64] & (1UL << (bucket % 64))) != 0);

    /// <summary>Adds a bucket.</summary>
    public void Add(int bucket) => bits[bucket / 64] |= 1UL << (bucket % 64);

    /// <summary>Adds all of another's.</summary>
    public void Add(BucketSet other)
    {
        for (var i = 0; i < bits.Length; i++)
            bits[i] |= other.bits[i];
    }

    /// <summary>Makes it none.</summary>
    public void Clear() => Array.Clear(bits);

    /// <summary>True when the session falls into one of the buckets.</summary>
    public bool Contains(in SessionKey key)
    {
        var bucket = SessionDigests.BucketOf(key, SessionDigests.BucketsDefault);
        return (bits[bucket / 64] & (1UL << (bucket % 64))) != 0;
    }

    /// <summary>Writes the bits.</summary>
    public void Write(ref ByteWriter writer)
    {
        foreach (var word in bits)
            writer.WriteUInt64(word);
    }

    /// <summary>Reads what <see cref="Write"/> wrote; false, and nothing is changed, when the bytes end too early.</summary>
    public bool TryRead(ref ByteReader reader)
    {
        if (reader.Remaining < SizeBytes)
            return false;
        for (var i = 0; i < bits.Length; i++)
            reader.TryReadUInt64(out bits[i]);
        return true;
    }
}
