using Hitless.Core.Web;
using Xunit;

namespace Hitless.Core.Tests.Web;

public sealed class LoginDelaysTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Three_wrong_attempts_are_free_then_each_doubles_the_wait_up_to_the_longest()
    {
        var delays = new LoginDelays(TimeSpan.FromMinutes(1));
        List<double> waits = [];
        for (var i = 0; i < 11; i++)
        {
            delays.Failed("a", TimeSpan.Zero);
            waits.Add(delays.Left("a", TimeSpan.Zero).TotalSeconds);
        }

        Assert.Equal([0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60], waits);
        Assert.Equal(TimeSpan.Zero, delays.Left("a", TimeSpan.FromMinutes(1)));
        Assert.Equal(TimeSpan.Zero, delays.Left("b", TimeSpan.Zero));
    }

    [Fact]
    public void A_right_attempt_or_an_hour_without_any_forgets()
    {
        var delays = new LoginDelays(TimeSpan.FromMinutes(1));
        foreach (var key in (string[])["a", "b"])
        {
            for (var i = 0; i < 9; i++)
            {
                delays.Failed(key, TimeSpan.Zero);
            }
        }

        delays.Succeeded("a");
        delays.Failed("a", Second);
        delays.Failed("b", TimeSpan.FromHours(2));
        Assert.Equal(TimeSpan.Zero, delays.Left("a", Second));
        Assert.Equal(TimeSpan.Zero, delays.Left("b", TimeSpan.FromHours(2)));
    }

    [Fact]
    public void A_million_addresses_take_no_more_room_than_some_thousand()
    {
        var delays = new LoginDelays(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 4; i++)
        {
            delays.Failed("first", TimeSpan.Zero);
        }

        for (var i = 0; i < 5000; i++)
        {
            delays.Failed($"{i}", i * TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(TimeSpan.Zero, delays.Left("first", TimeSpan.Zero));
    }
}
