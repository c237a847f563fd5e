using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>
/// The replication protocol of one unit, as a pure machine. Whoever carries traffic sends; everybody follows whom they asked.
/// <code>
/// follower                                   sender (carries traffic)
///   SyncRequest(nonce)  ------------------->
///   <-------------------  SyncAnswer(nonce, start)        proves that it is no recording
///   <-------------------  frames start…: LookBegin, live updates, Digests, LookEnd
///   BucketRequest(those that differ)  ----->
///   <-------------------  frames: PartBegin, the sessions of those buckets and live updates, BulkEnd
///   Report(applied, missing ranges)  ------>  the missing frames again
///   <-------------------  Position(last, oldest)          so that a lost last frame is noticed
/// </code>
/// All of it stands in one stream, so a bulk and the live updates are ordered, and both survive loss, reordering and duplication. A
/// follower that holds next to nothing, or is of an older version, is told everything instead (BulkBegin … BulkEnd). The look at the sender
/// begins after the stream's position at which the follower begins, so what changed before is in the digests, and what changed later is in
/// the stream. Where both know their tables without reading them, LedgerBegin and the ledger's digests stand in place of the look.
/// In active-active several units carry traffic, each session by one of them (<see cref="SetCarriers"/>): those send too, and everybody
/// follows them as well, from the moment on at which they begin.
/// </summary>
public sealed class SessionExchange(UnitId ownUnit, Incarnation ownIncarnation, ulong nonceSeed, int ringFrames = 4096)
{
    private const int EarlyFrames = 1024;
    private readonly SessionStreamSender sender = new(ringFrames, nonceSeed);
    private readonly List<SessionStreamReceiver> receivers = [];
    private ulong nonceState = nonceSeed;
    private IReadOnlyList<UnitId> carriers = [];

    /// <summary>This unit carries what nobody else does.</summary>
    public bool IsPrimary { get; private set; }

    /// <summary>This unit carries traffic and tells the others.</summary>
    public bool Sending => IsPrimary || Shares;

    /// <summary>This unit carries flows beside the primary.</summary>
    public bool Shares { get; private set; }

    /// <summary>Several units carry traffic.</summary>
    public bool HasCarriers => carriers.Count > 0;

    private ApplyMode Mode =>
        HasCarriers ? ApplyMode.Latest
        : Sending ? ApplyMode.OnlyMissing
        : ApplyMode.All;

    /// <summary>The unit whose sessions this one wants to hold; null while it carries traffic itself.</summary>
    public UnitId? SyncFrom { get; private set; }

    /// <summary>Sequence of the last frame sent.</summary>
    public ulong LastSequence => sender.LastSequence;

    /// <summary>A bulk is being sent.</summary>
    public bool BulkRuns => sender.BulkRuns;

    /// <summary>When <see cref="OnTime"/> wants to be called next.</summary>
    public TimeSpan NextDeadline
    {
        get
        {
            var deadline = Sending || sender.Lingers ? sender.NextDeadline : TimeSpan.MaxValue;
            foreach (var receiver in receivers)
                deadline = receiver.NextDeadline < deadline ? receiver.NextDeadline : deadline;
            return deadline;
        }
    }

    /// <summary>Counters so far.</summary>
    public SessionExchangeStatus Status(TimeSpan now)
    {
        long applied = 0,
            skipped = 0;
        var lag = TimeSpan.Zero;
        foreach (var receiver in receivers)
        {
            applied += receiver.EventsApplied;
            skipped += receiver.Skipped;
            lag = receiver.Unit == SyncFrom ? receiver.Lag(now) : lag;
        }

        return new SessionExchangeStatus(sender.EventsSent, applied, skipped, sender.Retransmitted, sender.Bulks, lag);
    }

