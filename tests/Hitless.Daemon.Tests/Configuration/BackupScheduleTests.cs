using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

/// <summary>Backups by the clock go on, and the newest stay, whatever is done to the clock.</summary>
public sealed class BackupScheduleTests : IDisposable
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-backups-").FullName;
    private readonly SteppedClock clock = new();

    private BackupFolder Backups => new(folder, new KeepSettings(10, Day, 2));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(-365)]
    [InlineData(0)]
    [InlineData(365)]
    public void One_is_due_each_day_whatever_the_clock_says_meanwhile(int stepDays)
    {
        var schedule = new BackupSchedule(Day, clock);
        Assert.False(schedule.IsDue(Backups));
        clock.Pass(TimeSpan.FromMinutes(1));
        for (var day = 0; day < 3; day++)
        {
            Assert.True(schedule.IsDue(Backups));
            Take(schedule);
            clock.Wall += TimeSpan.FromDays(stepDays);
            clock.Pass(Day - TimeSpan.FromSeconds(1));
            Assert.False(schedule.IsDue(Backups));
            clock.Pass(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(2, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public void Where_none_are_wanted_none_is_ever_due()
    {
        var schedule = new BackupSchedule(TimeSpan.Zero, clock);
        for (var day = 0; day < 3; day++)
        {
            Assert.False(schedule.IsDue(Backups));
            clock.Pass(Day);
        }
    }

    [Fact]
    public void A_daemon_that_starts_waits_for_what_is_left_of_the_interval_and_no_longer_than_that()
    {
        Take(new BackupSchedule(Day, clock));
        clock.Pass(TimeSpan.FromHours(20));
        AssertDueAfter(TimeSpan.FromHours(4));
        clock.Wall -= TimeSpan.FromDays(365);
        AssertDueAfter(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void What_a_wrong_clock_has_dated_ahead_is_the_first_to_go_and_what_was_just_written_stays()
    {
        foreach (var name in new[] { "20990101-000000", "20990102-000000", "scheduled-20990101-000000", "scheduled-20990102-000000" })
        {
            File.WriteAllText(Path.Combine(folder, name + ".backup"), "");
        }

        foreach (var written in new[] { Backups.ForRun("20260101-000000"), Backups.Scheduled(clock.GetUtcNow()) })
        {
            File.WriteAllText(written, "");
            Backups.Prune(written, clock.GetUtcNow());
            Assert.True(File.Exists(written));
        }

        Assert.Equal(
            ["20260101-000000", "20990102-000000", "scheduled-20260101-000000", "scheduled-20990102-000000"],
            Directory.GetFiles(folder).Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)
        );
    }

    private void AssertDueAfter(TimeSpan left)
    {
        var schedule = new BackupSchedule(Day, clock);
        Assert.False(schedule.IsDue(Backups));
        clock.Pass(left - TimeSpan.FromSeconds(1));
        Assert.False(schedule.IsDue(Backups));
        clock.Pass(TimeSpan.FromSeconds(1));
        Assert.True(schedule.IsDue(Backups));
        clock.Pass(-left);
    }

    private void Take(BackupSchedule schedule)
    {
        var path = Backups.Scheduled(clock.GetUtcNow());
        File.WriteAllText(path, "");
        Backups.Prune(path, clock.GetUtcNow());
        schedule.Note();
    }

    private sealed class SteppedClock : TimeProvider
    {
        private TimeSpan passed = TimeSpan.FromHours(1);

        public DateTimeOffset Wall { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time)
        {
            passed += time;
            Wall += time;
        }

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => passed.Ticks;
    }
}
