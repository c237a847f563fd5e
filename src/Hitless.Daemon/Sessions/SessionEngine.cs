using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Keys;
using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Netlink;
using Hitless.Linux.Polling;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// Everything that the session loop's thread owns. It does what <see cref="SessionExchange"/> decides: kernel on one side, links on the
/// other.
/// </summary>
internal sealed partial class SessionEngine : ISessionEffects, IDisposable
{
    private const int EventToken = 0;
    private const int FirstLinkToken = 1;
    private const int EventDatagramsPerTurn = 256;
    private const int DatagramsPerTurn = 512;
    private const int DumpDatagramsPerTurn = 8;

    // Some twenty milliseconds of the session thread, in slices; with more, reading the whole table is no dearer.
    private const int PartLookedUpMax = 20_000;

    // Nobody waits for a refresh: a slice leaves the thread free for live updates.
    private static readonly TimeSpan RefreshPause = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan RefreshIdlePause = TimeSpan.FromMilliseconds(20);

    // Who has told all, and is followed by another since, differs from it in little.
    private static readonly TimeSpan HandOverMax = TimeSpan.FromSeconds(10);

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
    private BucketSet? dumpedBuckets;
    private SessionKey[]? part;
    private int partAt;
    private ConntrackDump? survey;
    private SessionDigests? looked;
    private bool looksExactly;
    private IReadOnlyList<SessionKey>? heldBefore;
    private UnitId surveyUnit;
    private long reading;
    private Windows windows;
    private TimeSpan? barrierAt;
    private bool handedOver;
    private long bulksTaken;
    private long audits;
    private long drift;
    private TimeSpan now;
    private TimeSpan refreshAt;
    private TimeSpan roundAt;

    public SessionEngine(
        UnitSettings settings,
        ClusterKeys keys,
        UnitId unit,
        Incarnation incarnation,
        ulong nonceSeed,
        Poller poller,
        Action<SessionNotice> notify
    )
    {
        this.poller = poller;
        this.notify = notify;
        now = MonotonicClock.Now;
        exchange = new SessionExchange(unit, incarnation, nonceSeed);
        links = new SessionLinks(settings, keys, unit, incarnation, poller, FirstLinkToken);
        kernel = new KernelSessions(settings, poller, EventToken, nonceSeed);
        tellExpectation = expectation => exchange.OnExpected(expectation, ended: false, this);
        pruneExpectation = expectation =>
        {
            if (!exchange.IsMarked(surveyUnit, expectation))
                kernel.Expect(expectation, ended: true);
        };
    }

    /// <summary>Which sessions are replicated.</summary>
    public SessionFilter Filter => kernel.Filter;

    /// <summary>What is wrong with the network for sessions alone; null while nothing is.</summary>
    public string? LinkProblem => links.ProblemAt(MonotonicClock.Now);

    /// <summary>Takes the links up as they are in the kernel now.</summary>
    public void FollowLinks() => links.Follow(now);

    /// <summary>Seals and opens with these keys from now on.</summary>
    public void Use(ClusterKeys keys) => links.Use(keys);

    /// <summary>For other threads too.</summary>
    public AnswerCount Answers => kernel.Answers;

    /// <inheritdoc cref="KernelSessions.Translated"/>
    public TranslatedSessions? Translated => kernel.Translated;

    /// <summary>Waits for work, at most until the next deadline or <paramref name="until"/>, and does it.</summary>
    public void Turn(Span<int> ready, TimeSpan until)
    {
        now = MonotonicClock.Now;
        poller.Wait(Patience(until), ready);
        now = MonotonicClock.Now;
        kernel.Ledger.Clock(now, schedule.Interval);
        for (var i = 0; i < EventDatagramsPerTurn && kernel.ReadEvents(exchange, this, now); i++) { }

        if (now >= kernel.NextDeadline)
            kernel.OnTime(exchange, this, now);
        exchange.Flush(this);
        for (var link = 0; link < links.Count; link++)
            ReadDatagrams(link, DatagramsPerTurn);
        links.KeepGuards(now);
        kernel.Flush();
        for (var i = 0; i < DumpDatagramsPerTurn && (part is not null ? PumpPart() : PumpDump()); i++) { }

        for (var i = 0; i < DumpDatagramsPerTurn && PumpSurvey(); i++) { }

        if (now >= exchange.NextDeadline)
            exchange.OnTime(now, this);
        AnswerWaiters();
        Refresh();
        if (now >= links.LookAt)
            links.Follow(now);
        RefreshFilter(atOnce: false);
    }

