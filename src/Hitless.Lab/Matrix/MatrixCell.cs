using Hitless.Lab.Tools;

namespace Hitless.Lab.Matrix;

/// <summary>
/// One cell of the fault matrix, <c>STEP:FAULT</c>. <c>STEP</c> is the name of a step, with <c>.2</c> for its second time in the run and
/// with <c>+</c> for the moment after it is done (else: when it stands in the journal and before it acts). <c>start</c> is the moment
/// before the run is asked for. <c>image:NAME</c> is an image that is no good.
/// </summary>
public sealed record MatrixCell(string Step, int Time, bool AfterIt, string Fault)
{
    private const string Start = "start";

    /// <summary>The steps of an automatic run that are gone through once for each unit.</summary>
    private static readonly string[] PerUnit = ["copy", "install", "trial", "rejoin", "verify", "confirm"];

    /// <summary>The steps of an automatic run that come once.</summary>
    private static readonly string[] Once =
    [
        "preflight",
        "backup",
        "freeze",
        "switchover",
        "service-check",
        "soak",
        "final-primary",
        "release",
    ];

    /// <summary>The standby's disk is full.</summary>
    public const string DiskFull = "disk-full";

    /// <summary>The standby's disk is full when the primary's power goes.</summary>
    public const string TakeoverOnFullDisk = "disk-full-off-primary";

    /// <summary>What happens to a unit at a step; <c>primary</c> and <c>standby</c> at the end say to which.</summary>
    public static IReadOnlyList<string> Faults { get; } =
    [
        "kill-primary",
        "kill-standby",
        "off-primary",
        "off-standby",
        "off-both",
        "heartbeat-cut",
        "data-cut",
        DiskFull,
        "disk-full-kill-standby",
        TakeoverOnFullDisk,
        "route-lost-primary",
        "route-lost-standby",
        "sysctl-reset-primary",
        "sysctl-reset-standby",
        "ruleset-flushed-primary",
        "ruleset-flushed-standby",
        "interface-anew-primary",
        "interface-anew-standby",
    ];

    /// <summary>A disk is full, so every unit needs a small one of its own.</summary>
    public bool FillsDisk => Fault.StartsWith(DiskFull, StringComparison.Ordinal);

    /// <summary>The primary forwards nothing for as long as the fault lasts.</summary>
    public bool StopsPrimary => Fault is "off-primary" or TakeoverOnFullDisk or "interface-anew-primary";

    /// <summary>The step is an image that is no good, and the fault says how.</summary>
    public bool IsImage => Step == "image";

    /// <summary>The fault stands before the run is asked for.</summary>
    public bool IsBeforeStart => Step == Start;

    /// <summary>No run may begin.</summary>
    public bool IsRefused => IsBeforeStart || (IsImage && MatrixImages.IsRefused(Fault));

    /// <summary>Every cell.</summary>
    public static IEnumerable<MatrixCell> All =>
        [
            .. Faults
                .SelectMany(fault => (bool[])[false, true], (fault, after) => (fault, after))
                .SelectMany(f =>
                    Once.Select(step => new MatrixCell(step, 1, f.after, f.fault))
                        .Concat(PerUnit.SelectMany(step => (int[])[1, 2], (step, time) => new MatrixCell(step, time, f.after, f.fault)))
                ),
            new MatrixCell(Start, 1, false, DiskFull),
            .. MatrixImages.Names.Select(name => new MatrixCell("image", 1, false, name)),
        ];

    /// <summary>Reads <c>STEP[.2][+]:FAULT</c>.</summary>
    public static MatrixCell Parse(string text)
    {
        var parts = text.Split(':');
        var after = parts[0].EndsWith('+');
        var step = parts[0].TrimEnd('+').Split('.');
        var cell =
            parts.Length == 2 && step.Length <= 2 && (step.Length == 1 || int.TryParse(step[1], out _))
                ? new MatrixCell(step[0], step.Length == 2 ? int.Parse(step[1]) : 1, after, parts[1])
                : null;
        return cell is not null && All.Contains(cell)
            ? cell
            : throw new LabException($"\"{text}\" is no cell of the matrix", "hitless lab matrix --list shows them all");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Step}{(Time > 1 ? $".{Time}" : "")}{(AfterIt ? "+" : "")}:{Fault}";
}

/// <summary>
/// What became of a cell. <c>Good</c>: completed or rolled back by itself, every unit on the version that the verdict says, and no
/// connection lost while a good unit was up (one that restarts into its new slot has no sessions yet).
/// </summary>
public sealed record MatrixOutcome(
    string Cell,
    bool Good,
    string Verdict,
    string Versions,
    long ConnectionsLost,
    long PacketsLost,
    double LongestGapMs,
    double Seconds,
    string? Why
)
{
    /// <summary>The cell's run did not come to an end.</summary>
    public const string NoVerdict = "none";
}
