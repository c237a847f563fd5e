using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Netlink;
using Hitless.Linux.Polling;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Sessions;

/// <summary>Everything that the session loop's thread owns. It does what <see cref="SessionExchange"/> decides: kernel on one side, links on the other.</summary>
internal sealed class SessionEngine : ISessionEffects, IDisposable
{
    private const int EventToken = 0;
    private const int FirstLinkToken = 1;
    private const int EventDatagramsPerTurn = 256;
    private const int DatagramsPerTurn = 512;
    private const int DumpDatagramsPerTurn = 8;
    private const int DrainMax = 100_000;

    // Nobody waits for a refresh: a slice of some 150 sessions a millisecond leaves the thread free for live updates.
    private static readonly TimeSpan RefreshPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReadAllMax = TimeSpan.FromMilliseconds(50);

    private readonly Action<SessionNotice> notify;
    private readonly Poller poller;
    private readonly KernelSessions kernel;
    private readonly SessionLinks links;
    private readonly SessionExchange exchange;
    private readonly RefreshSchedule schedule = new();
    private readonly List<Waiter> waiters = [];
    private readonly Action<SessionExpectation> tellExpectation;
    private readonly Action<SessionExpectation> pruneExpectation;
    private ConntrackDump? dump;
    private bool dumpRefreshes;
    private TimeSpan sliceAt;
    private ConntrackDump? survey;
    private SessionDigests? looked;
    private List<SessionKey>? heldBefore;
    private ulong surveyUnit;
    private long bulksTaken;
    private long audits;
    private long drift;
    private TimeSpan now;
    private TimeSpan refreshAt;

    public SessionEngine(UnitSettings settings, ClusterKey key, ulong unit, UInt128 incarnation, ulong nonceSeed, Poller poller, Action<SessionNotice> notify)
    {
        this.poller = poller;
        this.notify = notify;
        now = MonotonicClock.Now;
        exchange = new SessionExchange(unit, incarnation, nonceSeed);
        links = new SessionLinks(settings, key, unit, incarnation);
        kernel = new KernelSessions(settings, poller, EventToken);
        links.Watch(poller, FirstLinkToken);
        tellExpectation = expectation => exchange.OnExpected(expectation, ended: false, this);
        pruneExpectation = expectation =>
        {
            if (!exchange.IsMarked(surveyUnit, expectation))
                kernel.Expect(expectation, ended: true);
        };
    }

    /// <summary>Which sessions are replicated.</summary>
    public SessionFilter Filter => kernel.Filter;

    /// <summary>Waits for work, at most until the next deadline, and does it.</summary>
    public void Turn(Span<int> ready)
    {
        now = MonotonicClock.Now;
        poller.Wait(Patience(), ready);
        now = MonotonicClock.Now;
        for (var i = 0; i < EventDatagramsPerTurn && kernel.ReadEvents(exchange, this, now); i++)
        {
        }

        if (now >= kernel.NextDeadline)
            kernel.OnTime(exchange, this, now);
        exchange.Flush(this);
        ReadDatagrams(DatagramsPerTurn);
        kernel.Flush();
        for (var i = 0; i < DumpDatagramsPerTurn && now >= sliceAt && PumpDump(); i++)
            sliceAt = dumpRefreshes ? now + RefreshPause : now;

        for (var i = 0; i < DumpDatagramsPerTurn && PumpSurvey(); i++)
        {
        }

        if (now >= exchange.NextDeadline)
            exchange.OnTime(now, this);
        AnswerWaiters();
        BeginRefresh();
        if (!kernel.RefreshFilter(now))
            return;
        links.Send(ISessionEffects.EveryUnit, UnitAddresses.ToPayload(kernel.OwnAddresses), now);
        WantsReading |= kernel.IsSmall && !kernel.Ledger.IsWhole(kernel.Filter);
    }