    /// <summary>
    /// Says what this unit is: whether it carries traffic, and whose sessions it wants. Each time that it is said,
    /// <paramref name="syncFrom"/> is asked for what differs here or for all of it (<paramref name="kind"/>: what the own table is worth),
    /// once this unit carries no traffic: before that, the other does not know yet what is born here.
    /// </summary>
    public void SetRole(bool sending, UnitId? syncFrom, SyncKind kind, TimeSpan now, ISessionEffects effects)
    {
        var sent = Sending;
        Shares = GoesOnCarrying(sending, syncFrom);
        carriers = Shares ? carriers : [];
        IsPrimary = sending;
        if (sent && !Sending)
            sender.Stop(now, effects);
        var wanted = sending ? null : syncFrom;
        SyncFrom = wanted;
        foreach (var receiver in receivers)
            SetTask(receiver);
        if (wanted is { } unit)
            Receiver(unit).Request(NextNonce(), kind, now, effects);
    }

    /// <summary>
    /// Whether this unit goes on telling flows of its own when that role is set: it is only asked to compare with the same primary anew.
    /// </summary>
    public bool GoesOnCarrying(bool sending, UnitId? syncFrom) => Shares && !sending && syncFrom is not null && syncFrom == SyncFrom;

    /// <summary>
    /// Which units carry flows beside the primary, this one perhaps among them; empty: none. Each of them is followed from now on, and this
    /// one, if it is among them, sends. Ends by itself when the role changes.
    /// </summary>
    public void SetCarriers(IReadOnlyList<UnitId> units, TimeSpan now, ISessionEffects effects)
    {
        var sent = Sending;
        (carriers, Shares) = (units, units.Contains(ownUnit));
        if (sent && !Sending)
            sender.Stop(now, effects);
        foreach (var receiver in receivers)
            SetTask(receiver);
        foreach (var unit in units)
        {
            if (IsFollowedLive(unit) && Receiver(unit) is { IsFollowing: false, Requests: false } begins)
                begins.Request(NextNonce(), SyncKind.Live, now, effects);
        }
    }

    /// <summary>Whether that would change anything.</summary>
    public bool HasOtherCarriers(IReadOnlyList<UnitId> units) => !units.SequenceEqual(carriers);

    /// <summary>Whether this unit would send then.</summary>
    public bool WouldSend(IReadOnlyList<UnitId> units) => IsPrimary || units.Contains(ownUnit);

    /// <summary>Every carrier, and the unit that is synced from, is followed.</summary>
    public bool FollowsAll => carriers.All(unit => unit == ownUnit || IsFollowing(unit)) && (SyncFrom is not { } from || IsFollowing(from));

    /// <summary>What the unit sends is applied here as it comes.</summary>
    public bool IsFollowing(UnitId unit) => Find(unit)?.IsFollowing ?? false;

    /// <summary>Asks for all of it again.</summary>
    public void Resync(TimeSpan now, ISessionEffects effects)
    {
        if (SyncFrom is { } unit)
            RequestAgain(Receiver(unit), SyncKind.Bulk, now, effects);
        else if (Sending)
            sender.WantBulk(now, effects);
    }

    /// <summary>The kernel says that a session is new or changed.</summary>
    public void OnUpdated(in SessionRecord record, ISessionEffects effects)
    {
        if (Sending)
            sender.Update(record, effects);
    }

    /// <summary>The kernel says that a session has ended.</summary>
    public void OnDeleted(in SessionKey key, ISessionEffects effects)
    {
        if (Sending)
            sender.Delete(key, effects);
    }

    /// <summary>The kernel's event buffer ran over: nobody knows what was lost, so the followers compare.</summary>
    public void OnOverrun(TimeSpan now, ISessionEffects effects)
    {
        if (Sending)
            sender.WantLook(now, effects);
    }

    /// <summary>An entry of the dump.</summary>
    public void OnDumped(in SessionRecord record, ISessionEffects effects)
    {
        if (Sending)
            sender.Dumped(record, effects);
    }

    /// <summary>
    /// The kernel says that a session is expected, or no longer; also each expectation of a dump, after <see cref="OnSessionsDumped"/>.
    /// </summary>
    public void OnExpected(in SessionExpectation expectation, bool ended, ISessionEffects effects)
    {
        if (Sending)
            sender.Expect(expectation, ended, effects);
    }

    /// <summary>All entries of the dump are told; expectations may follow, then <see cref="OnDumpEnded"/>.</summary>
    public void OnSessionsDumped(ISessionEffects effects)
    {
        if (Sending)
            sender.TellExpected(effects);
    }

