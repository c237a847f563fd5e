using System.Diagnostics;
using System.Globalization;
using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Lab.Demo;
using Hitless.Lab.Matrix;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>The configuration of real daemons with real nftables and sysctl files.</summary>
public sealed class ConfigurationTests
{
    private static readonly string[] Both = ["gw1", "gw2"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario]
    public async Task Edits_on_any_unit_reach_every_kernel_and_what_fails_on_one_changes_none()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var bench = new ConfigurationBench(cluster);
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        var standby = Both.Single(u => u != primary);
        await bench.UntilInSyncAsync();

        // An edit on the standby, of both files.
        ConfigurationBench.AssertOk(bench.Append(standby, ConfigurationBench.Rules, "add table inet edited"));
        ConfigurationBench.AssertOk(bench.Commit(primary, ConfigurationBench.Sysctl, "net.ipv4.tcp_keepalive_intvl = 760\n"));
        Assert.All(Both, u => Assert.Contains("table inet edited", bench.KernelRules(u)));
        Assert.All(Both, u => Assert.Equal(760, bench.KernelKeepaliveInterval(u)));
        var good = await bench.UntilInSyncAsync();

        // What the running version does not know yet.
        Assert.Matches(
            "cluster.yaml: gw[12] cannot express \"cluster.yaml\" \\(it knows configuration schema 1, this needs 3\\)",
            bench.Commit(primary, ClusterFile.Path, "sessions: {}\n").Errors
        );

        // What only one unit can check.
        var include = "add table inet only_one\ninclude \"/etc/hitless/extra.nft\"\n";
        await File.WriteAllTextAsync(bench.FileOf(primary, "/etc/hitless/extra.nft"), "add table inet extra\n", Cancellation);
        var refused = bench.Commit(primary, ConfigurationBench.Rules, bench.Disk(primary, ConfigurationBench.Rules) + include);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(
            $"the commit was refused, nothing was changed: {standby}: check of {ConfigurationBench.Rules} failed",
            refused.Errors
        );
        Assert.Equal(good.Hash, (await bench.UntilInSyncAsync()).Hash);
        Assert.All(Both, u => Assert.DoesNotContain("only_one", bench.KernelRules(u)));

        // Somebody edits a file by hand on one unit.
        await File.AppendAllTextAsync(bench.FileOf(standby, ConfigurationBench.Sysctl), "net.ipv4.tcp_keepalive_intvl = 5\n", Cancellation);
        var drifted = bench.Report(primary)!.Units.Single(u => u.Unit == standby);
        Assert.Equal((SyncState.OutOfSync, $"{ConfigurationBench.Sysctl} drifted"), (drifted.State, drifted.Why));
        Assert.Contains("+net.ipv4.tcp_keepalive_intvl = 5", bench.Cli(primary).Run("config", "diff", "head", standby).Output);
        ConfigurationBench.AssertOk(bench.Cli(primary).Run("config", "sync"));
        var synced = await bench.UntilInSyncAsync();
        var branch = Assert.Single(synced.Units.Single(u => u.Unit == standby).Branches!);
        Assert.Contains(
            "tcp_keepalive_intvl = 5",
            bench.Cli(primary).Run("config", "show", ConfigurationBench.Sysctl, "--revision", branch.Name).Output
        );

        // Two people edit at once: the second one's editor is open while the first one commits.
        Environment.SetEnvironmentVariable(
            "VISUAL",
            $"sh -c '{cluster.Plan.Program("hitless")} --socket {cluster.Unit(standby).Socket} config rollback 1 -m first >&2; echo "
                + $"\"# second\" >> \"$0\"'"
        );
        var second = bench.Cli(primary).Run("config", "edit", ConfigurationBench.Rules);
        Assert.Equal(1, second.ExitCode);
        Assert.Contains("your text is kept in", second.Errors);
        Assert.Contains("-add table inet edited", second.Errors);
        Assert.All(Both, u => Assert.DoesNotContain("# second", bench.Disk(u, ConfigurationBench.Rules)));

