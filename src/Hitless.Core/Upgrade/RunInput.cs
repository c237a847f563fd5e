using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Upgrade;

/// <summary>What can happen to a run.</summary>
public abstract record RunInput
{
    private RunInput() { }

    /// <summary>
    /// Time has passed; <paramref name="Units"/> is the cluster as the driver sees it; <paramref name="Breach"/> says what is wrong with
    /// the traffic that it carries, null: nothing; <paramref name="DropShare"/> which share of its packets it drops.
    /// </summary>
    public sealed record Tick(IReadOnlyList<UnitFacts> Units, string? Breach = null, double? DropShare = null) : RunInput
    {
        /// <summary>Whether the traffic has gone on since this unit became primary; null: nothing is known of that.</summary>
        public ReportTraffic? Traffic { get; init; }

        /// <summary>That is not decided yet.</summary>
        public bool Judging { get; init; }

        /// <summary>What the pages of alerts show that gates of the run look at, but for those that were not asked yet.</summary>
        public IReadOnlyList<GateSight> Gates { get; init; } = [];
    }

    /// <summary>This unit has become primary (or is no longer): it drives open runs on, from the journals that it can reach.</summary>
    public sealed record Drive(bool Primary, long Epoch, string Reason) : RunInput
    {
        /// <summary>
        /// Milliseconds between the former primary's last word and this unit's claim; null: not known, or nothing was claimed.
        /// </summary>
        public double? GapMs { get; init; }
    }

    /// <summary>The furthest journal among the units that were reached; empty: no run is open.</summary>
    public sealed record Loaded(RequestId Request, IReadOnlyList<JournalEntry> Entries) : RunInput;

    /// <summary>Begin a run.</summary>
    public sealed record Start(RunHeader Header) : RunInput;

    /// <summary>
    /// An entry is on a disk at least, on each unit's where that can be. Not <paramref name="Ok"/>: on no disk at all, or a unit has a
    /// journal of this run that is further.
    /// </summary>
    public sealed record Appended(RequestId Request, bool Ok) : RunInput;

    /// <summary>An act has ended. <paramref name="Retry"/>: the unit could not be reached, so the act may yet succeed.</summary>
    public sealed record Replied(RequestId Request, bool Ok, bool Retry, string? Detail, RunSessions? Sessions, double? GapMs) : RunInput;

    /// <summary>An operator's word.</summary>
    public sealed record Command(RunCommand Word) : RunInput;

    /// <summary>Somebody's word for a gate that stands open to the outside.</summary>
    public sealed record Gate(GateWord Word) : RunInput;
}

/// <summary>What an operator can tell a run.</summary>
public enum RunCommand
{
    /// <summary>Open the gate that the run waits at.</summary>
    Next,

    /// <summary>Begin no further step.</summary>
    Pause,

    /// <summary>Go on.</summary>
    Resume,

    /// <summary>Go back to the old version, from wherever the run is.</summary>
    Rollback,

    /// <summary>End the run where that is safe: what is upgraded stays, nothing further is touched.</summary>
    Abort,

    /// <summary>A trial switchover, there and back, before a unit is touched.</summary>
    Rehearse,
}
