using Hitless.Core.Sessions;
using Hitless.Core.Wire;

namespace Hitless.Core.Tests.Sessions;

/// <summary>
/// Two units, or three, with a table each instead of a kernel, in virtual time, over a network that loses, doubles and reorders.
/// </summary>
internal sealed class VirtualUnits
{
    private readonly Random random;
    private readonly PriorityQueue<(VirtualUnit To, DatagramHeader From, byte[] Payload), (TimeSpan At, long Order)> wire = new();
    private long order;

    public VirtualUnits(int seed, int ringFrames = 4096)
    {
        random = new Random(seed);
        A = new VirtualUnit(this, new(1), new(100), ringFrames);
        B = new VirtualUnit(this, new(2), new(200), ringFrames);
        C = new VirtualUnit(this, new(3), new(300), ringFrames);
    }

    public VirtualUnit A { get; private set; }

    public VirtualUnit B { get; private set; }

    /// <summary>Speaks only once it has a role.</summary>
    public VirtualUnit C { get; }

    public TimeSpan Now { get; private set; }

    public double Loss { get; set; }

    public double Duplication { get; set; }

    public TimeSpan Jitter { get; set; } = TimeSpan.FromMilliseconds(1);

    public int Delivered { get; private set; }

    public List<byte[]> Recording { get; } = [];

    /// <summary>The process of A starts anew; its kernel keeps its table.</summary>
    public void RestartA()
    {
        var table = A.Table;
        A = new VirtualUnit(this, new(1), new(301), 4096);
        foreach (var record in table.Values)
            A.Set(record);
    }

    public void RestartB() => B = new VirtualUnit(this, new(2), new(201), 4096);

    public void Send(VirtualUnit from, UnitId unit, ReadOnlySpan<byte> payload)
    {
        if (from == A)
            Recording.Add(payload.ToArray());
        foreach (var to in (ReadOnlySpan<VirtualUnit>)[A, B, C])
        {
            if (to.HasRole && to != from && (unit == ISessionEffects.EveryUnit || unit == to.Header.UnitId))
                Send(from, to, payload);
        }
    }

    private void Send(VirtualUnit from, VirtualUnit to, ReadOnlySpan<byte> payload)
    {
        for (var copies = random.NextDouble() < Duplication ? 2 : 1; copies > 0; copies--)
        {
            if (random.NextDouble() >= Loss)
                wire.Enqueue((to, from.Header, payload.ToArray()), (Now + (random.NextDouble() * Jitter), order++));
        }
    }

    /// <summary>Runs for a while; <paramref name="each"/> millisecond of it something may happen.</summary>
    public void Run(TimeSpan duration, Action? each = null)
    {
        for (var end = Now + duration; Now < end; Now += TimeSpan.FromMilliseconds(1))
        {
            each?.Invoke();
            while (wire.TryPeek(out var datagram, out var priority) && priority.At <= Now)
            {
                wire.Dequeue();
                Delivered++;
                if (datagram.To == A || datagram.To == B || datagram.To == C)
                    datagram.To.Exchange.OnMessage(datagram.From, datagram.Payload, Now, datagram.To);
            }

            A.Tick();
            B.Tick();
            C.Tick();
        }
    }
}

internal sealed class VirtualUnit(VirtualUnits units, UnitId id, Incarnation incarnation, int ringFrames) : ISessionEffects
{
    private Queue<SessionRecord>? dump;
    private bool? lookedFor;

    public SessionExchange Exchange { get; } = new(id, incarnation, (ulong)incarnation.Bits, ringFrames);

    public DatagramHeader Header { get; } = new(1, 1, DatagramKind.Session, DatagramHeader.Size, 7, id, incarnation, 0);

    public Dictionary<SessionKey, SessionRecord> Table { get; } = [];

    public HashSet<SessionExpectation> Expected { get; } = [];

    public int TimesSynced { get; private set; }

