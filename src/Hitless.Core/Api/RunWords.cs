using System.Text.Json.Serialization;

namespace Hitless.Core.Api;

/// <summary>What a check has found, in <see cref="CheckResult.Result"/>.</summary>
[JsonConverter(typeof(WordConverter<CheckOutcome>))]
public readonly record struct CheckOutcome(string? Word) : IWord<CheckOutcome>
{
    /// <summary>Nothing stands in the way.</summary>
    public static readonly CheckOutcome Pass = new("pass");

    /// <summary>It works, and somebody should look at it.</summary>
    public static readonly CheckOutcome Warn = new("warn");

    /// <summary>It must not go on.</summary>
    public static readonly CheckOutcome Fail = new("fail");

    /// <inheritdoc/>
    public static CheckOutcome Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}

/// <summary>
/// Where a run stands, in <see cref="RunStatus.State"/>; the last three are its ends, and verdicts in <see cref="RunReport.Verdict"/>.
/// </summary>
[JsonConverter(typeof(WordConverter<RunState>))]
public readonly record struct RunState(string? Word) : IWord<RunState>
{
    /// <summary>It goes on by itself.</summary>
    public static readonly RunState Running = new("running");

    /// <summary>It waits at a gate.</summary>
    public static readonly RunState Waiting = new("waiting");

    /// <summary>An operator has stopped it between two steps.</summary>
    public static readonly RunState Paused = new("paused");

    /// <summary>It takes back what it has done.</summary>
    public static readonly RunState RollingBack = new("rolling-back");

    /// <summary>Every unit that was to be upgraded runs the new version.</summary>
    public static readonly RunState Completed = new("completed");

    /// <summary>Every unit runs what it ran before.</summary>
    public static readonly RunState RolledBack = new("rolled-back");

    /// <summary>An operator ended the run in between, or a unit that is there could not be brought to the version of the others.</summary>
    public static readonly RunState Failed = new("failed");

    /// <summary>It is over.</summary>
    public bool HasEnded => this == Completed || this == RolledBack || this == Failed;

    /// <summary>It goes on when an operator says so.</summary>
    public bool IsWaiting => this == Waiting || this == Paused;

    /// <inheritdoc/>
    public static RunState Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}

/// <summary>How a step has gone, in <see cref="ReportStep.Result"/>.</summary>
[JsonConverter(typeof(WordConverter<StepResult>))]
public readonly record struct StepResult(string? Word) : IWord<StepResult>
{
    /// <summary>It is under way.</summary>
    public static readonly StepResult Running = new("running");

    /// <summary>It has reached its goal.</summary>
    public static readonly StepResult Done = new("done");

    /// <summary>There was nothing to do.</summary>
    public static readonly StepResult Skipped = new("skipped");

    /// <summary>It has not reached its goal.</summary>
    public static readonly StepResult Failed = new("failed");

    /// <inheritdoc/>
    public static StepResult Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}
