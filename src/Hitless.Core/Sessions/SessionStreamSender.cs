using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>
/// The sending half: one stream of numbered frames to all units, a ring of the last frames for those who lost some, and what takes a dump
/// of the table: looks (digests of all buckets), parts (the buckets that then differ at a follower) and whole bulks. They run inside the
/// same stream, so that they are ordered with the live updates and lost frames are asked for alike.
/// </summary>
internal sealed class SessionStreamSender(int ringFrames, ulong seed)
{
    private static readonly TimeSpan FollowerLost = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LingerFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PositionAfterFrames = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PositionWhenIdle = TimeSpan.FromMilliseconds(250);

    private readonly FrameRing ring = new(ringFrames, SessionPayload.SizeMax);
    private readonly SessionFrameWriter frame = new(SessionPayload.SizeMax, SessionPayload.FrameHeaderSize);
    private readonly Dictionary<UnitId, Follower> followers = [];
    private readonly HashMarks touched = new(seed);
    private readonly List<SessionRecord> expected = [];
    private readonly BucketSet told = new();
    private readonly SessionDigests digests = new();
    private Dump dump;
    private bool lookWanted;
    private bool bulkWanted;
    private bool dumpRuns;
    private ulong number;
    private ulong positionSent;
    private TimeSpan positionAt;
    private TimeSpan lingersUntil;

    /// <summary>What a dump that this machine asked for is made for.</summary>
    private enum Dump
    {
        /// <summary>None runs, or one that the daemon makes of its own accord.</summary>
        None,

        /// <summary>The digests.</summary>
        Look,

        /// <summary>The sessions of some buckets.</summary>
        Part,

        /// <summary>All sessions.</summary>
        Whole,
    }

    public ulong LastSequence { get; private set; }

    public long EventsSent { get; private set; }

    public long Retransmitted { get; private set; }

    /// <summary>Bulks sent to their end.</summary>
    public long Bulks { get; private set; }

    /// <summary>A look, a part or a bulk is being told.</summary>
    public bool BulkRuns => dump != Dump.None;

    private ulong OldestSequence => LastSequence > (ulong)ring.Capacity ? LastSequence - (ulong)ring.Capacity + 1 : 1;

    public TimeSpan NextDeadline => positionAt + (positionSent < LastSequence ? PositionAfterFrames : PositionWhenIdle);

    /// <summary>Frames that a unit has not reported as applied.</summary>
    public long LagOf(UnitId unit) =>
        followers.TryGetValue(unit, out var follower) ? (long)(LastSequence - Math.Min(follower.Applied, LastSequence)) : 0;

    /// <summary>For a while after the last frame, what was lost of it is still noticed and sent again.</summary>
    public bool Lingers { get; private set; }

    /// <summary>This unit carries no traffic any more: sends the last frame, and forgets the bulks and their requests.</summary>
    public void Stop(TimeSpan now, ISessionEffects effects)
    {
        dump = Dump.None;
        lookWanted = bulkWanted = dumpRuns = false;
        touched.Clear();
        Flush(effects);
        SendPosition(ISessionEffects.EveryUnit, now, effects);
        Lingers = true;
        lingersUntil = now + LingerFor;
        foreach (var follower in followers.Values)
            follower.WaitingNonce = follower.WantedOfLook = 0;
    }

    public void Update(in SessionRecord record, ISessionEffects effects)
    {
        if (record.IsComplete)
            Touch(record.Key);
        Tell(record, effects);
    }

    public void Delete(in SessionKey key, ISessionEffects effects)
    {
        Touch(key);
        EventsSent++;
        if (frame.TryAddDelete(key))
            return;
        Flush(effects);
        frame.TryAddDelete(key);
    }

    /// <summary>An expectation is new, stands (in a dump), or has ended.</summary>
    public void Expect(in SessionExpectation expectation, bool ended, ISessionEffects effects)
    {
        var operation = ended ? SessionOperation.Unexpect : SessionOperation.Expect;
        EventsSent++;
        if (frame.TryAdd(operation, expectation))
            return;
        Flush(effects);
        frame.TryAdd(operation, expectation);
    }

