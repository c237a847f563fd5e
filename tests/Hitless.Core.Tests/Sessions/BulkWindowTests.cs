using Hitless.Core.Sessions;
using Xunit;

namespace Hitless.Core.Tests.Sessions;

public sealed class BulkWindowTests
{
    [Fact]
    public void It_opens_for_a_follower_that_applies_fast_and_closes_for_one_that_does_not()
    {
        var window = new BulkWindow();
        var first = FramesAhead(window, 0, TimeSpan.Zero);
        var (applied, now) = (first, TimeSpan.Zero);
        for (var i = 0; i < 100; i++)
        {
            now += TimeSpan.FromMilliseconds(2);
            applied += FramesAhead(window, applied, now);
        }

        var widest = FramesAhead(window, applied, now);
        Assert.InRange(widest, first + 1, 512UL);
        for (var i = 0; i < 100; i++)
        {
            now += TimeSpan.FromMilliseconds(30);
            applied += FramesAhead(window, applied, now);
        }

        Assert.InRange(FramesAhead(window, applied, now), 1UL, first - 1);
    }

    [Fact]
    public void It_stays_shut_until_the_follower_reports()
    {
        var window = new BulkWindow();
        var last = FramesAhead(window, 0, TimeSpan.Zero);
        Assert.False(window.MayProceed(last, 0, TimeSpan.FromSeconds(10)));
        Assert.True(window.MayProceed(last, last, TimeSpan.FromSeconds(10)));
    }

    private static ulong FramesAhead(BulkWindow window, ulong applied, TimeSpan now)
    {
        var last = applied;
        while (window.MayProceed(last, applied, now))
            last++;
        return last - applied;
    }
}
