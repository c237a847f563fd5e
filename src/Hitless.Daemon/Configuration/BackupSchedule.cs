namespace Hitless.Daemon.Configuration;

/// <summary>
/// When the next backup by the clock is due: so long after the last one, by a clock that nobody sets. Only a daemon that starts asks the
/// wall clock how old the last one is, and waits no longer than the interval for that.
/// </summary>
/// <param name="every">The interval; zero: no backups.</param>
/// <param name="clock">The monotonic clock, and the wall clock.</param>
public sealed class BackupSchedule(TimeSpan every, TimeProvider clock)
{
    private static readonly TimeSpan AfterStart = TimeSpan.FromMinutes(1);
    private TimeSpan? dueAt;

    /// <summary>Whether one is due now.</summary>
    public bool IsDue(BackupFolder folder)
    {
        if (every <= TimeSpan.Zero)
        {
            return false;
        }

        var now = clock.GetElapsedTime(0);
        if (dueAt is not { } due)
        {
            var left = folder.LastAge(clock.GetUtcNow()) is { } age && age < every ? every - age : TimeSpan.Zero;
            dueAt = now + (left > AfterStart ? left : AfterStart);
            return false;
        }

        return now >= due;
    }

    /// <summary>One was taken, or could not be: the next one is due an interval, or (<paramref name="failed"/>) a minute later.</summary>
    public void Note(bool failed = false) => dueAt = clock.GetElapsedTime(0) + (failed && AfterStart < every ? AfterStart : every);
}