    public void SetRole(bool sending, UnitId? syncFrom)
    {
        ReadAllEvents();
        if (!sending)
        {
            EndDump();
            kernel.TellAll(exchange, this);
        }

        handedOver = !sending && (handedOver || (exchange.Sending && barrierAt is { } at && now - at < HandOverMax));
        var goesOn = exchange.GoesOnCarrying(sending, syncFrom);
        kernel.Tell(sending || goesOn, several: goesOn);
        exchange.SetRole(sending, syncFrom, Worth(), now, this);
        handedOver &= syncFrom is null;
        if (exchange.SyncFrom != surveyUnit)
            EndSurvey();
        schedule.ReadTimeouts();
        refreshAt = roundAt = now + TimeSpan.FromSeconds(schedule.Interval);
    }

    /// <summary>
    /// Which units carry flows beside the primary (<see cref="SessionExchange.SetCarriers"/>). Returns whether all of them, and the unit
    /// that is synced from, are followed.
    /// </summary>
    public bool SetCarriers(IReadOnlyList<UnitId> units)
    {
        if (exchange.HasOtherCarriers(units))
        {
            ReadAllEvents();
            var will = exchange.WouldSend(units);
            if (exchange.Sending && !will)
            {
                EndDump();
                kernel.TellAll(exchange, this);
            }

            kernel.Tell(will, several: units.Count > 0);
            exchange.SetCarriers(units, now, this);
            refreshAt = roundAt = now + TimeSpan.FromSeconds(schedule.Interval);
        }

        return exchange.FollowsAll;
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

    /// <inheritdoc cref="KernelSessions.RemovedByOthers"/>
    public long RemovedByOthers => kernel.RemovedByOthers;

    /// <summary>A standby was compared, and so many of its sessions had drifted.</summary>
    public void NoteAudit(int drifted)
    {
        audits++;
        drift += drifted;
    }

    /// <summary>
    /// Reads the event socket until it is empty, twice: what the kernel reported before the first time is then surely read.
    /// </summary>
    public void Barrier(RequestId request)
    {
        barrierAt = now;
        notify(new SessionNotice(SessionNoticeKind.BarrierReached, request, Sequence: ReachBarrier()));
    }

    /// <summary>The same; the sequence of the last frame is returned.</summary>
    public ulong ReachBarrier()
    {
        ReadAllEvents();
        ReadAllEvents();
        kernel.TellAll(exchange, this);
        exchange.Flush(this);
        return exchange.LastSequence;
    }

    /// <summary>
    /// Whether all that <paramref name="unit"/> sent up to <paramref name="sequence"/> is in the kernel; what is missing is asked for.
    /// </summary>
    public bool HasApplied(UnitId unit, ulong sequence)
    {
        for (var link = 0; link < links.Count; link++)
            ReadDatagrams(link, DatagramsPerTurn);
        exchange.Expect(unit, sequence, now, this);
        kernel.Flush();
        return exchange.AppliedOf(unit) >= sequence;
    }

    public void AwaitApplied(RequestId request, UnitId unit, ulong sequence, TimeSpan timeout)
    {
        waiters.Add(new Waiter(request, unit, sequence, now + timeout));
        exchange.Expect(unit, sequence, now, this);
        AnswerWaiters();
    }

    public void Drain(RequestId request)
    {
        // What arrives from here on is not waited for: a flood would never end. As many as may lie there, refused ones included.
        for (var link = 0; link < links.Count; link++)
            ReadDatagrams(link, links.WaitingMax(link));
        exchange.Drain(now, this);
        kernel.Flush();
        notify(new SessionNotice(SessionNoticeKind.Drained, request));
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
            kernel.Ledger.Corrected
        );
    }

    /// <summary>Frames that a unit has not reported as applied.</summary>
    public long LagOf(UnitId unit) => exchange.LagOf(unit);

