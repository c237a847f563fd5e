using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

/// <summary>What can be said of a managed file beside check and apply.</summary>
public sealed class ManagedKeysTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gw1")]
    [InlineData("gw2")]
    public async Task A_verify_that_fails_on_one_unit_takes_the_commit_back_on_all(string broken)
    {
        using var bench = await Units(
            new ManagedFileSettings(
                Bench.A,
                null,
                "cp {file} {file}.applied",
                Verify: $"! grep two {{file}} || ! echo {{file}} | grep /{broken}/"
            )
        );
        var refusal = (await bench["gw1"].Commit(Bench.A, "two")).Refusal;
        Assert.StartsWith(
            $"the commit was taken back on every unit: {broken}: verify of /etc/a.conf failed: exit code 1: two",
            refusal?.Error
        );
        Assert.StartsWith($"{broken}: verify /etc/a.conf:\ntwo", refusal?.Detail);
        Assert.All(bench.Names, n => Assert.Equal(("one", "one"), (bench[n].Disk(Bench.A), bench[n].Disk(Bench.A + ".applied"))));
        Assert.Null((await bench["gw1"].Commit(Bench.A, "three")).Refusal);
    }

    [Fact]
    public async Task A_template_has_the_values_of_each_unit()
    {
        using var bench = await Units(
            new ManagedFileSettings(Bench.A, "grep -q 10.0.0 {file} || grep -q one {file}", "cp {file} {file}.applied", Template: true)
        );
        Assert.Null((await bench["gw1"].Commit(Bench.A, "id {{router-id}} on {{unit.name}}, {{heartbeat.address.hb0}}")).Refusal);
        Assert.Equal("id 10.0.0.1 on gw1, 10.0.0.1", bench["gw1"].Disk(Bench.A));
        Assert.Equal("id 10.0.0.2 on gw2, 10.0.0.1", bench["gw2"].Disk(Bench.A + ".applied"));
        Assert.True((await bench["gw1"].Service.ReportAsync("gw1", bench["gw1"], Cancel)).InSync);
        Assert.Equal(bench["gw1"].Service.Current, bench["gw2"].Service.Current);
        var wrong = await bench["gw1"].Commit(Bench.A, "one\n{{router_id}}");
        Assert.Contains("gw1: /etc/a.conf: line 2: {{router_id}} has no value on this unit; known are cluster.name", wrong.Refusal?.Error);
        bench["gw2"].Write(Bench.A, "by hand");
        await bench["gw2"].Service.Local.RepairAsync(Cancel);
        Assert.Equal("id 10.0.0.2 on gw2, 10.0.0.1", bench["gw2"].Disk(Bench.A));
        Assert.StartsWith("drift-", Assert.Single((await bench["gw2"].History()).Branches).Name);
    }

    [Fact]
    public async Task Files_of_a_lower_order_are_applied_first()
    {
        const string log = "basename {file} >> $(dirname {file})/order";
        using var bench = await Units(new(Bench.A, null, log, Order: 5), new(Bench.B, null, log), new("/etc/c.conf", null, log, Order: -5));
        System.IO.File.Delete(bench["gw2"].Root + "/etc/order");
        Assert.Null((await Commit(bench, File(Bench.A, "a"), File(Bench.B, "b"), File("/etc/c.conf", "c"))).Refusal);
        Assert.All(bench.Names, n => Assert.Equal("c.conf\nb.conf\na.conf\n", bench[n].Disk("/etc/order")));
    }

    [Fact]
    public async Task A_file_can_be_taken_away_everywhere_and_brought_back()
    {
        using var bench = await Units(new ManagedFileSettings(Bench.A, "grep -q . {file}", "echo reload >> /dev/null"));
        var removed = await Commit(bench, new ManagedFile(Bench.A, [], null, null, null, Absent: true));
        Assert.Null(removed.Refusal);
        Assert.All(bench.Names, n => Assert.Null(bench[n].Disk(Bench.A)));
        Assert.True((await bench["gw1"].Service.ReportAsync("gw1", bench["gw1"], Cancel)).InSync);
        bench["gw2"].Write(Bench.A, "back by hand");
        Assert.Equal(FileSyncState.Drifted, (await bench["gw1"].Service.ReportAsync("gw1", bench["gw1"], Cancel)).Units[1].Items[0].State);
        Assert.Contains("-one", await bench["gw1"].Diff("1", "2"));
        Assert.Null((await bench["gw1"].RollBack("1")).Refusal);
        Assert.All(bench.Names, n => Assert.Equal("one", bench[n].Disk(Bench.A)));
        Assert.Null((await bench["gw1"].RollBack("2")).Refusal);
        Assert.All(bench.Names, n => Assert.Null(bench[n].Disk(Bench.A)));
    }

    [Fact]
    public async Task An_owner_that_one_unit_does_not_know_is_refused_before_anything_changes()
    {
        using var bench = await Units(new ManagedFileSettings(Bench.A, null, null, Owner: "nobody-here:root", Mode: "0600"));
        Assert.Contains("/etc/a.conf: this unit knows no user nobody-here", (await bench["gw1"].Commit(Bench.A, "two")).Refusal?.Error);
        Assert.Equal("one", bench["gw1"].Disk(Bench.A));
    }

    [Fact]
    public async Task A_FIFO_in_place_of_a_managed_file_is_an_error_and_blocks_nothing()
    {
        using var bench = await Units(new ManagedFileSettings(Bench.A, null, null));
        var path = bench["gw2"].Root + Bench.A;
        Assert.Null((await ShellCommand.RunAsync($"rm {path} && mkfifo {path}", TimeSpan.FromSeconds(5), Cancel)).Why);
        Assert.Contains("/gw2/etc/a.conf is not a plain file", (await bench["gw1"].Commit(Bench.A, "two")).Refusal?.Error);
        var item = (await bench["gw1"].Service.ReportAsync("gw1", bench["gw1"], Cancel)).Units[1].Items[0];
        Assert.Equal((FileSyncState.Drifted, true), (item.State, item.Why?.EndsWith("is not a plain file", StringComparison.Ordinal)));
        Assert.Equal("one", bench["gw1"].Disk(Bench.A));
    }

    [Fact]
    public async Task A_file_of_a_gigabyte_is_refused_without_being_read()
    {
        using var bench = await Units(new ManagedFileSettings(Bench.A, null, null));
        using (var file = System.IO.File.OpenWrite(bench["gw2"].Root + Bench.A))
        {
            file.SetLength(1 << 30);
        }

        Assert.Contains("/gw2/etc/a.conf is larger than 8 MiB", (await bench["gw1"].Commit(Bench.A, "two")).Refusal?.Error);
        Assert.Equal("one", bench["gw1"].Disk(Bench.A));
        Assert.Equal(
            "/etc/a.conf is larger than 8 MiB",
            (await Commit(bench, new ManagedFile(Bench.A, new byte[(8 << 20) + 1], null, null, null))).Refusal?.Error
        );
    }

    private static Task<CommitOutcome> Commit(Bench bench, params ManagedFile[] files) =>
        bench["gw1"].Service.CommitAsync(new CommitRequest(files, "", "anna", null, null), 1, bench["gw1"], Cancel);

    private static ManagedFile File(string path, string content) =>
        new(path, System.Text.Encoding.UTF8.GetBytes(content), null, null, null);

    private static async Task<Bench> Units(params ManagedFileSettings[] listed)
    {
        var bench = new Bench { Listed = listed };
        bench.Add("gw1", "one");
        bench.Add("gw2", "one");
        Assert.True((await bench["gw1"].BecomePrimary()).Ok);
        await bench["gw2"].SyncFrom("gw1");
        return bench;
    }
}