    public void SetRole(bool sending, ulong? syncFrom)
    {
        ReadAllEvents();
        if (!sending)
        {
            EndDump();
            kernel.TellAll(exchange, this);
        }

        kernel.Tell(sending);
        exchange.SetRole(sending, syncFrom, compares: !kernel.IsSmall, now, this);
        if (exchange.SyncFrom != surveyUnit)
            EndSurvey();
        schedule.ReadTimeouts();
        refreshAt = now + schedule.Interval;
    }

    public void Resync() => exchange.Resync(now, this);

    /// <summary>Sessions that a standby does not hold as they are here: told anew.</summary>
    public void Repair(IReadOnlyCollection<SessionKey> keys)
    {
        if (!exchange.Sending)
            return;
        foreach (var key in keys)
            kernel.TellAnew(key, exchange, this);
        exchange.Flush(this);
    }

    /// <summary>Sessions of another unit's side of a split: what is not here is put in, and told to all.</summary>
    public SessionMergeAnswer Merge(IReadOnlyList<SessionRecord> records)
    {
        SessionRecord[] missing = [.. records.Where(record => kernel.Filter.Replicates(record) && !kernel.Holds(record.Key))];
        foreach (var record in missing)
            kernel.Apply(record, onlyIfMissing: true);
        kernel.Flush();
        SessionKey[] taken = [.. missing.Select(record => record.Key).Where(key => kernel.Holds(key))];
        Repair(taken);
        return new SessionMergeAnswer(taken.Length, missing.Length - taken.Length);
    }

    /// <summary>A standby was compared, and so many of its sessions had drifted.</summary>
    public void NoteAudit(int drifted)
    {
        audits++;
        drift += drifted;
    }

    /// <summary>It is time to read the table for the ledger, so that nobody has to wait for that later.</summary>
    public bool WantsReading { get; private set; }

    /// <summary>What the table holds, as of now; null when that is not known without reading it.</summary>
    public LedgerKeeper? Ledger
    {
        get
        {
            ReadAllEvents();
            kernel.Flush();
            return kernel.Ledger.IsWhole(kernel.Filter) ? kernel.Ledger : null;
        }
    }

    /// <summary>The whole table is going to be read beside the loop: for the ledger.</summary>
    public void BeginReading()
    {
        WantsReading = false;
        kernel.Ledger.BeginReading(kernel.Filter);
    }

    /// <summary>Some of what the reading found.</summary>
    public void OnRead(ReadOnlySpan<SessionDigest> some) => kernel.Ledger.OnRead(some);

    /// <summary>The reading has ended. Digests of what is known now; null when it has to be done again, because the kernel could not tell all that happened meanwhile, and there is <paramref name="another"/> chance.</summary>
    public SessionDigests? EndReading(bool complete, bool another)
    {
        ReadAllEvents();
        kernel.Flush();
        return kernel.Ledger.EndReading(kernel.Filter, complete) || !another ? kernel.Ledger.Digests() : null;
    }

    /// <summary>Reads the event socket until it is empty, twice: what the kernel reported before the first time is then surely read.</summary>
    public void Barrier(uint ticket)
    {
        ReadAllEvents();
        ReadAllEvents();
        kernel.TellAll(exchange, this);
        exchange.Flush(this);
        notify(new SessionNotice(SessionNoticeKind.BarrierReached, ticket, Sequence: exchange.LastSequence));
    }

    public void AwaitApplied(uint ticket, ulong unit, ulong sequence, TimeSpan timeout)
    {
        waiters.Add(new Waiter(ticket, unit, sequence, now + timeout));
        exchange.Expect(unit, sequence, now, this);
        AnswerWaiters();
    }

    public void Drain(uint ticket)
    {
        ReadDatagrams(DrainMax);
        exchange.Drain(now, this);
        kernel.Flush();
        notify(new SessionNotice(SessionNoticeKind.Drained, ticket));
    }

