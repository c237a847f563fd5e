namespace Hitless.Core.Sessions;

/// <summary>
/// Counters of <see cref="SessionExchange"/>. <c>OperationsSkipped</c>: unknown to this version, or damaged. <c>Lag</c>: how long something
/// that the followed unit has sent is missing here.
/// </summary>
public readonly record struct SessionExchangeStatus(
    long EventsSent,
    long EventsApplied,
    long OperationsSkipped,
    long Retransmitted,
    long Bulks,
    TimeSpan Lag
);
