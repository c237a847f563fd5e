using Hitless.Core.Balance;
using Xunit;

namespace Hitless.Core.Tests.Balance;

/// <summary>FortiOS's schedules: taken, or refused with a sentence.</summary>
public sealed class BalanceSchedulesTests
{
    [Theory]
    [InlineData("none", BalanceSchedule.None)]
    [InlineData("ip", BalanceSchedule.Ip)]
    [InlineData("weighted-round-robin", BalanceSchedule.WeightedRoundRobin)]
    public void Those_that_keep_both_directions_on_one_unit_are_taken(string name, BalanceSchedule expected)
    {
        Assert.True(BalanceSchedules.TryParse(name, out var schedule, out _));
        Assert.Equal(expected, schedule);
    }

    [Theory]
    [InlineData("hub", "frames")]
    [InlineData("random", "directions")]
    [InlineData("round-robin", "one direction")]
    [InlineData("ip-port", "fragments")]
    [InlineData("least-connection", "weighted-round-robin")]
    [InlineData("fair", "is not a schedule")]
    public void The_others_are_refused_with_the_reason(string name, string reason)
    {
        Assert.False(BalanceSchedules.TryParse(name, out _, out var why));
        Assert.Contains(reason, why);
    }
}
