namespace Hitless.Core.Sessions;

/// <summary>
/// What the kernel's table holds, kept up to date by what the kernel tells: for each session its key, its digest, and when the other units
/// believe that it ends, so that two tables are compared,
/// and timeouts refreshed, without reading them. From time to time the table is read beside it (<see cref="BeginReading"/>), which shows
/// whether the ledger was right. Two sessions of one hash
/// count as one. Sessions that are not replicated stand in it too, to be counted by verdict and named; they are in no digest and no bucket.
/// Nothing takes longer because the ledger is large: it grows by pages, and what goes through all of it goes in slices. Putting and
/// removing leave no garbage. Not thread-safe.
/// </summary>
/// <param name="seed">Random: where a session stands cannot be chosen from outside.</param>
public sealed class SessionLedger(ulong seed = 0)
{
    private const int Buckets = SessionDigests.BucketsDefault;

    // The kernel tells whole seconds, rounded down: one more is no news.
    private const int Rounding = 1;
    private readonly SessionDigests digests = new();
    private readonly CompactKeys compact = new();
    private readonly ChainedTable<Entry> entries = new(seed);

    // The buckets, then a list for each verdict of sessions that are not replicated.
    private readonly int[] buckets = new int[Buckets + SessionVerdict.Count];
    private readonly SessionTally tally = new();
    private HashMarks gone = new(seed);
    private HashMarks goneBefore = new(seed);
    private bool generation;
    private int swept;
    private int looked;

    /// <summary>Replicated sessions that it holds.</summary>
    public int Count => (int)digests.Sessions;

    /// <summary>The table is being read.</summary>
    public bool IsReading { get; private set; }

    /// <summary>Sessions that the last reading found otherwise than the ledger had them.</summary>
    public int Corrected { get; private set; }

    /// <summary>The table holds this session now, and the other units have been told so.</summary>
    /// <param name="record">The session.</param>
    /// <param name="now">Seconds.</param>
    /// <param name="interval">As for <see cref="RefreshRule.Due(in SessionRecord, int, int)"/>.</param>
    /// <param name="verdict">What becomes of it at a switch; one that is not replicated is only counted.</param>
    public void Put(in SessionRecord record, int now = 0, int interval = 1, SessionVerdict verdict = default)
    {
        // An event that tells no state does not change what the session has to lose.
        if (!verdict.IsReplicated && !record.IsComplete && Verdict(record.Key) is { } known && known.Cause == verdict.Cause)
            verdict = known;
        ref var entry = ref Put(record.Key, record.Digest64(), verdict);
        (entry.Told, entry.Due) = verdict.IsReplicated
            ? (RefreshRule.Expiry(record, now), RefreshRule.Due(record, now, interval))
            : (0, int.MaxValue);
    }

    /// <summary>The table holds this session now; if it held one of the same key already, that one stays.</summary>
    public void PutIfMissing(in SessionRecord record, int now = 0, int interval = 1, SessionVerdict verdict = default)
    {
        if (entries.Find(Fingerprint(record.Key)) == 0)
            Put(record, now, interval, verdict);
    }

    /// <summary>How many sessions have which verdict.</summary>
    public SessionTally Tally() => tally.Copy();

    /// <summary>
    /// Keys of sessions with a verdict that are not replicated, as many as <paramref name="into"/> takes. Returns how many.
    /// </summary>
    public int KeysOf(SessionVerdict verdict, Span<SessionKey> into)
    {
        var count = 0;
        for (var at = verdict.IsReplicated ? 0 : buckets[ListOf(verdict, 0)]; at != 0 && count < into.Length; at = entries[at].NextInBucket)
            into[count++] = KeyOf(ref entries[at]);
        return count;
    }

    /// <summary>The table does not hold this session any more.</summary>
    public void Remove(in SessionKey key)
    {
        var hash = Fingerprint(key);
        if (IsReading)
            gone.Add(hash);
        var number = entries.Find(hash);
        if (number != 0)
            RemoveAt(number);
    }

    /// <summary>
    /// A reading of the whole table begins: its sessions come with <see cref="OnRead"/>, in their own time, while changes go on being told.
    /// </summary>
    public void BeginReading()
    {
        IsReading = true;
        Corrected = 0;
        swept = 0;
        generation = !generation;
        ForgetGone();
        ForgetGone();
    }

