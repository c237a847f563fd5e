using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Upgrade;

/// <summary>
/// Drives an upgrade run on the unit that is primary.
/// <code>
///   Idle ──Start / Drive──▶ Loading ──▶ Choosing ──next step──▶ Noting ──on disk──▶ Acting ──goal reached──▶ Noting ──▶ Choosing
///                              ▲           │ last step done                            │ cannot be reached
///                              │           ▼                                           ▼
///        on no disk, or a unit │        Noting End ──▶ Idle                    Noting Rollback ──▶ Choosing (<see cref="WayBack"/>)
///        has a further journal '────── Noting
/// </code>
/// The journal is the state: whoever becomes primary loads it and goes on behind its last entry. Each step is a goal, so a step
/// that was under way is simply begun again.
/// </summary>
public sealed partial class RunMachine(string self)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly RunInput.Tick Nothing = new([]);
    private readonly List<JournalEntry> journal = [];
    private RunInput.Tick seen = Nothing;
    private IReadOnlyList<RunStep> forward = [];
    private RunHeader? header;
    private State state = State.Idle;
    private RunStep step;
    private JournalEntry? pending;
    private RequestId request;
    private long epoch;
    private bool driving;
    private string driveReason = "";
    private double? driveGapMs;
    private readonly GateDoor door = new();
    private RunCommand? wanted;
    private TimeSpan seenAt;
    private int? readyMin;
    private bool acted;
    private TimeSpan? loadAgainAt;
    private TimeSpan stepSince;
    private TimeSpan actAgainAt;
    private (string Unit, TimeSpan Since)? kept;
    private TimeSpan? settledSince;

    private enum State
    {
        Idle,
        Loading,
        Choosing,
        Noting,
        Acting,
    }

    /// <summary>The run that is open, if one is.</summary>
    public RunHeader? Header => header;

    /// <summary>The journal of the open run.</summary>
    public IReadOnlyList<JournalEntry> Journal => journal;

    /// <summary>Nothing is driven, and nothing is on its way to be.</summary>
    public bool Idle => state == State.Idle;

    /// <summary>The step under way, if one acts now.</summary>
    public RunStep? Acting => state == State.Acting ? step : null;

    /// <summary>The run waits for an operator to open the gate before its next step.</summary>
    public bool Waiting { get; private set; }

    /// <summary>An operator has asked the run to begin no further step.</summary>
    public bool Paused => RunJournal.IsPaused(journal);

    /// <summary>What a rehearsal measured, before the run or at its beginning; null: there was none.</summary>
    public RunBaseline? Baseline { get; private set; }

    /// <summary>The run is on its way back.</summary>
    public bool RollingBack => journal.Exists(e => e.Kind == JournalEntryKind.Rollback);

    /// <summary>
    /// Takes one input at <paramref name="now"/> (monotonic; <paramref name="wall"/> is for the journal) and says what to do.
    /// </summary>
    public void Step(RunInput input, TimeSpan now, DateTimeOffset wall, IRunEffects effects)
    {
        switch (input)
        {
            case RunInput.Tick tick:
                (seen, seenAt) = (tick, now);
                CountReady();
                break;
            case RunInput.Drive drive:
                OnDrive(drive, effects);
                break;
            case RunInput.Loaded loaded when state == State.Loading && loaded.Request == request:
                OnLoaded(loaded.Entries, wall, effects);
                break;
            case RunInput.Start start when state == State.Idle && driving:
                Open([]);
                header = start.Header;
                readyMin = null;
                Plan();
                Note(Entry(JournalEntryKind.Begin, "begin", null, $"{header.From} to {header.To}", wall) with { Header = header }, effects);
                break;
            case RunInput.Appended appended when state == State.Noting && appended.Request == request:
                OnAppended(appended.Ok, now, effects);
                break;
            case RunInput.Replied replied when state == State.Acting && replied.Request == request:
                OnReplied(replied, now, wall, effects);
                break;
            case RunInput.Command command when header is not null && driving:
                OnCommand(command.Word);
                break;
            case RunInput.Gate gate when header is not null && driving:
                door.Take(gate.Word);
                break;
            default:
                break;
        }

        if (state == State.Noting && now >= loadAgainAt)
        {
            Load(effects);
        }

        FailIfNothingGoesOn(wall, effects);

        // Nothing is decided blindly: a new driver looks at the units first.
        if (state == State.Acting && seen.Units.Count > 0)
        {
            Watch(now, wall, effects);
        }

        if (state == State.Choosing && seen.Units.Count > 0)
        {
            Choose(now, wall, effects);
        }
    }

    private void CountReady()
    {
        if (header is { KeepRedundancy: true } && seen.Units.Count > 0)
        {
            readyMin = Math.Min(readyMin ?? int.MaxValue, Redundancy.Count(seen.Units, self));
        }
    }

    /// <summary>Whether this unit drives a run in this epoch already, or looks for one: to be told so once more changes nothing.</summary>
    public bool Drives(long inEpoch) => driving && epoch == inEpoch && state != State.Idle;

    private void OnDrive(RunInput.Drive drive, IRunEffects effects)
    {
        if (drive.Primary && Drives(drive.Epoch))
        {
            driveGapMs ??= drive.GapMs;
            return;
        }

        driving = drive.Primary;
        epoch = drive.Epoch;
        driveReason = drive.Reason;
        driveGapMs = drive.GapMs;
        (seen, readyMin) = (Nothing, null);
        Open([]);
        if (driving)
        {
            Load(effects);
        }
    }

    private void Load(IRunEffects effects)
    {
        Open([]);
        state = State.Loading;
        effects.Load(++request);
    }

    private void OnLoaded(IReadOnlyList<JournalEntry> entries, DateTimeOffset wall, IRunEffects effects)
    {
        Open(entries);

        // A journal of a higher epoch has another driver, even if this unit has not heard of it yet.
        if (!RunJournal.IsOpen(entries) || entries[0].Header is null || entries[^1].Epoch > epoch)
        {
            Open([]);
            return;
        }

        header = entries[0].Header!;
        Plan();
        Note(Entry(JournalEntryKind.Drive, "drive", self, driveReason, wall) with { GapMs = driveGapMs }, effects);
    }

    private void Open(IReadOnlyList<JournalEntry> entries)
    {
        journal.Clear();
        journal.AddRange(entries);
        header = null;
        state = State.Idle;
        pending = null;
        door.OpenedByOperator = false;
        door.Forget();
        wanted = null;
        loadAgainAt = null;
        kept = null;
        settledSince = null;
        Waiting = false;
    }

    private void OnCommand(RunCommand word)
    {
        if (word == RunCommand.Next)
        {
            // Only the gate that is shut now: a word said too early must not open the next one.
            door.OpenedByOperator = Waiting;
        }
        else
        {
            door.OpenedByOperator |= word == RunCommand.Rehearse && Waiting;
            wanted = word;
        }
    }

    private void OnAppended(bool ok, TimeSpan now, IRunEffects effects)
    {
        if (!ok)
        {
            // On no disk, or somebody has a journal that is further: nothing may act on the entry. Look again what is true.
            loadAgainAt = now + RetryDelay;
            return;
        }

        var entry = pending!;
        journal.Add(entry);
        pending = null;
        stepSince = now;
        if (entry.Verdict is { } verdict)
        {
            var ended = header!;
            JournalEntry[] whole = [.. journal];
            Open([]);
            effects.Ended(ended, verdict, whole);
        }
        else if (entry.Kind == JournalEntryKind.Started)
        {
            state = State.Acting;
            actAgainAt = now;
            acted = false;
        }
        else
        {
            // A unit that has just handed over refuses for a moment: each refusal is a line of the report.
            actAgainAt = entry.Kind == JournalEntryKind.Failed ? now + LookAgain : actAgainAt;
            Plan();
            state = State.Choosing;
        }
    }

    private void Plan()
    {
        forward = RunPlan.Steps(header!, journal);
        Baseline = header!.RehearseOnly ? null : Rehearsal.Measured(journal) ?? header.Baseline;
    }

    private void Begin(RunStep next, DateTimeOffset wall, IRunEffects effects)
    {
        step = next;
        Note(
            Entry(JournalEntryKind.Started, step.Name, step.Target, RunPlan.Describe(step), wall) with
            {
                Tags = [.. step.Targets.Select(t => Facts(t).Tag)],
            },
            effects
        );
    }

    private void Note(JournalEntry entry, IRunEffects effects)
    {
        // What kept the run on its way forward has its time anew on the way back.
        kept = entry.Kind == JournalEntryKind.Rollback ? null : kept;
        pending = entry with { ReadyMin = readyMin };
        state = State.Noting;
        Waiting = false;
        effects.Append(++request, pending);
    }

    private JournalEntry Entry(JournalEntryKind kind, string name, string? target, string? detail, DateTimeOffset wall) =>
        new(header!.Run, epoch, journal.Count == 0 ? 1 : journal[^1].Sequence + 1, wall, self, kind, name, target, detail);

    private UnitFacts Facts(string? name)
    {
        foreach (var facts in seen.Units)
        {
            if (facts.Name == name)
            {
                return facts;
            }
        }

        return default;
    }

    private TimeSpan RejoinTimeout => TimeSpan.FromMilliseconds(header!.RejoinTimeoutMs);
}