        // A backup of both units, restored into the running cluster.
        var backup = Path.Combine(cluster.Plan.Folder, "cluster.backup");
        ConfigurationBench.AssertOk(bench.Cli(primary).Run("config", "backup", backup));
        ConfigurationBench.AssertOk(bench.Commit(primary, ConfigurationBench.Sysctl, "net.ipv4.tcp_keepalive_intvl = 880\n"));
        ConfigurationBench.AssertOk(bench.Cli(primary).Run("config", "restore", backup));
        Assert.All(Both, u => Assert.Equal(75, bench.KernelKeepaliveInterval(u)));

        var watch = Stopwatch.StartNew();
        Assert.NotNull(bench.Report(standby));
        LabCluster.Say($"config report --json took {watch.ElapsedMilliseconds} ms");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), "the report took longer than 2 s");
    }

    [Scenario(Explicit = true)] // Minutes: ./dev test lab -- -explicit only
    public async Task A_commit_that_is_not_confirmed_is_undone_although_its_unit_died_and_a_kill_amid_a_commit_loses_nothing()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var bench = new ConfigurationBench(cluster);
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        ConfigurationBench.AssertOk(
            bench.Commit(primary, ConfigurationBench.Sysctl, "net.ipv4.tcp_keepalive_intvl = 120\n", "--confirm", "8s")
        );
        Faults.PowerOff(cluster.Unit(primary));
        var other = Both.Single(u => u != primary);
        await LabCluster.UntilAsync("the commit is undone", () => bench.KernelKeepaliveInterval(other) == 75);
        Faults.PowerOn(cluster.Unit(primary));
        await cluster.UntilReadyAsync();
        await bench.UntilInSyncAsync();
        Assert.Equal("net.ipv4.tcp_keepalive_intvl = 75\n", bench.Disk(primary, ConfigurationBench.Sysctl));

        var accepted = new List<int>();
        for (var i = 0; i < 6; i++)
        {
            var now = (await cluster.UntilReadyAsync()).Primary!;
            await bench.UntilInSyncAsync();
            var victim = i % 2 == 0 ? now : Both.Single(u => u != now);
            var commit = Task.Run(() => bench.Append(now, ConfigurationBench.Rules, $"# kill {i}"), Cancellation);
            await Task.Delay(80 + (60 * i), Cancellation);
            Faults.Kill(cluster.Unit(victim));
            accepted.AddRange((await commit).Ok ? [i] : []);
        }

        await cluster.UntilReadyAsync();
        await bench.UntilInSyncAsync();
        LabCluster.Say($"accepted although a unit was killed: {string.Join(", ", accepted)}");
        Assert.Equal(bench.Disk("gw1", ConfigurationBench.Rules), bench.Disk("gw2", ConfigurationBench.Rules));
        Assert.All(accepted, i => Assert.Contains($"# kill {i}\n", bench.Disk("gw1", ConfigurationBench.Rules)));
    }

    [Scenario(Explicit = true)] // Minutes: ./dev test lab -- -explicit only
    public async Task Edits_on_both_sides_of_a_split_of_60_seconds_are_both_kept_and_named()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var bench = new ConfigurationBench(cluster);
        await bench.UntilInSyncAsync();
        Faults.Deafen(cluster.Plan, deaf: true);
        var begun = DateTimeOffset.UtcNow;
        await cluster.Watch.UntilAsync(
            "both sides have a primary",
            TimeSpan.FromSeconds(30),
            seen => seen.All(s => s.Value?.Primary == s.Key) ? null : "not yet",
            Cancellation
        );
        await LabCluster.UntilAsync("gw1 takes an edit", () => bench.Append("gw1", ConfigurationBench.Rules, "# on gw1").Ok);
        await LabCluster.UntilAsync("gw2 takes an edit", () => bench.Append("gw2", ConfigurationBench.Rules, "# on gw2").Ok);
        await Task.Delay(
            TimeSpan.FromSeconds(60) - (DateTimeOffset.UtcNow - begun) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero,
            Cancellation
        );
        Faults.Deafen(cluster.Plan, deaf: false);
        await cluster.UntilReadyAsync();
        var report = await bench.UntilInSyncAsync();
        var (loser, branch) = report.Units.SelectMany(u => (u.Branches ?? []).Select(b => (u.Unit, Branch: b))).Single();
        LabCluster.Say($"revision {report.Revision} won; {loser} keeps {branch.Name}: {branch.Why}");
        var shown = bench
            .Cli(Both.Single(u => u != loser))
            .Run("config", "show", ConfigurationBench.Rules, "--revision", branch.Name)
            .Output;
        var current = bench.Disk("gw1", ConfigurationBench.Rules);
        Assert.Equal(
            current.Contains("# on gw1", StringComparison.Ordinal) ? ("# on gw1", "# on gw2") : ("# on gw2", "# on gw1"),
            (LastLine(current), LastLine(shown))
        );
        ConfigurationBench.AssertOk(bench.Cli("gw1").Run("config", "rollback", branch.Name));
        await bench.UntilInSyncAsync();
        Assert.All(Both, u => Assert.Equal(LastLine(shown), LastLine(bench.Disk(u, ConfigurationBench.Rules))));

        // Up for more than a minute: the first backup by the clock is there.
        Assert.All(Both, u => Assert.NotEmpty(Backups(cluster, u, "scheduled-*.backup")));
    }

    [Scenario(Explicit = true)] // Minutes: ./dev test lab -- -explicit only
    public async Task A_converter_that_drops_a_key_is_named_before_anything_is_installed()
    {
        using var cluster = await LabCluster.ReadyAsync();
        await new ConfigurationBench(cluster).UntilInSyncAsync();
        var cli = cluster.Watch.Cli("gw1");
        var check = cli.Run("upgrade", "check", Prerequisites.BadImage("bad-converter"));
        LabCluster.Say(check.Output);
        Assert.Equal(1, check.ExitCode);
        Assert.Contains("would not keep the configuration: health[upstream].interval (now 1s) is lost", check.Output);
        var started = cli.Run("upgrade", "start", Prerequisites.BadImage("bad-converter"), "--detach");
        Assert.Equal(1, started.ExitCode);
        Assert.Contains("health[upstream].interval (now 1s) is lost", started.Errors);
        var good = cli.Run("upgrade", "check", Prerequisites.SecondImage);
        Assert.Contains("keeps all", good.Output);
    }

    [Scenario(Explicit = true)] // Minutes: ./dev test lab -- -explicit only
    public async Task A_conversion_that_the_operator_accepts_goes_through_a_whole_run()
    {
        using var cluster = await LabCluster.ReadyAsync();
        await new ConfigurationBench(cluster).UntilInSyncAsync();
        var image = Path.Combine(cluster.Plan.Folder, "forgetful.hli");
        MatrixImages.Build(
            Prerequisites.Out,
            cluster.Plan.Folder,
            image,
            Path.Combine(Prerequisites.Out, "keys", "image-signing.key"),
            """
            [ "$1" = --convert-configuration ] || exec "$here/hitlessd.real" "$@"
            "$here/hitlessd.real" "$@" | grep -v "^health\[upstream\].interval = "
            """,
            whole: true
        );
        var cli = cluster.Watch.Cli("gw1");
        Assert.Contains("health[upstream].interval (now 1s) is lost", cli.Run("upgrade", "start", image).Errors);
        ConfigurationBench.AssertOk(cli.Run("upgrade", "start", image, "--accept-conversion"));
        var status = await cluster.UntilReadyAsync();
        Assert.All(status.Units, unit => Assert.Equal("1.0.0", unit.Version));
        var run = cli.Ask<RunReport>(out _, "upgrade", "report")!;
        Assert.Equal(RunState.Completed, run.Verdict);

        // What the old version cannot express keeps the run from being taken back.
        ConfigurationBench.AssertOk(
            new ConfigurationBench(cluster).Commit("gw1", ClusterFile.Path, "sessions: { pickup: { delay: 1s } }\n")
        );
        await new ConfigurationBench(cluster).UntilInSyncAsync();
        Assert.Contains("version 0.9.0 in the other slot cannot express \"cluster.yaml\"", cli.Run("upgrade", "rollback", run.Run).Errors);
    }

    [Scenario(Explicit = true)] // Minutes: ./dev test lab -- -explicit only
    public async Task A_hundred_edits_at_random_moments_of_runs_are_all_in_the_one_revision_that_both_units_end_with()
    {
        var runs = int.Parse(Environment.GetEnvironmentVariable("HITLESS_RUNS") ?? "10", CultureInfo.InvariantCulture);
        using var cluster = await LabCluster.ReadyAsync();
        var bench = new ConfigurationBench(cluster);
        await bench.UntilInSyncAsync();
        var random = new Random(7);
        var (accepted, refused) = (new List<string>(), new List<string>());
        for (var run = 0; run < runs; run++)
        {
            var ready = await cluster.UntilReadyAsync();
            var image = ready.Units[0].Version == "0.9.0" ? Prerequisites.SecondImage : Prerequisites.FirstImage;
            ConfigurationBench.AssertOk(bench.Cli(ready.Primary!).Run("upgrade", "start", image, "--detach"));
            for (var (edit, before) = (0, accepted.Count); accepted.Count < before + 10 || IsOpen(cluster); edit++)
            {
                var (unit, line) = (Both[random.Next(2)], $"# run {run} edit {edit}");
                var said = bench.Append(unit, ConfigurationBench.Rules, line);
                (said.Ok ? accepted : refused).Add(said.Ok ? line : $"{line} on {unit}: {said.Errors.Split('\n')[0]}");
                await Task.Delay(random.Next(1500), Cancellation);
            }

            await cluster.UntilReadyAsync();
            var report = cluster.Watch.Cli("gw1").Ask<RunReport>(out _, "upgrade", "report");
            LabCluster.Say(
                $"run {run}: {report?.Verdict} {report?.Reason}, {accepted.Count} edits accepted, {refused.Count} refused so far"
            );

            // A machine that is overloaded may take a run back; its edits count all the same.
            Assert.Contains(report!.Verdict, (IEnumerable<RunState>)[RunState.Completed, RunState.RolledBack]);
            Assert.All(Both, u => Assert.Single(Backups(cluster, u, $"{report!.Run}.backup")));
            ConfigurationBench.AssertOk(bench.Cli("gw1").Run("switchover", "--wait"));
        }

        refused.ForEach(LabCluster.Say);
        await bench.UntilInSyncAsync();
        Assert.Equal(bench.Disk("gw1", ConfigurationBench.Rules), bench.Disk("gw2", ConfigurationBench.Rules));
        var lines = bench.Disk("gw1", ConfigurationBench.Rules).Split('\n').ToHashSet(StringComparer.Ordinal);
        Assert.DoesNotContain(accepted, line => !lines.Contains(line));
    }

    private static string[] Backups(LabCluster cluster, string unit, string pattern) =>
        Directory.GetFiles(Path.Combine(cluster.Unit(unit).State, "backups"), pattern);

    private static bool IsOpen(LabCluster cluster) =>
        Both.Select(u => cluster.Watch.Status(u, out _)).Any(s => s?.Upgrade is { State.HasEnded: false })
        || Both.All(u => cluster.Watch.Status(u, out _) is null);

    private static string LastLine(string text) => text.TrimEnd('\n').Split('\n')[^1];
}