    /// <summary>The reading found a session. What was told of it since the reading began is newer.</summary>
    /// <param name="found">The session.</param>
    /// <param name="now">Seconds.</param>
    /// <param name="interval">As for <see cref="RefreshRule.Due(in SessionRecord, int, int)"/>.</param>
    public void OnRead(in SessionDigest found, int now = 0, int interval = 1)
    {
        var hash = Fingerprint(found.Key);
        var number = entries.Find(hash);
        if (number != 0 ? entries[number].Generation == generation : gone.Contains(hash) || goneBefore.Contains(hash))
            return;
        var known = number != 0 && new SessionVerdict(entries[number].Verdict).IsReplicated;
        Corrected += known == found.Verdict.IsReplicated && (!known || entries[number].Digest == found.Digest) ? 0 : 1;
        ref var entry = ref Put(found.Key, found.Digest, found.Verdict);
        if (!known || !found.Verdict.IsReplicated)
        {
            var never = found.Timeout == 0 || !found.Verdict.IsReplicated;
            (entry.Told, entry.Due) = (0, never ? int.MaxValue : RefreshRule.Due(hash, found.Timeout, now, interval));
        }
    }

    /// <summary>
    /// All that was found has been handed over, and what is found next will be looked for after this: what was removed before the time
    /// before cannot be found any more. Keeps what a slow
    /// reading has to remember small.
    /// </summary>
    public void ForgetGone()
    {
        (gone, goneBefore) = (goneBefore, gone);
        gone.Clear();
    }

    /// <summary>
    /// The reading is complete: what it did not find is not there. To be called until it returns true; each time looks at so many places at
    /// most.
    /// </summary>
    public bool EndReading(int places = int.MaxValue)
    {
        for (; swept < entries.Last && places > 0; places--)
        {
            var number = ++swept;
            if (entries[number].Hash == 0 || entries[number].Generation == generation)
                continue;
            Corrected += new SessionVerdict(entries[number].Verdict).IsReplicated ? 1 : 0;
            RemoveAt(number);
        }

        if (swept < entries.Last)
            return false;
        AbandonReading();
        return true;
    }

    /// <summary>The reading could not be finished; what it found stays.</summary>
    public void AbandonReading()
    {
        IsReading = false;
        ForgetGone();
        ForgetGone();
    }

    /// <summary>Digests of what it holds.</summary>
    public SessionDigests Digests() => digests.Copy();

    /// <summary>The keys of the sessions in some buckets; false when they are more than <paramref name="max"/>.</summary>
    public bool TryKeysIn(IEnumerable<int> wanted, int max, out IReadOnlyList<SessionKey> found)
    {
        var list = new List<SessionKey>();
        found = list;
        foreach (var bucket in wanted)
        {
            for (var at = bucket is >= 0 and < Buckets ? buckets[bucket] : 0; at != 0; at = entries[at].NextInBucket)
            {
                if (list.Count == max)
                    return false;
                list.Add(KeyOf(ref entries[at]));
            }
        }

        return true;
    }

    /// <summary>
    /// Goes on through the ledger: the sessions whose timeouts are to be looked at now, since traffic may have refreshed them without an
    /// event. Each is due again after <paramref name="interval"/>
    /// seconds unless <see cref="TryRefresh"/> says otherwise.
    /// </summary>
    /// <param name="now">Seconds.</param>
    /// <param name="interval">Seconds.</param>
    /// <param name="places">How many places to look at.</param>
    /// <param name="due">Receives the keys.</param>
    /// <param name="count">How many keys there are.</param>
    /// <returns>True at the end: the next call begins anew.</returns>
    public bool TakeDue(int now, int interval, int places, Span<SessionKey> due, out int count)
    {
        for (count = 0; looked < entries.Last && places > 0 && count < due.Length; places--)
        {
            ref var entry = ref entries[++looked];
            if (entry.Hash == 0 || entry.Due > now)
                continue;
            entry.Due = now + interval;
            due[count++] = KeyOf(ref entry);
        }

        if (looked < entries.Last)
            return false;
        looked = 0;
        return true;
    }

