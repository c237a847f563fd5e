using Hitless.Core.Wire;

namespace Hitless.Core.Balance;

/// <summary>
/// Who forwards which flows, decided on the primary. The others carry only what it hands them.
/// <code>
///   another unit:  Away ──fit for FitMin──▶ Opening ──every unit follows its sessions──▶ Open ──┐ unfit, or off
///                   ▲                                                                           ▼
///                   └────────── Straggle after its last bucket: sessions not told any more ── Leaving
///   a bucket:      owner A ──Barrier: all of A's sessions are in the kernel of B──▶ Write: one transaction ──▶ owner B
/// </code>
/// Commit before claim, for each bucket: one group of buckets moves at a time, from one unit to one other. Two exceptions: the buckets of a
/// unit that is gone have nobody to ask and move at once, and one that may not go on carrying is not waited for longer than the timeout.
/// Where the kernel refuses a table it hands on nothing, so everything is this unit's. A bucket always has one owner.
/// </summary>
public sealed class BalanceMachine
{
    private readonly BalanceOptions options;
    private readonly Dictionary<UnitId, Member> members = [];
    private UnitId[] owners;
    private string? whyOff;
    private bool primary;
    private bool stale;
    private TimeSpan primarySince;
    private Move? move;
    private RequestId request;
    private TimeSpan nextGainAt;
    private TimeSpan retryAt;

    /// <summary>A machine of a unit that is not primary.</summary>
    public BalanceMachine(BalanceOptions options)
    {
        this.options = options;
        owners = Mine();
    }

    private enum Phase
    {
        Away,
        Opening,
        Open,
        Leaving,
    }

    /// <summary>The unit that forwards a bucket's flows.</summary>
    public UnitId OwnerOf(int bucket) => owners[bucket];

    /// <summary>How many buckets a unit has.</summary>
    public int BucketsOf(UnitId unit) => owners.Count(owner => owner == unit);

    /// <summary>Why no other unit may carry anything; null: load balancing is on, or this unit is not primary.</summary>
    public string? WhyOff => whyOff;

    /// <summary>No other unit has a bucket, none is about to get one, and none of them tells its sessions.</summary>
    public bool IsQuiet => move is null && members.Values.All(member => member.Phase == Phase.Away) && owners.All(IsMine);

    /// <summary>The units whose sessions the others follow.</summary>
    public IEnumerable<UnitId> Carriers => members.Where(each => each.Value.Phase != Phase.Away).Select(each => each.Key);

    /// <summary>Why a unit has no buckets; null: it may have some, or is not known.</summary>
    public string? ObstacleOf(UnitId unit) => members.TryGetValue(unit, out var member) ? member.Seen.Obstacle : null;

    /// <summary>When <see cref="BalanceInput.Tick"/> is due.</summary>
    public TimeSpan NextDeadline { get; private set; } = TimeSpan.MaxValue;

    /// <summary>Takes one input at <paramref name="now"/> (monotonic) and says what to do.</summary>
    public void Step(BalanceInput input, TimeSpan now, IBalanceEffects effects)
    {
        switch (input)
        {
            case BalanceInput.BecamePrimary when !primary:
                (primary, primarySince) = (true, now);
                Reset(effects);
                break;
            case BalanceInput.LostPrimary when primary:
                primary = false;
                Reset(effects);
                break;
            case BalanceInput.Seen seen when primary:
                See(seen, now, effects);
                break;
            case BalanceInput.KernelChanged when primary:
                stale = true;
                break;
            case BalanceInput.Opened opened when members.TryGetValue(opened.Unit, out var member) && member.Phase == Phase.Opening:
                member.Phase = opened.Ok ? Phase.Open : Phase.Away;
                member.Since = opened.Ok ? now : now + options.RetryDelay;
                break;
            case BalanceInput.Passed passed when move is { Writes: false } && passed.Request == move.Request:
                OnPassed(passed.Ok, now, effects);
                break;
            case BalanceInput.Written written when move is { Writes: true } && written.Request == move.Request:
                OnWritten(written.Ok, now, effects);
                break;
            default:
                break;
        }

        NextDeadline = TimeSpan.MaxValue;
        if (primary)
        {
            FollowMembers(now, effects);
            Proceed(now, effects);
        }
    }

    private void Reset(IBalanceEffects effects)
    {
        members.Clear();
        owners = Mine();
        (move, whyOff, stale) = (null, null, false);
        nextGainAt = retryAt = TimeSpan.MinValue;
        effects.Withdraw();
    }

