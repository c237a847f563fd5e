using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// Keeps the ledger of the kernel's table. It changes in two ways that have no common order: by itself, which events tell, and by our own
/// requests, which are known here. On the
/// unit that carries traffic the events are the truth, on the others our requests are; what comes from the other side is looked up. Not
/// thread-safe.
/// </summary>
internal sealed class LedgerKeeper(ConntrackTable table, ulong seed)
{
    // Some ten milliseconds of the session loop.
    private const int DoubtedMax = 2000;
    private readonly SessionLedger ledger = new(seed);
    private readonly HashSet<SessionKey> doubted = [];

    // Our own requests on the unit that carries traffic: events from before them may still come.
    private readonly HashSet<SessionKey> overtaken = [];
    private readonly SessionKey[] asked = new SessionKey[ConntrackTable.LookedUpMax];
    private readonly SessionRecord[] found = new SessionRecord[ConntrackTable.LookedUpMax];
    private SessionFilter? filterThen;
    private long errorsThen;
    private bool missed = true;
    private bool deaf;
    private bool wasDeaf;
    private SessionFilter? readingFilter;
    private long readingErrors;
    private bool readingMissed;
    private bool wasWhole;
    private int now;
    private int interval = 1;

    /// <summary>The events are the truth: this unit carries traffic.</summary>
    public bool TrustsEvents { get; set; }

    /// <summary>
    /// Our requests are the truth: this unit carries no traffic, or others carry as well, each session by one unit, so that our requests
    /// and the kernel's own changes hardly ever meet.
    /// </summary>
    public bool TrustsRequests { get; set; } = true;

    /// <summary>Readings of the whole table so far.</summary>
    public long Readings { get; private set; }

    /// <summary>Sessions that readings found otherwise than they were known here, though the ledger was thought to be right.</summary>
    public long Corrected { get; private set; }

    /// <summary>Replicated sessions that it knows.</summary>
    public int Count => ledger.Count;

    /// <summary>All sessions, by what becomes of them at a switch.</summary>
    public SessionTally Tally() => ledger.Tally();

    /// <summary>Keys of sessions with this verdict (<see cref="SessionLedger.KeysOf"/>).</summary>
    public int KeysOf(SessionVerdict verdict, Span<SessionKey> into) => ledger.KeysOf(verdict, into);

    /// <summary>What time it is, and how often timeouts are looked at.</summary>
    public void Clock(TimeSpan time, int seconds) => (now, interval) = ((int)time.TotalSeconds, seconds);

    /// <summary>
    /// The kernel has told of a session. One that is not replicated nobody else changes, so the kernel's word is the truth on every unit.
    /// </summary>
    public void OnTold(ConntrackChange change, in SessionRecord record, SessionVerdict verdict)
    {
        if (!verdict.IsReplicated)
            Aside(change, record, verdict);
        else if (change == ConntrackChange.Deleted)
            Change(TrustsEvents, record.Key);
        else
            Change(TrustsEvents, record, onlyIfMissing: false, verdict);
    }

    /// <summary>We put a session in.</summary>
    public void OnPut(in SessionRecord record, bool onlyIfMissing, SessionVerdict verdict)
    {
        if (!TrustsRequests)
            overtaken.Add(record.Key);
        else
            Change(known: true, record, onlyIfMissing, verdict);
    }

    /// <summary>We removed a session.</summary>
    public void OnRemoved(in SessionKey key)
    {
        if (!TrustsRequests)
            overtaken.Add(key);
        else
            Change(known: true, key);
    }

    /// <summary>The kernel could not tell all.</summary>
    public void OnOverrun() => Miss();

    /// <summary>Whatever the kernel has told is here: what was put or removed before can be looked up now.</summary>
    public void OnNothingTold()
    {
        if (overtaken.Count == 0)
            return;
        doubted.UnionWith(overtaken);
        overtaken.Clear();
    }

    /// <summary>
    /// From now on the kernel does not tell of new sessions, or does again. A unit that is being filled carries no traffic, so hardly any
    /// is made here; a reading will find it, and may do so at leisure.
    /// </summary>
    public void OnDeaf(bool on)
    {
        deaf = on;
        wasDeaf |= on;
    }

    /// <summary>What becomes of these at a switch may be another than it was: they are looked up.</summary>
    public void Doubt(IEnumerable<SessionKey> keys) => doubted.UnionWith(keys);

