namespace Hitless.Bench.Failover;

/// <summary>One line of the table: a pair, set up in one way, and what happens to it.</summary>
internal sealed record FailoverCase(string Name, string Product, bool Planned, Func<IGatewayPair> Make)
{
    /// <summary>What was measured so far.</summary>
    public List<FailoverSample> Samples { get; } = [];
}

/// <summary>One event: the probe's longest gap in milliseconds, lost packets (one each millisecond), long connections asked for and lost.</summary>
internal sealed record FailoverSample(double GapMs, long PacketsLost, long Duplicated, int Connections, int ConnectionsLost, long NewLost);