    private void See(BalanceInput.Seen seen, TimeSpan now, IBalanceEffects effects)
    {
        if (seen.WhyOff != whyOff)
        {
            effects.Record(seen.WhyOff is null ? "load balancing is on" : $"load balancing is off: {seen.WhyOff}");
            whyOff = seen.WhyOff;
        }

        foreach (var unit in seen.Others)
        {
            if (!members.TryGetValue(unit.Id, out var member))
            {
                members[unit.Id] = member = new Member { Since = now };
            }

            member.FitSince = unit.Fit ? member.FitSince ?? now : null;
            member.Seen = unit;
        }

        TakeFromGone([.. members.Where(each => each.Value.Seen.Gone || seen.Others.All(unit => unit.Id != each.Key))], now, effects);
    }

    /// <summary>
    /// Their buckets have nobody who could be asked: the second choice has the sessions, as far as they were ever told, and gets them at
    /// once.
    /// </summary>
    private void TakeFromGone(IReadOnlyList<KeyValuePair<UnitId, Member>> gone, TimeSpan now, IBalanceEffects effects)
    {
        var orphans = 0;
        foreach (var (unit, member) in gone)
        {
            var count = BucketsOf(unit);
            members.Remove(unit);
            move = move?.From == unit || move?.To == unit ? null : move;
            orphans += count;
            if (count > 0)
            {
                effects.Record($"{member.Seen.Name} is gone: its {count} buckets are forwarded by the other units");
            }
        }

        if (orphans == 0)
        {
            return;
        }

        var target = BucketAssignment.Assign(owners, [.. Entitled()]);
        for (var bucket = 0; bucket < owners.Length; bucket++)
        {
            // Those of a unit that is only unfit stay until their sessions have been told.
            owners[bucket] = IsMine(owners[bucket]) || members.ContainsKey(owners[bucket]) ? owners[bucket] : target[bucket];
        }

        Write(new Move(options.Self, options.Self, []), now, effects);
    }

    private void FollowMembers(TimeSpan now, IBalanceEffects effects)
    {
        foreach (var (unit, member) in members)
        {
            var wanted = whyOff is null && member.Seen.Fit;
            switch (member.Phase)
            {
                case Phase.Away when wanted:
                    var at = Later(Later(member.FitSince!.Value + options.FitMin, primarySince + options.PrimaryMin), member.Since);
                    if (now >= at)
                    {
                        member.Phase = Phase.Opening;
                        effects.Open(unit);
                    }
                    else
                    {
                        Due(at);
                    }

                    break;
                case Phase.Open when !wanted:
                    (member.Phase, member.Since) = (Phase.Leaving, now);
                    break;
                case Phase.Leaving when wanted:
                    member.Phase = Phase.Open;
                    break;
                case Phase.Leaving when BucketsOf(unit) > 0 || move?.From == unit || move?.To == unit:
                    member.Since = now;
                    break;
                case Phase.Leaving when now >= member.Since + options.Straggle:
                    (member.Phase, member.Since) = (Phase.Away, now);
                    effects.Close(unit);
                    Due(now);
                    break;
                case Phase.Leaving:
                    Due(member.Since + options.Straggle);
                    break;
                default:
                    break;
            }
        }
    }

    private void Proceed(TimeSpan now, IBalanceEffects effects)
    {
        if (move is { } late && now >= late.Until)
        {
            GiveUpWaiting(late, now, effects);
        }

        if (move is { } waits)
        {
            Due(waits.Until);
            return;
        }

        if (now < retryAt)
        {
            Due(retryAt);
            return;
        }

        if (stale && owners.Any(owner => !IsMine(owner)))
        {
            Write(new Move(options.Self, options.Self, []), now, effects);
            return;
        }

        if (Next(now) is not { } next)
        {
            return;
        }

        move = next with { Request = ++request, Until = now + options.BarrierTimeout };
        Due(move.Until);
        effects.Barrier(request, next.From, next.To);
    }

    private void GiveUpWaiting(Move waits, TimeSpan now, IBalanceEffects effects)
    {
        if (waits.Writes)
        {
            OnWritten(ok: false, now, effects);
        }
        else
        {
            OnPassed(ok: false, now, effects);
        }
    }

