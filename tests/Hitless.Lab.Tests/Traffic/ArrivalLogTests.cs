using Hitless.Lab.Traffic;
using Xunit;

namespace Hitless.Lab.Tests.Traffic;

public sealed class ArrivalLogTests
{
    [Fact]
    public void Missing_and_doubled_packets_are_told_from_each_other()
    {
        var log = new ArrivalLog();
        foreach (var number in (long[])[0, 1, 4, 4, 5, 9, 8])
        {
            log.Take(number, now: 1);
        }

        var report = log.Report(sent: 12);
        Assert.Equal((6, 1), (report.Received, report.Duplicated));
        Assert.Equal([new MissingRun(2, 3), new MissingRun(6, 7), new MissingRun(10, 11)], report.Missing);
    }

    [Fact]
    public void The_longest_gap_is_measured_between_arrivals_after_the_first_second()
    {
        var log = new ArrivalLog();
        log.Take(0, now: 1);
        log.Take(999, now: 500 * TrafficClock.Millisecond);
        log.Take(1000, now: 501 * TrafficClock.Millisecond);
        log.Take(1001, now: 508 * TrafficClock.Millisecond);
        log.Take(1002, now: 510 * TrafficClock.Millisecond);
        var report = log.Report(sent: 1003);
        Assert.Equal(7, report.LongestGapMs);
        Assert.Equal(7, Assert.Single(report.Gaps).Ms);
    }

    [Fact]
    public void Numbers_out_of_range_are_ignored()
    {
        var log = new ArrivalLog();
        log.Take(-1, now: 1);
        log.Take(ArrivalLog.Capacity, now: 2);
        Assert.Equal(0, log.Report(sent: 0).Received);
    }
}
