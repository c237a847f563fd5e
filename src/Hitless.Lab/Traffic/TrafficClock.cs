using System.Diagnostics;

namespace Hitless.Lab.Traffic;

/// <summary>Monotonic stamps (<see cref="Stopwatch"/> ticks), and what time of day each was.</summary>
public static class TrafficClock
{
    private static readonly DateTimeOffset OriginTime = DateTimeOffset.UtcNow;
    private static readonly long Origin = Stopwatch.GetTimestamp();

    /// <summary>Now.</summary>
    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>Stamps per millisecond.</summary>
    public static readonly long Millisecond = Stopwatch.Frequency / 1000;

    /// <summary>A duration in stamps.</summary>
    public static long Stamps(TimeSpan duration) => (long)(duration.TotalSeconds * Stopwatch.Frequency);

    /// <summary>The time of day of a stamp.</summary>
    public static DateTimeOffset TimeOf(long stamp) => OriginTime + Stopwatch.GetElapsedTime(Origin, stamp);

    /// <summary>Milliseconds from one stamp to another, with three digits.</summary>
    public static double Milliseconds(long from, long to) => Math.Round(Stopwatch.GetElapsedTime(from, to).TotalMilliseconds, 3);
}
