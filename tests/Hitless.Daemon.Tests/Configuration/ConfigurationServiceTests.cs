using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

public sealed partial class ConfigurationServiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_revision_is_what_the_primary_has_on_disk_and_the_standby_follows()
    {
        using var bench = new Bench();
        var (gw1, gw2) = (bench.Add("gw1", "one", "b"), bench.Add("gw2", "other"));
        Assert.True((await gw1.BecomePrimary()).Ok);
        Assert.Equal((1, "import", null), (gw1.Service.Current!.Number, gw1.Service.Current.Author, gw1.Service.Current.Parent));
        Assert.True((await gw2.SyncFrom("gw1")).Ok);
        Assert.Equal(gw1.Service.Current, gw2.Service.Current);
        Assert.Equal(("one", "b", "one"), (gw2.Disk(Bench.A), gw2.Disk(Bench.B), gw2.Disk(Bench.A + ".applied")));
    }

    [Fact]
    public async Task Without_managed_files_there_is_an_empty_revision_everywhere()
    {
        using var bench = new Bench { Listed = [] };
        var (gw1, gw2) = (bench.Add("gw1"), bench.Add("gw2"));
        await gw1.BecomePrimary();
        await gw2.SyncFrom("gw1");
        var report = await gw2.Service.ReportAsync("gw1", gw2, Cancel);
        Assert.True(report.InSync);
        Assert.Equal(1, report.Revision);
        Assert.StartsWith("/etc/a.conf is not a managed file", (await gw1.Commit(Bench.A, "x")).Refusal?.Error);
    }

    [Fact]
    public async Task A_commit_is_on_every_unit()
    {
        using var bench = await TwoUnits();
        var result = await bench["gw1"].Commit(Bench.A, "two", epoch: 3);
        Assert.Null(result.Refusal);
        Assert.Equal((2, 3, "anna"), (result.Revision!.Number, result.Revision.Epoch, result.Revision.Author));
        AssertAll(bench, "two", 2);
        Assert.True((await bench["gw1"].Service.ReportAsync("gw1", bench["gw1"], Cancel)).InSync);
    }

    [Fact]
    public async Task A_check_that_fails_on_one_unit_changes_nothing_on_any()
    {
        // The state folder of gw2 is where its candidate lies, so this check fails there and nowhere else.
        using var strict = new Bench { Listed = [new(Bench.A, "! grep -q two {file} || ! echo {file} | grep gw2", "true")] };
        var (one, two) = (strict.Add("gw1", "one"), strict.Add("gw2", "one"));
        await one.BecomePrimary();
        await two.SyncFrom("gw1");
        var before = File.GetLastWriteTimeUtc(one.Root + Bench.A);
        var result = await one.Commit(Bench.A, "two");
        Assert.StartsWith(
            "the commit was refused, nothing was changed: gw2: check of /etc/a.conf failed: exit code 1: ",
            result.Refusal?.Error
        );
        AssertAll(strict, "one", 1);
        Assert.Equal(before, File.GetLastWriteTimeUtc(one.Root + Bench.A));
        Assert.Equal(2, (await one.History()).Revisions.Count + (await two.History()).Revisions.Count);
    }

    [Theory]
    [InlineData("gw1")]
    [InlineData("gw2")]
    public async Task An_apply_that_fails_on_one_unit_is_taken_back_on_all(string broken)
    {
        using var bench = new Bench
        {
            Listed = [new(Bench.A, null, $"! grep two {{file}} || ! echo {{file}} | grep /{broken}/"), new(Bench.B, null, null)],
        };
        var (gw1, gw2) = (bench.Add("gw1", "one"), bench.Add("gw2", "one"));
        await gw1.BecomePrimary();
        await gw2.SyncFrom("gw1");
        var request = new CommitRequest([Managed(Bench.A, "two"), Managed(Bench.B, "new")], "", "anna", null, null);
        var result = await gw1.Service.CommitAsync(request, 1, gw1, Cancel);
        Assert.StartsWith(
            $"the commit was taken back on every unit: {broken}: apply of /etc/a.conf failed: exit code 1",
            result.Refusal?.Error
        );
        AssertAll(bench, "one", 1);
        Assert.All(bench.Names, n => Assert.Null(bench[n].Disk(Bench.B)));
    }

    [Fact]
    public async Task A_command_that_never_ends_is_killed_and_the_commit_taken_back()
    {
        using var bench = new Bench
        {
            Listed = [new(Bench.A, null, "! grep -q two {file} || { sleep 1000 & wait; }")],
            CommandTimeMax = TimeSpan.FromMilliseconds(300),
        };
        var gw1 = bench.Add("gw1", "one");
        await gw1.BecomePrimary();
        var result = await gw1.Commit(Bench.A, "two");
        Assert.Contains("did not end within 0.3 s and was killed", result.Refusal?.Error);
        AssertAll(bench, "one", 1);
    }

    [Fact]
    public async Task Content_that_is_not_UTF8_is_committed_as_it_is()
    {
        using var bench = await TwoUnits();
        var request = new CommitRequest([new ManagedFile(Bench.B, [0xff, 0xfe, 0], null, null, null)], "binary", "anna", null, null);
        Assert.Null((await bench["gw1"].Service.CommitAsync(request, 1, bench["gw1"], Cancel)).Refusal);
        Assert.Equal([0xff, 0xfe, 0], File.ReadAllBytes(bench["gw2"].Root + Bench.B));
        Assert.Equal("Binary files a/etc/b.conf and b/etc/b.conf differ\n", await bench["gw2"].Diff("1", "2"));
    }

    [Fact]
    public async Task Owner_and_mode_of_a_managed_file_are_kept_and_travel()
    {
        Assert.SkipUnless(Environment.UserName == "root", "changing owners needs root");
        using var bench = new Bench();
        var (gw1, gw2) = (bench.Add("gw1", "one"), bench.Add("gw2"));
        Assert.Null(
            (
                await ShellCommand.RunAsync(
                    $"chown 12:34 {gw1.Root}{Bench.A} && chmod 640 {gw1.Root}{Bench.A}",
                    TimeSpan.FromSeconds(5),
                    Cancel
                )
            ).Why
        );
        await gw1.BecomePrimary();
        await gw2.SyncFrom("gw1");
        Assert.Null((await gw1.Commit(Bench.A, "two")).Refusal);
        Assert.Equal(
            "640 12:34",
            (await ShellCommand.RunAsync($"stat -c '%a %u:%g' {gw1.Root}{Bench.A}", TimeSpan.FromSeconds(5), Cancel)).Output
        );
        Assert.Equal(
            "640 12:34",
            (await ShellCommand.RunAsync($"stat -c '%a %u:%g' {gw2.Root}{Bench.A}", TimeSpan.FromSeconds(5), Cancel)).Output
        );
    }

    [Fact]
    public async Task The_second_of_two_editors_is_told_what_changed()
    {
        using var bench = await TwoUnits();
        var parent = bench["gw1"].Service.Current!.Hash;
        Assert.Null((await bench["gw1"].Commit(Bench.A, "two", parent)).Refusal);
        var refusal = (await bench["gw1"].Commit(Bench.A, "three", parent)).Refusal;
        Assert.Contains("since revision 1 it changed /etc/a.conf", refusal?.Error);
        Assert.Contains("+two", refusal?.Detail);
        AssertAll(bench, "two", 2);
    }

    [Fact]
    public async Task During_a_run_edits_are_taken_that_both_versions_can_express_and_others_refused_with_the_reason()
    {
        using var bench = new Bench { Listed = [new(Bench.A, null, null), new(Bench.B, null, null, Verify: "true")] };
        var (gw1, gw2) = (bench.Add("gw1", "one"), bench.Add("gw2", schema: 1));
        await gw1.BecomePrimary();
        await gw2.SyncFrom("gw1");
        Assert.Null((await gw1.Commit(Bench.A, "two")).Refusal);
        Assert.Equal(
            "/etc/b.conf: gw2 cannot express \"verify\" (it knows configuration schema 1, this needs 2)",
            (await gw1.Commit(Bench.B, "new")).Refusal?.Error
        );
        AssertAll(bench, "two", 2);
        gw2.Cut = true;
        gw1.Service.RunLimits = () => [new SchemaLimit("version 0.9.0 in the other slot", 1)];
        Assert.StartsWith("/etc/b.conf: version 0.9.0 in the other slot cannot express", (await gw1.Commit(Bench.B, "new")).Refusal?.Error);
        gw1.Service.RunLimits = null;
        Assert.Null((await gw1.Commit(Bench.B, "new")).Refusal);
    }

    [Fact]
    public async Task A_unit_that_is_behind_follows_before_the_commit_goes_on()
    {
        using var bench = await TwoUnits();
        bench["gw2"].Cut = true;
        Assert.Null((await bench["gw1"].Commit(Bench.A, "two")).Refusal);
        bench["gw2"].Cut = false;
        Assert.Null((await bench["gw1"].Commit(Bench.A, "three")).Refusal);
        AssertAll(bench, "three", 3);
    }

    [Fact]
    public async Task A_commit_can_cure_a_unit_that_could_not_follow()
    {
        // The state folder of gw2 is where its candidate lies, so this check fails there and nowhere else.
        using var bench = new Bench { Listed = [new(Bench.A, "! grep -q two {file} || ! echo {file} | grep gw2", "true")] };
        var (gw1, gw2) = (bench.Add("gw1", "one"), bench.Add("gw2", "one"));
        await gw1.BecomePrimary();
        await gw2.SyncFrom("gw1");
        gw2.Cut = true;
        Assert.Null((await gw1.Commit(Bench.A, "two")).Refusal);
        gw2.Cut = false;
        Assert.StartsWith("check of /etc/a.conf failed", (await gw2.SyncFrom("gw1")).Why);
        var line = (await gw1.Service.ReportAsync("gw1", gw1, Cancel)).Units[1];
        Assert.Contains("following failed: check of /etc/a.conf failed: exit code 1", line.Why);
        Assert.Equal(FileSyncState.CheckFailed, line.Items[0].State);
        Assert.Contains("gw2", line.Items[0].Output);
        Assert.Null((await gw1.Commit(Bench.A, "three")).Refusal);
        AssertAll(bench, "three", 3);
        Assert.True((await gw1.Service.ReportAsync("gw1", gw1, Cancel)).InSync);
    }

    [Fact]
    public async Task Revisions_of_any_unit_are_found_and_compared()
    {
        using var bench = await TwoUnits();
        bench["gw2"].Write(Bench.A, "by hand\n");
        Assert.Contains("+by hand", await bench["gw1"].Diff("head", "gw2"));
        Assert.Contains("-by hand", await bench["gw1"].Diff("gw2:disk", "gw1:disk"));
        Assert.Equal("", await bench["gw1"].Diff("head", "gw2:head"));
        await bench["gw2"].Service.Local.RepairAsync(Cancel);
        var branch = Assert.Single((await bench["gw1"].History()).Branches).Name;
        Assert.Null((await bench["gw1"].RollBack(branch)).Refusal);
        AssertAll(bench, "by hand\n", 2);
        Assert.Equal(
            "there is no revision gw3:head",
            (await bench["gw1"].Service.DiffAsync("gw3:head", "head", bench["gw1"], Cancel)).Refusal?.Error
        );
    }

    [Fact]
    public async Task Old_revisions_are_pruned_by_rule_and_a_unit_that_comes_back_still_goes_on_from_one()
    {
        using var bench = new Bench { KeepRevisions = 10 };
        var (gw1, gw2) = (bench.Add("gw1", "one"), bench.Add("gw2", "one"));
        await gw1.BecomePrimary();
        await gw2.SyncFrom("gw1");
        gw2.Cut = true;
        for (var i = 0; i < 20; i++)
        {
            Assert.Null((await gw1.Commit(Bench.A, $"{i}")).Refusal);
        }

        Assert.Equal(10, Directory.GetFiles(gw1.State + "/configuration/revisions").Length);
        Assert.Null(await gw1.Service.Local.FindAsync("3", Cancel));
        gw1.Stop();
        gw1.Start();
        Assert.Equal(21, (await gw1.History()).Revisions.Count);
        gw2.Cut = false;
        Assert.True((await gw2.SyncFrom("gw1")).Ok);
        AssertAll(bench, "19", 21);
        Assert.Empty((await gw2.History()).Branches);
        Assert.Equal(21, (await gw2.History()).Revisions.Count);
    }

    [Fact]
    public async Task A_commit_with_a_time_limit_is_undone_by_whoever_is_primary_then()
    {
        using var bench = await TwoUnits();
        var (gw1, gw2) = (bench["gw1"], bench["gw2"]);
        Assert.Null((await CommitForTenMinutes(gw1)).Refusal);
        AssertAll(bench, "two", 2);
        Assert.Null(await gw1.Service.UndoUnconfirmedAsync(1, gw1, Cancel));
        bench.Ahead = TimeSpan.FromMinutes(11);
        gw1.Cut = true;
        Assert.Null((await gw2.Service.UndoUnconfirmedAsync(2, gw2, Cancel))!.Refusal);
        gw1.Cut = false;
        await gw1.SyncFrom("gw2");
        AssertAll(bench, "one", 3);
        Assert.Null(await gw2.Service.UndoUnconfirmedAsync(2, gw2, Cancel));
    }

    [Theory]
    [InlineData(-365)]
    [InlineData(365)]
    public async Task A_clock_that_is_set_neither_undoes_a_commit_nor_keeps_one(int days)
    {
        using var bench = await TwoUnits();
        var (gw1, gw2) = (bench["gw1"], bench["gw2"]);
        Assert.Null((await CommitForTenMinutes(gw1)).Refusal);
        bench.Stepped = TimeSpan.FromDays(days);
        Assert.Null(await gw1.Service.UndoUnconfirmedAsync(1, gw1, Cancel));
        Assert.Null(await gw2.Service.UndoUnconfirmedAsync(2, gw2, Cancel));
        bench.Ahead = TimeSpan.FromMinutes(11);
        Assert.Null((await gw1.Service.UndoUnconfirmedAsync(1, gw1, Cancel))!.Refusal);
        AssertAll(bench, "one", 3);
    }

    [Fact]
    public async Task A_commit_with_a_time_limit_stays_when_it_is_confirmed()
    {
        using var bench = await TwoUnits();
        var gw1 = bench["gw1"];
        Assert.Equal(
            "there is no commit that waits for being confirmed",
            (await gw1.Service.ConfirmAsync("anna", 1, gw1, Cancel)).Refusal?.Error
        );
        await CommitForTenMinutes(gw1);
        Assert.Null((await gw1.Service.ConfirmAsync("anna", 1, gw1, Cancel)).Refusal);
        bench.Ahead = TimeSpan.FromMinutes(11);
        Assert.Null(await gw1.Service.UndoUnconfirmedAsync(1, gw1, Cancel));
        AssertAll(bench, "two", 3);
    }

    [Fact]
    public async Task The_report_over_four_units_with_200_files_is_complete()
    {
        using var bench = new Bench
        {
            Listed = [.. Enumerable.Range(0, 200).Select(i => new ManagedFileSettings($"/etc/f{i}", null, null))],
        };
        var gw1 = bench.Add("gw1");
        for (var i = 0; i < 200; i++)
        {
            gw1.Write($"/etc/f{i}", new string('x', 4000));
        }

        await gw1.BecomePrimary();
        foreach (var name in new[] { "gw2", "gw3", "gw4" })
        {
            Assert.True((await bench.Add(name).SyncFrom("gw1")).Ok);
        }

        var begun = System.Diagnostics.Stopwatch.GetTimestamp();
        var report = await gw1.Service.ReportAsync("gw1", gw1, Cancel);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"report over four units with 200 files: {System.Diagnostics.Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms"
        );
        Assert.True(report.InSync);
        Assert.All(report.Units, u => Assert.Equal(200, u.Items.Count));
    }

    [Fact]
    public async Task Rollback_makes_a_new_revision_with_the_old_content_and_diff_shows_it()
    {
        using var bench = await TwoUnits();
        await bench["gw1"].Commit(Bench.A, "two\n");
        Assert.Equal(3, (await bench["gw1"].RollBack("1", 1)).Revision?.Number);
        AssertAll(bench, "one", 3);
        Assert.Equal(
            "--- a/etc/a.conf\n+++ b/etc/a.conf\n@@ -1,1 +1,1 @@\n-two\n+one\n\\ No newline at end of file\n",
            await bench["gw2"].Diff("2", "head")
        );
        Assert.Equal([3, 2, 1], (await bench["gw2"].History()).Revisions.Select(r => r.Number));
        Assert.Equal("there is no revision 9", (await bench["gw1"].RollBack("9", 1)).Refusal?.Error);
    }

    [Fact]
    public async Task A_rollback_that_is_meant_for_another_revision_is_refused_by_its_kind()
    {
        using var bench = await TwoUnits();
        var first = (await bench["gw1"].History()).Revisions[0].Hash;
        await bench["gw1"].Commit(Bench.A, "two\n");
        var refused = (await bench["gw1"].RollBack("1", 1, first)).Refusal;
        Assert.Equal(ProblemTypes.ConfigurationChanged.Uri, refused?.Type);
        AssertAll(bench, "two\n", 2);
        var second = (await bench["gw1"].History()).Revisions[0].Hash;
        Assert.Equal(3, (await bench["gw1"].RollBack("1", 1, second)).Revision?.Number);
    }

    [Fact]
    public async Task Hand_edits_are_reported_and_kept_as_a_branch_when_they_are_put_back()
    {
        using var bench = await TwoUnits();
        var gw2 = bench["gw2"];
        gw2.Write(Bench.A, "by hand");
        var line = (await bench["gw1"].Service.ReportAsync("gw1", bench["gw1"], Cancel)).Units.Single(u => u.Unit == "gw2");
        Assert.Equal((SyncState.OutOfSync, "/etc/a.conf drifted"), (line.State, line.Why));
        Assert.Contains("+by hand", await gw2.Diff("head", "disk"));
        Assert.True((await gw2.Service.Local.RepairAsync(Cancel)).Ok);
        Assert.Equal("one", gw2.Disk(Bench.A));
        var branch = Assert.Single((await gw2.History()).Branches);
        Assert.Contains("+by hand", await gw2.Diff("head", branch.Name));
        Assert.True((await bench["gw1"].Service.ReportAsync("gw1", bench["gw1"], Cancel)).InSync);
    }

    [Fact]
    public async Task What_is_edited_in_place_and_committed_is_checked_and_applied_on_that_unit_too()
    {
        using var bench = await TwoUnits();
        var gw1 = bench["gw1"];
        gw1.Write(Bench.A, "bad");
        Assert.Contains("gw1: check of /etc/a.conf failed", (await gw1.Commit(Bench.A, "bad")).Refusal?.Error);
        gw1.Write(Bench.A, "two");
        var result = await gw1.Commit(Bench.A, "two");
        Assert.Equal(["gw1", "gw2"], result.Answers.Select(a => a.Unit));
        AssertAll(bench, "two", 2);
        Assert.Equal("two", gw1.Disk(Bench.A + ".applied"));
        Assert.Empty((await gw1.History()).Branches);
    }

    [Fact]
    public async Task What_is_edited_in_place_and_taken_back_stays_as_a_branch()
    {
        using var bench = await TwoUnits();
        var gw1 = bench["gw1"];
        gw1.Write(Bench.A, "two");
        bench["gw2"].OnAsked = phase => bench["gw2"].Cut = phase == CommitPhase.Verify ? throw new IOException("cut off") : false;
        Assert.Contains("taken back", (await gw1.Commit(Bench.A, "two")).Refusal?.Error);
        AssertAll(bench, "one", 1);
        Assert.Equal("one", gw1.Disk(Bench.A + ".applied"));
        var branch = Assert.Single((await gw1.History()).Branches);
        Assert.StartsWith("refused-1-2-", branch.Name);
        bench["gw2"].OnAsked = null;
        Assert.Null((await gw1.RollBack(branch.Name, 1)).Refusal);
        AssertAll(bench, "two", 2);
    }

    private static Task<CommitOutcome> CommitForTenMinutes(BenchUnit unit) =>
        unit.Service.CommitAsync(new CommitRequest([Managed(Bench.A, "two")], "try", "anna", null, 600_000), 1, unit, Cancel);

    private static ManagedFile Managed(string path, string content) =>
        new(path, System.Text.Encoding.UTF8.GetBytes(content), null, null, null);

    private static async Task<Bench> TwoUnits()
    {
        var bench = new Bench();
        bench.Add("gw1", "one");
        bench.Add("gw2", "one");
        Assert.True((await bench["gw1"].BecomePrimary()).Ok);
        Assert.True((await bench["gw2"].SyncFrom("gw1")).Ok);
        return bench;
    }

    private static void AssertAll(Bench bench, string a, long revision) => Assert.All(bench.Names, name =>
        {
            Assert.Equal((name, a, revision), (name, bench[name].Disk(Bench.A), bench[name].Service.Current?.Number));
            Assert.Equal(bench["gw1"].Service.Current, bench[name].Service.Current);
        });
}
