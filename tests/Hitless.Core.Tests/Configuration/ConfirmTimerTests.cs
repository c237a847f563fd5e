using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Xunit;

namespace Hitless.Core.Tests.Configuration;

/// <summary>A commit that nobody confirms is undone in its time, whatever is done to the clock.</summary>
public sealed class ConfirmTimerTests
{
    private static readonly DateTimeOffset Made = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Now = TimeSpan.FromHours(100);
    private readonly ConfirmTimer timer = new();

    [Fact]
    public void It_counts_from_the_moment_at_which_the_unit_has_it()
    {
        var head = Head(TimeSpan.FromMinutes(10));
        timer.Begin(head, Now);
        Assert.False(timer.IsDue(head, Now + TimeSpan.FromMinutes(9.9)));
        Assert.True(timer.IsDue(head, Now + TimeSpan.FromMinutes(10)));
        Assert.False(timer.IsDue(head with { Hash = "another" }, Now + TimeSpan.FromMinutes(10)));
        Assert.False(timer.IsDue(head with { ConfirmBy = null }, Now + TimeSpan.FromMinutes(10)));
        Assert.False(timer.IsDue(null, Now));
    }

    [Theory]
    [InlineData(4, 6)]
    [InlineData(-525_600, 10)] // the clock was set back by a year
    [InlineData(525_600, 0)]
    [InlineData(10, 0)]
    public void A_daemon_that_starts_believes_the_clock_no_more_than_the_time_that_was_given(int passedMinutes, int leftMinutes)
    {
        var head = Head(TimeSpan.FromMinutes(10));
        timer.Resume(head, Now, Made.AddMinutes(passedMinutes));
        var due = Now + TimeSpan.FromMinutes(leftMinutes);
        Assert.True(timer.IsDue(head, due));
        Assert.False(timer.IsDue(head, due - TimeSpan.FromSeconds(1)));
    }

    [Theory]
    [InlineData(-5, 0)]
    [InlineData(100_000, 1440)]
    public void An_absurd_limit_is_none_below_nothing_and_none_above_a_day(int minutes, int dueMinutes)
    {
        var head = Head(TimeSpan.FromMinutes(minutes));
        timer.Begin(head, Now);
        Assert.True(timer.IsDue(head, Now + TimeSpan.FromMinutes(dueMinutes)));
        Assert.False(timer.IsDue(head, Now + TimeSpan.FromMinutes(dueMinutes) - TimeSpan.FromSeconds(1)));
    }

    private static RevisionInfo Head(TimeSpan time) =>
        RevisionIdentity.Next(RevisionIdentity.Next(null, 1, [], "import", "", Made).Info, 1, [], "anna", "", Made, Made + time).Info;
}
