using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Wire;

namespace Hitless.Core.Upgrade;

/// <summary>What a run is about, fixed when it starts; the first entry of its journal. <c>Image</c> is the image's hash.</summary>
public sealed record RunHeader(
    string Run,
    string Image,
    string From,
    string To,
    bool Guided,
    bool KeepPrimary,
    string FormerPrimary,
    IReadOnlyList<RunMember> Members,
    DateTimeOffset StartedAt,
    long SoakMs,
    long RejoinTimeoutMs
)
{
    /// <summary>
    /// Counts the runs that the primary which began this one knew, this one included: what orders runs that began in one epoch. 0: an older
    /// version began it.
    /// </summary>
    public long Number { get; init; }

    /// <summary>The units that are to run <see cref="To"/> in the end; null: all of them. A rehearsal changes none.</summary>
    public IReadOnlyList<string>? Units { get; init; }

    /// <summary>Standbys carry flows too (mode active-active): load balancing is turned off first, and on at the end.</summary>
    public bool Balanced { get; init; }

    /// <summary>All standbys at once, not one after the other.</summary>
    public bool Parallel { get; init; }

    /// <summary>A unit that is ready is taken out only while two others are (<see cref="Redundancy"/>).</summary>
    public bool KeepRedundancy { get; init; }

    /// <summary>
    /// Every unit at once, the one that carries the traffic too: the exception from invariants 4 and 5 that an operator asks for
    /// (docs/decisions/0028).
    /// </summary>
    public bool Simultaneous { get; init; }

    /// <summary>
    /// The operator confirms that traffic may be interrupted: by a simultaneous run, or at the switch for the sessions that are bound to
    /// the primary.
    /// </summary>
    public bool AcceptInterruption { get; init; }

    /// <summary>What the image's converter loses or changes is as the operator wants it.</summary>
    public bool AcceptConversion { get; init; }

    /// <summary>A trial switchover, there and back, comes first.</summary>
    public bool Rehearse { get; init; }

    /// <summary>Nothing but the trial switchover: no unit is touched.</summary>
    public bool RehearseOnly { get; init; }

    /// <summary>What a rehearsal of the image measured before the run; null: there was none.</summary>
    public RunBaseline? Baseline { get; init; }

    /// <summary>The ended run that this one takes back, from the slots that still hold the old version.</summary>
    public string? TakesBack { get; init; }

    /// <summary>An operator wants a version below the minimum all the same.</summary>
    public bool AllowDowngrade { get; init; }

    /// <summary>An operator wants the run although no maintenance window is open.</summary>
    public bool OutsideWindow { get; init; }

    /// <summary>Nothing that could not finish begins so late that it would reach beyond this; null: no limit.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Gates that somebody outside opens.</summary>
    public IReadOnlyList<OutsideGate> Gates
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>Whether the unit is to run <see cref="To"/> in the end.</summary>
    public bool Includes(string unit) => Units?.Contains(unit) ?? true;

    /// <summary>Whether the image has to suit the unit.</summary>
    public bool Concerns(string unit) => RehearseOnly || Includes(unit);

    /// <summary>What the unit runs when the run has gone well.</summary>
    public string Goal(RunMember member) => Includes(member.Name) ? To : member.Version;

    /// <summary>
    /// Whether a step switches to a unit that runs <paramref name="version"/> in order to take the run back: there is no other way out
    /// then, even where that unit is worse.
    /// </summary>
    public bool SwitchesBack(RunStep step, string version) =>
        step.Name == RunStep.Switchover
        && Members.FirstOrDefault(m => m.Name == step.Target) is { } member
        && (RehearseOnly || version != Goal(member));

    /// <summary>
    /// Who carries the traffic while the former primary is upgraded: an upgraded standby before another, then the highest priority, as the
    /// election would have it among equals.
    /// </summary>
    public RunMember? Heir =>
        Members
            .Where(m => m.Name != FormerPrimary)
            .OrderByDescending(m => Includes(m.Name))
            .ThenByDescending(m => m.Priority)
            .FirstOrDefault();
}

/// <summary>A unit that takes part, as it was before the run.</summary>
public sealed record RunMember(string Name, string Version, string Slot, int Priority)
{
    /// <summary>The unit's serial: what the election asks last.</summary>
    public UnitId Serial { get; init; }
}
