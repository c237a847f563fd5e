using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

public sealed class SwitchAccountTests
{
    private static readonly SessionClasses Classes = new(100, 50, 2, 7);
    private static readonly SessionCauseCount Masqueraded = new(
        SessionCauseWord.TranslatedSource,
        SessionClassWord.Bound,
        60,
        50,
        0,
        "are translated to an own address of gw1",
        "write snat"
    );
    private readonly RunWorld world = new("gw1", "gw2");

    [Fact]
    public void Bound_sessions_are_lost_in_the_report_even_though_nothing_else_is()
    {
        world.Served = _ => (Compared([1, 2, 3], [1, 2, 3], Masqueraded), 10);
        world.Start(RunWorld.Header(world));
        Assert.Equal("completed", world.Finish());
        var sessions = RunView.Report(world.Journal, []).Sessions;
        Assert.Equal(
            (1, 53L, 3L, 50L, 50L),
            (sessions.Switches!.Value, sessions.Before!.Value, sessions.Survived!.Value, sessions.Lost!.Value, sessions.LostForeseen)
        );
        Assert.Equal((0, null), (sessions.UnknownSwitches, sessions.NotKnown));
        Assert.Equal(Masqueraded, Assert.Single(sessions.Causes));
    }

    [Fact]
    public void A_takeover_in_a_run_is_not_known_and_not_zero()
    {
        var died = false;
        world.Served = unit => died ? (null, 10) : (Compared([1], [1]), 10);
        world.AfterEntry = entry =>
        {
            if (entry is { Kind: JournalEntryKind.Started, Step: RunStep.Rejoin, Target: "gw1" } && !died)
            {
                died = true;
                world.ClaimGapMs = 123;
                world.CutPower("gw2");
            }
        };
        world.Start(RunWorld.Header(world));
        world.Finish();
        Assert.True(died);
        var report = RunView.Report(world.Journal, []);
        Assert.Equal(
            (null, null, null, null),
            (report.Sessions.Before, report.Sessions.Survived, report.Sessions.Lost, report.Sessions.CriticalLost)
        );
        Assert.Contains("gw1 became primary in epoch", report.Sessions.NotKnown, StringComparison.Ordinal);
        Assert.InRange(report.Sessions.UnknownSwitches, 1, 9);

        // Nor is its gap none: nobody has checked the service, but the new primary knows how long it took.
        Assert.Equal(123, report.LongestGapMs);
    }

    [Fact]
    public void A_change_of_primary_that_is_told_twice_is_one()
    {
        world.Served = _ => (Compared([1], [1]), 10);
        world.DrivesTwice = true;
        world.Start(RunWorld.Header(world));
        Assert.Equal("completed", world.Finish());
        var report = RunView.Report(world.Journal, []);
        Assert.Equal(report.Elections.Select(election => election.Epoch).Distinct(), report.Elections.Select(election => election.Epoch));
    }

    [Fact]
    public void A_service_check_with_nothing_to_compare_has_not_passed()
    {
        world.Served = _ => (null, 10);
        world.Start(RunWorld.Header(world));
        Assert.Equal("completed", world.Finish());
        var report = RunView.Report(world.Journal, []);
        Assert.Equal(StepResult.Skipped, Assert.Single(report.Steps, step => step.Name == RunStep.ServiceCheck).Result);
        Assert.Null(report.Sessions.Lost);
        Assert.NotNull(report.Sessions.NotKnown);
    }

