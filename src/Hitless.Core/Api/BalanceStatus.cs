namespace Hitless.Core.Api;

/// <summary>
/// How the primary shares flows out (mode <c>active-active</c>). <c>Schedule</c>: by its name in <c>balance.schedule</c>. <c>Off</c>: why
/// the primary carries everything now; null: load balancing is on.
/// </summary>
public sealed record BalanceStatus(string Schedule, string? Off, IReadOnlyList<BalanceUnitStatus> Units)
{
    /// <inheritdoc cref="BalanceStatus"/>
    public IReadOnlyList<BalanceUnitStatus> Units
    {
        get;
        init => field = value ?? [];
    } = Units;

    /// <summary>What of this gateway's configuration keeps load balancing off; null: nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>
    /// How many inside hosts are kept on the primary because their flows are translated, though no listed network has them.
    /// </summary>
    public int UnlistedHosts { get; init; }

    /// <summary>The first of them, by address.</summary>
    public IReadOnlyList<string> Unlisted
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>
/// One unit's part. <c>Buckets</c>: of 256. <c>Obstacle</c>: why it may carry nothing; null: it may, or is the primary. <c>Forwarded</c>:
/// packets that its kernel has forwarded since it was started; null: it does not answer.
/// </summary>
public sealed record BalanceUnitStatus(string Unit, int Buckets, string? Obstacle, long? Forwarded);