    public long CountOf(DatagramVerdict verdict) => links.CountOf(verdict);

    public void Dispose()
    {
        dump?.Dispose();
        survey?.Dispose();
        links.Dispose();
        kernel.Dispose();
    }

    private void ReadAllEvents()
    {
        var end = MonotonicClock.Now + ReadAllMax;
        while (kernel.ReadEvents(exchange, this, now) && MonotonicClock.Now < end) { }
    }

    // At most so many of a link, those included that are refused.
    private void ReadDatagrams(int link, int limit)
    {
        while (links.TryReceive(link, ref limit, now, out var header, out var payload))
        {
            if (UnitAddresses.IsPart(payload))
                OnAddresses(header, payload);
            else
                exchange.OnMessage(header, payload, now, this);
        }
    }

    // What this unit's table is worth to whom it asks.
    private SyncKind Worth() =>
        kernel.IsSmall ? SyncKind.Bulk
        : handedOver && kernel.Ledger.IsWhole(kernel.Filter) ? SyncKind.LedgerLook
        : SyncKind.Look;

    // Null when the ledger does not know them, or they are so many that reading the table is cheaper.
    private IReadOnlyList<SessionKey>? KeysIn(BucketSet buckets) =>
        kernel.Ledger.IsWhole(kernel.Filter) && kernel.Ledger.TryKeysIn(buckets.Buckets, PartLookedUpMax, out var keys) ? keys : null;

    private void EndDump()
    {
        dump?.Dispose();
        dump = null;
        part = null;
    }

    // The part of a dump that the ledger can name. False when there is no more to do for now.
    private bool PumpPart()
    {
        if (!exchange.DumpMayProceed(now))
            return false;
        var count = Math.Min(ConntrackTable.LookedUpMax, part!.Length - partAt);
        kernel.Dump(part.AsSpan(partAt, count), exchange, this, now);
        partAt += count;
        if (partAt == part.Length)
            FinishDump();
        return part is not null;
    }

    private void FinishDump()
    {
        EndDump();
        exchange.OnSessionsDumped(this);
        kernel.ForEachExpectation(tellExpectation);
        exchange.OnDumpEnded(now, this);
        exchange.Flush(this);
    }

    // False when there is no more to do for now.
    private bool PumpDump()
    {
        if (dump is null || !exchange.DumpMayProceed(now))
            return false;
        if (dump.Receive(out var reader) != NetlinkReceive.Data)
        {
            ((ISessionEffects)this).StartDump(dumpedBuckets);
            return false;
        }

        while (reader.TryNext(out _, out var record))
            kernel.OnDumped(record, exchange, this, now);
        if (!reader.Done && reader.Error == 0)
            return true;
        FinishDump();
        return false;
    }

    // The own table is read for a follower's purposes: to be compared, or to be pruned.
    private void StartSurvey(UnitId unit)
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
                if (looksExactly)
                    looked.AddExact(record);
                else
                    looked.Add(record);
                if (ConntrackTable.HasWindow(record))
                    kernel.MakeLiberal(record.Key);
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
            notify(new SessionNotice(SessionNoticeKind.Applied, waiter.Request, waiter.Unit, waiter.Sequence, ok));
        }
    }

    // A slice of the round through the ledger: nobody waits for it.
    private void Refresh()
    {
        if (!exchange.Sending || now < refreshAt)
            return;
        if (!exchange.DumpMayProceed(now))
        {
            refreshAt = now + RefreshIdlePause;
            return;
        }

        var ended = kernel.Refresh(exchange, this, now, out var idle);
        exchange.Flush(this);
        refreshAt = now + (idle ? RefreshIdlePause : RefreshPause);
        if (!ended)
            return;
        // What is expected is told again in each round.
        kernel.ForEachExpectation(tellExpectation);
        exchange.Flush(this);
        schedule.ReadTimeouts();
        var next = roundAt + TimeSpan.FromSeconds(schedule.Interval);
        refreshAt = roundAt = next > now ? next : now;
    }

    private readonly record struct Waiter(RequestId Request, UnitId Unit, ulong Sequence, TimeSpan Deadline);
}