    [Fact]
    public void A_former_primary_whose_version_counts_only_what_it_replicates_is_not_known()
    {
        world.Served = _ => (new RunSessions(3, 3, 0, 0), 10);
        world.Start(RunWorld.Header(world));
        world.Finish();
        var sessions = RunView.Report(world.Journal, []).Sessions;
        Assert.Equal((null, 0L), (sessions.Lost, sessions.LostAtLeast));
        Assert.Contains("does not count", sessions.NotKnown, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_switches_nothing_says_so()
    {
        world.Start(RunWorld.Header(world) with { Units = ["gw2"] });
        Assert.Equal("completed", world.Finish());
        var sessions = RunView.Report(world.Journal, []).Sessions;
        Assert.Equal((0, 0L, 0L), (sessions.Switches!.Value, sessions.Before!.Value, sessions.Lost!.Value));
    }

    [Fact]
    public void What_was_bound_is_lost_whatever_stands_under_its_key_and_what_was_excluded_unless_it_is_there_again()
    {
        var before = new SessionSnapshot("r", [1, 2, 3], [3])
        {
            Excluded = [10, 11],
            Classes = Classes,
            Causes =
            [
                Masqueraded with
                {
                    Critical = 4,
                },
                new(SessionCauseWord.ExcludedRule, SessionClassWord.Excluded, 5, 2, 0, "are left out", null),
            ],
        };
        var sessions = SessionComparison.Of(before, new SessionSnapshot("r", [1, 2], []) { Excluded = [10] });
        Assert.Equal(
            (55L, 3L, 52L, 51L, 5L),
            (sessions.Before, sessions.Survived, sessions.Lost, sessions.LostForeseen, sessions.CriticalLost)
        );
        Assert.Equal(1, sessions.LostUnforeseen);
        Assert.Equal(
            "3 of 55 sessions came along, 52 lost: 50 are translated to an own address of gw1, 2 are left out",
            SessionComparison.Text(sessions)
        );
    }

    /// <summary>Of half-minute sessions one in a hundred ends within 0.3 s: that is no reason to go back.</summary>
    [Fact]
    public void What_was_about_to_end_and_is_gone_has_ended_and_is_not_lost()
    {
        var before = new SessionSnapshot("r", [1, 2, 3, 4], [2])
        {
            Excluded = [10, 11],
            Ending = [1, 2, 3, 10],
            EndingSeconds = [3, 20, 40, 1],
            AgeMs = 5000,
        };
        var after = new SessionSnapshot("r", [4], []);

        var at10s = SessionComparison.Of(before, after, TimeSpan.FromSeconds(10));
        Assert.Equal((3L, 1L, 2L, 0L), (at10s.Before, at10s.Survived, at10s.Lost, at10s.CriticalLost));
        var at9s = SessionComparison.Of(before, after, TimeSpan.FromSeconds(9));
        Assert.Equal((4L, 1L, 3L, 1L), (at9s.Before, at9s.Survived, at9s.Lost, at9s.CriticalLost));

        var kept = SessionComparison.Of(
            before,
            new SessionSnapshot("r", [1, 2, 3, 4], []) { Excluded = [10, 11] },
            TimeSpan.FromMinutes(1)
        );
        Assert.Equal((6L, 6L, 0L), (kept.Before, kept.Survived, kept.Lost));
    }

    /// <summary>A former primary of an older version says nothing of when its sessions end: all that are gone are lost.</summary>
    [Fact]
    public void Where_it_is_not_known_when_sessions_end_none_has_ended()
    {
        var before = new SessionSnapshot("r", [1, 2, 3], [2]);
        Assert.Empty(before.Ending);
        var sessions = SessionComparison.Of(before, new SessionSnapshot("r", [3], []), TimeSpan.FromMinutes(5));
        Assert.Equal((3L, 1L, 2L, 1L), (sessions.Before, sessions.Survived, sessions.Lost, sessions.CriticalLost));
    }

    /// <summary>One that would have ended, and that a packet has prolonged, came along: it is neither ended nor lost.</summary>
    [Fact]
    public void What_was_about_to_end_and_lives_on_came_along()
    {
        var before = new SessionSnapshot("r", [1, 2], [1]) { Ending = [1, 2], EndingSeconds = [1, 1] };
        var sessions = SessionComparison.Of(before, new SessionSnapshot("r", [1], []), TimeSpan.FromSeconds(10));
        Assert.Equal((1L, 1L, 0L, 0L), (sessions.Before, sessions.Survived, sessions.Lost, sessions.CriticalLost));
    }

    [Fact]
    public void What_was_said_before_another_switch_says_nothing_of_this_one()
    {
        var snapshot = new SessionSnapshot("r", [], []) { Epoch = 6, Step = RunStep.Switchover };
        Assert.True(snapshot.IsOf("r", 7));
        Assert.False(snapshot.IsOf("r", 8));
        Assert.False(snapshot.IsOf("s", 7));
        Assert.False(snapshot.IsOf("r", 7, atTheEnd: true));
        Assert.True((snapshot with { Step = RunStep.FinalPrimary }).IsOf("r", 7, atTheEnd: true));
    }

    [Theory]
    [InlineData(0, 0, 0, false, true, true)]
    [InlineData(10, 0, 0, false, true, true)]
    [InlineData(11, 0, 0, false, false, false)]
    [InlineData(0, 11, 0, false, true, false)]
    [InlineData(0, 11, 0, true, true, true)]
    [InlineData(11, 0, 0, true, false, true)]
    [InlineData(6, 6, 0, false, true, false)]
    [InlineData(0, 1, 1, true, true, false)]
    public void Above_the_limit_bound_sessions_need_consent_and_critical_ones_have_none(
        long missing,
        long bound,
        long critical,
        bool accepted,
        bool differenceIsOpen,
        bool boundIsOpen
    )
    {
        var difference = new SessionDifference("gw1", "gw2", missing, 0, 0, critical, 0, 1000 - bound, [])
        {
            Breaking = missing,
            Classes = Classes,
            Causes = [Masqueraded with { Count = bound, Breaking = bound, Critical = critical }],
        };
        var header = RunWorld.Header(world) with { AcceptInterruption = accepted };
        var gate = SessionGate.Of(difference, 0.01, header);
        Assert.Equal((differenceIsOpen, boundIsOpen), (gate.DifferenceIsOpen, gate.BoundIsOpen));
        Assert.True(SessionGate.Of(difference with { Breaking = 0 }, 0.01, header with { Units = ["gw2"] }).BoundIsOpen);
    }

    [Fact]
    public void A_difference_of_many_thousand_sessions_is_judged_by_all_of_them()
    {
        var difference = new SessionDifference("gw1", "gw2", 50_000, 0, 0, 0, 0, 200_000, []) { Breaking = 50_000 };
        Assert.False(SessionGate.Of(difference, 0.01, RunWorld.Header(world)).IsOpen);
    }

    private static RunSessions Compared(ulong[] before, ulong[] after, params SessionCauseCount[] causes) =>
        SessionComparison.Of(
            new SessionSnapshot("r", before, []) { Classes = Classes, Causes = causes },
            new SessionSnapshot("r", after, [])
        );
}
