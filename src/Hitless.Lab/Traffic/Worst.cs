namespace Hitless.Lab.Traffic;

/// <summary>The longest of many durations, when it ended and whose it was. Safe to feed from many threads.</summary>
public sealed class Worst
{
    private readonly Lock _gate = new();
    private double _milliseconds;
    private DateTimeOffset? _at;
    private string? _of;

    /// <summary>Takes one duration in.</summary>
    public void Take(double milliseconds, long stamp, string of)
    {
        lock (_gate)
        {
            if (milliseconds > _milliseconds)
            {
                (_milliseconds, _at, _of) = (milliseconds, TrafficClock.TimeOf(stamp), of);
            }
        }
    }

    /// <summary>The longest so far.</summary>
    public (double Milliseconds, DateTimeOffset? At, string? Of) Read()
    {
        lock (_gate)
        {
            return (_milliseconds, _at, _of);
        }
    }
}