    /// <summary>
    /// Nothing has changed that the ledger does not know: the table has been read, and all of what came then was told or accepted.
    /// </summary>
    public bool IsWhole(SessionFilter filter) => !missed && overtaken.Count == 0 && errorsThen == table.Errors && filterThen == filter;

    /// <summary>
    /// What is in doubt is looked up; if that is very much at once, the next reading has to tell. What was put before must be in the
    /// kernel.
    /// </summary>
    public void Settle(SessionFilter filter)
    {
        if (doubted.Count == 0)
            return;
        if (doubted.Count > DoubtedMax)
            Miss();
        var count = 0;
        foreach (var key in doubted)
        {
            // Whatever was missed has to be read anyway.
            if (missed)
                break;
            asked[count++] = key;
            if (count < asked.Length)
                continue;
            LookUp(count, filter);
            count = 0;
        }

        if (!missed)
            LookUp(count, filter);
        doubted.Clear();
    }

    /// <summary>Digests of the table.</summary>
    public SessionDigests Digests() => ledger.Digests();

    /// <summary>The keys of the sessions in some buckets; false when they are more than <paramref name="max"/>.</summary>
    public bool TryKeysIn(IEnumerable<int> buckets, int max, out IReadOnlyList<SessionKey> keys) =>
        ledger.TryKeysIn(buckets, max, out keys);

    /// <summary>Some of the sessions whose timeouts are to be looked at (<see cref="SessionLedger.TakeDue"/>).</summary>
    public bool TakeDue(int places, Span<SessionKey> due, out int count) => ledger.TakeDue(now, interval, places, due, out count);

    /// <summary>
    /// A session stands like this: true when the others are to be told, lest their copies end (<see cref="SessionLedger.TryRefresh"/>).
    /// </summary>
    public bool TryRefresh(in SessionRecord record) => ledger.TryRefresh(record, now, interval);

    /// <summary>The whole table is going to be read. Returns the reading's number.</summary>
    public long BeginReading(SessionFilter filter)
    {
        wasWhole = IsWhole(filter) && !wasDeaf;
        (wasDeaf, readingMissed, readingErrors, readingFilter) = (deaf, false, table.Errors, filter);
        ledger.BeginReading();
        return ++Readings;
    }

    /// <summary>Some of what the reading found.</summary>
    public void OnRead(ReadOnlySpan<SessionDigest> some)
    {
        foreach (ref readonly var each in some)
            ledger.OnRead(each, now, interval);
    }

    /// <summary>Some time has passed, and what the reading finds next is looked for after this.</summary>
    public void ForgetGone() => ledger.ForgetGone();

    /// <summary>The reading has found all. To be called until it returns true.</summary>
    public bool EndReading(int places)
    {
        if (!ledger.EndReading(places))
            return false;
        (missed, errorsThen, filterThen) = (readingMissed, readingErrors, readingFilter);
        if (wasWhole && IsWhole(readingFilter!))
            Corrected += ledger.Corrected;
        return true;
    }

    /// <summary>The reading could not be finished.</summary>
    public void AbandonReading() => ledger.AbandonReading();

    private void Miss() => missed = readingMissed = true;

    private void LookUp(int count, SessionFilter filter)
    {
        var stand = found.AsSpan(0, table.TryGet(asked.AsSpan(0, count), found));
        foreach (ref readonly var key in asked.AsSpan(0, count))
        {
            // In the order of the keys: what is left out does not stand.
            if (stand.IsEmpty || stand[0].Key != key)
            {
                ledger.Remove(key);
                continue;
            }

            ledger.Put(stand[0], now, interval, filter.Classify(stand[0]));
            stand = stand[1..];
        }
    }

    private void Aside(ConntrackChange change, in SessionRecord record, SessionVerdict verdict)
    {
        if (change == ConntrackChange.Deleted)
            ledger.Remove(record.Key);
        else
            ledger.Put(record, now, interval, verdict);
    }

    private void Change(bool known, in SessionRecord record, bool onlyIfMissing, SessionVerdict verdict)
    {
        if (!known || !record.IsTakenAsTold)
            doubted.Add(record.Key);
        else if (onlyIfMissing)
            ledger.PutIfMissing(record, now, interval, verdict);
        else
            ledger.Put(record, now, interval, verdict);
    }

    private void Change(bool known, in SessionKey key)
    {
        if (known)
            ledger.Remove(key);
        else
            doubted.Add(key);
    }
}
