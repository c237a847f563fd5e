using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// Keeps the ledger of the kernel's table. It changes in two ways that have no common order: by itself, which events tell, and by our own requests, which are known here. On the
/// unit that carries traffic the events are the truth, on the others our requests are; what comes from the other side is looked up. Not thread-safe.
/// </summary>
internal sealed class LedgerKeeper(ConntrackTable table)
{
    // Some ten milliseconds of the session loop.
    private const int DoubtedMax = 1000;
    private readonly SessionLedger ledger = new();
    private readonly HashSet<SessionKey> doubted = [];
    private SessionFilter? filterThen;
    private long errorsThen;
    private bool missed = true;
    private bool deaf;
    private bool wasWhole;

    /// <summary>The events are the truth: this unit carries traffic.</summary>
    public bool TrustsEvents { get; set; }

    /// <summary>Readings of the whole table so far.</summary>
    public long Readings { get; private set; }

    /// <summary>Sessions that readings found otherwise than they were known here, though the ledger was thought to be right.</summary>
    public long Corrected { get; private set; }

    /// <summary>The kernel has told of a session; one that is not replicated does not count.</summary>
    public void OnTold(ConntrackChange change, in SessionRecord record, bool replicated)
    {
        if (!replicated)
            ledger.Remove(record.Key);
        else if (change == ConntrackChange.Deleted)
            Change(TrustsEvents, record.Key);
        else
            Change(TrustsEvents, record, onlyIfMissing: false);
    }

    /// <summary>We put a session in.</summary>
    public void OnPut(in SessionRecord record, bool onlyIfMissing)
    {
        missed |= TrustsEvents;
        Change(!TrustsEvents, record, onlyIfMissing);
    }

    /// <summary>We removed a session.</summary>
    public void OnRemoved(in SessionKey key)
    {
        missed |= TrustsEvents;
        Change(!TrustsEvents, key);
    }

    /// <summary>The kernel could not tell all.</summary>
    public void OnOverrun() => missed = true;

    /// <summary>From now on the kernel does not tell of new sessions, or does again.</summary>
    public void OnDeaf(bool on)
    {
        deaf = on;
        missed |= on;
    }

    /// <summary>Nothing has changed that the ledger does not know: the table has been read, and all of what came then was told or accepted.</summary>
    public bool IsWhole(SessionFilter filter) => !missed && !ledger.IsReading && errorsThen == table.Errors && filterThen == filter;

    /// <summary>What is in doubt is looked up; if that is very much at once, the next reading has to tell. What was put before must be in the kernel.</summary>
    public void Settle(SessionFilter filter)
    {
        missed |= doubted.Count > DoubtedMax;
        foreach (var key in doubted)
        {
            // Whatever was missed has to be read anyway.
            if (missed)
                break;
            if (table.TryGet(key, out var record) && filter.Replicates(record))
                ledger.Put(record);
            else
                ledger.Remove(key);
        }

        doubted.Clear();
    }

    /// <summary>Digests of the table.</summary>
    public SessionDigests Digests() => ledger.Digests();

    /// <summary>The keys of the sessions in some buckets; false when they are more than <paramref name="max"/>.</summary>
    public bool TryKeysIn(IEnumerable<int> buckets, int max, out IReadOnlyList<SessionKey> keys) => ledger.TryKeysIn(buckets, max, out keys);

    /// <summary>The whole table is going to be read.</summary>
    public void BeginReading(SessionFilter filter)
    {
        Readings++;
        wasWhole = IsWhole(filter);
        (missed, errorsThen, filterThen) = (deaf, table.Errors, filter);
        ledger.BeginReading();
    }

    /// <summary>Some of what the reading found.</summary>
    public void OnRead(ReadOnlySpan<SessionDigest> some)
    {
        foreach (ref readonly var each in some)
            ledger.OnRead(each.Key, each.Digest);
    }

    /// <summary>The reading has ended, and whatever the kernel told until then is here; true when the ledger is right now.</summary>
    public bool EndReading(SessionFilter filter, bool complete)
    {
        missed |= !complete || errorsThen != table.Errors || filterThen != filter;
        if (complete)
            ledger.EndReading();
        else
            ledger.AbandonReading();
        if (wasWhole && !missed)
            Corrected += ledger.Corrected;
        return !missed;
    }

    private void Change(bool known, in SessionRecord record, bool onlyIfMissing)
    {
        if (!known || !record.IsTakenAsTold)
            doubted.Add(record.Key);
        else if (onlyIfMissing)
            ledger.PutIfMissing(record);
        else
            ledger.Put(record);
    }

    private void Change(bool known, in SessionKey key)
    {
        if (known)
            ledger.Remove(key);
        else
            doubted.Add(key);
    }
}
