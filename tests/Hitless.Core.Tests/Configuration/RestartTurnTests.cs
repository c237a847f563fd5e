using Hitless.Core.Configuration;
using Xunit;

namespace Hitless.Core.Tests.Configuration;

public sealed class RestartTurnTests
{
    private static readonly RestartCandidate[] AllDue = [new("gw1", true, true), new("gw2", true, true), new("gw3", true, true)];

    [Fact]
    public void Daemons_restart_one_at_a_time_and_that_of_the_primary_last()
    {
        Assert.Equal(["gw1"], Turns("gw2", AllDue));
        Assert.Equal(["gw3"], Turns("gw2", AllDue[0] with { Due = false }, AllDue[1], AllDue[2]));
        Assert.Equal(["gw2"], Turns("gw2", AllDue[0] with { Due = false }, AllDue[1], AllDue[2] with { Due = false }));
    }

    [Fact]
    public void Nobody_restarts_while_another_is_away_or_nobody_is_primary_but_waiting_has_an_end()
    {
        RestartCandidate[] oneAway = [AllDue[0], AllDue[1], new("gw3", false, false)];
        Assert.Empty(Turns("gw2", oneAway));
        Assert.Empty(Turns(null, AllDue));
        Assert.True(RestartTurn.IsMine("gw1", "gw2", oneAway, RestartTurn.AwaitAbsentMax));
    }

    private static IEnumerable<string> Turns(string? primary, params RestartCandidate[] units) =>
        units.Where(u => u.Due && RestartTurn.IsMine(u.Unit, primary, units, TimeSpan.Zero)).Select(u => u.Unit);
}
