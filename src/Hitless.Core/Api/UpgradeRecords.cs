using System.Globalization;
using System.Text.Json.Serialization;

namespace Hitless.Core.Api;

/// <summary>
/// <c>POST /v1/upgrade/check|plan|start</c>. <c>Image</c> is the hash (or its unique beginning) of an uploaded image, or its version.
/// </summary>
public sealed record UpgradeRequest(string Image, bool Guided, bool KeepPrimary)
{
    private const string All = "all";

    /// <summary>Which units: <c>all</c>, <c>standbys</c>, or <c>this</c> (the unit that is asked).</summary>
    public string Extent
    {
        get;
        init => field = value ?? All;
    } = All;

    /// <summary>All standbys at once, not one after the other.</summary>
    public bool Parallel { get; init; }

    /// <summary>A unit is taken out only while two others are ready. With three or more units.</summary>
    public bool KeepRedundancy { get; init; }

    /// <summary>Every unit at once, the one that carries the traffic too: fast, and it may interrupt the traffic.</summary>
    public bool Simultaneous { get; init; }

    /// <summary>The operator has been told so, or that sessions are bound to the primary and will be lost, and confirms it.</summary>
    public bool AcceptInterruption { get; init; }

    /// <summary>The operator has seen what the image's converter loses or changes, and wants it so.</summary>
    public bool AcceptConversion { get; init; }

    /// <summary>A trial switchover, there and back, comes first.</summary>
    public bool Rehearse { get; init; }

    /// <summary>Nothing but the trial switchover.</summary>
    public bool RehearseOnly { get; init; }

    /// <summary>Begin nothing that would reach beyond this.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Begin although no maintenance window is open.</summary>
    public bool OutsideWindow { get; init; }

    /// <summary>Begin at this time at the earliest.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>An image below the minimum version is wanted all the same.</summary>
    public bool AllowDowngrade { get; init; }
}

/// <summary>One readiness check: a stable identifier, its outcome, what was found, and what to do about it.</summary>
public sealed record CheckResult(string Id, CheckOutcome Result, string Text, string? Remedy);

/// <summary><c>POST /v1/upgrade/check</c>.</summary>
public sealed record UpgradeCheck(string Image, string Version, bool Ready, IReadOnlyList<CheckResult> Checks);

/// <summary><c>POST /v1/upgrade/plan</c>: each step, and who is primary after it by which rule.</summary>
public sealed record UpgradePlan(
    string Image,
    string From,
    string To,
    string Mode,
    IReadOnlyList<PlannedStep> Steps,
    string FinalPrimary,
    string FinalReason,
    bool SecondSwitch
)
{
    /// <summary>Expected time, without what an operator takes at gates.</summary>
    public long TakesMs { get; init; }

    /// <summary>What the image's rehearsal measured, and the run will be held against; null: it was not rehearsed.</summary>
    public RunBaseline? Baseline { get; init; }
}

/// <summary>
/// What a rehearsal (run <paramref name="Run"/>) measured: the longest gap in milliseconds, and at its worst switch how many sessions stood
/// before and did not come along.
/// </summary>
public sealed record RunBaseline(string Run, DateTimeOffset At, double GapMs, long SessionsBefore, long SessionsLost)
{
    /// <summary>Of <c>SessionsLost</c>, those that could not follow.</summary>
    public long SessionsLostForeseen { get; init; }

    /// <summary>The share of the packets, 0 to 1, that the standby dropped while it carried the traffic; null: too few to say.</summary>
    public double? DropShare { get; init; }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"rehearsed {At.UtcDateTime:u}: longest gap {GapMs:F0} ms, {SessionsLost} of {SessionsBefore} sessions "
                + $"lost{(SessionsLostForeseen > 0 ? $", {SessionsLostForeseen} of them because they could not follow" : "")}"
                + $"{(DropShare is { } share ? $", {share:P1} of the packets dropped" : "")}"
        );
}

/// <summary>A step of a plan.</summary>
public sealed record PlannedStep(int Index, string Name, string? Unit, string PrimaryAfter, string Text)
{
    /// <summary>Expected time.</summary>
    public long TakesMs { get; init; }

    /// <summary>A guided run waits here for <c>upgrade next</c>.</summary>
    public bool Gate { get; init; }

