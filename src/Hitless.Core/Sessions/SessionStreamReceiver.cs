using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>
/// The receiving half towards one unit. It follows only an incarnation that has answered a request with the request's own
/// nonce, so a recording of former traffic is never followed. Frames are applied in order; one that comes too early waits in a
/// ring, and what is missing is asked for. A gap that the sender cannot fill any more leads to a new request. A look is answered with a
/// look at the own table; the buckets that differ are asked for and told as a part, and what neither a part nor a whole bulk tells is
/// pruned.
/// </summary>
internal sealed class SessionStreamReceiver(UnitId ownUnit, UnitId unit, int ringFrames, ulong seed)
{
    private const int ReportEveryFrames = 8;
    private static readonly TimeSpan RequestInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ReportProgressAfter = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan ReportGapAgainAfter = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan SyncPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Never = TimeSpan.MaxValue;

    private readonly FrameRing early = new(ringFrames, SessionPayload.SizeMax);
    private readonly HashMarks marks = new(seed);
    private readonly TableComparison comparison = new();
    private bool follows;
    private Incarnation incarnation;
    private ulong nonce;
    private TimeSpan requestedAt;
    private ulong highest;
    private ulong reported;
    private TimeSpan reportedAt;
    private TimeSpan behindSince = Never;
    private SyncKind kind;
    private Stage stage;

    // Only the buckets that differed are told and pruned.
    private bool partial;
    private ulong bulk;

    // Since when nothing has brought this table nearer to the other; Never: it is synced, or not to be.
    private TimeSpan waitsSince = Never;

    /// <summary>What is told of the other table, and kept in mind until it has made this one like it.</summary>
    private enum Stage
    {
        /// <summary>Nothing is.</summary>
        None,

        /// <summary>What is told is marked.</summary>
        Marking,

        /// <summary>What was not marked is being removed.</summary>
        Pruning,
    }

    public UnitId Unit => unit;

    /// <summary>
    /// This unit's table is to become what the followed one tells: bulks are marked, and what they do not tell is pruned.
    /// </summary>
    public bool TakesBulks
    {
        get;
        set
        {
            field = value;
            if (value)
                return;
            StopMarking();
            comparison.Cancel();
            waitsSince = Never;
        }
    }

    /// <summary>
    /// What was asked for has not come to an end, and nothing has happened for a minute: it is to be asked for anew.
    /// </summary>
    public bool IsStuck(TimeSpan now) => waitsSince != Never && now - waitsSince >= SyncPatience;

    /// <summary>
    /// What a bulk does not tell is removed. Not on a unit that carries flows of its own, which the followed one may not know yet.
    /// </summary>
    public bool Prunes { get; set; } = true;

    /// <summary>What the unit sends is applied as it comes.</summary>
    public bool IsFollowing => follows && nonce == 0;

    /// <summary>All frames up to this one are applied.</summary>
    public ulong Applied { get; private set; }

    public long EventsApplied { get; private set; }

    public long Skipped { get; private set; }

    // Between the begin and the end of a bulk, or of a part for this unit.
    private bool IsBeingTold => stage == Stage.Marking && comparison.Look == 0;

    /// <summary>A request is under way.</summary>
    public bool Requests => nonce != 0;

    public TimeSpan NextDeadline
    {
        get
        {
            var deadline = nonce != 0 || comparison.Asks ? requestedAt + RequestInterval : Never;
            deadline = waitsSince == Never ? deadline : Earlier(deadline, waitsSince + SyncPatience);
            if (!follows)
                return deadline;
            if (highest > Applied)
                return Earlier(deadline, reportedAt + ReportGapAgainAfter);
            return reported < Applied ? Earlier(deadline, reportedAt + ReportProgressAfter) : deadline;
        }
    }

    /// <summary>True when the unit speaks with an incarnation that is neither followed nor asked.</summary>
    public bool IsNews(Incarnation seen) => nonce == 0 && (!follows || seen != incarnation);

    public bool Follows(Incarnation seen) => follows && seen == incarnation;

    public TimeSpan Lag(TimeSpan now) => behindSince == Never ? TimeSpan.Zero : now - behindSince;

    /// <summary>False for a session that a prune has to remove; while nothing is to be pruned, everything counts as told.</summary>
    public bool IsMarked(in SessionKey key) =>
        stage != Stage.Pruning || (partial && !comparison.Unequal.Contains(key)) || marks.Contains(key.Hash64());

    /// <summary>The same for what is expected.</summary>
    public bool IsMarked(in SessionExpectation expectation) => stage != Stage.Pruning || marks.Contains(expectation.Key.Hash64());

    /// <summary>A prune has ended; if another bulk began meanwhile, its own prune will tell.</summary>
    public void OnPruned(ISessionEffects effects)
    {
        if (stage != Stage.Pruning)
            return;
        StopMarking();
        waitsSince = Never;
        effects.Synced(unit);
    }

    /// <summary>The own table has been read for a look.</summary>
    public void OnLooked(SessionDigests digests, TimeSpan now, ISessionEffects effects)
    {
        NoteProgress(now);
        comparison.OnLooked(digests);
        Conclude(now, effects);
    }

