using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;

namespace Hitless.Core.Units;

/// <summary>
/// A unit's management: it keeps the journals of runs on every disk, and drives a run while the unit is primary. Around the
/// <see cref="RunMachine"/> it does three things, each a round of questions to units that ends when all have answered:
/// <code>
///   append   every entry is written on this unit and on each that is present      all answered ──▶ durable or not (rule 7)
///   collect  a new driver asks the same units for their journals   all answered ──▶ the furthest is written here ──▶ loaded
///   follow   a standby that may lack an entry asks the primary                        answered ──▶ written here
/// </code>
/// A primary that drives nothing goes on with a run that another unit says is open.
/// </summary>
public sealed class ManagementMachine(string self) : IRunEffects
{
    private static readonly TimeSpan OrphanInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(500);
    private readonly RunMachine run = new(self);
    private readonly Dictionary<RequestId, Round> rounds = [];
    private RequestId lastRound;
    private IReadOnlyList<UnitFacts> units = [];
    private IncarnationTag followedTag;
    private TimeSpan orphanAt;
    private TimeSpan followAt;
    private IManagementEffects effects = null!;

    private enum Purpose
    {
        Append,
        Collect,
        Keep,
        Follow,
    }

    /// <summary>The run that this unit drives, if it drives one.</summary>
    public RunHeader? Header => run.Header;

    /// <summary>The run that this unit drives waits at a gate.</summary>
    public bool Waiting => run.Waiting;

    /// <summary>What a rehearsal measured; <see cref="RunMachine.Baseline"/>.</summary>
    public RunBaseline? Baseline => run.Baseline;

    /// <summary>When the cluster has to be looked at again although nothing has changed (monotonic); null: only when it changes.</summary>
    public TimeSpan? LookAgainAt { get; private set; }

    /// <summary>
    /// Takes one input at <paramref name="now"/> (monotonic; <paramref name="wall"/> is for the journal) and says what to do.
    /// </summary>
    public void Step(ManagementInput input, TimeSpan now, DateTimeOffset wall, IManagementEffects wanted)
    {
        effects = wanted;
        switch (input)
        {
            case ManagementInput.Seen seen:
                OnSeen(seen, now, wall);
                break;
            case ManagementInput.Role role:
                if (!(role.Drive.Primary && run.Drives(role.Drive.Epoch)))
                {
                    effects.CancelAct();
                }

                run.Step(role.Drive, now, wall, this);
                break;
            case ManagementInput.Passed passed:
                run.Step(passed.Run, now, wall, this);
                break;
            case ManagementInput.Written written when Take(written.Round, written.Unit) is { } round:
                round.Copies.Add(written.Copy);
                End(round, now, wall);
                break;
            case ManagementInput.Found found when Take(found.Round, found.Unit) is { } round:
                if (found.Journal is { } journal)
                {
                    round.Journals.Add((found.Unit, journal));
                }

                End(round, now, wall);
                break;
            default:
                break;
        }
    }

    void IRunEffects.Append(RequestId request, JournalEntry entry)
    {
        effects.Announce(entry);
        IReadOnlyList<JournalEntry> journal = [.. run.Journal, entry];
        var round = Open(Purpose.Append, Everybody(), request);
        foreach (var unit in round.Units)
        {
            effects.Write(round.Id, unit, journal);
        }
    }

    void IRunEffects.Load(RequestId request)
    {
        var round = Open(Purpose.Collect, Everybody(), request);
        foreach (var unit in round.Units)
        {
            effects.Read(round.Id, unit);
        }
    }

    void IRunEffects.Act(RequestId request, RunStep step, RunHeader header) => effects.Act(request, step, header);

    void IRunEffects.Ended(RunHeader header, RunState verdict, IReadOnlyList<JournalEntry> journal) => effects.Ended(header, verdict);

    private void OnSeen(ManagementInput.Seen seen, TimeSpan now, DateTimeOffset wall)
    {
        units = seen.Units;
        LookAgainAt = null;
        if (run.Header is not null)
        {
            // Seen before the run was driven, it says nothing of the traffic: the next look does.
            if (seen.Run is { } tick)
            {
                run.Step(tick, now, wall, this);
            }

            return;
        }

        var isPrimary = units.Any(unit => unit.Name == self && unit.Primary);
        if (isPrimary)
        {
            DriveOrphan(seen, now, wall);
        }
        else
        {
            Follow(now);
        }
    }

