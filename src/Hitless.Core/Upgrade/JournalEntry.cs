using System.Text.Json.Serialization;
using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Upgrade;

/// <summary>
/// One line of a run's journal. It is on a disk (docs/decisions/0056) before the effect that it announces. Of two journals of one run
/// <see cref="RunJournal.Compare"/> says which is the true one, by <c>Epoch</c>, <c>Sequence</c> and <c>Unit</c> of their last entries.
/// </summary>
public sealed record JournalEntry(
    string Run,
    long Epoch,
    long Sequence,
    DateTimeOffset Time,
    string Unit,
    JournalEntryKind Kind,
    string Step,
    string? Target,
    string? Detail
)
{
    /// <summary>How the run has ended; null: it has not.</summary>
    [JsonIgnore]
    public RunState? Verdict => Kind == JournalEntryKind.End ? RunState.Of(Detail) : null;

    /// <summary>The run's header; in its first entry only.</summary>
    public RunHeader? Header { get; init; }

    /// <summary>Sessions at a switch: before, survived, lost, critical lost.</summary>
    public RunSessions? Sessions { get; init; }

    /// <summary>
    /// Which start of each target's daemon the step found (<see cref="UnitFacts.Tag"/>), in the order of <see cref="RunStep.Targets"/>: a
    /// successor sees what has restarted since.
    /// </summary>
    public IReadOnlyList<IncarnationTag>? Tags { get; init; }

    /// <summary>
    /// Whether the traffic has gone on since the switch to <see cref="Unit"/>: at the end of a soak and of a run, and where a run goes back
    /// because it did not.
    /// </summary>
    public ReportTraffic? Traffic { get; init; }

    /// <summary>The share of the packets, 0 to 1, that the primary dropped at the end of a soak.</summary>
    public double? DropShare { get; init; }

    /// <summary>
    /// The fewest units that were ready at once since <see cref="Unit"/> drives the run, in one that keeps redundancy; null: in any other.
    /// </summary>
    public int? ReadyMin { get; init; }

    /// <summary>Longest time in milliseconds between a primary's last word and its successor's claim, at a switch.</summary>
    public double? GapMs { get; init; }
}

/// <summary>The kinds of journal entries.</summary>
public enum JournalEntryKind
{
    /// <summary>The run begins.</summary>
    Begin,

    /// <summary>A unit that has become primary drives the run on.</summary>
    Drive,

    /// <summary>A step is about to act.</summary>
    Started,

    /// <summary>A step has reached its goal.</summary>
    Done,

    /// <summary>A step cannot reach its goal.</summary>
    Failed,

    /// <summary>From here on the run goes back.</summary>
    Rollback,

    /// <summary>An operator's word: pause, resume, abort or rehearse.</summary>
    Command,

    /// <summary>The run has ended; <c>Detail</c> is the verdict.</summary>
    End,
}

/// <summary>Sessions at a switch; those that have nothing to lose and do not follow are not in these numbers.</summary>
public sealed record RunSessions(long Before, long Survived, long Lost, long CriticalLost)
{
    /// <summary>Of <c>Lost</c>, those that could not follow: bound to the former primary, or excluded.</summary>
    public long LostForeseen { get; init; }

    /// <summary>The former primary's sessions by class; null: its version did not count them.</summary>
    public SessionClasses? Classes { get; init; }

    /// <summary>Those that do not follow, by cause.</summary>
    public IReadOnlyList<SessionCauseCount> Causes
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>Lost although they should have followed.</summary>
    [JsonIgnore]
    public long LostUnforeseen => Lost - LostForeseen;
}