    public void Request(ulong newNonce, SyncKind newKind, TimeSpan now, ISessionEffects effects)
    {
        nonce = newNonce;
        kind = newKind;
        waitsSince = TakesBulks ? now : Never;
        SendRequest(now, effects);
    }

    public void OnSyncAnswer(Incarnation from, ulong answered, ulong start, TimeSpan now)
    {
        if (nonce == 0 || answered != nonce || start == 0)
            return;
        nonce = 0;
        // It has been followed all the time, and what begins there has begun. Told again, a look would find another table here, and a part
        // that answered the former one would prune what it did not tell.
        if (Follows(from) && Applied >= start)
        {
            waitsSince = stage == Stage.None && comparison.Look == 0 ? Never : waitsSince;
            return;
        }

        NoteProgress(now);
        follows = true;
        incarnation = from;
        Applied = highest = reported = start - 1;
        reportedAt = now;
        behindSince = Never;
        early.Clear();
        StopMarking();
        comparison.Cancel();
    }

    public void OnFrame(ulong sequence, ReadOnlySpan<byte> payload, ApplyMode mode, TimeSpan now, ISessionEffects effects)
    {
        if (sequence <= Applied)
            return;
        var gapGrows = sequence > highest + 1;
        highest = Math.Max(highest, sequence);
        if (sequence == Applied + 1)
        {
            ApplyFrame(sequence, payload, mode, now, effects);
            while (early.TryGet(Applied + 1, out var next))
                ApplyFrame(Applied + 1, next, mode, now, effects);
        }
        else if (sequence - Applied <= (ulong)early.Capacity)
        {
            early.Store(sequence, payload);
        }

        NoteGap(now);
        if (gapGrows || Applied - reported >= ReportEveryFrames)
            Report(now, effects);
    }

    /// <summary>The sender says where it stands; false when what is missing here is gone there.</summary>
    public bool OnPosition(ulong last, ulong oldest, TimeSpan now, ISessionEffects effects)
    {
        if (oldest > Applied + 1 && last > Applied)
            return false;
        Expect(last, now, effects);
        return true;
    }

    /// <summary>This sequence exists, however it became known: ask for what is missing below it.</summary>
    public void Expect(ulong sequence, TimeSpan now, ISessionEffects effects)
    {
        if (!follows || sequence <= highest)
            return;
        highest = sequence;
        NoteGap(now);
        Report(now, effects);
    }

    /// <summary>The sender is dead: apply what came early, gaps or not.</summary>
    public void Drain(ApplyMode mode, TimeSpan now, ISessionEffects effects)
    {
        if (!follows)
            return;
        for (var sequence = Applied + 1; sequence <= highest && sequence - Applied <= (ulong)early.Capacity * 2; sequence++)
        {
            if (early.TryGet(sequence, out var frame))
                ApplyFrame(sequence, frame, mode, now, effects);
        }

        Applied = highest;
        behindSince = Never;
    }

    public void OnTime(TimeSpan now, ISessionEffects effects)
    {
        if (nonce != 0 && now >= requestedAt + RequestInterval)
            SendRequest(now, effects);
        else if (comparison.Asks && now >= requestedAt + RequestInterval)
            SendBucketRequest(now, effects);
        if (follows && now >= NextDeadline)
            Report(now, effects);
    }

    private void ApplyFrame(ulong sequence, ReadOnlySpan<byte> payload, ApplyMode mode, TimeSpan now, ISessionEffects effects)
    {
        if (IsBeingTold)
            NoteProgress(now);
        var reader = new SessionFrameReader(payload[SessionPayload.FrameHeaderSize..]);
        while (reader.TryNext(out var operation, out var operand))
        {
            if (!TryApply(operation, ref operand, mode, effects) && !TryResync(operation, ref operand, now, effects))
                Skipped++;
        }

        if (reader.Broken)
            Skipped++;
        Applied = sequence;
    }

    private bool TryApply(SessionOperation operation, ref ByteReader operand, ApplyMode mode, ISessionEffects effects)
    {
        switch (operation)
        {
            case SessionOperation.Update when SessionCodec.TryReadRecord(ref operand, out var record):
                if (stage != Stage.None)
                    marks.Add(record.Key.Hash64());

                // A unit that carries traffic itself knows better; but a SYN may have come through it and the answer through the former
                // primary: without that word the entry would stay at SYN_SENT, and the kernel would refuse the connection's next packet.
                effects.Apply(record, onlyIfMissing: mode == ApplyMode.OnlyMissing && record.Tcp.State != TcpState.SynReceived);
                EventsApplied++;
                return true;
            // A unit that carries traffic itself knows better what has ended.
            case SessionOperation.Delete when SessionCodec.TryReadKey(ref operand, out var key):
                if (mode == ApplyMode.All)
                    effects.Delete(key);
                EventsApplied++;
                return true;
            case SessionOperation.Expect when SessionCodec.TryReadExpectation(ref operand, out var expected):
                if (stage != Stage.None)
                    marks.Add(expected.Key.Hash64());
                effects.Expect(expected, ended: false);
                EventsApplied++;
                return true;
            case SessionOperation.Unexpect when SessionCodec.TryReadExpectation(ref operand, out var ended):
                if (mode == ApplyMode.All)
                    effects.Expect(ended, ended: true);
                EventsApplied++;
                return true;
            default:
                return false;
        }
    }

