using System.Security.Cryptography;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Keys;
using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Hitless.Linux.Polling;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// The thread that replicates sessions, and its doors for the other threads. It lives in the network namespace of the thread that makes it.
/// Requests
/// return at once; answers for the control loop come as <see cref="SessionNotice"/>, called on the session thread: queue them.
/// </summary>
public sealed class SessionLoop : IDisposable
{
    private const int YoungAtOnce = 4096;
    private static readonly TimeSpan AppliedInterval = TimeSpan.FromMilliseconds(2);
    private readonly Inbox<Action<SessionEngine>> requests = new();
    private readonly Poller poller = new();
    private readonly SessionEngine engine;
    private readonly Thread thread;
    private readonly WorkThread answers = new("sessions answers");
    private readonly WorkThread reader = new("sessions reader");
    private readonly TableReading reading;
    private readonly string unitName;
    private volatile bool stopping;

    /// <summary>
    /// Opens the sockets and starts the thread. The unit carries no traffic and follows nobody until <see cref="SetRole"/>.
    /// </summary>
    /// <param name="settings">The unit's settings.</param>
    /// <param name="keys">The cluster key, or, while it is rotated, two.</param>
    /// <param name="unit">This unit's id.</param>
    /// <param name="incarnation">Random per process start.</param>
    /// <param name="notify">Called on the session thread; must not block.</param>
    /// <exception cref="IOException">The system is out of descriptors. A link that is missing is no error.</exception>
    public SessionLoop(UnitSettings settings, ClusterKeys keys, UnitId unit, Incarnation incarnation, Action<SessionNotice> notify)
    {
        unitName = settings.Unit.Name;
        var seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
        engine = new SessionEngine(settings, keys, unit, incarnation, seed, poller, notify);
        reading = new TableReading(engine, reader, action => Post(_ => action()));
        thread = new Thread(Run) { Name = "sessions", IsBackground = true };
        thread.Start();
    }

    /// <summary>
    /// What this unit is: <paramref name="sending"/> while it carries traffic (primary, draining); <paramref name="syncFrom"/>: the unit
    /// whose sessions are to be held here. A changed one is asked for a bulk, and <see cref="SessionNoticeKind.Synced"/> follows.
    /// </summary>
    public void SetRole(bool sending, UnitId? syncFrom) => Post(each => each.SetRole(sending, syncFrom));

    /// <summary>
    /// Asks that all that the kernel has reported so far be sent; answered by <see cref="SessionNoticeKind.BarrierReached"/>.
    /// </summary>
    public void Barrier(RequestId request) => Post(each => each.Barrier(request));

    /// <summary>
    /// Asks that the frames of <paramref name="unit"/> up to <paramref name="sequence"/> be in the kernel; answered by
    /// <see cref="SessionNoticeKind.Applied"/>.
    /// </summary>
    public void AwaitApplied(RequestId request, UnitId unit, ulong sequence, TimeSpan timeout) =>
        Post(each => each.AwaitApplied(request, unit, sequence, timeout));

    /// <summary>
    /// The primary is dead: asks that whatever has arrived be in the kernel; answered by <see cref="SessionNoticeKind.Drained"/>.
    /// </summary>
    public void Drain(RequestId request) => Post(each => each.Drain(request));

    /// <summary>
    /// Which units carry flows beside the primary; empty: none. Ends when the role changes. To be called until it answers true: every one
    /// of them, and the unit that is synced from, is followed.
    /// </summary>
    public Task<bool> SetCarriersAsync(IReadOnlyList<UnitId> units) => AskAsync(each => each.SetCarriers(units));

    /// <summary>Sends all that the kernel has reported so far, and says up to which frame that is.</summary>
    public Task<ulong> ReachBarrierAsync() => AskAsync(each => each.ReachBarrier());

    /// <summary>
    /// Waits until the frames of <paramref name="unit"/> up to <paramref name="sequence"/> are in the kernel; false: not within
    /// <paramref name="timeout"/>.
    /// </summary>
    public async Task<bool> AwaitAppliedAsync(UnitId unit, ulong sequence, TimeSpan timeout, CancellationToken cancel)
    {
        for (var until = MonotonicClock.Now + timeout; !await AskAsync(each => each.HasApplied(unit, sequence)); )
        {
            if (MonotonicClock.Now >= until)
                return false;
            await Task.Delay(AppliedInterval, cancel);
        }

        return true;
    }

