namespace Hitless.Bench.Failover;

/// <summary>One line of the table: a pair, set up in one way, and what happens to it.</summary>
internal sealed record FailoverCase(FailoverEvent Event, string Variant, string Product, Func<IGatewayPair> Make)
{
    /// <summary>The variant that both products have as they come.</summary>
    public const string Defaults = "defaults";

    /// <summary>The event and how the pair is set up for it.</summary>
    public string Name => Variant.Length == 0 ? Event.Name : $"{Event.Name}, {Variant}";

    /// <summary>What was measured so far.</summary>
    public List<FailoverSample> Samples { get; } = [];
}

/// <summary>
/// One event: the probe's longest gap in milliseconds, and the probe's own longest pause (a gap no longer than that says nothing); lost
/// packets and how many go in a millisecond; long connections asked for and lost. <c>Remark</c>: what else was counted.
/// </summary>
internal sealed record FailoverSample(
    double GapMs,
    double OwnPauseMs,
    double OutageMs,
    long PacketsLost,
    long Duplicated,
    int Connections,
    int ConnectionsLost,
    long NewLost,
    string Remark
);