    /// <summary>
    /// An entry of a dump. What an event told since the dump began is newer than the dump's word. A session that was expected is told at
    /// the dump's end: the kernel wants its parent first.
    /// </summary>
    public void Dumped(in SessionRecord record, ISessionEffects effects)
    {
        if (dump == Dump.Look)
        {
            digests.AddExact(record);
            return;
        }

        if (dump == Dump.Part && !told.Contains(record.Key))
            return;
        if (record.Parent.Protocol != 0)
            expected.Add(record);
        else if (!touched.Contains(record.Key.Hash64()))
            Tell(record, effects);
    }

    /// <summary>The sessions of the dump are through; what they expect may follow.</summary>
    public void TellExpected(ISessionEffects effects)
    {
        foreach (var record in expected)
        {
            if (!touched.Contains(record.Key.Hash64()))
                Tell(record, effects);
        }

        expected.Clear();
    }

    public void BeginDump()
    {
        dumpRuns = true;
        expected.Clear();
        touched.Clear();
    }

    public void EndDump(TimeSpan now, ISessionEffects effects)
    {
        dumpRuns = false;
        touched.Clear();
        switch (dump)
        {
            case Dump.None:
                return;
            case Dump.Look:
                TellDigests(digests, effects);
                Mark(SessionOperation.LookEnd, effects);
                break;
            default:
                Bulks++;
                Mark(SessionOperation.BulkEnd, effects);
                break;
        }

        dump = Dump.None;
        Flush(effects);
        BeginNext(now, effects);
    }

    /// <summary>An operator wants all of it told again.</summary>
    public void WantBulk(TimeSpan now, ISessionEffects effects)
    {
        bulkWanted = true;
        BeginNext(now, effects);
    }

    /// <summary>Events were lost: everybody compares what they hold, and asks for what differs.</summary>
    public void WantLook(TimeSpan now, ISessionEffects effects)
    {
        // What a look that runs has digested already may be what was lost.
        lookWanted = true;
        BeginNext(now, effects);
    }

    /// <summary>
    /// False while the slowest follower is too far behind for more of a bulk. Who waits to be answered does not follow, and one that is
    /// silent is not waited for.
    /// </summary>
    public bool BulkMayProceed(TimeSpan now)
    {
        foreach (var follower in followers.Values)
        {
            if (
                !follower.Window.MayProceed(LastSequence, follower.Applied, now)
                && follower.WaitingNonce == 0
                && now - follower.ReportedAt < FollowerLost
            )
                return false;
        }

        return true;
    }

    public void Flush(ISessionEffects effects)
    {
        if (frame.IsEmpty)
            return;
        LastSequence++;
        var header = new ByteWriter(frame.Header);
        header.WriteByte((byte)SessionMessage.Frame);
        header.WriteByte(SessionCodec.Schema);
        header.WriteUInt64(LastSequence);
        ring.Store(LastSequence, frame.Bytes);
        effects.Send(ISessionEffects.EveryUnit, frame.Bytes);
        frame.Clear();
    }

    public void OnTime(TimeSpan now, ISessionEffects effects)
    {
        Flush(effects);
        Lingers = Lingers && now < lingersUntil;
        if (now >= NextDeadline)
            SendPosition(ISessionEffects.EveryUnit, now, effects);
    }

    public void OnSyncRequest(UnitId unit, ulong nonce, bool knowsLooks, SyncKind kind, TimeSpan now, ISessionEffects effects)
    {
        if (!followers.TryGetValue(unit, out var follower))
            followers[unit] = follower = new Follower();
        if (follower.AnsweredNonce == nonce)
            Answer(unit, follower, effects);
        if (follower.AnsweredNonce == nonce || follower.WaitingNonce == nonce)
            return;
        follower.WaitingNonce = nonce;
        follower.Kind = kind;
        follower.KnowsLooks = knowsLooks;
        BeginNext(now, effects);
    }