    /// <summary>An interface or an address has changed: the links are taken up as they are now.</summary>
    public void FollowLinks() => Post(static each => each.FollowLinks());

    /// <summary>Sessions are sealed and opened with these keys once the task has ended.</summary>
    public Task UseAsync(ClusterKeys keys) =>
        AskAsync(each =>
        {
            each.Use(keys);
            return true;
        });

    /// <summary>What is wrong with the network for sessions alone (<c>sessions.link</c>); null while nothing is.</summary>
    public Task<string?> LinkProblemAsync() => AskAsync(each => each.LinkProblem);

    /// <summary>Asks for a bulk: from the followed unit, or, where this unit carries traffic, to all.</summary>
    public Task ResyncAsync() =>
        AskAsync(each =>
        {
            each.Resync();
            return true;
        });

    /// <summary>Sessions that a standby does not hold as they are here: they are told anew, as they stand then.</summary>
    public Task RepairAsync(IReadOnlyCollection<SessionKey> keys) =>
        AskAsync(each =>
        {
            each.Repair(keys);
            return true;
        });

    /// <summary>Sessions of another unit's side of a split: those that are not here are put in.</summary>
    public Task<SessionMergeAnswer> MergeAsync(IReadOnlyList<SessionRecord> records) => AskAsync(each => each.Merge(records));

    /// <summary>A standby was compared, and so many of its sessions had drifted: for the counters.</summary>
    public Task NoteAuditAsync(int drifted) =>
        AskAsync(each =>
        {
            each.NoteAudit(drifted);
            return true;
        });

    /// <summary>Counters.</summary>
    public Task<SessionReplicationStatus> StatusAsync() =>
        AskAsync(each => each.Status() with { AuditMs = (long)reading.AuditTook.TotalMilliseconds });

    /// <inheritdoc cref="KernelSessions.RemovedByOthers"/>
    public Task<long> RemovedByOthersAsync() => AskAsync(each => each.RemovedByOthers);

    /// <summary>How many sessions began, and got an answer, while this unit carried the traffic.</summary>
    public AnswerCount Answers => engine.Answers;

    /// <inheritdoc cref="KernelSessions.Translated"/>
    public TranslatedSessions? Translated => engine.Translated;

    /// <summary>Frames that a follower has not reported as applied; 0 for a unit that does not follow.</summary>
    public Task<long> LagOfAsync(UnitId unit) => AskAsync(each => each.LagOf(unit));

    /// <summary>Datagrams of the session links that ended in this verdict.</summary>
    public Task<long> CountOfAsync(DatagramVerdict verdict) => AskAsync(each => each.CountOf(verdict));

    /// <summary>Sessions in this unit's kernel.</summary>
    public Task<SessionCount> CountAsync() => ReadAsync(_ => SessionReader.Count(unitName));

    /// <summary>The first sessions that match, and how many match; <paramref name="matches"/> is called on another thread.</summary>
    public Task<(long Total, IReadOnlyList<(SessionRecord Record, SessionVerdict Verdict)> Records)> ListAsync(
        int limit,
        Func<SessionRecord, bool>? matches = null
    ) =>
        ReadAsync(filter =>
        {
            var (total, records) = SessionReader.List(limit, matches);
            IReadOnlyList<(SessionRecord, SessionVerdict)> classified = [.. records.Select(record => (record, filter.Classify(record)))];
            return (total, classified);
        });

    /// <summary>
    /// Digests of the replicated sessions, for <see cref="SessionDigests.UnequalTo"/>: from the ledger, at once, or, if
    /// <paramref name="anew"/> or if the ledger does not know all, from a reading of the whole table.
    /// </summary>
    public Task<SessionDigests> DigestsAsync(bool anew = false)
    {
        var answer = new TaskCompletionSource<SessionDigests>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(each =>
        {
            each.RefreshFilter(atOnce: true);
            if (!anew && each.Ledger?.Digests() is { } known)
            {
                answers.Do(() => answer.SetResult(known));
                return;
            }

            reading.Want(digests => answers.Do(() => answer.SetResult(digests)), anew, MonotonicClock.Now);
        });
        return answer.Task;
    }

    /// <summary>
    /// What a switch is held against, from a reading of the whole table; <paramref name="isCritical"/> is called on another thread.
    /// </summary>
    public Task<SessionSurvey> SurveyAsync(Func<SessionRecord, bool> isCritical) =>
        AskReaderAsync<SessionSurvey>(each =>
        {
            each.RefreshFilter(atOnce: true);
            var filter = each.Filter;
            return () => SessionReader.Survey(filter, isCritical);
        });