    /// <summary>
    /// What has to leave a unit goes first and all at once; what a unit gains comes in steps. Null: every bucket is where it should be, or
    /// the next step is not due.
    /// </summary>
    private Move? Next(TimeSpan now)
    {
        BalanceShare[] entitled = [.. Entitled()];
        var target = BucketAssignment.Assign(owners, entitled);
        Move? gain = null;
        foreach (var group in Enumerable.Range(0, owners.Length).Where(each => target[each] != owners[each]).GroupBy(each => owners[each]))
        {
            var to = group.GroupBy(bucket => target[bucket]).MaxBy(some => some.Count())!;
            if (entitled.All(unit => unit.Unit != group.Key))
            {
                return new Move(group.Key, to.Key, [.. to]);
            }

            gain ??= new Move(group.Key, to.Key, [.. to.Take(IsMine(to.Key) ? to.Count() : options.StepBuckets)]);
        }

        if (gain is not null && now < nextGainAt)
        {
            Due(nextGainAt);
            return null;
        }

        return gain;
    }

    private void OnPassed(bool ok, TimeSpan now, IBalanceEffects effects)
    {
        var passed = move!;
        move = null;
        if (!ok && IsEntitled(passed.From))
        {
            retryAt = now + options.RetryDelay;
            effects.Record($"{NameOf(passed.To)} did not confirm the sessions of {NameOf(passed.From)} in time: no bucket moves");
            return;
        }

        if (!IsEntitled(passed.To))
        {
            // What it was to get it may not have any more: the next look finds another.
            return;
        }

        if (!ok)
        {
            effects.Record(
                $"{NameOf(passed.From)} may not carry on, and {NameOf(passed.To)} did not confirm its sessions in time: "
                    + $"{passed.Buckets.Count} buckets move all the same"
            );
        }

        foreach (var bucket in passed.Buckets)
        {
            // A unit that went meanwhile has had its buckets taken.
            owners[bucket] = owners[bucket] == passed.From ? passed.To : owners[bucket];
        }

        Write(passed, now, effects);
    }

    private void Write(Move of, TimeSpan now, IBalanceEffects effects)
    {
        foreach (var owner in owners)
        {
            Check(IsMine(owner) || members.ContainsKey(owner), "a bucket has an owner that is not there");
        }

        stale = false;
        move = of with { Request = ++request, Until = now + options.BarrierTimeout, Writes = true };
        Due(move.Until);
        effects.Write(request, owners);
    }

    private void OnWritten(bool ok, TimeSpan now, IBalanceEffects effects)
    {
        move = null;
        nextGainAt = now + options.StepInterval;
        if (ok)
        {
            return;
        }

        // The primary holds every session, as far as it was ever told.
        owners = Mine();
        retryAt = now + options.RetryDelay;
        effects.Withdraw();
        effects.Record("the table that hands flows on could not be written: this unit carries all of them");
    }

    /// <summary>Who may have buckets now: this unit always.</summary>
    private IEnumerable<BalanceShare> Entitled() =>
        members
            .Where(each => IsEntitled(each.Key))
            .OrderBy(each => each.Key.Number)
            .Select(each => new BalanceShare(each.Key, each.Value.Seen.Weight))
            .Prepend(new BalanceShare(options.Self, options.Weight));

    private bool IsEntitled(UnitId unit) =>
        IsMine(unit) || (whyOff is null && members.TryGetValue(unit, out var member) && member is { Phase: Phase.Open, Seen.Fit: true });

    private bool IsMine(UnitId unit) => unit == options.Self;

    private string NameOf(UnitId unit) => members.TryGetValue(unit, out var member) ? member.Seen.Name : "the primary";

    private UnitId[] Mine()
    {
        var mine = new UnitId[BucketAssignment.Buckets];
        Array.Fill(mine, options.Self);
        return mine;
    }

    private void Due(TimeSpan at) => NextDeadline = at < NextDeadline ? at : NextDeadline;

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"Load balancing broke its own rule: {otherwise}.");
        }
    }

    private sealed class Member
    {
        public Phase Phase { get; set; }

        public BalanceUnit Seen { get; set; }

        /// <summary>When its phase began; in the phase Away: when it may be opened at the earliest.</summary>
        public TimeSpan Since { get; set; }

        /// <summary>Since when it may carry; null: it may not.</summary>
        public TimeSpan? FitSince { get; set; }
    }

    private sealed record Move(UnitId From, UnitId To, IReadOnlyList<int> Buckets)
    {
        public RequestId Request { get; init; }

        public TimeSpan Until { get; init; }

        public bool Writes { get; init; }
    }
}
