using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>A probe's miss counts for nothing where the unit that asked was late itself (docs/decisions/0053).</summary>
public sealed class LateMissesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(true, 0.1, true)]
    [InlineData(true, 3, true)]
    [InlineData(false, 0.1, true)]
    [InlineData(false, 1.2, true)]
    [InlineData(false, 1.3, false)]
    [InlineData(false, 60, false)]
    public void A_miss_that_was_noticed_late_does_not_count(bool answered, double seconds, bool counts) =>
        Assert.Equal(counts, new LateMisses().Counts(answered, TimeSpan.FromSeconds(seconds), Patience));

    [Fact]
    public void A_unit_that_is_late_each_time_counts_its_misses_after_the_fifth()
    {
        var misses = new LateMisses();
        bool Late() => misses.Counts(answered: false, Patience * 2, Patience);

        Assert.Equal([false, false, false, false, false, true, true], Enumerable.Range(0, 7).Select(_ => Late()));
        Assert.True(misses.Counts(answered: true, Patience * 2, Patience));
        Assert.False(Late());
    }

    [Fact]
    public void A_miss_in_time_begins_the_count_anew()
    {
        var misses = new LateMisses();
        for (var round = 0; round < 3; round++)
        {
            for (var late = 0; late < 5; late++)
            {
                Assert.False(misses.Counts(answered: false, Patience * 2, Patience));
            }

            Assert.True(misses.Counts(answered: false, Patience, Patience));
        }
    }
}