    /// <summary>The dump is complete.</summary>
    public void OnDumpEnded(TimeSpan now, ISessionEffects effects) => sender.EndDump(now, effects);

    /// <summary>False while a follower is too far behind for more of a dump.</summary>
    public bool DumpMayProceed(TimeSpan now) => sender.BulkMayProceed(now);

    /// <summary>Sends what has been collected.</summary>
    public void Flush(ISessionEffects effects) => sender.Flush(effects);

    /// <summary>Frames that a unit has not reported as applied.</summary>
    public long LagOf(UnitId unit) => sender.LagOf(unit);

    /// <summary>All frames of this unit up to the answer are handed to the kernel; 0 when it is not followed.</summary>
    public ulong AppliedOf(UnitId unit) => Find(unit)?.Applied ?? 0;

    /// <summary>The unit has sent frames up to <paramref name="sequence"/>: ask for what is missing.</summary>
    public void Expect(UnitId unit, ulong sequence, TimeSpan now, ISessionEffects effects) => Find(unit)?.Expect(sequence, now, effects);

    /// <summary>The senders are gone: apply what came early, gaps or not.</summary>
    public void Drain(TimeSpan now, ISessionEffects effects)
    {
        foreach (var receiver in receivers)
            receiver.Drain(Mode, now, effects);
    }

    /// <summary>False when a prune shall remove the session: the unit's bulk did not tell it.</summary>
    public bool IsMarked(UnitId unit, in SessionKey key) => Find(unit)?.IsMarked(key) ?? true;

    /// <summary>The same for what is expected.</summary>
    public bool IsMarked(UnitId unit, in SessionExpectation expectation) => Find(unit)?.IsMarked(expectation) ?? true;

    /// <summary>The own table has been read for a look of this unit.</summary>
    public void OnLooked(UnitId unit, SessionDigests digests, TimeSpan now, ISessionEffects effects) =>
        Find(unit)?.OnLooked(digests, now, effects);

    /// <summary>
    /// What the bulk did not tell is removed: <see cref="ISessionEffects.Synced"/> follows, unless another bulk began meanwhile.
    /// </summary>
    public void OnPruned(UnitId unit, ISessionEffects effects) => Find(unit)?.OnPruned(effects);

    /// <summary>Timers.</summary>
    public void OnTime(TimeSpan now, ISessionEffects effects)
    {
        if (Sending || sender.Lingers)
            sender.OnTime(now, effects);
        foreach (var receiver in receivers)
        {
            receiver.OnTime(now, effects);
            if (receiver.IsStuck(now))
                RequestAgain(receiver, SyncKind.Bulk, now, effects);
        }
    }

    /// <summary>An authentic payload of another unit; false when it makes no sense.</summary>
    public bool OnMessage(in DatagramHeader from, ReadOnlySpan<byte> payload, TimeSpan now, ISessionEffects effects)
    {
        if (SyncFrom == from.UnitId && Receiver(from.UnitId).IsNews(from.Incarnation))
            RequestAgain(Receiver(from.UnitId), SyncKind.Look, now, effects);
        else if (IsFollowedLive(from.UnitId) && Receiver(from.UnitId).IsNews(from.Incarnation))
            Receiver(from.UnitId).Request(NextNonce(), SyncKind.Live, now, effects);
        var reader = new ByteReader(payload);
        if (!reader.TryReadByte(out var kind))
            return false;
        return (SessionMessage)kind switch
        {
            SessionMessage.Frame => OnFrame(from, ref reader, payload, now, effects),
            SessionMessage.Position => OnPosition(from, ref reader, now, effects),
            SessionMessage.Report => OnReport(from, ref reader, now, effects),
            SessionMessage.SyncRequest => OnSyncRequest(from, ref reader, now, effects),
            SessionMessage.SyncAnswer => OnSyncAnswer(from, ref reader, now),
            SessionMessage.BucketRequest => OnBucketRequest(from, ref reader, now, effects),
            _ => false,
        };
    }