    public SessionReplicationStatus Status()
    {
        var status = exchange.Status(now);
        return new SessionReplicationStatus(
            kernel.Count(),
            status.EventsSent,
            status.EventsApplied,
            links.Sent,
            links.Received,
            links.Refused,
            status.Retransmitted,
            kernel.Overruns,
            status.Bulks + bulksTaken,
            kernel.Errors,
            (long)status.Lag.TotalMilliseconds,
            audits,
            drift,
            kernel.Ledger.Readings,
            kernel.Ledger.Corrected);
    }

    /// <summary>Frames that a unit has not reported as applied.</summary>
    public long LagOf(ulong unit) => exchange.LagOf(unit);

    public long CountOf(DatagramVerdict verdict) => links.CountOf(verdict);

    void ISessionEffects.Send(ulong unit, ReadOnlySpan<byte> payload) => links.Send(unit, payload, now);

    void ISessionEffects.Apply(in SessionRecord record, bool onlyIfMissing) => kernel.Apply(record, onlyIfMissing);

    void ISessionEffects.Delete(in SessionKey key) => kernel.Delete(key);

    void ISessionEffects.Expect(in SessionExpectation expectation, bool ended) => kernel.Expect(expectation, ended);

    void ISessionEffects.StartDump() => StartDump(refreshes: false);

    void ISessionEffects.StartLook(ulong unit)
    {
        StartSurvey(unit);
        looked = new SessionDigests();
    }

    // A unit that joins holds next to nothing: reading that now saves it from reading all of its table at the end.
    void ISessionEffects.BulkBegins()
    {
        EndSurvey();
        kernel.BeginFilling();
        if (kernel.IsSmall)
            heldBefore = kernel.ReadKeys();
    }

    void ISessionEffects.StartPrune(ulong unit, bool onlyExpectations)
    {
        surveyUnit = unit;
        foreach (var key in heldBefore ?? [])
        {
            if (!exchange.IsMarked(unit, key))
                kernel.Delete(key);
        }

        if (onlyExpectations || heldBefore is not null)
            EndPrune();
        else
            StartSurvey(unit);
    }

    void ISessionEffects.Synced(ulong unit)
    {
        bulksTaken++;
        kernel.EndFilling();
        WantsReading |= !kernel.Ledger.IsWhole(kernel.Filter);
        notify(new SessionNotice(SessionNoticeKind.Synced, Unit: unit));
    }

    void ISessionEffects.SyncLost(ulong unit) => notify(new SessionNotice(SessionNoticeKind.SyncLost, Unit: unit));

    public void Dispose()
    {
        dump?.Dispose();
        survey?.Dispose();
        links.Dispose();
        kernel.Dispose();
    }

    private TimeSpan Patience()
    {
        if (survey is not null || (dump is not null && now >= sliceAt && exchange.DumpMayProceed(now)))
            return TimeSpan.Zero;
        var deadline = exchange.NextDeadline < kernel.NextDeadline ? exchange.NextDeadline : kernel.NextDeadline;
        deadline = kernel.FilterDue < deadline ? kernel.FilterDue : deadline;
        deadline = exchange.Sending && dump is null && refreshAt < deadline ? refreshAt : deadline;
        deadline = dump is not null && now < sliceAt && sliceAt < deadline ? sliceAt : deadline;
        foreach (var waiter in waiters)
            deadline = waiter.Deadline < deadline ? waiter.Deadline : deadline;
        return deadline - now < IdleMax ? deadline - now : IdleMax;
    }

    private void ReadAllEvents()
    {
        var end = MonotonicClock.Now + ReadAllMax;
        while (kernel.ReadEvents(exchange, this, now) && MonotonicClock.Now < end)
        {
        }
    }