    private bool TryResync(SessionOperation operation, ref ByteReader body, TimeSpan now, ISessionEffects effects)
    {
        if (!body.TryReadUInt64(out var number))
            return false;
        switch (operation)
        {
            case SessionOperation.BulkBegin:
                BeginMarking(number, now);
                comparison.Cancel();
                partial = false;
                if (TakesBulks && Prunes)
                    effects.BulkBegins();
                return true;
            case SessionOperation.LookBegin or SessionOperation.LedgerBegin:
                // What is expected is told in a look itself.
                BeginMarking(number, now);
                partial = true;
                if (!TakesBulks)
                    return true;
                comparison.Begin(number);
                effects.StartLook(unit, exact: operation == SessionOperation.LookBegin);
                return true;
            case SessionOperation.FollowBegin:
                return true;
            case SessionOperation.Digests:
                return comparison.TryTake(number, ref body);
            case SessionOperation.LookEnd:
                comparison.End(number);
                Conclude(now, effects);
                return true;
            case SessionOperation.PartBegin:
                if (!TakesBulks || !comparison.Asks || !Names(ref body))
                    return true;
                comparison.Cancel();
                BeginMarking(number, now);
                return true;
            case SessionOperation.BulkEnd:
                // Another follower's part ends too, while this one's may still be pruned.
                if (stage != Stage.None && number == bulk)
                    Prune(partial ? comparison.Unequal : null, onlyExpectations: false, effects);
                return true;
            default:
                return false;
        }
    }

    private void Conclude(TimeSpan now, ISessionEffects effects)
    {
        if (!comparison.TryConclude(out var equal))
            return;
        if (equal)
        {
            comparison.Cancel();
            Prune(null, onlyExpectations: true, effects);
        }
        else
        {
            SendBucketRequest(now, effects);
        }
    }

    private void Prune(BucketSet? only, bool onlyExpectations, ISessionEffects effects)
    {
        stage = Stage.Pruning;
        if (Prunes)
            effects.StartPrune(unit, only, onlyExpectations);
        else
            OnPruned(effects);
    }

    // Whether a part is for this unit, as the answer to what it asked last.
    private bool Names(ref ByteReader followers)
    {
        while (followers.TryReadUnitId(out var named) && followers.TryReadUInt64(out var look))
        {
            if (named == ownUnit && look == comparison.Look)
                return true;
        }

        return false;
    }

    private void BeginMarking(ulong number, TimeSpan now)
    {
        StopMarking();
        NoteProgress(now);
        bulk = number;
        stage = TakesBulks ? Stage.Marking : Stage.None;
    }

    private void StopMarking()
    {
        stage = Stage.None;
        marks.Clear();
    }

    private void SendRequest(TimeSpan now, ISessionEffects effects)
    {
        requestedAt = now;
        var writer = new ByteWriter(stackalloc byte[18]);
        writer.WriteByte((byte)SessionMessage.SyncRequest);
        writer.WriteUnitId(unit);
        writer.WriteUInt64(nonce);
        writer.WriteByte((byte)kind);
        effects.Send(unit, writer.Written);
    }

    private void SendBucketRequest(TimeSpan now, ISessionEffects effects)
    {
        requestedAt = now;
        var writer = new ByteWriter(stackalloc byte[17 + BucketSet.SizeBytes]);
        writer.WriteByte((byte)SessionMessage.BucketRequest);
        writer.WriteUnitId(unit);
        writer.WriteUInt64(comparison.Look);
        comparison.Unequal.Write(ref writer);
        effects.Send(unit, writer.Written);
    }

    private void Report(TimeSpan now, ISessionEffects effects)
    {
        reportedAt = now;
        reported = Applied;
        var writer = new ByteWriter(stackalloc byte[34 + (16 * SessionPayload.RangesMax)]);
        writer.WriteByte((byte)SessionMessage.Report);
        writer.WriteUnitId(unit);
        writer.WriteIncarnation(incarnation);
        writer.WriteUInt64(Applied);
        var ranges = new ByteWriter(stackalloc byte[16 * SessionPayload.RangesMax]);
        var end = Math.Min(highest, Applied + (ulong)early.Capacity);
        for (var sequence = Applied + 1; sequence <= end && ranges.Remaining > 0; sequence++)
        {
            if (early.Holds(sequence))
                continue;
            ranges.WriteUInt64(sequence);
            while (sequence < end && !early.Holds(sequence + 1))
                sequence++;
            ranges.WriteUInt64(sequence);
        }

        writer.WriteByte((byte)(ranges.Position / 16));
        writer.WriteBytes(ranges.Written);
        effects.Send(unit, writer.Written);
    }

    private void NoteProgress(TimeSpan now) => waitsSince = waitsSince == Never ? Never : now;

    private void NoteGap(TimeSpan now) => behindSince = highest == Applied ? Never : Earlier(behindSince, now);

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
