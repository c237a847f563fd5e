namespace Hitless.Lab.Cuts;

/// <summary>
/// How one row ended. <c>During</c>: who carried the traffic while it was cut. <c>OnePrimaryMs</c>: from the healing to the moment when the
/// other primary stepped down; null: there were never two. <c>Why</c>: what is wrong.
/// </summary>
public sealed record CutOutcome(
    string Cut,
    bool Good,
    string During,
    double GapMs,
    long PacketsLost,
    long ConnectionsLost,
    double? OnePrimaryMs,
    double ReadyMs,
    bool NeighboursRight,
    string Why
);