    /// <summary>
    /// Those of the sessions that wait until they are old enough to be sent. They are asked for in slices: a flood has many.
    /// </summary>
    public async Task<IReadOnlySet<SessionKey>> YoungAsync(IReadOnlyCollection<SessionKey> keys)
    {
        var young = new HashSet<SessionKey>();
        foreach (var some in keys.Chunk(YoungAtOnce))
            young.UnionWith(await AskAsync(each => some.Where(key => each.IsYoung(key)).ToArray()));
        return young;
    }

    /// <summary>All sessions by what becomes of them at a switch, from the ledger; null while that does not know all.</summary>
    public Task<SessionTally?> TallyAsync() => AskAsync(each => each.Tally);

    /// <summary>Some sessions of each kind that does not follow and that a switch breaks: up to <paramref name="max"/> of each.</summary>
    public Task<IReadOnlyList<(SessionRecord Record, SessionVerdict Verdict)>> BreakingAsync(int max) =>
        AskReaderAsync<IReadOnlyList<(SessionRecord, SessionVerdict)>>(each =>
        {
            var (filter, named) = (each.Filter, each.BreakingKeys(max));
            return () => SessionReader.Breaking(filter, named, max);
        });

    /// <summary>The addresses that this unit alone has, and where they are.</summary>
    public Task<IReadOnlyList<OwnAddress>> OwnAddressesAsync(IReadOnlyList<PortSettings> ports) =>
        ReadAsync(_ => SessionReader.OwnAddresses(ports));

    /// <summary>The replicated sessions.</summary>
    public Task<IReadOnlyList<SessionRecord>> AllAsync() => ReadAsync(filter => SessionReader.All(filter));

    /// <summary>The replicated sessions of some buckets: looked up where the ledger names them and they are few, or else read.</summary>
    public Task<IReadOnlyList<SessionRecord>> EntriesAsync(int buckets, IEnumerable<int> wanted)
    {
        var set = wanted.ToHashSet();
        return AskReaderAsync<IReadOnlyList<SessionRecord>>(each =>
        {
            var filter = each.Filter;
            return
                buckets == SessionDigests.BucketsDefault
                && each.Ledger is { } ledger
                && ledger.TryKeysIn(set, SessionReader.LookedUpMax, out var keys)
                ? () => SessionReader.LookUp(filter, keys)
                : () => SessionReader.All(filter, record => set.Contains(SessionDigests.BucketOf(record.Key, buckets)));
        });
    }

    /// <summary>Those of the sessions that stand and are replicated: cheap for few.</summary>
    public Task<IReadOnlyList<SessionRecord>> LookUpAsync(IReadOnlyCollection<SessionKey> keys) =>
        ReadAsync(filter => SessionReader.LookUp(filter, keys));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (stopping)
            return;
        stopping = true;
        poller.WakeUp();
        thread.Join();
        reader.Dispose();
        answers.Dispose();
        engine.Dispose();
        poller.Dispose();
    }

    private void Run()
    {
        var urgency = new Urgency();
        Span<int> ready = stackalloc int[8];
        while (!stopping)
        {
            engine.Turn(ready, reading.NextDeadline);
            reading.OnTime(MonotonicClock.Now, urgency.IsLight);
            urgency.Judge();
            while (requests.TryTake(out var request))
                request(engine);
        }
    }

    private void Post(Action<SessionEngine> request)
    {
        requests.Put(request);
        poller.WakeUp();
    }

    private Task<T> AskAsync<T>(Func<SessionEngine, T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(each =>
        {
            var value = question(each);
            answers.Do(() => answer.SetResult(value));
        });
        return answer.Task;
    }

    private Task<T> ReadAsync<T>(Func<SessionFilter, T> question) =>
        AskReaderAsync<T>(each =>
        {
            var filter = each.Filter;
            return () => question(filter);
        });

    // On a thread of its own, since a thread of the pool is in another network namespace, and since a look at a large table takes a while.
    // What it needs to know is asked of the loop first.
    private Task<T> AskReaderAsync<T>(Func<SessionEngine, Func<T>> prepare)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(each =>
        {
            var question = prepare(each);
            reader.Do(() =>
            {
                try
                {
                    answer.SetResult(question());
                }
                catch (Exception exception)
                {
                    answer.SetException(exception);
                }
            });
        });
        return answer.Task;
    }
}
