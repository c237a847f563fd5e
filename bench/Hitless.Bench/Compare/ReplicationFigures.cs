namespace Hitless.Bench.Compare;

/// <summary>
/// What a product needed to replicate sessions: seconds of a core for 100,000 of them, the most a second that all arrived
/// (<paramref name="GeneratorEnded"/>: more were not made), seconds from a standby's power to its full table, and megabytes of memory.
/// </summary>
internal sealed record ReplicationFigures(
    string Product,
    double PrimarySeconds,
    double StandbySeconds,
    double JoinSeconds,
    double PrimaryMb,
    double StandbyMb,
    int PerSecond,
    bool GeneratorEnded
);