    /// <summary>Its exchange tells what it holds worth a comparison.</summary>
    public void SetRole(bool sending, UnitId? syncFrom, SyncKind? kind = null)
    {
        // As the daemon does: nobody is told what a dump of former times found.
        dump = sending ? dump : null;
        HasRole = true;
        Exchange.SetRole(sending, syncFrom, kind ?? (Table.Count > 0 ? SyncKind.Look : SyncKind.Bulk), units.Now, this);
    }

    /// <summary>Its ledger knows its table.</summary>
    public bool KnowsTable { get; set; } = true;

    public int Dumps { get; private set; }

    /// <summary>How often it was to read its table for a comparison.</summary>
    public int Looks { get; private set; }

    public bool DefersPrune { get; set; }

    public bool DefersLook { get; set; }

    /// <summary>It has been told what it is; a third unit need not be there.</summary>
    public bool HasRole { get; private set; }

    /// <summary>Asks as a version that knows no looks.</summary>
    public bool IsOlder { get; set; }

    public int Lost { get; private set; }

    public void Set(SessionRecord record)
    {
        Table[record.Key] = record;
        Exchange.OnUpdated(record, this);
    }

    public void End(SessionKey key)
    {
        Table.Remove(key);
        Exchange.OnDeleted(key, this);
    }

    public void Tick()
    {
        Exchange.Flush(this);
        for (var i = 0; dump is not null && i < 200 && Exchange.DumpMayProceed(units.Now); i++)
        {
            if (dump.TryDequeue(out var record))
            {
                Exchange.OnDumped(record, this);
            }
            else
            {
                dump = null;
                Exchange.OnSessionsDumped(this);
                foreach (var expectation in Expected)
                    Exchange.OnExpected(expectation, ended: false, this);
                Exchange.OnDumpEnded(units.Now, this);
            }
        }

        if (units.Now >= Exchange.NextDeadline)
            Exchange.OnTime(units.Now, this);
    }

    public void Send(UnitId unit, ReadOnlySpan<byte> payload) =>
        units.Send(this, unit, IsOlder && payload[0] == (byte)SessionMessage.SyncRequest ? payload[..17] : payload);

    public void Apply(in SessionRecord record, bool onlyIfMissing)
    {
        if (!onlyIfMissing || !Table.ContainsKey(record.Key))
            Table[record.Key] = record;
    }

    public void Delete(in SessionKey key) => Table.Remove(key);

    public void Expect(in SessionExpectation expectation, bool ended)
    {
        if (ended)
            Expected.Remove(expectation);
        else
            Expected.Add(expectation);
    }

    public void StartDump(BucketSet? only)
    {
        dump = new Queue<SessionRecord>(Table.Values);
        Dumps++;
    }

    public SessionDigests? DigestsNow() => KnowsTable ? Digests(exact: false) : null;

    public void TellExpectations()
    {
        foreach (var expectation in Expected)
            Exchange.OnExpected(expectation, ended: false, this);
    }

    public void SyncLost(UnitId unit) => Lost++;

    public void StartLook(UnitId unit, bool exact)
    {
        lookedFor = exact;
        Looks++;
        if (!DefersLook)
            Look(unit);
    }

    public void Look(UnitId unit) => Exchange.OnLooked(unit, Digests(lookedFor!.Value), units.Now, this);

    public void BulkBegins() { }

    public void StartPrune(UnitId unit, BucketSet? only, bool onlyExpectations)
    {
        if (!DefersPrune)
            Prune(unit);
    }

    public void Synced(UnitId unit) => TimesSynced++;

    private SessionDigests Digests(bool exact)
    {
        var digests = new SessionDigests();
        foreach (var record in Table.Values)
        {
            if (exact)
                digests.AddExact(record);
            else
                digests.Add(record);
        }

        return digests;
    }

    public void Prune(UnitId unit)
    {
        foreach (var key in Table.Keys.Where(key => !Exchange.IsMarked(unit, key)).ToList())
            Table.Remove(key);
        Expected.RemoveWhere(each => !Exchange.IsMarked(unit, each));
        Exchange.OnPruned(unit, this);
    }
}
