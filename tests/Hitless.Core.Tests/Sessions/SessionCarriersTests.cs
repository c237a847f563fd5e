using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Sessions;

/// <summary>Several units carry traffic, each session by one of them (active-active): everybody holds all sessions.</summary>
public sealed class SessionCarriersTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(1, 0.0)]
    [InlineData(2, 0.1)]
    [InlineData(3, 0.3)]
    public void What_begins_or_changes_on_either_unit_is_on_both(int seed, double loss)
    {
        var units = Shared(seed);
        units.Loss = loss;
        var random = new Random(seed);

        units.Run(2 * Second, () =>
        {
            units.A.Set(SessionSamples.Tcp(random.Next(1000), Any(random)));
            units.B.Set(SessionSamples.Tcp(2000 + random.Next(1000), Any(random)));
        });
        units.Loss = 0;
        units.Run(Second);

        Assert.Equal(units.A.Table.OrderBy(each => each.Key.Hash64()), units.B.Table.OrderBy(each => each.Key.Hash64()));
        Assert.True(units.A.Table.Count > 1000);
    }

    [Fact]
    public void A_copy_that_ends_takes_no_session_from_the_unit_that_carries_it()
    {
        var units = Shared(1);
        units.A.Set(SessionSamples.Tcp(1));
        units.B.Set(SessionSamples.Tcp(2));
        units.Run(Second);

        units.A.End(SessionSamples.Tcp(2).Key);
        units.B.End(SessionSamples.Tcp(1).Key);
        units.Run(Second);

        Assert.True(units.A.Table.ContainsKey(SessionSamples.Tcp(1).Key));
        Assert.True(units.B.Table.ContainsKey(SessionSamples.Tcp(2).Key));
    }

    [Fact]
    public void A_comparison_takes_nothing_from_a_unit_that_carries_flows_of_its_own()
    {
        var units = Shared(1);
        units.Loss = 1;
        units.B.Set(SessionSamples.Tcp(7));
        units.Run(TimeSpan.FromMilliseconds(20));
        units.Loss = 0;

        units.A.Exchange.OnOverrun(units.Now, units.A);
        units.Run(Second);

        Assert.True(units.B.Table.ContainsKey(SessionSamples.Tcp(7).Key));
        Assert.True(units.A.Table.ContainsKey(SessionSamples.Tcp(7).Key));
    }

    [Fact]
    public void When_it_ends_the_standby_follows_as_before_and_sends_nothing()
    {
        var units = Shared(1);
        units.B.Set(SessionSamples.Tcp(3));
        units.Run(Second);

        units.A.Exchange.SetCarriers([], units.Now, units.A);
        units.B.Exchange.SetCarriers([], units.Now, units.B);
        units.Run(Second);
        var sent = units.B.Exchange.LastSequence;
        units.B.Set(SessionSamples.Tcp(4));
        units.A.Set(SessionSamples.Tcp(5));
        units.A.End(SessionSamples.Tcp(3).Key);
        units.Run(Second);

        Assert.False(units.B.Exchange.Sending);
        Assert.Equal(sent, units.B.Exchange.LastSequence);
        Assert.True(units.B.Table.ContainsKey(SessionSamples.Tcp(5).Key));
        Assert.False(units.B.Table.ContainsKey(SessionSamples.Tcp(3).Key));
    }

    [Fact]
    public void Everybody_follows_a_carrier_and_a_carrier_follows_everybody_before_it_is_said_to_be_ready()
    {
        var units = new VirtualUnits(1);
        units.A.SetRole(true, null);
        units.B.SetRole(false, new UnitId(1));
        units.Run(Second);
        Assert.False(units.A.Exchange.IsFollowing(new UnitId(2)));

        units.A.Exchange.SetCarriers([new UnitId(2)], units.Now, units.A);
        units.B.Exchange.SetCarriers([new UnitId(2)], units.Now, units.B);
        units.Run(TimeSpan.FromMilliseconds(300));

        Assert.True(units.A.Exchange.IsFollowing(new UnitId(2)));
        Assert.True(units.B.Exchange.IsFollowing(new UnitId(1)));
        Assert.True(units.B.Exchange.Sending);
        Assert.False(units.B.Exchange.IsPrimary);
    }

    [Fact]
    public void A_carrier_that_is_asked_to_compare_anew_goes_on_telling()
    {
        var units = Shared(1);

        units.B.SetRole(false, new UnitId(1));
        units.B.Set(SessionSamples.Tcp(8));
        units.Run(Second);

        Assert.True(units.B.Exchange.Shares);
        Assert.True(units.A.Table.ContainsKey(SessionSamples.Tcp(8).Key));
    }

    /// <summary>It holds the sessions already, or is being compared at that moment.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_is_synced_waits_for_nothing_when_somebody_else_begins_to_follow(bool compares)
    {
        var units = new VirtualUnits(1);
        units.A.SetRole(true, null);
        units.A.Set(SessionSamples.Tcp(1));
        units.C.SetRole(false, new UnitId(1));
        units.Run(Second);
        units.C.DefersLook = true;
        if (compares)
        {
            units.C.SetRole(false, new UnitId(1), SyncKind.LedgerLook);
            units.Run(Second);
        }

        var (looks, synced) = (units.C.Looks, units.C.TimesSynced);
        units.B.SetRole(true, null);
        units.B.Exchange.SetCarriers([new UnitId(1)], units.Now, units.B);
        units.Run(Second);
        Assert.True(units.B.Exchange.IsFollowing(new UnitId(1)));
        Assert.Equal(looks, units.C.Looks);

        units.C.DefersLook = false;
        if (compares)
        {
            units.C.Look(new UnitId(1));
        }

        units.Run(Second);
        Assert.Equal(synced + (compares ? 1 : 0), units.C.TimesSynced);
    }

    private static VirtualUnits Shared(int seed)
    {
        var units = new VirtualUnits(seed);
        units.A.SetRole(true, null);
        units.B.SetRole(false, new UnitId(1));
        units.Run(Second);
        units.A.Exchange.SetCarriers([new UnitId(2)], units.Now, units.A);
        units.B.Exchange.SetCarriers([new UnitId(2)], units.Now, units.B);
        units.Run(Second);
        return units;
    }

    private static TcpState Any(Random random) => (TcpState)random.Next(1, 10);
}
