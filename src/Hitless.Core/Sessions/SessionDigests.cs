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
    public static int BucketOf(in SessionKey key, int buckets) => BucketOf(key.Hash64(), buckets);

    /// <summary>The bucket of a session by the hash of its key.</summary>
    internal static int BucketOf(ulong hash, int buckets) => (int)(hash & (ulong)(buckets - 1));

    /// <summary>Adds a session; the order does not matter. What a switch treats alike counts as equal.</summary>
    public void Add(in SessionRecord record) => Add(record.Key.Hash64(), record.Digest64());

    /// <summary>
    /// Adds a session with all that telling it would put right: digests of the one kind are not comparable with those of the other.
    /// </summary>
    public void AddExact(in SessionRecord record) => Add(record.Key.Hash64(), record.ExactDigest64());

    /// <summary>Makes it an empty table's.</summary>
    public void Clear()
    {
        Array.Clear(counts);
        Array.Clear(sums);
        Sessions = 0;
    }

    /// <summary>The buckets in which two tables differ.</summary>
    public IReadOnlyList<int> UnequalTo(SessionDigests other)
    {
        if (other.Buckets != Buckets)
            throw new InvalidOperationException($"digests of {Buckets} and {other.Buckets} buckets cannot be compared");
        return
        [
            .. Enumerable.Range(0, Buckets).Where(bucket => counts[bucket] != other.counts[bucket] || sums[bucket] != other.sums[bucket]),
        ];
    }

    /// <summary>Adds the buckets in which two tables of <see cref="BucketsDefault"/> differ to a set.</summary>
    public void AddUnequal(SessionDigests other, BucketSet unequal)
    {
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            if (counts[bucket] != other.counts[bucket] || sums[bucket] != other.sums[bucket])
                unequal.Add(bucket);
        }
    }

    /// <summary>For the wire: count (4) and sum (8) of each bucket.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Buckets * BytesPerBucket];
        var writer = new ByteWriter(bytes);
        Write(ref writer, 0, Buckets);
        return bytes;
    }

    /// <summary>Writes some buckets.</summary>
    public void Write(ref ByteWriter writer, int first, int count)
    {
        for (var bucket = first; bucket < first + count; bucket++)
        {
            writer.WriteUInt32(counts[bucket]);
            writer.WriteUInt64(sums[bucket]);
        }
    }

    /// <summary>
    /// Takes the buckets from <paramref name="first"/> on over from the wire, up to the bytes' end; false when there are not so many.
    /// </summary>
    public bool TryRead(ref ByteReader reader, int first)
    {
        if (reader.Remaining % BytesPerBucket != 0 || first + (reader.Remaining / BytesPerBucket) > Buckets)
            return false;
        for (var bucket = first; reader.Remaining > 0; bucket++)
        {
            Sessions -= counts[bucket];
            reader.TryReadUInt32(out counts[bucket]);
            reader.TryReadUInt64(out sums[bucket]);
            Sessions += counts[bucket];
        }

        return true;
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
        return digests.TryRead(ref reader, 0);
    }

    /// <summary>Adds a session by the hash of its key.</summary>
    internal void Add(ulong hash, ulong digest)
    {
        var bucket = BucketOf(hash, Buckets);
        counts[bucket]++;
        sums[bucket] += digest;
        Sessions++;
    }

    /// <summary>Takes back what was added.</summary>
    internal void Subtract(ulong hash, ulong digest)
    {
        var bucket = BucketOf(hash, Buckets);
        counts[bucket]--;
        sums[bucket] -= digest;
        Sessions--;
    }

    /// <summary>The same digests, to be kept.</summary>
    internal SessionDigests Copy()
    {
        var copy = new SessionDigests(Buckets) { Sessions = Sessions };
        counts.CopyTo(copy.counts, 0);
        sums.CopyTo(copy.sums, 0);
        return copy;
    }
}
