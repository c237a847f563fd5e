using System.Diagnostics;

namespace Hitless.Linux.Scheduling;

/// <summary>
/// The machine's clock that never jumps (CLOCK_MONOTONIC): time since boot without suspension, the same for every process.
/// </summary>
public static class MonotonicClock
{
    /// <summary>Now. <see cref="Stopwatch"/> reads CLOCK_MONOTONIC on Linux.</summary>
    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);
}