    public void OnBucketRequest(UnitId unit, ulong look, ref ByteReader buckets, TimeSpan now, ISessionEffects effects)
    {
        if (!followers.TryGetValue(unit, out var follower) || look <= follower.ServedLook || !follower.Wanted.TryRead(ref buckets))
            return;
        follower.WantedOfLook = look;
        BeginNext(now, effects);
    }

    public void OnReport(UnitId unit, ulong applied, ref ByteReader ranges, TimeSpan now, ISessionEffects effects)
    {
        if (!followers.TryGetValue(unit, out var follower))
            return;
        follower.Applied = Math.Max(follower.Applied, Math.Min(applied, LastSequence));
        follower.ReportedAt = now;
        if (!ranges.TryReadByte(out var count))
            return;
        var budget = 256;
        for (var i = 0; i < count && ranges.TryReadUInt64(out var from) && ranges.TryReadUInt64(out var to); i++)
        {
            if (from < OldestSequence)
            {
                SendPosition(unit, now, effects);
                return;
            }

            for (var sequence = from; sequence <= to && sequence <= LastSequence && budget-- > 0; sequence++)
            {
                if (!ring.TryGet(sequence, out var lost))
                    continue;
                Retransmitted++;
                effects.Send(unit, lost);
            }
        }
    }

    // One at a time; what serves most comes first: a bulk also serves who asked for less.
    private void BeginNext(TimeSpan now, ISessionEffects effects)
    {
        if (dump != Dump.None)
            return;
        bool whole = bulkWanted,
            look = lookWanted,
            part = false,
            ledger = false,
            live = false;
        foreach (var follower in followers.Values)
        {
            var waits = follower.WaitingNonce != 0;
            whole |= (waits && follower.Kind == SyncKind.Bulk) || (lookWanted && !follower.KnowsLooks);
            look |= waits && follower.Kind == SyncKind.Look;
            ledger |= waits && follower.Kind == SyncKind.LedgerLook;
            live |= waits && follower.Kind == SyncKind.Live;
            part |= follower.WantedOfLook != 0;
        }

        if (whole)
            Begin(Dump.Whole, SessionOperation.BulkBegin, now, effects);
        else if (part)
            BeginPart(effects);
        else if (!look && ledger && effects.DigestsNow() is { } known)
            TellLedger(known, now, effects);
        else if (look || ledger)
            Begin(Dump.Look, SessionOperation.LookBegin, now, effects);
        else if (live)
            BeginLive(now, effects);
    }

    // Who waits for no more takes no digests either, and who follows already must not wait for any: the mark is only where they begin.
    private void BeginLive(TimeSpan now, ISessionEffects effects)
    {
        number++;
        BeginStream(SessionOperation.FollowBegin, now, effects);
    }

    // What has been told so far is in the digests, and nothing else: no dump is needed, and nothing has to wait.
    private void TellLedger(SessionDigests known, TimeSpan now, ISessionEffects effects)
    {
        number++;
        BeginStream(SessionOperation.LedgerBegin, now, effects);
        effects.TellExpectations();
        TellDigests(known, effects);
        Mark(SessionOperation.LookEnd, effects);
        Flush(effects);
    }

    // Its first frame is where the followers that waited begin to follow.
    private void Begin(Dump kind, SessionOperation operation, TimeSpan now, ISessionEffects effects)
    {
        lookWanted = false;
        bulkWanted &= kind != Dump.Whole;
        digests.Clear();
        number++;
        if (kind == Dump.Whole)
        {
            foreach (var follower in followers.Values)
                follower.WantedOfLook = 0;
        }

        BeginStream(operation, now, effects);
        StartDump(kind, effects);
    }

    private void BeginStream(SessionOperation operation, TimeSpan now, ISessionEffects effects)
    {
        Flush(effects);
        Mark(operation, effects);
        Flush(effects);
        foreach (var (unit, follower) in followers)
        {
            if (follower.WaitingNonce == 0)
                continue;
            follower.AnsweredNonce = follower.WaitingNonce;
            follower.WaitingNonce = follower.WantedOfLook = 0;
            follower.Start = LastSequence;
            follower.Applied = LastSequence - 1;
            follower.ReportedAt = now;
            Answer(unit, follower, effects);
        }
    }