    /// <summary>The gates of <c>upgrade.gates</c> that have to open before it.</summary>
    public IReadOnlyList<string> WaitsFor
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>
/// <c>GET /v1/upgrade/status</c>, and each line of <c>GET /v1/upgrade/watch</c> (server-sent events).
/// </summary>
public sealed record RunStatus(
    string Run,
    string Mode,
    RunState State,
    string From,
    string To,
    int StepIndex,
    int StepCount,
    string Step,
    string? Unit,
    int Percent,
    string Text,
    IReadOnlyList<ReportStep> Steps
)
{
    /// <summary>The gate that the run waits at; null: at none.</summary>
    public RunGate? Gate { get; init; }
}

/// <summary>
/// A gate of a run: the step behind it, what was checked before it, and the commands that an operator can choose from.
/// </summary>
public sealed record RunGate(string Step, string? Unit, string Text, IReadOnlyList<string> Checked, IReadOnlyList<GateOffer> Offers)
{
    /// <summary>The gate of <c>upgrade.gates</c> that the run waits for; null: the next one of a guided run.</summary>
    public string? Name { get; init; }
}

/// <summary><c>POST /v1/upgrade/gate</c>: what somebody says of a gate: the run may go on, or goes back.</summary>
/// <param name="Gate">The gate's name.</param>
/// <param name="Pass">It may go on.</param>
/// <param name="Reason">Why, in a line; null: not said.</param>
public sealed record GateWord(string Gate, bool Pass, string? Reason);

/// <summary>A command that is offered at a gate, and what it does.</summary>
public sealed record GateOffer(string Command, string Text);

/// <summary><c>GET /v1/upgrade/report</c> (contract.md). Durations in milliseconds.</summary>
public sealed record RunReport(
    string Run,
    string Mode,
    RunState Verdict,
    string From,
    string To,
    DateTimeOffset StartedAt,
    double DurationMs,
    string? Reason,
    IReadOnlyList<ReportStep> Steps,
    IReadOnlyList<ReportElection> Elections,
    ReportSessions Sessions,
    double LongestGapMs,
    IReadOnlyList<ReportUnit> Units
)
{
    /// <summary>
    /// Whether the traffic went on after the run's switch, by the new primary's kernel; null: a report of a version that did not ask.
    /// </summary>
    public ReportTraffic? Traffic { get; init; }

    /// <summary>
    /// What was otherwise around the traffic afterwards than before; null: the run has not ended, or a version made the report that does
    /// not compare.
    /// </summary>
    public ReportChanges? Changes { get; init; }

    /// <summary>
    /// The fewest units that were ready at once during the run, as those that drove it saw; null: the run was not started with
    /// <see cref="UpgradeRequest.KeepRedundancy"/>.
    /// </summary>
    public int? ReadyMin { get; init; }

    /// <summary>The gates' openings and other words of operators, in order.</summary>
    public IReadOnlyList<ReportWord> Words
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>Of a rehearsal: what it measured. Of a run: what it was held against; null: it was not rehearsed.</summary>
    public RunBaseline? Baseline { get; init; }

    /// <summary>The cluster's signature, once the run has ended.</summary>
    public ReportSignature? Signature { get; init; }
}

/// <summary>
/// The signature of a report: the cluster's public key (SubjectPublicKeyInfo), the bytes that were signed (this report as JSON without its
/// signature), and ECDSA P-256 with SHA-256 over them. All in base64.
/// </summary>
public sealed record ReportSignature(string Key, string Content, string Value);

/// <summary>What an operator said during the run.</summary>
public sealed record ReportWord(DateTimeOffset At, string Word);

/// <summary>A step as it went.</summary>
public sealed record ReportStep(string Name, string? Unit, DateTimeOffset StartedAt, double DurationMs, StepResult Result, string? Detail);

/// <summary>A change of primary during the run.</summary>
public sealed record ReportElection(long Epoch, string Primary, string Reason);

/// <summary>
/// Sessions at the run's switches, summed: how many went through the gateway before, how many of those afterwards, how many not, and how
/// many of those were critical. <c>Lost</c> includes those that could
/// not follow (bound, excluded). Null: not known, because the primary changed without a planned switch at least once.
/// </summary>
public sealed record ReportSessions(long? Before, long? Survived, long? Lost, long? CriticalLost)
{
    /// <summary>Changes of primary in the run; null: the version that wrote the report does not say.</summary>
    public int? Switches { get; init; }

    /// <summary>Of those, the ones at which nobody could say which sessions the former primary had.</summary>
    public int UnknownSwitches { get; init; }

    /// <summary>What is known of <c>Lost</c>: it is no less than this.</summary>
    public long LostAtLeast { get; init; }

    /// <summary>Of <c>LostAtLeast</c>, those that could not follow, as was said before the switch.</summary>
    public long LostForeseen { get; init; }

    /// <summary>The sessions of the former primaries by class; null: not known.</summary>
    public SessionClasses? Classes { get; init; }

    /// <summary>Those that do not follow, by cause.</summary>
    public IReadOnlyList<SessionCauseCount> Causes
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>What is not known, in words; null: nothing.</summary>
    public string? NotKnown { get; init; }
}

/// <summary>A unit before and after the run.</summary>
public sealed record ReportUnit(string Name, string VersionBefore, string VersionAfter, string SlotBefore, string SlotAfter)
{
    /// <summary>What it ran before the run.</summary>
    [JsonIgnore]
    public string Before => Words(VersionBefore, SlotBefore);

    /// <summary>What it ran in the end; "not known": it was not heard then.</summary>
    [JsonIgnore]
    public string After => WasHeard ? Words(VersionAfter, SlotAfter) : "not known, it was not heard";

    /// <summary>Whether it was there when the run ended.</summary>
    [JsonIgnore]
    public bool WasHeard => VersionAfter.Length > 0;

    private static string Words(string version, string slot) => $"{version} (slot {slot})";
}

/// <summary>An image in the store of a unit (<c>GET /v1/firmware</c>).</summary>
public sealed record ImageInfo(
    string Hash,
    string Product,
    string Version,
    string Platform,
    long SizeBytes,
    string Activation,
    string SignedBy,
    string ReleaseNotes,
    IReadOnlyList<string> UpgradeFrom,
    string WireRange
);