    private bool OnFrame(in DatagramHeader from, ref ByteReader reader, ReadOnlySpan<byte> payload, TimeSpan now, ISessionEffects effects)
    {
        if (!reader.TryReadByte(out _) || !reader.TryReadUInt64(out var sequence) || payload.Length > SessionPayload.SizeMax)
            return false;
        if (Find(from.UnitId) is { } receiver && receiver.Follows(from.Incarnation))
            receiver.OnFrame(sequence, payload, Mode, now, effects);
        return true;
    }

    private bool OnPosition(in DatagramHeader from, ref ByteReader reader, TimeSpan now, ISessionEffects effects)
    {
        if (!reader.TryReadUInt64(out var last) || !reader.TryReadUInt64(out var oldest))
            return false;
        if (
            Find(from.UnitId) is { } receiver
            && receiver.Follows(from.Incarnation)
            && !receiver.OnPosition(last, oldest, now, effects)
            && !receiver.Requests
        )
        {
            if (SyncFrom == from.UnitId)
                RequestAgain(receiver, SyncKind.Look, now, effects);
            else if (IsFollowedLive(from.UnitId))
                receiver.Request(NextNonce(), SyncKind.Live, now, effects);
        }

        return true;
    }

    private bool OnReport(in DatagramHeader from, ref ByteReader reader, TimeSpan now, ISessionEffects effects)
    {
        if (
            !reader.TryReadUnitId(out var target)
            || !reader.TryReadIncarnation(out var incarnation)
            || !reader.TryReadUInt64(out var applied)
        )
            return false;
        if (target == ownUnit && incarnation == ownIncarnation)
            sender.OnReport(from.UnitId, applied, ref reader, now, effects);
        return true;
    }

    private bool OnSyncRequest(in DatagramHeader from, ref ByteReader reader, TimeSpan now, ISessionEffects effects)
    {
        if (!reader.TryReadUnitId(out var target) || !reader.TryReadUInt64(out var nonce) || nonce == 0)
            return false;
        var knowsLooks = reader.TryReadByte(out var kind);
        if (Sending && target == ownUnit)
            sender.OnSyncRequest(
                from.UnitId,
                nonce,
                knowsLooks,
                kind <= (byte)SyncKind.Live ? (SyncKind)kind : SyncKind.Look,
                now,
                effects
            );
        return true;
    }

    private bool OnBucketRequest(in DatagramHeader from, ref ByteReader reader, TimeSpan now, ISessionEffects effects)
    {
        if (!reader.TryReadUnitId(out var target) || !reader.TryReadUInt64(out var look) || reader.Remaining < BucketSet.SizeBytes)
            return false;
        if (Sending && target == ownUnit)
            sender.OnBucketRequest(from.UnitId, look, ref reader, now, effects);
        return true;
    }

    private bool OnSyncAnswer(in DatagramHeader from, ref ByteReader reader, TimeSpan now)
    {
        if (!reader.TryReadUnitId(out var target) || !reader.TryReadUInt64(out var nonce) || !reader.TryReadUInt64(out var start))
            return false;
        if (target == ownUnit)
            Find(from.UnitId)?.OnSyncAnswer(from.Incarnation, nonce, start, now);
        return true;
    }

    private void RequestAgain(SessionStreamReceiver receiver, SyncKind kind, TimeSpan now, ISessionEffects effects)
    {
        effects.SyncLost(receiver.Unit);
        receiver.Request(NextNonce(), kind, now, effects);
    }

    private SessionStreamReceiver Receiver(UnitId unit)
    {
        if (Find(unit) is { } known)
            return known;
        var added = new SessionStreamReceiver(ownUnit, unit, EarlyFrames, nonceState);
        SetTask(added);
        receivers.Add(added);
        return added;
    }

    private bool IsFollowedLive(UnitId other) => other != ownUnit && other != SyncFrom && carriers.Contains(other);

    private void SetTask(SessionStreamReceiver receiver)
    {
        receiver.TakesBulks = receiver.Unit == SyncFrom;
        receiver.Prunes = !Shares;
    }

    private SessionStreamReceiver? Find(UnitId unit)
    {
        foreach (var receiver in receivers)
        {
            if (receiver.Unit == unit)
                return receiver;
        }

        return null;
    }

    private ulong NextNonce()
    {
        nonceState += 0x9E3779B97F4A7C15;
        return SessionKey.Mix(nonceState) | 1;
    }
}