    private void BeginPart(ISessionEffects effects)
    {
        number++;
        told.Clear();
        var body = new ByteWriter(stackalloc byte[255]);
        body.WriteUInt64(number);
        foreach (var (unit, follower) in followers)
        {
            if (follower.WantedOfLook == 0 || body.Remaining < 16)
                continue;
            body.WriteUnitId(unit);
            body.WriteUInt64(follower.WantedOfLook);
            follower.ServedLook = follower.WantedOfLook;
            follower.WantedOfLook = 0;
            told.Add(follower.Wanted);
        }

        Add(SessionOperation.PartBegin, body.Written, effects);
        Flush(effects);
        StartDump(Dump.Part, effects);
    }

    private void StartDump(Dump kind, ISessionEffects effects)
    {
        dump = kind;
        BeginDump();
        effects.StartDump(kind == Dump.Part ? told : null);
    }

    private void TellDigests(SessionDigests digests, ISessionEffects effects)
    {
        const int PerOperation = 20;
        Span<byte> room = stackalloc byte[255];
        for (var first = 0; first < digests.Buckets; first += PerOperation)
        {
            var body = new ByteWriter(room);
            body.WriteUInt64(number);
            body.WriteUInt16((ushort)first);
            digests.Write(ref body, first, Math.Min(PerOperation, digests.Buckets - first));
            Add(SessionOperation.Digests, body.Written, effects);
        }
    }

    private void Answer(UnitId unit, Follower follower, ISessionEffects effects)
    {
        var writer = new ByteWriter(stackalloc byte[25]);
        writer.WriteByte((byte)SessionMessage.SyncAnswer);
        writer.WriteUnitId(unit);
        writer.WriteUInt64(follower.AnsweredNonce);
        writer.WriteUInt64(follower.Start);
        effects.Send(unit, writer.Written);
    }

    private void SendPosition(UnitId unit, TimeSpan now, ISessionEffects effects)
    {
        var writer = new ByteWriter(stackalloc byte[17]);
        writer.WriteByte((byte)SessionMessage.Position);
        writer.WriteUInt64(LastSequence);
        writer.WriteUInt64(OldestSequence);
        effects.Send(unit, writer.Written);
        if (unit != ISessionEffects.EveryUnit)
            return;
        positionAt = now;
        positionSent = LastSequence;
    }

    private void Tell(in SessionRecord record, ISessionEffects effects)
    {
        EventsSent++;
        if (frame.TryAdd(record))
            return;
        Flush(effects);
        frame.TryAdd(record);
    }

    private void Mark(SessionOperation operation, ISessionEffects effects)
    {
        var body = new ByteWriter(stackalloc byte[8]);
        body.WriteUInt64(number);
        Add(operation, body.Written, effects);
    }

    private void Add(SessionOperation operation, ReadOnlySpan<byte> body, ISessionEffects effects)
    {
        if (frame.TryAdd(operation, body))
            return;
        Flush(effects);
        frame.TryAdd(operation, body);
    }

    private void Touch(in SessionKey key)
    {
        if (dumpRuns)
            touched.Add(key.Hash64());
    }

    private sealed class Follower
    {
        public ulong Applied { get; set; }

        public TimeSpan ReportedAt { get; set; }

        public BulkWindow Window { get; } = new();

        public ulong WaitingNonce { get; set; }

        /// <summary>What the waiting request is for.</summary>
        public SyncKind Kind { get; set; }

        /// <summary>It understands looks; an older version does not.</summary>
        public bool KnowsLooks { get; set; }

        /// <summary>The look after which it has asked for <see cref="Wanted"/>; 0: it has not.</summary>
        public ulong WantedOfLook { get; set; }

        public ulong ServedLook { get; set; }

        public BucketSet Wanted { get; } = new();

        public ulong AnsweredNonce { get; set; }

        public ulong Start { get; set; }
    }
}
