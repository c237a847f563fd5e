namespace Hitless.Core.Api;

/// <summary><c>POST /v1/upgrade/check|plan|start</c>. <c>Image</c> is the hash (or its unique beginning) of an uploaded image.</summary>
public sealed record UpgradeRequest(string Image, bool Guided, bool KeepPrimary);

/// <summary>One readiness check: a stable identifier, pass, warn or fail, what was found, and what to do about it.</summary>
public sealed record CheckResult(string Id, string Result, string Text, string? Remedy);

/// <summary><c>POST /v1/upgrade/check</c>.</summary>
public sealed record UpgradeCheck(string Image, string Version, bool Ready, IReadOnlyList<CheckResult> Checks);

/// <summary><c>POST /v1/upgrade/plan</c>: each step, and who is primary after it by which rule.</summary>
public sealed record UpgradePlan(string Image, string From, string To, string Mode, IReadOnlyList<PlannedStep> Steps, string FinalPrimary, string FinalReason, bool SecondSwitch);

/// <summary>A step of a plan.</summary>
public sealed record PlannedStep(int Index, string Name, string? Unit, string PrimaryAfter, string Text);

/// <summary><c>GET /v1/upgrade/status</c>, and each line of <c>GET /v1/upgrade/watch</c> (server-sent events). <c>State</c>: running, waiting, paused, rolling-back, completed, rolled-back, failed.</summary>
public sealed record RunStatus(
    string Run,
    string Mode,
    string State,
    string From,
    string To,
    int StepIndex,
    int StepCount,
    string Step,
    string? Unit,
    int Percent,
    string Text,
    IReadOnlyList<ReportStep> Steps);

/// <summary><c>GET /v1/upgrade/report</c> (contract.md). Durations in milliseconds.</summary>
public sealed record RunReport(
    string Run,
    string Mode,
    string Verdict,
    string From,
    string To,
    DateTimeOffset StartedAt,
    double DurationMs,
    string? Reason,
    IReadOnlyList<ReportStep> Steps,
    IReadOnlyList<ReportElection> Elections,
    ReportSessions Sessions,
    double LongestGapMs,
    IReadOnlyList<ReportUnit> Units);

/// <summary>A step as it went. <c>Result</c>: running, done, skipped, failed.</summary>
public sealed record ReportStep(string Name, string? Unit, DateTimeOffset StartedAt, double DurationMs, string Result, string? Detail);

/// <summary>A change of primary during the run.</summary>
public sealed record ReportElection(long Epoch, string Primary, string Reason);

/// <summary>Sessions at the switch: how many stood before it, how many of those afterwards, how many not, and how many of those were critical.</summary>
public sealed record ReportSessions(long Before, long Survived, long Lost, long CriticalLost);

/// <summary>A unit before and after the run.</summary>
public sealed record ReportUnit(string Name, string VersionBefore, string VersionAfter, string SlotBefore, string SlotAfter);

/// <summary>An image in the store of a unit (<c>GET /v1/firmware</c>).</summary>
public sealed record ImageInfo(string Hash, string Product, string Version, string Platform, long SizeBytes, string Activation, string SignedBy, string ReleaseNotes, IReadOnlyList<string> UpgradeFrom, string WireRange);
