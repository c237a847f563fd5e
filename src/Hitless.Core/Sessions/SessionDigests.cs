using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>
/// A table in kilobytes: sessions fall into buckets by the hash of their identity, and each bucket holds how many there are and the sum of
/// their digests. Two tables are equal where the buckets are; only unequal buckets need to be looked at one by one.
/// </summary>
public sealed class SessionDigests
{
    /// <summary>Buckets that units use with each other; must be a power of two.</summary>
    public const int BucketsDefault = 4096;

    private const int BytesPerBucket = 12;
    private readonly uint[] counts;
    private readonly ulong[] sums;

    /// <summary>An empty table's digests.</summary>
    public SessionDigests(int buckets = BucketsDefault)
    {
        if (buckets < 1 || (buckets & (buckets - 1)) != 0)
            throw new ArgumentOutOfRangeException(nameof(buckets), buckets, "a power of two is expected");
        counts = new uint[buckets];
        sums = new ulong[buckets];
    }

    /// <summary>How many buckets there are.</summary>
    public int Buckets => counts.Length;

    /// <summary>Sessions added.</summary>
    public long Sessions { get; private set; }

    /// <summary>The bucket of a session.</summary>
    public static int BucketOf(in SessionKey key, int buckets) => (int)(key.Hash64() & (ulong)(buckets - 1));

    /// <summary>Adds a session; the order does not matter.</summary>
    public void Add(in SessionRecord record)
    {
        var bucket = BucketOf(record.Key, Buckets);
        counts[bucket]++;
        sums[bucket] += record.Digest64();
        Sessions++;
    }

    /// <summary>The buckets in which two tables differ.</summary>
    public IReadOnlyList<int> UnequalTo(SessionDigests other)
    {
        if (other.Buckets != Buckets)
            throw new InvalidOperationException($"digests of {Buckets} and {other.Buckets} buckets cannot be compared");
        return [.. Enumerable.Range(0, Buckets).Where(bucket => counts[bucket] != other.counts[bucket] || sums[bucket] != other.sums[bucket])];
    }

    /// <summary>For the wire: count (4) and sum (8) of each bucket.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Buckets * BytesPerBucket];
        var writer = new ByteWriter(bytes);
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            writer.WriteUInt32(counts[bucket]);
            writer.WriteUInt64(sums[bucket]);
        }

        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote; false when that cannot be.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SessionDigests? digests)
    {
        digests = null;
        var buckets = bytes.Length / BytesPerBucket;
        if (bytes.Length % BytesPerBucket != 0 || buckets is < 1 or > 1 << 20 || (buckets & (buckets - 1)) != 0)
            return false;
        digests = new SessionDigests(buckets);
        var reader = new ByteReader(bytes);
        for (var bucket = 0; bucket < buckets; bucket++)
        {
            reader.TryReadUInt32(out digests.counts[bucket]);
            reader.TryReadUInt64(out digests.sums[bucket]);
            digests.Sessions += digests.counts[bucket];
        }

        return true;
    }
}
