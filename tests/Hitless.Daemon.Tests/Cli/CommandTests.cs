using System.Security.Cryptography;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Tests.Api;
using Xunit;

namespace Hitless.Daemon.Tests.Cli;

public sealed class CommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Commands =>
        new()
        {
            { "unit list", "status", "gw1   primary  ready" },
            { "status", "status", "gw1 is primary: priority 200 > 100, ages within 300 s" },
            {
                "switchover --to gw2",
                "switchover SwitchoverRequest { To = gw2, Wait = True, Force = False, AwaitTraffic = False }",
                "gw2 is primary (was gw1), epoch 4, switched in 13 ms"
            },
            { "switchover --wait", "status", "gw2 is primary" },
            { "age reset", "age reset", "gw2 is primary, epoch 4" },
            { "sessions list --limit 5 --filter tcp", "list tcp 5", "10.10.1.5:40000 -> 10.10.2.10:5432" },
            { "sessions count", "count", "udp       10" },
            {
                "sessions diff --with gw2",
                "diff gw2",
                "gw1 against gw2: 1 missing, 2 extra, 3 different, 1 critical (of 20,011 sessions, 4.1 kB exchanged)"
            },
            { "sessions resync", "resync", "20,011 sessions transferred from gw1 to gw2 in 200 ms" },
            { "config show", "config", "revision 4 (bbbbbbbbbbbb), 2026-11-21 12:00:00Z by ada: open port 80" },
            { "config show /etc/nftables.conf --revision 4", "config 4", "table inet t {}" },
            { "config show --settings", "settings", "cluster  cluster.yaml  sessions.pickup.delay  30s" },
            { "config diff 3 4", "config diff 3 4", "+new" },
            { "config diff", "config diff", "changed /etc/nftables.conf" },
            { "config confirm", "confirm", "revision 4 (bbbbbbbbbbbb) is current" },
            { "config history", "config history", "open port 80" },
            { "config history ", "config history", "branch lost-2-3-abcd: revision 4 by ada (open port 80): lost against revision 4" },
            { "config diff gw1:head gw2", "config diff gw1:head gw2", "+new" },
            { "config show --revision lost-2-3-abcd", "config lost-2-3-abcd", "/etc/nftables.conf" },
            { "config rollback lost-2-3-abcd", "config rollback lost-2-3-abcd", "  gw2: applied" },
            { "config remove /etc/nftables.conf", "commit", "note: gw2 will follow later" },
            { "config rollback 3 -m oops", "config rollback 3 oops", "  gw2: applied" },
            { "config report", "report", "    /etc/nftables.conf: drifted: 2 lines differ" },
            { "config sync", "sync", "edge: in sync, revision 4" },
            { "firmware list", "images", "f00dfeedf00d  1.1.0" },
            { "firmware remove 1.1.0", "remove 1.1.0", "1.1.0 is removed from this unit's store" },
            { "upgrade check f00d", "check f00d", "pass  two-units: 2 units are ready" },
            {
                "upgrade plan f00d --guided --keep-primary",
                "plan f00d True True",
                "in the end gw2 is primary: its age is greater by more than 300 s"
            },
            { "upgrade plan f00d --keep-redundancy", "plan f00d False False redundancy", "installs in slot b" },
            { "upgrade start f00d --detach", "start f00d False", "run r1: running, 1.0.0 → 1.1.0" },
            { "upgrade status", "run", "no run yet" },
            { "upgrade pause", "pause", "run r1: paused" },
            { "upgrade approve change-board --reason CHG-123", "gate change-board True CHG-123", "run r1: running" },
            { "upgrade refuse change-board", "gate change-board False", "run r1: running" },
            { "upgrade resume", "resume", "run r1: running" },
            { "upgrade next --detach", "next", "run r1: running" },
            { "upgrade abort", "abort", "run r1: failed" },
            { "upgrade rollback --detach", "rollback", "run r1: rolling-back" },
            { "upgrade report r1", "run report r1", "sessions: 500 before, 500 survived, 0 lost, 0 of them critical" },
            { "events", "history  50", "2026-11-21 12:00:00Z  gw1  role  gw1 is primary (epoch 3)" },
            { "history --limit 7", "history role 7", "gw2 is standby" },
        };

    [Theory]
    [InlineData("ready")]
    [InlineData("held")]
    [InlineData("absent")]
    public async Task A_switchover_waits_for_no_unit_that_is_kept_out(string state)
    {
        await using var bench = await ApiBench.StartAsync();
        var units = bench.Unit.Status.Units;
        bench.Unit.Status = bench.Unit.Status with { Units = [.. units, units[^1] with { Name = "gw3", State = UnitStateWord.Of(state) }] };
        var ran = await bench
            .HitlessAsync("switchover", "--wait")
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(0, ran.Code);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_command_asks_the_unit_and_says_what_it_answered(string command, string asked, string said)
    {
        await using var bench = await ApiBench.StartAsync();
        var ran = await bench.HitlessAsync(command.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Equal(asked, bench.Unit.Asked[^1]);
        Assert.Contains(said, ran.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task With_json_a_command_prints_one_document_in_success_and_refusal(string command, string asked, string said)
    {
        _ = (asked, said);
        await using var bench = await ApiBench.StartAsync();
        var ran = await bench.HitlessAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--json"]);
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        using var document = JsonDocument.Parse(ran.Output);

        bench.Unit.Failure = new RefusedException("a run is open", "wait for its end");
        ran = await bench.HitlessAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--json"]);
        Assert.Equal((1, "hitless: a run is open\n  wait for its end\n"), (ran.Code, ran.Error));
        using var refusal = JsonDocument.Parse(ran.Output);
        Assert.Equal("a run is open", refusal.RootElement.GetProperty("error").GetString());
    }

    [Fact]
    public async Task The_status_document_has_what_the_contract_names()
    {
        await using var bench = await ApiBench.StartAsync();
        using var status = JsonDocument.Parse((await bench.HitlessAsync("status", "--json")).Output);
        var root = status.RootElement;
        Assert.Equal(
            ("edge", "active-passive", "ok", 3, "gw1", "gw2", JsonValueKind.Null),
            (
                Text(root, "cluster"),
                Text(root, "mode"),
                Text(root, "health"),
                root.GetProperty("epoch").GetInt64(),
                Text(root, "primary"),
                Text(root, "self"),
                root.GetProperty("upgrade").ValueKind
            )
        );
        var unit = root.GetProperty("units")[0];
        Assert.Equal(
            ("gw1", "primary", "ready", "priority 200 > 100, ages within 300 s", "1.0.0", "in-sync"),
            (
                Text(unit, "name"),
                Text(unit, "role"),
                Text(unit, "state"),
                Text(unit, "reason"),
                Text(unit, "version"),
                Text(unit, "configuration")
            )
        );
        Assert.Equal(
            (200, 512, 20011, 0, true),
            (
                Number(unit, "priority"),
                Number(unit, "ageSeconds"),
                Number(unit, "sessions"),
                Number(unit, "sessionLag"),
                unit.GetProperty("interfaces")[0].GetProperty("up").GetBoolean()
            )
        );
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("")]
    [InlineData("upgrade start")]
    [InlineData("upgrade start --system")]
    [InlineData("upgrade plan --system image.hli --key k")]
    [InlineData("upgrade rehearse")]
    [InlineData("firmware index")]
    [InlineData("switchover --to")]
    [InlineData("config commit")]
    [InlineData("config commit --from-disk --confirm soon")]
    [InlineData("status --watch")]
    [InlineData("firmware build d --version one --key k --out o")]
    [InlineData("firmware build d --version 1.0.0 --key k --out o --activation maybe")]
    public async Task A_wrong_command_line_is_exit_code_2_and_asks_nothing(string command)
    {
        await using var bench = await ApiBench.StartAsync();
        foreach (
            var json in (string[][])
                [
                    [],
                    ["--json"],
                ]
        )
        {
            var ran = await bench.HitlessAsync([.. json, .. command.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
            Assert.Equal(2, ran.Code);
            Assert.Matches("^hitless: [^\n]+\n  [^\n]+\n$", ran.Error);
            Assert.Equal(json.Length > 0, ran.Output.Length > 0);
            Assert.Empty(bench.Unit.Asked);
        }
    }

    [Fact]
    public async Task A_unit_that_is_not_there_is_exit_code_3_with_the_remedy()
    {
        await using var bench = new ApiBench();
        var ran = await bench.HitlessAsync("status");
        Assert.Equal(3, ran.Code);
        Assert.Equal(
            $"hitless: no unit answers on {bench.SocketPath}\n  start hitlessd (systemctl start hitless), or name its socket with "
                + $"--socket PATH\n",
            ran.Error
        );
    }

    [Fact]
    public async Task What_looks_like_markup_in_an_answer_is_only_text()
    {
        await using var bench = await ApiBench.StartAsync();
        Assert.Contains("wan0 of gw2 is down [cable?]", (await bench.HitlessAsync("status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_commit_sends_the_files_with_what_they_were_based_on()
    {
        await using var bench = await ApiBench.StartAsync();
        await File.WriteAllTextAsync(bench.File("new"), "table inet u {}\n", Cancel);
        var ran = await bench.HitlessAsync(
            "config",
            "commit",
            $"/etc/nftables.conf={bench.File("new")}",
            "--confirm",
            "1m30s",
            "-m",
            "why"
        );
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        var commit = bench.Unit.Commit!;
        Assert.Equal((90_000L, "why", "bbbbbbbbbbbbbbbbbbbb"), (commit.ConfirmMs, commit.Message, commit.Parent));
        var file = Assert.Single(commit.Files);
        Assert.Equal(
            ("/etc/nftables.conf", "nft -c -f {file}", "table inet u {}\n"),
            (file.Path, file.Check, System.Text.Encoding.UTF8.GetString(file.Content))
        );
        Assert.Contains("it undoes itself at 2026-11-21 12:00:00Z unless: hitless config confirm", ran.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removing_sends_no_content_and_an_unknown_file_is_refused()
    {
        await using var bench = await ApiBench.StartAsync();
        Assert.Equal(0, (await bench.HitlessAsync("config", "remove", "/etc/nftables.conf")).Code);
        var file = Assert.Single(bench.Unit.Commit!.Files);
        Assert.Equal((true, 0), (file.Absent, file.Content.Length));
        var ran = await bench.HitlessAsync("config", "remove", "/etc/passwd");
        Assert.Equal(1, ran.Code);
        Assert.StartsWith("hitless: /etc/passwd is not a managed file of this cluster\n", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_second_of_two_editors_keeps_the_text_and_sees_what_changed()
    {
        await using var bench = await ApiBench.StartAsync();
        Environment.SetEnvironmentVariable("VISUAL", "sed -i s/inet/edited/");
        bench.Unit.CommitFailure = new RefusedException(new("the current revision is 5 by bob", "redo it", "-old\n+bob's\n"));
        var ran = await bench.HitlessAsync("config", "edit", "/etc/nftables.conf");
        Assert.Equal(1, ran.Code);
        Assert.Matches("^hitless: the current revision is 5 by bob\n  your text is kept in ([^:]+): .*\n-old\n\\+bob's\n$", ran.Error);
        var draft = ran.Error.Split("kept in ")[1].Split(':')[0];
        Assert.Equal("table edited t {}\n", await File.ReadAllTextAsync(draft, Cancel));
        Directory.Delete(Path.GetDirectoryName(draft)!, recursive: true);
    }

    [Fact]
    public async Task An_edited_file_is_committed_and_an_unchanged_one_is_not()
    {
        await using var bench = await ApiBench.StartAsync();
        Environment.SetEnvironmentVariable("VISUAL", "sed -i s/inet/edited/");
        Assert.Equal(0, (await bench.HitlessAsync("config", "edit", "/etc/nftables.conf")).Code);
        Assert.Equal("table edited t {}\n", System.Text.Encoding.UTF8.GetString(Assert.Single(bench.Unit.Commit!.Files).Content));

        Environment.SetEnvironmentVariable("VISUAL", "true");
        var ran = await bench.HitlessAsync("config", "edit", "/etc/nftables.conf");
        Assert.Equal(
            (1, "hitless: /etc/nftables.conf was left as it was; nothing to commit\n  save a change in the editor\n"),
            (ran.Code, ran.Error)
        );
    }

    [Fact]
    public async Task The_schemas_are_printed_for_editors()
    {
        await using var bench = await ApiBench.StartAsync();
        foreach (var name in new[] { "unit", "cluster" })
        {
            var ran = await bench.HitlessAsync("config", "schema", name + ".yaml");
            Assert.Equal((0, UnitKeys.JsonSchema(ofCluster: name == "cluster")), (ran.Code, ran.Output));
        }
    }

    [Fact]
    public async Task The_settings_of_the_cluster_begin_with_a_draft_that_says_what_belongs_there()
    {
        await using var bench = await ApiBench.StartAsync();
        Environment.SetEnvironmentVariable("VISUAL", "sh -c 'echo \"sessions: {}\" >> \"$0\"'");
        Assert.Equal(0, (await bench.HitlessAsync("config", "edit", ClusterFile.Path)).Code);
        var file = Assert.Single(bench.Unit.Commit!.Files);
        Assert.Equal(ClusterFile.Path, file.Path);
        Assert.Matches(
            "^# The settings of the cluster.*\n# .*\n# Sections: interfaces.*\n# .*\nsessions: {}\n$",
            System.Text.Encoding.UTF8.GetString(file.Content)
        );
    }

    [Fact]
    public async Task The_lab_is_another_program_whose_exit_code_counts()
    {
        await using var bench = new ApiBench();
        await File.WriteAllTextAsync(bench.File("hitless-lab"), "#!/bin/sh\nexit $(($# + 40))\n", Cancel);
        File.SetUnixFileMode(bench.File("hitless-lab"), (UnixFileMode)0b111_101_101);
        Environment.SetEnvironmentVariable(
            "PATH",
            $"{Path.GetDirectoryName(bench.SocketPath)}:{Environment.GetEnvironmentVariable("PATH")}"
        );
        await using var output = new StringWriter();
        Assert.Equal(
            43,
            await Hitless.Cli.HitlessCommand.RunAsync(
                ["lab", "exec", "gw1", "--json"],
                new(output, output, false),
                Hitless.Cli.Client.Patience.Ordinary,
                Cancel
            )
        );
    }

    [Fact]
    public async Task A_backup_is_written_whole_or_not_at_all_and_can_be_restored()
    {
        await using var bench = await ApiBench.StartAsync();
        var backup = bench.File("b");
        Assert.Equal(0, (await bench.HitlessAsync("config", "backup", backup)).Code);
        Assert.Equal("a backup", await File.ReadAllTextAsync(backup, Cancel));
        Assert.Equal(0, (await bench.HitlessAsync("config", "restore", backup)).Code);
        Assert.Equal("restore \"a backup\"", bench.Unit.Asked[^1]);

        Assert.Equal(0, (await bench.HitlessAsync("config", "backup", backup, "--without-secrets")).Code);
        Assert.Equal("backup without secrets", bench.Unit.Asked[^1]);

        bench.Unit.Failure = new RefusedException("the disk is gone", "replace it");
        Assert.Equal(1, (await bench.HitlessAsync("config", "backup", backup)).Code);
        Assert.Equal("a backup", await File.ReadAllTextAsync(backup, Cancel));
        Assert.False(File.Exists(backup + ".new"));
    }

    [Fact]
    public async Task An_image_larger_than_any_ordinary_request_is_uploaded()
    {
        await using var bench = await ApiBench.StartAsync();
        var image = RandomNumberGenerator.GetBytes((65 << 20) + 1);
        await File.WriteAllBytesAsync(bench.File("i.hli"), image, Cancel);
        Assert.Equal(0, (await bench.HitlessAsync("firmware", "upload", bench.File("i.hli"))).Code);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(image)), bench.Unit.UploadedHash);
    }

    [Fact]
    public async Task Events_are_followed_without_gap_over_a_break_until_ctrl_c()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Happening.Enqueue([Samples.Event(3, "first")]);
        bench.Unit.Happening.Enqueue([Samples.Event(4, "second")]);
        using var ctrlC = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await using var output = new WatchedWriter("second");
        var following = bench.HitlessAsync(output, ctrlC.Token, "events", "--follow", "--json");
        await output.Seen;
        await ctrlC.CancelAsync();
        var ran = await following;
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Contains("events 3", bench.Unit.Asked);
        using var document = JsonDocument.Parse(ran.Output);
        Assert.Equal([1L, 2, 3, 4], document.RootElement.EnumerateArray().Select(happened => happened.GetProperty("number").GetInt64()));
    }

    [Fact]
    public async Task Keys_are_for_their_owner_and_are_never_overwritten()
    {
        await using var bench = new ApiBench();
        var key = bench.File("cluster.key");
        Assert.Equal(0, (await bench.HitlessAsync("key", "generate", key)).Code);
        var text = await File.ReadAllTextAsync(key, Cancel);
        Assert.StartsWith("hitless-key-1:", text, StringComparison.Ordinal);
        Assert.Equal(32, Convert.FromBase64String(text["hitless-key-1:".Length..].TrimEnd()).Length);
        Assert.Equal("600", Convert.ToString((int)File.GetUnixFileMode(key), 8));
        Assert.Equal(1, (await bench.HitlessAsync("key", "generate", key)).Code);
        Assert.Equal(text, await File.ReadAllTextAsync(key, Cancel));
    }

    [Fact]
    public async Task An_image_that_was_built_can_be_inspected_and_verified_and_a_changed_one_is_refused()
    {
        await using var bench = new ApiBench();
        var (content, image, keys) = (bench.File("content"), bench.File("i.hli"), bench.File("keys"));
        Directory.CreateDirectory(content);
        await File.WriteAllTextAsync(Path.Combine(content, "hitlessd"), "#!/bin/sh\n", Cancel);
        File.SetUnixFileMode(Path.Combine(content, "hitlessd"), (UnixFileMode)0b111_101_101);
        Assert.Equal(0, (await bench.HitlessAsync("key", "generate", "--image-signing", keys)).Code);

        var built = await bench.HitlessAsync(
            "firmware",
            "build",
            content,
            "--version",
            "1.2.3",
            "--key",
            keys + "/image-signing.key",
            "--out",
            image,
            "--from",
            ">=1.0.0 <2.0.0"
        );
        Assert.Equal((0, ""), (built.Code, built.Error));
        using var inspected = JsonDocument.Parse((await bench.HitlessAsync("firmware", "inspect", image, "--json")).Output);
        Assert.Equal("1.2.3", Text(inspected.RootElement, "version"));
        Assert.Equal("hitlessd", Text(inspected.RootElement.GetProperty("manifest").GetProperty("files")[0], "path"));

        var good = await bench.HitlessAsync("firmware", "verify", image, "--trust", keys + "/image-signing.crt");
        Assert.Equal(
            (0, $"{image} is good: version 1.2.3, unchanged, signed by Hitless images, who is trusted\n"),
            (good.Code, good.Output)
        );
        var bytes = await File.ReadAllBytesAsync(image, Cancel);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(image, bytes, Cancel);
        Assert.Equal(1, (await bench.HitlessAsync("firmware", "verify", image, "--trust", keys + "/image-signing.crt")).Code);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private sealed class WatchedWriter(string awaited) : StringWriter
    {
        private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Seen => _seen.Task;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(awaited, StringComparison.Ordinal) == true)
            {
                _seen.TrySetResult();
            }
        }
    }
}