    /// <summary>
    /// A unit has (come back with) a run that is open for it, and nobody drives one. This unit, too: its disk was full when the end was
    /// written, which others have.
    /// </summary>
    private void DriveOrphan(ManagementInput.Seen seen, TimeSpan now, DateTimeOffset wall)
    {
        if (!units.Any(unit => unit is { Present: true, RunOpen: true }))
        {
            return;
        }

        if (run.Idle && now >= orphanAt)
        {
            orphanAt = now + OrphanInterval;
            run.Step(new RunInput.Drive(Primary: true, seen.Epoch, seen.Reason), now, wall, this);
        }

        LookAgainAt = orphanAt;
    }

    /// <summary>
    /// The driver sends every present unit each entry, but a unit that was just starting when the last one was written would otherwise
    /// hold a run for open that has ended.
    /// </summary>
    private void Follow(TimeSpan now)
    {
        var primary = units.FirstOrDefault(unit => unit is { Primary: true, Present: true });
        var open = units.Any(unit => unit.Name == self && unit.RunOpen);
        if (primary.Name is null || (primary.Tag == followedTag && !open))
        {
            return;
        }

        if (now >= followAt && !rounds.Values.Any(round => round.Purpose == Purpose.Follow))
        {
            followAt = now + FollowInterval;
            effects.Read(Open(Purpose.Follow, [primary.Name], followed: primary.Tag).Id, primary.Name);
        }

        LookAgainAt = followAt > now ? followAt : null;
    }

    private List<string> Everybody() =>
        [.. units.Where(unit => unit.Present).Select(unit => unit.Name).Prepend(self).Distinct(StringComparer.Ordinal)];

    private Round Open(Purpose purpose, List<string> whom, RequestId request = default, IncarnationTag followed = default)
    {
        var round = new Round(++lastRound, purpose, whom) { Request = request, Followed = followed };
        rounds.Add(round.Id, round);
        return round;
    }

    /// <summary>The round that waits for this answer; null: none does any more.</summary>
    private Round? Take(RequestId id, string unit) => rounds.TryGetValue(id, out var round) && round.Awaited.Remove(unit) ? round : null;

    private void End(Round round, TimeSpan now, DateTimeOffset wall)
    {
        if (round.Awaited.Count > 0)
        {
            return;
        }

        rounds.Remove(round.Id);
        switch (round.Purpose)
        {
            case Purpose.Append:
                run.Step(new RunInput.Appended(round.Request, JournalReplication.IsDurable(round.Copies)), now, wall, this);
                break;
            case Purpose.Collect:
                Collected(round, now, wall);
                break;
            case Purpose.Keep:
                // What cannot be written here (a full disk) is gone on with all the same: the others have it.
                Loaded(round.Request, round.Journals[0].Journal, now, wall);
                break;
            case Purpose.Follow:
                LookAgainAt = followAt;
                Followed(round);
                break;
            default:
                break;
        }
    }

    private void Followed(Round round)
    {
        if (round.Journals is not [var (_, journal)])
        {
            return;
        }

        followedTag = round.Followed;
        if (journal.Count > 0)
        {
            effects.Write(RequestId.None, self, journal);
        }
    }

    private void Collected(Round round, TimeSpan now, DateTimeOffset wall)
    {
        var best = JournalReplication.Furthest(round.Journals.Select(found => found.Journal));
        foreach (var (unit, _) in round.Journals.Where(found => found.Unit != self && JournalReplication.MustLearnEnd(best, found.Journal)))
        {
            effects.Write(RequestId.None, unit, best);
        }

        if (best.Count == 0)
        {
            Loaded(round.Request, best, now, wall);
            return;
        }

        var keep = Open(Purpose.Keep, [self], round.Request);
        keep.Journals.Add((self, best));
        effects.Write(keep.Id, self, best);
    }

    private void Loaded(RequestId request, IReadOnlyList<JournalEntry> best, TimeSpan now, DateTimeOffset wall) =>
        run.Step(new RunInput.Loaded(request, RunJournal.IsOpen(best) ? best : []), now, wall, this);

    /// <summary>Questions to units, and what has been answered.</summary>
    private sealed class Round(RequestId id, Purpose purpose, List<string> units)
    {
        public RequestId Id { get; } = id;

        public Purpose Purpose { get; } = purpose;

        /// <summary>The run machine's, that the round is for.</summary>
        public RequestId Request { get; init; }

        /// <summary>The start of the primary's daemon that is followed.</summary>
        public IncarnationTag Followed { get; init; }

        public IReadOnlyList<string> Units { get; } = units;

        public HashSet<string> Awaited { get; } = new(units, StringComparer.Ordinal);

        public List<JournalCopy> Copies { get; } = [];

        public List<(string Unit, IReadOnlyList<JournalEntry> Journal)> Journals { get; } = [];
    }
}