    private void ReadDatagrams(int limit)
    {
        for (var link = 0; link < links.Count; link++)
        {
            for (var i = 0; i < limit && links.TryReceive(link, now, out var header, out var payload); i++)
            {
                if (UnitAddresses.TryParse(payload, out var addresses))
                    kernel.OnAddresses(header.UnitId, addresses);
                else
                    exchange.OnMessage(header, payload, now, this);
            }
        }
    }

    private void StartDump(bool refreshes)
    {
        dump?.Dispose();
        dump = new ConntrackDump();
        dumpRefreshes = refreshes;
    }

    private void EndDump()
    {
        dump?.Dispose();
        dump = null;
    }

    // False when there is no more to do for now.
    private bool PumpDump()
    {
        if (dump is null || !exchange.DumpMayProceed(now))
            return false;
        if (dump.Receive(out var reader) != NetlinkReceive.Data)
        {
            StartDump(dumpRefreshes);
            return false;
        }

        while (reader.TryNext(out _, out var record))
        {
            if (kernel.Filter.Replicates(record) && (!dumpRefreshes || schedule.IsDue(record, (int)now.TotalSeconds)))
            {
                kernel.Helpers.OnUpdated(record);
                if (!kernel.Young.Holds(record, now))
                    exchange.OnDumped(record, this);
            }
        }

        if (!reader.Done && reader.Error == 0)
            return true;
        EndDump();
        exchange.OnSessionsDumped(this);
        kernel.ForEachExpectation(tellExpectation);
        exchange.OnDumpEnded(now, this);
        exchange.Flush(this);
        return false;
    }

    // The own table is read for a follower's purposes: to be compared, or to be pruned.
    private void StartSurvey(ulong unit)
    {
        kernel.Flush();
        EndSurvey();
        survey = new ConntrackDump();
        surveyUnit = unit;
    }

    // False when there is no more to do for now.
    private bool PumpSurvey()
    {
        if (survey is null)
            return false;
        if (survey.Receive(out var reader) != NetlinkReceive.Data)
        {
            var looks = looked is not null;
            StartSurvey(surveyUnit);
            looked = looks ? new SessionDigests() : null;
            return false;
        }

        while (reader.TryNext(out _, out var record))
        {
            if (!kernel.Filter.Replicates(record))
                continue;
            if (looked is not null)
            {
                looked.AddExact(record);
                kernel.MakeLiberal(record);
            }
            else if (!exchange.IsMarked(surveyUnit, record.Key))
                kernel.Delete(record.Key);
        }

        if (!reader.Done && reader.Error == 0)
            return true;
        if (looked is { } digests)
        {
            kernel.Flush();
            EndSurvey();
            exchange.OnLooked(surveyUnit, digests, now, this);
        }
        else
        {
            EndPrune();
        }

        return false;
    }

    private void EndPrune()
    {
        kernel.Flush();
        EndSurvey();
        kernel.ForEachExpectation(pruneExpectation);
        exchange.OnPruned(surveyUnit, this);
    }

    private void EndSurvey()
    {
        survey?.Dispose();
        survey = null;
        looked = null;
        heldBefore = null;
    }

    private void AnswerWaiters()
    {
        for (var i = waiters.Count - 1; i >= 0; i--)
        {
            var waiter = waiters[i];
            var ok = exchange.AppliedOf(waiter.Unit) >= waiter.Sequence;
            if (!ok && now < waiter.Deadline)
                continue;
            kernel.Flush();
            waiters.RemoveAt(i);
            notify(new SessionNotice(SessionNoticeKind.Applied, waiter.Ticket, waiter.Unit, waiter.Sequence, ok));
        }
    }

    private void BeginRefresh()
    {
        if (!exchange.Sending || now < refreshAt || dump is not null)
            return;
        schedule.BeginRound();
        refreshAt = now + schedule.Interval;
        exchange.OnDumpBegun();
        StartDump(refreshes: true);
    }

    private readonly record struct Waiter(uint Ticket, ulong Unit, ulong Sequence, TimeSpan Deadline);
}
