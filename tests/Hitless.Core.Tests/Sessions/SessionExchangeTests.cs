using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Sessions;

public sealed class SessionExchangeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(1, 0.0, 0.0, 1)]
    [InlineData(2, 0.2, 0.0, 1)]
    [InlineData(3, 0.2, 0.2, 20)]
    [InlineData(4, 0.5, 0.5, 50)]
    public void Tables_end_equal_whatever_the_network_does(int seed, double loss, double duplication, int jitterMs)
    {
        var units = new VirtualUnits(seed)
        {
            Loss = loss,
            Duplication = duplication,
            Jitter = TimeSpan.FromMilliseconds(jitterMs),
        };
        var random = new Random(seed);
        for (var i = 0; i < 5000; i++)
            units.A.Set(SessionSamples.Tcp(i));
        units.B.Set(SessionSamples.Tcp(100_000));
        units.A.SetRole(true, null);
        units.B.SetRole(false, new UnitId(1));
        units.Run(2 * Second, () => Churn(units.A, random));
        units.Loss = 0;
        units.Run(2 * Second);

        Assert.Equal(units.A.Table, units.B.Table);
        Assert.True(units.B.TimesSynced >= 1);
        Assert.Equal(units.A.Exchange.LastSequence, units.B.Exchange.AppliedOf(new(1)));
        Assert.Equal(TimeSpan.Zero, units.B.Exchange.Status(units.Now).Lag);
        Assert.Equal(0, units.A.Exchange.LagOf(new(2)));
    }

    [Fact]
    public void A_gap_that_the_ring_has_passed_ends_in_a_new_bulk()
    {
        var units = Following(ringFrames: 64);
        var random = new Random(1);
        units.Loss = 1;
        units.Run(Second, () => Churn(units.A, random));
        units.Loss = 0;
        units.Run(Second);
        Assert.Equal((2, 1), (units.B.TimesSynced, units.B.Lost));
        Assert.Equal(units.A.Table, units.B.Table);
    }

    // Bulks, looks and parts amid loss, lost events, drift and changes of role: what the digests find equal must be equal.
    [Theory]
    [InlineData(1, 0.0)]
    [InlineData(2, 0.1)]
    [InlineData(3, 0.3)]
    [InlineData(4, 0.3)]
    [InlineData(7, 0.3)]
    [InlineData(19, 0.3)]
    [InlineData(32, 0.3)]
    public void Tables_end_equal_whatever_is_lost_between(int seed, double loss)
    {
        var units = Following();
        var random = new Random(seed);
        units.Loss = loss;
        for (var round = 0; round < 40; round++)
        {
            var (sender, follower, from) = round % 8 < 4 ? (units.A, units.B, 1UL) : (units.B, units.A, 2UL);
            if (round % 4 == 0)
            {
                sender.SetRole(true, null);
                follower.SetRole(false, new UnitId(from));
            }

            for (var i = random.Next(20); i > 0; i--)
            {
                var (one, other, gone) = (random.Next(8000), random.Next(8000), random.Next(8000));
                sender.Table[SessionSamples.Tcp(one).Key] = SessionSamples.Tcp(one) with { Mark = (uint)round };
                follower.Table[SessionSamples.Tcp(other).Key] = SessionSamples.Tcp(other, TcpState.CloseWait);
                sender.Table.Remove(SessionSamples.Tcp(gone).Key);
            }

            sender.Exchange.OnOverrun(units.Now, sender);
            units.Run(TimeSpan.FromMilliseconds(random.Next(200)), () => Churn(sender, random, 5));
        }

        units.Loss = 0;
        units.Run(2 * Second);
        Assert.Equal(units.B.Table, units.A.Table);
    }

    [Fact]
    public void A_former_sender_is_told_only_what_differs()
    {
        var units = Following();
        units.B.SetRole(true, null);
        units.A.Exchange.SetRole(false, null, SyncKind.Bulk, units.Now, units.A);
        units.A.Table.Remove(SessionSamples.Tcp(5).Key);
        units.A.Table[SessionSamples.Tcp(6).Key] = SessionSamples.Tcp(6) with { Mark = 99 };
        units.A.Table[SessionSamples.Tcp(7777).Key] = SessionSamples.Tcp(7777);
        var before = units.B.Exchange.Status(units.Now).EventsSent;
        units.A.SetRole(false, new UnitId(2));
        units.Run(Second);
        Assert.Equal(1, units.A.TimesSynced);
        Assert.Equal(units.B.Table, units.A.Table);
        Assert.InRange(units.B.Exchange.Status(units.Now).EventsSent - before, 2, 20);
    }

    [Fact]
    public void Who_has_handed_over_compares_ledgers_and_nobody_reads_a_table()
    {
        var units = Following();
        units.B.SetRole(true, null);
        units.A.SetRole(false, new UnitId(2), SyncKind.LedgerLook);
        units.Run(Second);
        Assert.Equal((1, 0), (units.A.TimesSynced, units.B.Dumps));
        Assert.Equal(units.B.Table, units.A.Table);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public void What_differs_in_ledgers_is_told_and_where_they_do_not_know_the_tables_are_read(bool known, int dumps)
    {
        var units = Following();
        units.B.KnowsTable = known;
        units.B.SetRole(true, null);
        units.A.Exchange.SetRole(false, null, SyncKind.Bulk, units.Now, units.A);
        units.A.Table.Remove(SessionSamples.Tcp(5).Key);
        units.A.Table[SessionSamples.Tcp(6).Key] = SessionSamples.Tcp(6, TcpState.TimeWait);
        units.A.Table[SessionSamples.Tcp(7777).Key] = SessionSamples.Tcp(7777);
        units.A.SetRole(false, new UnitId(2), SyncKind.LedgerLook);
        units.Run(Second);
        Assert.Equal((1, dumps), (units.A.TimesSynced, units.B.Dumps));
        Assert.Equal(units.B.Table, units.A.Table);
    }

    [Fact]
    public void A_follower_that_has_lost_the_stream_does_not_hold_up_the_look_that_runs()
    {
        var units = Following(ringFrames: 64);
        var random = new Random(3);
        units.Run(TimeSpan.FromMilliseconds(50), () => Churn(units.A, random));
        units.Loss = 1;
        units.Run(TimeSpan.FromMilliseconds(50), () => Churn(units.A, random, 300));
        units.A.Exchange.OnOverrun(units.Now, units.A);
        units.Run(TimeSpan.FromMilliseconds(200), () => Churn(units.A, random, 300));
        Assert.True(units.A.Exchange.BulkRuns);
        units.Loss = 0;
        units.Run(3 * Second);
        Assert.Equal(units.A.Table, units.B.Table);
        Assert.False(units.A.Exchange.BulkRuns);
    }

    [Fact]
    public void Equal_tables_are_found_equal_without_telling_a_session()
    {
        var units = Following();
        var before = units.A.Exchange.Status(units.Now);
        units.B.SetRole(false, new UnitId(1));
        units.Run(Second);
        Assert.Equal(2, units.B.TimesSynced);
        Assert.Equal(
            (before.EventsSent, before.Bulks),
            (units.A.Exchange.Status(units.Now).EventsSent, units.A.Exchange.Status(units.Now).Bulks)
        );
    }

    [Fact]
    public void A_follower_of_an_older_version_is_told_everything()
    {
        var units = Following();
        units.RestartB();
        units.B.IsOlder = true;
        units.B.SetRole(false, new UnitId(1), SyncKind.Look);
        units.Run(Second);
        Assert.Equal(units.A.Table, units.B.Table);
        var before = units.A.Exchange.Status(units.Now).EventsSent;
        units.A.Exchange.OnOverrun(units.Now, units.A);
        units.Run(Second);
        Assert.InRange(units.A.Exchange.Status(units.Now).EventsSent - before, 1000, 1001);
    }

    [Fact]
    public void Lost_kernel_events_are_healed_by_telling_what_changed()
    {
        var units = Following();
        var before = units.A.Exchange.Status(units.Now).EventsSent;
        units.A.Table.Remove(SessionSamples.Tcp(3).Key);
        units.A.Table[SessionSamples.Tcp(5000).Key] = SessionSamples.Tcp(5000);
        units.A.Exchange.OnOverrun(units.Now, units.A);
        units.Run(Second);
        Assert.Equal(units.A.Table, units.B.Table);
        Assert.InRange(units.A.Exchange.Status(units.Now).EventsSent - before, 1, 20);
    }

    [Fact]
    public void A_follower_that_restarts_asks_again()
    {
        var units = Following();
        units.RestartB();
        units.B.SetRole(false, new UnitId(1));
        units.Run(Second);
        Assert.Equal(1, units.B.TimesSynced);
        Assert.Equal(units.A.Table, units.B.Table);
    }

    [Fact]
    public void A_sender_that_restarts_is_asked_again()
    {
        var units = Following();
        units.RestartA();
        units.A.End(SessionSamples.Tcp(3).Key);
        units.A.SetRole(true, null);
        units.Run(Second);
        Assert.Equal((2, 1), (units.B.TimesSynced, units.B.Lost));
        Assert.Equal(units.A.Table, units.B.Table);
    }

    [Fact]
    public void Roles_change_and_the_former_sender_follows()
    {
        var units = Following();
        units.B.SetRole(true, null);
        units.B.Set(SessionSamples.Tcp(777));
        units.A.End(SessionSamples.Tcp(1).Key);
        units.Run(Second);
        Assert.True(units.B.Table.ContainsKey(SessionSamples.Tcp(1).Key), "a unit that carries traffic knows better what has ended");
        units.A.SetRole(true, new UnitId(2));
        units.Run(Second);
        Assert.Equal(0, units.A.TimesSynced);
        units.A.SetRole(false, new UnitId(2));
        units.Run(Second);
        Assert.Equal(1, units.A.TimesSynced);
        Assert.Equal(units.B.Table, units.A.Table);
    }

    [Fact]
    public void A_unit_that_carries_traffic_takes_only_what_it_lacks()
    {
        var units = Following();
        units.B.SetRole(true, null);
        units.B.Set(SessionSamples.Tcp(1, TcpState.TimeWait));
        units.A.Set(SessionSamples.Tcp(1, TcpState.FinWait));
        units.A.Set(SessionSamples.Tcp(4000));
        units.Run(Second);
        Assert.Equal(TcpState.TimeWait, units.B.Table[SessionSamples.Tcp(1).Key].Tcp.State);
        Assert.True(units.B.Table.ContainsKey(SessionSamples.Tcp(4000).Key));
    }

    [Fact]
    public void A_unit_that_carries_traffic_takes_the_answer_to_a_syn_that_went_through_the_former_primary()
    {
        var units = Following();
        units.A.Set(SessionSamples.Tcp(1, TcpState.SynSent));
        units.Run(Second);
        units.B.SetRole(true, null);
        units.A.Set(SessionSamples.Tcp(1, TcpState.SynReceived));
        units.Run(Second);
        Assert.Equal(TcpState.SynReceived, units.B.Table[SessionSamples.Tcp(1).Key].Tcp.State);
    }

    [Fact]
    public void An_event_without_a_state_does_not_hide_the_dumps_word()
    {
        var units = new VirtualUnits(1);
        for (var i = 0; i < 2000; i++)
            units.A.Set(SessionSamples.Tcp(i));
        units.A.SetRole(true, null);
        units.B.SetRole(false, new UnitId(1));
        for (var i = 0; i < 50 && !units.A.Exchange.BulkRuns; i++)
            units.Run(TimeSpan.FromMilliseconds(1));
        Assert.True(units.A.Exchange.BulkRuns);
        units.A.Exchange.OnUpdated(SessionSamples.Tcp(1999) with { Tcp = default, Mark = 3 }, units.A);
        units.Run(Second);
        Assert.Equal(TcpState.Established, units.B.Table[SessionSamples.Tcp(1999).Key].Tcp.State);
    }

    [Fact]
    public void What_is_told_last_is_sent_again_after_the_role_has_changed()
    {
        var units = Following();
        units.B.SetRole(true, null);
        units.Loss = 1;
        units.A.Set(SessionSamples.Tcp(4321));
        units.A.SetRole(false, new UnitId(2));
        units.Loss = 0;
        units.Run(Second);
        Assert.True(units.B.Table.ContainsKey(SessionSamples.Tcp(4321).Key));
        Assert.Equal(1, units.A.TimesSynced);
    }

    [Fact]
    public void Who_is_told_again_whom_to_follow_syncs_again()
    {
        var units = Following();
        units.B.SetRole(false, new UnitId(1));
        units.Run(Second);
        Assert.Equal(2, units.B.TimesSynced);
    }

    [Fact]
    public void A_prune_that_a_new_bulk_overtakes_removes_nothing()
    {
        var units = Following();
        units.B.DefersPrune = true;
        units.B.Exchange.Resync(units.Now, units.B);
        units.Run(Second);
        units.B.DefersPrune = false;
        units.B.Exchange.Resync(units.Now, units.B);
        for (var i = 0; i < 50 && !units.A.Exchange.BulkRuns; i++)
            units.Run(TimeSpan.FromMilliseconds(1));
        units.Run(TimeSpan.FromMilliseconds(3));
        units.B.Prune(new(1));
        Assert.Equal(units.A.Table, units.B.Table);
        Assert.Equal(1, units.B.TimesSynced);
        units.Run(Second);
        Assert.Equal(units.A.Table, units.B.Table);
        Assert.Equal(2, units.B.TimesSynced);
    }

    /// <summary>What one follower asks for ends while another still removes what its own part did not tell.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_part_for_another_follower_does_not_take_away_the_end_of_this_ones(bool again)
    {
        var units = Following();
        units.B.SetRole(false, new UnitId(1), SyncKind.Look);
        units.C.SetRole(false, new UnitId(1), SyncKind.Look);
        units.B.Table.Remove(SessionSamples.Tcp(5).Key);
        units.B.Table[SessionSamples.Tcp(7777).Key] = SessionSamples.Tcp(7777);
        units.B.DefersPrune = units.C.DefersLook = true;
        var before = units.B.TimesSynced;
        units.Run(Second);
        units.C.Look(new UnitId(1));
        units.Run(Second);
        Assert.Equal(1, units.C.TimesSynced);
        if (again)
        {
            units.C.Table.Remove(SessionSamples.Tcp(6).Key);
            units.C.SetRole(false, new UnitId(1), SyncKind.Look);
            units.Run(Second);
        }

        units.B.DefersPrune = units.C.DefersLook = false;
        units.B.Prune(new UnitId(1));
        units.Run(Second);

        Assert.Equal(before + 1, units.B.TimesSynced);
        Assert.Equal(units.A.Table, units.B.Table);
    }

    /// <summary>The look at the own table, or the removal of what was not told, never comes to an end.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Who_waits_for_what_never_ends_asks_for_everything_after_a_minute(bool look, bool prune)
    {
        var units = Following();
        units.B.Table.Remove(SessionSamples.Tcp(5).Key);
        (units.B.DefersLook, units.B.DefersPrune) = (look, prune);
        units.B.SetRole(false, new UnitId(1), SyncKind.Look);
        units.Run(55 * Second, () => units.A.Set(SessionSamples.Tcp(3000)));
        Assert.Equal((1, 0), (units.B.TimesSynced, units.B.Lost));

        (units.B.DefersLook, units.B.DefersPrune) = (false, false);
        units.Run(10 * Second);

        Assert.Equal((2, 1), (units.B.TimesSynced, units.B.Lost));
        Assert.Equal(units.A.Table, units.B.Table);
        units.Run(100 * Second);
        Assert.Equal((2, 1), (units.B.TimesSynced, units.B.Lost));
    }

    [Fact]
    public void What_is_expected_follows_and_what_is_expected_no_longer_goes()
    {
        var units = Following();
        units.B.Expected.Add(SessionSamples.Expectation(9));
        units.A.Expected.Add(SessionSamples.Expectation(1));
        units.B.Exchange.Resync(units.Now, units.B);
        units.Run(Second);
        Assert.Equal(units.A.Expected, units.B.Expected);
        units.A.Exchange.OnExpected(SessionSamples.Expectation(2), ended: false, units.A);
        units.A.Exchange.OnExpected(SessionSamples.Expectation(1), ended: true, units.A);
        units.Run(Second);
        Assert.Equal([SessionSamples.Expectation(2)], units.B.Expected);
    }

    [Fact]
    public void A_bulk_tells_masters_before_what_they_expect()
    {
        var units = Following();
        var (child, parent) = (
            SessionSamples.Tcp(1) with
            {
                Parent = new SessionParent(6, SessionSamples.Tcp(900).Key.Original),
            },
            SessionSamples.Tcp(900)
        );
        units.A.Set(child);
        units.Run(Second);
        units.B.Table.Clear();
        units.B.Exchange.Resync(units.Now, units.B);
        units.Run(Second);
        Assert.Equal(child, units.B.Table[child.Key]);
        var order = units.B.Table.Keys.ToList();
        Assert.True(order.IndexOf(child.Key) > order.IndexOf(parent.Key));
    }

    [Fact]
    public void A_standby_tells_nothing()
    {
        var units = Following();
        var delivered = units.A.Exchange.Status(units.Now).EventsApplied;
        units.B.End(SessionSamples.Tcp(1).Key);
        units.Run(Second);
        Assert.True(units.A.Table.ContainsKey(SessionSamples.Tcp(1).Key));
        Assert.Equal(delivered, units.A.Exchange.Status(units.Now).EventsApplied);
    }

    [Fact]
    public void A_takeover_uses_what_came_early()
    {
        var units = Following();
        units.Loss = 1;
        units.A.Set(SessionSamples.Tcp(2000));
        units.A.Tick();
        units.Loss = 0;
        units.A.Set(SessionSamples.Tcp(2001));
        units.A.Tick();
        units.Loss = 1;
        units.Run(TimeSpan.FromMilliseconds(5));
        Assert.False(units.B.Table.ContainsKey(SessionSamples.Tcp(2001).Key));
        units.B.Exchange.Drain(units.Now, units.B);
        Assert.True(units.B.Table.ContainsKey(SessionSamples.Tcp(2001).Key));
    }

    [Fact]
    public void Recorded_traffic_of_a_former_incarnation_is_not_followed()
    {
        var units = Following();
        var applied = units.B.Exchange.Status(units.Now).EventsApplied;
        var former = units.A.Header with { Incarnation = new Incarnation(99) };
        foreach (var payload in units.Recording.ToList())
            units.B.Exchange.OnMessage(former, payload, units.Now, units.B);
        Assert.Equal(applied, units.B.Exchange.Status(units.Now).EventsApplied);
    }

    [Fact]
    public void Random_and_mutated_payloads_never_throw()
    {
        var units = Following();
        var random = new Random(5);
        for (var i = 0; i < 50_000; i++)
        {
            var payload = units.Recording[random.Next(units.Recording.Count)].ToArray();
            payload[random.Next(payload.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0)
                random.NextBytes(payload.AsSpan(1));
            payload[0] = (byte)random.Next(9);
            units.B.Exchange.OnMessage(units.A.Header, payload.AsSpan(0, random.Next(payload.Length + 1)), units.Now, units.B);
            units.A.Exchange.OnMessage(units.B.Header, payload.AsSpan(0, random.Next(payload.Length + 1)), units.Now, units.A);
        }
    }

    private static VirtualUnits Following(int ringFrames = 4096)
    {
        var units = new VirtualUnits(7, ringFrames);
        for (var i = 0; i < 1000; i++)
            units.A.Set(SessionSamples.Tcp(i));
        units.A.SetRole(true, null);
        units.B.SetRole(false, new UnitId(1));
        units.Run(Second);
        Assert.Equal(1, units.B.TimesSynced);
        Assert.Equal(units.A.Table, units.B.Table);
        return units;
    }

    private static void Churn(VirtualUnit unit, Random random, int changes = 50)
    {
        for (var n = 0; n < changes; n++)
        {
            var number = random.Next(8000);
            if (random.Next(3) == 0)
                unit.End(SessionSamples.Tcp(number).Key);
            else
                unit.Set(SessionSamples.Tcp(number, (TcpState)random.Next(1, 9)));
        }
    }
}
