using Hitless.Core.Sessions;
using Xunit;

namespace Hitless.Core.Tests.Sessions;

public sealed class RefreshTests
{
    private const int Interval = 10;

    [Fact]
    public void A_short_timeout_is_looked_at_in_each_round_and_told_only_when_traffic_has_refreshed_it()
    {
        var ledger = new SessionLedger();
        var session = SessionSamples.NatV6(1);
        ledger.Put(session, now: 100, Interval);
        Assert.Empty(Due(ledger, 109));
        Assert.Equal([session.Key], Due(ledger, 110));
        Assert.False(ledger.TryRefresh(session with { TimeoutSeconds = 20 }, 110, Interval));
        Assert.Equal([session.Key], Due(ledger, 120));
        Assert.True(ledger.TryRefresh(session with { TimeoutSeconds = 25 }, 120, Interval));
        Assert.Equal([session.Key], Due(ledger, 130));
        Assert.False(ledger.TryRefresh(session with { TimeoutSeconds = 15 }, 130, Interval));
    }

    [Fact]
    public void Half_a_million_open_connections_of_days_are_not_looked_at_for_hours_and_then_not_at_once()
    {
        var ledger = new SessionLedger(seed: 5);
        for (var i = 0; i < 500_000; i++)
            ledger.Put(SessionSamples.Tcp(i) with { TimeoutSeconds = 432_000 }, now: 0, Interval);
        Assert.Empty(Due(ledger, 27_000));
        Assert.InRange(Due(ledger, 28_000).Count, 1, 30_000);
        Assert.InRange(Due(ledger, 54_000).Count, 470_000, 500_000);
    }

    [Fact]
    public void Tcp_that_is_not_open_is_never_looked_at()
    {
        var ledger = new SessionLedger();
        ledger.Put(SessionSamples.Tcp(1, TcpState.TimeWait), now: 0, Interval);
        Assert.Empty(Due(ledger, int.MaxValue - 1));
        ledger.Put(SessionSamples.Tcp(1), now: 0, Interval);
        Assert.Single(Due(ledger, 300));
    }

    [Fact]
    public void A_session_that_only_a_reading_has_found_is_told_when_its_turn_comes()
    {
        var ledger = new SessionLedger();
        var session = SessionSamples.NatV6(1);
        ledger.BeginReading();
        ledger.OnRead(new SessionDigest(session.Key, session.Digest64(), session.TimeoutSeconds), now: 100, Interval);
        Assert.True(ledger.EndReading());
        Assert.Equal([session.Key], Due(ledger, 110));
        Assert.True(ledger.TryRefresh(session with { TimeoutSeconds = 20 }, 110, Interval));
        Assert.False(ledger.TryRefresh(session with { TimeoutSeconds = 20 }, 110, Interval));
    }

    [Fact]
    public void A_round_and_the_end_of_a_reading_go_through_the_ledger_in_slices()
    {
        var ledger = new SessionLedger();
        for (var i = 0; i < 1000; i++)
            ledger.Put(SessionSamples.NatV6(i), now: 0, Interval);
        var due = new SessionKey[64];
        var (rounds, keys) = (1, 0);
        for (; !ledger.TakeDue(Interval, Interval, 100, due, out var count); rounds++)
            keys += count;
        Assert.InRange(rounds, 1000 / 64, 1000);
        Assert.InRange(keys, 936, 1000);

        ledger.BeginReading();
        var slices = 1;
        for (; !ledger.EndReading(places: 100); slices++)
            Assert.True(ledger.IsReading);
        Assert.Equal((10, 0, 1000), (slices, ledger.Count, ledger.Corrected));
    }

    [Fact]
    public void What_ended_while_its_slice_was_on_its_way_does_not_come_back()
    {
        var ledger = new SessionLedger();
        var session = SessionSamples.Tcp(1);
        ledger.Put(session);
        ledger.BeginReading();
        ledger.Remove(session.Key);
        ledger.ForgetGone();
        ledger.OnRead(new SessionDigest(session.Key, session.Digest64()));
        Assert.Equal(0, ledger.Count);
        ledger.ForgetGone();
        ledger.OnRead(new SessionDigest(session.Key, session.Digest64()));
        Assert.Equal(1, ledger.Count);
    }

    private static List<SessionKey> Due(SessionLedger ledger, int now)
    {
        var (all, some) = (new List<SessionKey>(), new SessionKey[64]);
        bool ended;
        do
        {
            ended = ledger.TakeDue(now, Interval, int.MaxValue, some, out var count);
            all.AddRange(some[..count]);
        } while (!ended);
        return all;
    }
}
