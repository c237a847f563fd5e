using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>A unit that starts while its machine boots: hearing nobody says nothing as long as no heartbeat link can be used.</summary>
public sealed class StartTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(40)]
    public void A_unit_whose_links_come_late_does_not_claim_before_and_joins_the_primary_that_it_hears_then(int seconds)
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var (primary, other) = (bench.Primary, bench.OtherThan(bench.Primary));
        other.Kill();
        bench.Run(1000);
        (other.LinkIn, other.LinkOut) = (false, false);
        other.Restart();
        other.Take(ClusterInput.LinksChanged(usable: false));

        bench.Run(seconds * 1000);
        Assert.Equal(TrafficState.Muted, other.Traffic);
        Assert.Contains(other.Told, text => text.Contains("no heartbeat link can be used", StringComparison.Ordinal));
        (other.LinkIn, other.LinkOut) = (true, true);
        other.Take(ClusterInput.LinksChanged(usable: true));
        bench.Run(2000);

        Assert.Equal((UnitRole.Primary, UnitRole.Standby), (primary.Machine!.Role, other.Machine!.Role));
        Assert.Equal(1, primary.Machine.Epoch.Number);
    }

    [Fact]
    public void A_lone_unit_whose_link_never_comes_claims_after_a_minute()
    {
        var bench = new MachineBench(100);
        bench[0].Take(ClusterInput.LinksChanged(usable: false));

        bench.Run(59_000);
        Assert.Equal(TrafficState.Muted, bench[0].Traffic);
        bench.Run(2500);
        Assert.Equal(TrafficState.Claimed, bench[0].Traffic);
    }

    [Fact]
    public void A_unit_whose_link_has_just_come_listens_before_it_claims()
    {
        var bench = new MachineBench(100);
        bench[0].Take(ClusterInput.LinksChanged(usable: false));
        bench.Run(20_000);

        bench[0].Take(ClusterInput.LinksChanged(usable: true));
        bench.Run(900);
        Assert.Equal(TrafficState.Muted, bench[0].Traffic);
        bench.Run(500);
        Assert.Equal(TrafficState.Claimed, bench[0].Traffic);
    }

    [Fact]
    public void A_primary_that_loses_its_last_link_stays_primary()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var primary = bench.Primary;

        primary.Take(ClusterInput.LinksChanged(usable: false));
        bench.Run(2000);

        Assert.Equal(TrafficState.Claimed, primary.Traffic);
    }
}
