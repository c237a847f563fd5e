using Hitless.Core.Api;
using Hitless.Lab.Machine;
using Hitless.Lab.Traffic;

namespace Hitless.Lab.Demo;

/// <summary>
/// What <c>demo --json FILE</c> writes. <c>Verdict</c> is the run's; <c>Passed</c> says that it is the
/// expected one and that nothing was lost, <c>Problems</c> why not.
/// </summary>
public sealed record DemoReport(
    bool Passed,
    RunState Verdict,
    RunState Expected,
    IReadOnlyList<string> Problems,
    int? ExitCode,
    ClusterStatus? Before,
    ClusterStatus? Status,
    SyncReport? Configuration,
    SessionDifference? Difference,
    RunReport? Run,
    TrafficReport? Traffic
)
{
    /// <summary>When the machine itself stood still meanwhile: nothing that runs on it can make up for that.</summary>
    public IReadOnlyList<Standstill> Standstills { get; init; } = [];
}

/// <summary>What is asked of a demo.</summary>
public sealed record DemoOptions(string ImageTo, RunState Expected, int Connections, int RatePerSecond, TimeSpan Limit)
{
    /// <summary>What <c>upgrade start</c> is told beside the image.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];
}
