namespace Hitless.Lab.Traffic;

/// <summary>
/// What traffic through the cluster saw. <c>ConnectionsLost</c> sums long connections, refused new ones and the download;
/// <c>PacketsLost</c> is the UDP probe's. Times are UTC, durations milliseconds.
/// </summary>
public sealed record TrafficReport(
    DateTimeOffset StartedAt,
    double DurationMs,
    long ConnectionsLost,
    long PacketsLost,
    double LongestGapMs,
    LongReport Long,
    ShortReport Short,
    DownloadReport Download,
    ProbeReport Probe
)
{
    /// <summary>True when no connection and no packet was lost and every asked-for connection stood.</summary>
    public bool Clean => ConnectionsLost == 0 && PacketsLost == 0 && Long.Opened == Long.Asked;

    /// <summary>What was lost, with the reason of the first few, as one line.</summary>
    public string Losses =>
        string.Join(
            "; ",
            [
                $"{ConnectionsLost} connections and {PacketsLost} packets lost, {Long.Opened} of {Long.Asked} opened",
                .. Long.Losses.Concat(Short.Failures).Take(5).Select(each => $"{each.Connection} at {each.At:HH:mm:ss.fff}: {each.Why}"),
                .. Download.Intact ? (string[])[] : [$"download: {Download.Why}"],
            ]
        );
}

/// <summary>
/// Long TCP connections with numbered messages. <c>Hidden</c> ones go through SNAT, <c>Forwarded</c> ones through DNAT. A stall is the time
/// from sending a message to seeing its echo; it is looked at every 5 ms.
/// </summary>
public sealed record LongReport(
    int Asked,
    int Opened,
    int Hidden,
    int Forwarded,
    int Ipv6,
    int Lost,
    long Messages,
    double LongestStallMs,
    DateTimeOffset? LongestStallAt,
    string? LongestStallOf,
    IReadOnlyList<LostConnection> Losses
);

/// <summary>New TCP connections, opened all the time: connect, ask, be answered, close. <c>SlowestMs</c> is the whole of it.</summary>
public sealed record ShortReport(
    long Opened,
    long Failed,
    double SlowestMs,
    DateTimeOffset? SlowestAt,
    IReadOnlyList<LostConnection> Failures
);

/// <summary>A connection that did not survive: between whom, when, and what the host's kernel said.</summary>
public sealed record LostConnection(string Connection, DateTimeOffset At, string Why);

/// <summary>A download by curl over the whole time. <c>Intact</c>: it ended well and its SHA-256 is the server's.</summary>
public sealed record DownloadReport(long Bytes, bool Intact, double LongestStallMs, DateTimeOffset? LongestStallAt, string? Why);

/// <summary>
/// The UDP probe: one flow behind SNAT, a numbered packet each millisecond, sent back by the server. <c>SenderLongestPauseMs</c>
/// is the probe's own noise: a gap no longer than it says nothing about the network.
/// </summary>
public sealed record ProbeReport(
    long Sent,
    long Received,
    long Lost,
    long LostToServer,
    long LostToClient,
    long Duplicated,
    double LongestGapMs,
    double SenderLongestPauseMs,
    Arrivals ToServer,
    Arrivals ToClient
);

/// <summary>
/// One direction of the probe, at the receiving end. <c>Gaps</c>: the first 64 longer than 5 ms. <c>Missing</c>: the first 64 runs of
/// numbers that never came.
/// </summary>
public sealed record Arrivals(
    long Received,
    long Duplicated,
    double LongestGapMs,
    DateTimeOffset? LongestGapAt,
    IReadOnlyList<Gap> Gaps,
    IReadOnlyList<MissingRun> Missing
);

/// <summary>No packet arrived for <c>Ms</c> milliseconds before <c>At</c>.</summary>
public sealed record Gap(DateTimeOffset At, double Ms);

/// <summary>Packets numbered <c>First</c> to <c>Last</c> (one each millisecond since the start) never arrived.</summary>
public sealed record MissingRun(long First, long Last);

/// <summary>What the client's program knows: everything but the probe.</summary>
public sealed record ClientReport(LongReport Long, ShortReport Short, DownloadReport Download);

/// <summary>What the probing program knows; with the echo's <see cref="Arrivals"/> it makes a <see cref="ProbeReport"/>.</summary>
public sealed record ProbeClientReport(long Sent, double SenderLongestPauseMs, Arrivals ToClient);
