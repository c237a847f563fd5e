using Hitless.Core.Api;
using Hitless.Core.Status;
using Xunit;

namespace Hitless.Core.Tests.Status;

public sealed class ClockComparisonTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("0", "")]
    [InlineData("0 ?", "")]
    [InlineData("0 4900", "")]
    [InlineData("0 -5100", "the clock of gw2 is 5 s behind that of gw1")]
    [InlineData("0 3600000", "the clock of gw1 is 60 min behind that of gw2")]
    [InlineData("0 20 -7200000", "the clock of gw3 is 2 h behind those of the other units")]
    [InlineData("0 -86400000 -86400100", "the clock of gw1 is 24 h ahead of those of the other units")]
    [InlineData("0 1 2 900000000", "the clock of gw4 is 10 days ahead of those of the other units")]
    [InlineData("0 1 2 9000", "the clock of gw4 is 9 s ahead of those of the other units")]
    public void A_unit_whose_clock_differs_from_the_cluster_s_is_named(string aheadMs, string expected)
    {
        var problems = ClockComparison.Problems([.. aheadMs.Split(' ').Select((each, i) => Unit($"gw{i + 1}", each))]);
        Assert.Equal(expected, problems.Count == 0 ? "" : Assert.Single(problems).Split(':')[0]);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(0.0, -1000L)]
    [InlineData(1.0, 0L)]
    [InlineData(1.4, 0L)]
    [InlineData(3.0, 1500L)]
    public void How_late_an_answer_is_counts_for_no_difference(double? theirs, long? ahead) =>
        Assert.Equal(ahead, ClockComparison.AheadMs(theirs is { } s ? Noon.AddSeconds(s) : null, Noon.AddSeconds(1), Noon.AddSeconds(1.5)));

    [Fact]
    public void An_absurd_clock_is_a_difference_and_no_error() =>
        Assert.InRange(ClockComparison.AheadMs(DateTimeOffset.MaxValue, Noon, Noon)!.Value, 1, long.MaxValue);

    private static UnitStatus Unit(string name, string aheadMs) =>
        new(name, UnitRoleWord.Standby, UnitStateWord.Ready, "", "1.0.0", "a", 1, false, 1, 1, 0, SyncState.InSync, 1, [], [])
        {
            ClockAheadMs = aheadMs == "?" ? null : long.Parse(aheadMs, System.Globalization.CultureInfo.InvariantCulture),
        };
}
