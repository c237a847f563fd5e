using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

/// <content>Units that are away for a while.</content>
public sealed partial class ConfigurationServiceTests
{
    [Fact]
    public async Task After_a_split_both_units_end_on_the_winner_and_the_loser_is_a_branch()
    {
        using var bench = await TwoUnits();
        var (gw1, gw2) = (bench["gw1"], bench["gw2"]);
        gw1.Cut = true;
        Assert.Null((await gw1.Commit(Bench.A, "low", epoch: 2)).Refusal);
        Assert.Null((await gw2.Commit(Bench.A, "high", epoch: 3)).Refusal);
        gw1.Cut = false;
        Assert.Equal("the other's revision 2 loses against revision 2 here", (await gw2.SyncFrom("gw1")).Output);
        Assert.True((await gw1.SyncFrom("gw2")).Ok);
        AssertAll(bench, "high", 2);
        var branch = Assert.Single((await gw1.History()).Branches);
        Assert.StartsWith("lost-2-2-", branch.Name);
        Assert.Null((await gw1.RollBack(branch.Name, 3)).Refusal);
        AssertAll(bench, "low", 3);
    }

    [Fact]
    public async Task A_unit_with_factory_settings_that_was_primary_alone_overwrites_nothing()
    {
        using var bench = await TwoUnits();
        Assert.Null((await bench["gw1"].Commit(Bench.A, "two")).Refusal);
        var fresh = bench.Add("gw3", "factory");
        fresh.Cut = true;
        await fresh.BecomePrimary(epoch: 50);
        fresh.Cut = false;
        Assert.Equal("the other's revision 1 loses against revision 2 here", (await bench["gw1"].SyncFrom("gw3")).Output);
        Assert.True((await fresh.SyncFrom("gw1")).Ok);
        AssertAll(bench, "two", 2);
    }

    [Fact]
    public async Task A_unit_that_was_away_catches_up_with_the_whole_history()
    {
        using var bench = await TwoUnits();
        bench["gw2"].Cut = true;
        await bench["gw1"].Commit(Bench.A, "two");
        await bench["gw1"].Commit(Bench.A, "three");
        Assert.Equal(SyncState.Unreachable, (await bench["gw1"].Service.ReportAsync("gw1", bench["gw1"], Cancel)).Units[1].State);
        bench["gw2"].Cut = false;
        Assert.True((await bench["gw2"].SyncFrom("gw1")).Ok);
        AssertAll(bench, "three", 3);
        Assert.NotNull(await bench["gw2"].Service.Local.FindAsync("2", Cancel));
    }

    [Fact]
    public async Task A_unit_whose_check_fails_does_not_follow_and_says_why()
    {
        using var bench = await TwoUnits();
        bench["gw2"].Cut = true;
        await bench["gw1"].Commit(Bench.A, "two");
        bench["gw2"].Cut = false;
        var etc = bench["gw2"].Root + "/etc";
        Directory.Move(etc, etc + "2");
        Directory.CreateSymbolicLink(etc, etc + "2");
        var answer = await bench["gw2"].SyncFrom("gw1");
        Assert.Contains("leads through the symbolic link", answer.Why);
        var line = (await bench["gw1"].Service.ReportAsync("gw1", bench["gw1"], Cancel)).Units[1];
        Assert.Contains("following failed", line.Why);
        Assert.Equal("one", bench["gw2"].Disk(Bench.A));
    }

    [Theory]
    [InlineData(CommitPhase.Check)]
    [InlineData(CommitPhase.Apply)]
    [InlineData(CommitPhase.Verify)]
    [InlineData(CommitPhase.Finish)]
    public async Task A_standby_that_is_cut_off_during_a_commit_ends_with_the_primarys_head(CommitPhase phase)
    {
        using var bench = await TwoUnits();
        bench["gw2"].OnAsked = asked =>
        {
            if (asked == phase)
            {
                bench["gw2"].Cut = true;
                throw new IOException("cut off");
            }
        };
        var result = await bench["gw1"].Commit(Bench.A, "two");
        Assert.Equal(phase == CommitPhase.Finish, result.Revision is not null);
        bench["gw2"].OnAsked = null;
        bench["gw2"].Cut = false;
        Assert.True((await bench["gw2"].SyncFrom("gw1")).Ok);
        AssertAll(bench, phase == CommitPhase.Finish ? "two" : "one", phase == CommitPhase.Finish ? 2 : 1);
    }

    [Fact]
    public async Task A_standby_that_becomes_primary_amid_a_commit_carries_it_on()
    {
        using var bench = await TwoUnits();
        var (gw1, gw2) = (bench["gw1"], bench["gw2"]);
        gw2.OnAsked = asked =>
        {
            if (asked == CommitPhase.Verify)
            {
                gw1.Cut = true;
                throw new IOException("cut off");
            }
        };
        Assert.NotNull((await gw1.Commit(Bench.A, "two")).Refusal);
        gw2.OnAsked = null;
        Assert.True((await gw2.BecomePrimary(2)).Ok);
        gw1.Cut = false;
        Assert.True((await gw1.SyncFrom("gw2")).Ok);
        AssertAll(bench, "two", 2);
    }
}
