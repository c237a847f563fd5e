using System.Numerics;

namespace Hitless.Core.Sessions;

/// <summary>
/// What the kernel's table holds, kept up to date by what the kernel tells: for each session its key and its digest, 32 bytes, so that two tables are compared without reading
/// them. From time to time the table is read beside it (<see cref="BeginReading"/>), which shows whether the ledger was right. Two sessions of one hash count as one. Putting and removing leave no
/// garbage. Not thread-safe.
/// </summary>
public sealed class SessionLedger
{
    // A bucket's sessions stand together: the hash's lowest bits say in which region of the arrays, those above them where in it.
    private const int Buckets = SessionDigests.BucketsDefault;
    private const ulong Generation = 1UL << 63;
    private static readonly int BucketBits = BitOperations.Log2(Buckets);

    private readonly SessionDigests digests = new();
    private readonly CompactKeys compact = new();
    private readonly HashMarks gone = new();
    private ulong[] hashes = new ulong[Buckets];
    private ulong[] sums = new ulong[Buckets];
    private UInt128[] keys = new UInt128[Buckets];
    private ulong generation;

    /// <summary>Sessions that it holds.</summary>
    public int Count { get; private set; }

    /// <summary>The table is being read.</summary>
    public bool IsReading { get; private set; }

    /// <summary>Sessions that the last reading found otherwise than the ledger had them.</summary>
    public int Corrected { get; private set; }

    /// <summary>The table holds this session now.</summary>
    public void Put(in SessionRecord record) => Put(record.Key, record.Digest64());

    /// <summary>The table holds this session now; if it held one of the same key already, that one stays.</summary>
    public void PutIfMissing(in SessionRecord record)
    {
        if (hashes[Find(Fingerprint(record.Key))] == 0)
            Put(record);
    }

    /// <summary>The table does not hold this session any more.</summary>
    public void Remove(in SessionKey key)
    {
        var hash = Fingerprint(key);
        if (IsReading)
            gone.Add(hash);
        var at = Find(hash);
        if (hashes[at] != 0)
            RemoveAt(at);
    }

    /// <summary>A reading of the whole table begins: its sessions come with <see cref="OnRead"/>, in their own time, while changes go on being told.</summary>
    public void BeginReading()
    {
        IsReading = true;
        Corrected = 0;
        generation ^= Generation;
    }

    /// <summary>The reading found a session. What was told of it since the reading began is newer.</summary>
    /// <param name="key">The session's.</param>
    /// <param name="digest">Its <see cref="SessionRecord.Digest64"/>.</param>
    public void OnRead(in SessionKey key, ulong digest)
    {
        var hash = Fingerprint(key);
        var at = Find(hash);
        var stands = hashes[at] != 0;
        if (stands ? (hashes[at] & Generation) == generation : gone.Contains(hash))
            return;
        Corrected += stands && sums[at] == digest ? 0 : 1;
        Put(key, digest);
    }

    /// <summary>The reading is complete: what it did not find is not there.</summary>
    public void EndReading()
    {
        for (var at = 0; at < hashes.Length; at++)
        {
            // Removing draws a later one up into the same place.
            while (hashes[at] != 0 && (hashes[at] & Generation) != generation)
            {
                RemoveAt(at);
                Corrected++;
            }
        }

        AbandonReading();
        if (hashes.Length > Buckets && Count < hashes.Length / 8)
            Resize(Math.Max(Buckets, hashes.Length / 4));
    }

    /// <summary>The reading could not be finished; what it found stays.</summary>
    public void AbandonReading()
    {
        IsReading = false;
        gone.Clear();
    }

    /// <summary>Digests of what it holds.</summary>
    public SessionDigests Digests() => digests.Copy();

    /// <summary>The keys of the sessions in some buckets; false when they are more than <paramref name="max"/>.</summary>
    public bool TryKeysIn(IEnumerable<int> buckets, int max, out IReadOnlyList<SessionKey> found)
    {
        var list = new List<SessionKey>();
        found = list;
        foreach (var bucket in buckets)
        {
            if (bucket is < 0 or >= Buckets)
                continue;
            // Those that found their places taken stand behind the region, without a gap.
            for (var at = RegionOf(bucket); at < RegionOf(bucket + 1) || hashes[at & (hashes.Length - 1)] != 0; at++)
            {
                var place = at & (hashes.Length - 1);
                if (hashes[place] == 0 || SessionDigests.BucketOf(hashes[place], Buckets) != bucket)
                    continue;
                if (list.Count == max)
                    return false;
                list.Add(compact.Unpack(keys[place]));
            }
        }

        return true;
    }

    // The highest bit is the generation's; 0 is an empty place.
    private static ulong Fingerprint(in SessionKey key) => (key.Hash64() & ~Generation) is var hash and not 0 ? hash : Generation >> 1;

    private void Put(in SessionKey key, ulong digest)
    {
        if (Count >= hashes.Length - (hashes.Length / 16 * 3))
            Resize(hashes.Length * 2);
        var hash = Fingerprint(key);
        var at = Find(hash);
        if (hashes[at] == 0)
        {
            keys[at] = compact.Pack(key);
            Count++;
        }
        else
        {
            digests.Subtract(hash, sums[at]);
        }

        (hashes[at], sums[at]) = (hash | generation, digest);
        digests.Add(hash, digest);
    }

    // Where the hash stands, or the empty place where it would.
    private int Find(ulong hash)
    {
        var mask = hashes.Length - 1;
        var at = Home(hash);
        while (hashes[at] != 0 && (hashes[at] & ~Generation) != hash)
            at = (at + 1) & mask;
        return at;
    }

    // Where a bucket's region begins.
    private int RegionOf(int bucket) => bucket * (hashes.Length / Buckets);

    // The first place for a hash.
    private int Home(ulong hash) => RegionOf(SessionDigests.BucketOf(hash, Buckets)) + (int)((hash >> BucketBits) & (ulong)((hashes.Length / Buckets) - 1));

    // Closes the gap, so that no search ends too early: whatever has its first place at or before the gap is drawn into it.
    private void RemoveAt(int gap)
    {
        var mask = hashes.Length - 1;
        digests.Subtract(hashes[gap] & ~Generation, sums[gap]);
        compact.Release(keys[gap]);
        Count--;
        for (var at = (gap + 1) & mask; hashes[at] != 0; at = (at + 1) & mask)
        {
            if (((at - Home(hashes[at] & ~Generation)) & mask) < ((at - gap) & mask))
                continue;
            (hashes[gap], sums[gap], keys[gap]) = (hashes[at], sums[at], keys[at]);
            gap = at;
        }

        hashes[gap] = 0;
    }

    private void Resize(int places)
    {
        var (formerHashes, formerSums, formerKeys) = (hashes, sums, keys);
        (hashes, sums, keys) = (new ulong[places], new ulong[places], new UInt128[places]);
        for (var i = 0; i < formerHashes.Length; i++)
        {
            if (formerHashes[i] == 0)
                continue;
            var at = Find(formerHashes[i] & ~Generation);
            (hashes[at], sums[at], keys[at]) = (formerHashes[i], formerSums[i], formerKeys[i]);
        }
    }
}