    /// <summary>
    /// The session stands like this in the table now. True when the other units must be told: their copies would end too early.
    /// </summary>
    public bool TryRefresh(in SessionRecord record, int now, int interval)
    {
        var number = entries.Find(Fingerprint(record.Key));
        if (number == 0)
            return false;
        ref var entry = ref entries[number];
        var expiry = RefreshRule.Expiry(record, now);
        entry.Due = RefreshRule.Due(record, now, interval);
        if (expiry <= entry.Told + Rounding && (expiry <= entry.Told || entry.Told - now > (2 * interval) + Rounding))
            return false;
        entry.Told = expiry;
        return true;
    }

    private static ulong Fingerprint(in SessionKey key) => key.Hash64() is var hash and not 0 ? hash : 1;

    private SessionKey KeyOf(ref Entry entry) => compact.Unpack(new UInt128(entry.KeyHigh, entry.KeyLow));

    private SessionVerdict? Verdict(in SessionKey key) =>
        entries.Find(Fingerprint(key)) is var number and not 0 ? new SessionVerdict(entries[number].Verdict) : null;

    private ref Entry Put(in SessionKey key, ulong digest, SessionVerdict verdict)
    {
        var hash = Fingerprint(key);
        var number = entries.Find(hash);
        if (number == 0)
        {
            number = entries.Add(hash);
            var packed = compact.Pack(key);
            (entries[number].KeyHigh, entries[number].KeyLow) = ((ulong)(packed >> 64), (ulong)packed);
            EnterList(number, ListOf(verdict, hash));
        }
        else
        {
            var former = new SessionVerdict(entries[number].Verdict);
            Uncount(former, hash, entries[number].Digest);
            if (ListOf(former, hash) != ListOf(verdict, hash))
            {
                LeaveList(ref entries[number], ListOf(former, hash));
                EnterList(number, ListOf(verdict, hash));
            }
        }

        ref var entry = ref entries[number];
        (entry.Digest, entry.Generation, entry.Verdict) = (digest, generation, verdict.Packed);
        tally.Add(verdict);
        if (verdict.IsReplicated)
            digests.Add(hash, digest);
        return ref entry;
    }

    private void RemoveAt(int number)
    {
        ref var entry = ref entries[number];
        var verdict = new SessionVerdict(entry.Verdict);
        Uncount(verdict, entry.Hash, entry.Digest);
        compact.Release(new UInt128(entry.KeyHigh, entry.KeyLow));
        LeaveList(ref entry, ListOf(verdict, entry.Hash));
        entries.Remove(number);
    }

    private void Uncount(SessionVerdict verdict, ulong hash, ulong digest)
    {
        tally.Remove(verdict);
        if (verdict.IsReplicated)
            digests.Subtract(hash, digest);
    }

    private static int ListOf(SessionVerdict verdict, ulong hash) =>
        verdict.IsReplicated ? SessionDigests.BucketOf(hash, Buckets) : Buckets + (verdict.Packed & (SessionVerdict.Count - 1));

    private void EnterList(int number, int list)
    {
        ref var first = ref buckets[list];
        (entries[number].NextInBucket, entries[number].FormerInBucket) = (first, 0);
        if (first != 0)
            entries[first].FormerInBucket = number;
        first = number;
    }

    private void LeaveList(ref Entry entry, int list)
    {
        if (entry.NextInBucket != 0)
            entries[entry.NextInBucket].FormerInBucket = entry.FormerInBucket;
        if (entry.FormerInBucket != 0)
            entries[entry.FormerInBucket].NextInBucket = entry.NextInBucket;
        else
            buckets[list] = entry.NextInBucket;
    }

    private struct Entry : IChained
    {
        public ulong Hash { get; set; }

        public int Next { get; set; }

        public ulong Digest;

        // UInt128 would be aligned to 16 bytes.
        public ulong KeyHigh;
        public ulong KeyLow;

        public int NextInBucket;
        public int FormerInBucket;

        /// <summary>The second at which the session ends as the other units know.</summary>
        public int Told;

        /// <summary>The second at which that is to be looked at.</summary>
        public int Due;

        /// <summary>Whether it was put or found since the last reading began.</summary>
        public bool Generation;

        /// <summary>What becomes of it at a switch (<see cref="SessionVerdict.Packed"/>).</summary>
        public byte Verdict;
    }
}
