using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

/// <summary>cluster.yaml through commits, as every other file of a revision.</summary>
public sealed class ClusterFileTests : IDisposable
{
    private const string Delay = "sessions: { pickup: { delay: 30s } }\n";
    private readonly Bench _bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task It_travels_and_what_is_a_units_own_stays()
    {
        var (gw1, gw2) = await TwoUnits();
        Assert.Null((await gw1.Commit(ClusterFile.Path, Delay)).Refusal);
        foreach (var unit in new[] { gw1, gw2 })
        {
            var settings = (await unit.Service.ReadSettingsAsync(Cancel)).Settings!.Settings;
            Assert.Contains(new ConfigurationSetting("cluster", "sessions.pickup.delay", "30s", ClusterFile.Path), settings);
            Assert.Contains(new ConfigurationSetting("unit", "unit.name", unit.Name), settings);
            Assert.Contains(new ConfigurationSetting("unit", "unit.priority", unit == gw1 ? "200" : "100"), settings);
            Assert.Contains(settings, s => s is { Scope: "cluster", Key: "interfaces[lan0].monitor", From: "unit.yaml" });
        }

        Assert.Null((await gw1.Service.CommitAsync(Request("", absent: true), 1, gw1, Cancel)).Refusal);
        Assert.Contains(
            new ConfigurationSetting("cluster", "sessions.pickup.delay", "0s"),
            (await gw2.Service.ReadSettingsAsync(Cancel)).Settings!.Settings
        );
    }

    [Fact]
    public async Task What_one_unit_could_not_start_with_is_refused_with_file_line_and_column_and_changes_none()
    {
        var (gw1, gw2) = await TwoUnits();
        var refusal = (await gw1.Commit(ClusterFile.Path, "interfaces: [{ name: lan0, virtual-addresses: [10.0.0.2/24] }]")).Refusal;
        Assert.Equal(
            "the commit was refused, nothing was changed: gw2: cluster.yaml:1:48: virtual address 10.0.0.2 is a link address of this "
                + "unit; expected one that no unit owns",
            refusal?.Error
        );
        Assert.Contains(
            "cluster.yaml:1:1: unknown key \"unit\"",
            (await gw1.Commit(ClusterFile.Path, "unit: { priority: 7 }")).Refusal?.Error
        );
        Assert.Contains(
            "upgrade.trust-file: ",
            (await gw1.Commit(ClusterFile.Path, "upgrade: { trust-file: nowhere.pem }")).Refusal?.Error
        );
        Assert.Equal((1, 1), (gw1.Service.Current?.Number, gw2.Service.Current?.Number));
    }

    [Fact]
    public async Task A_daemon_is_due_for_a_restart_until_it_has_started_with_it_and_drift_is_no_reason()
    {
        var (gw1, _) = await TwoUnits();
        Assert.False(await gw1.Service.IsRestartDueAsync(Cancel));
        Assert.Null((await gw1.Commit(ClusterFile.Path, Delay)).Refusal);
        var report = await gw1.Service.ReportAsync("gw1", gw1, Cancel);
        Assert.All(report.Units, u =>
            Assert.Equal((SyncState.OutOfSync, "its daemon runs with settings from before revision 2"), (u.State, u.Why))
        );
        gw1.Stop();
        gw1.Start();
        Assert.False(await gw1.Service.IsRestartDueAsync(Cancel));
        await File.WriteAllTextAsync(ClusterFileHere.RealPathIn(gw1.State), "sessions: {}\n", Cancel);
        Assert.False(await gw1.Service.IsRestartDueAsync(Cancel));
        Assert.Equal("cluster.yaml drifted", (await gw1.Service.ReportAsync("gw1", gw1, Cancel)).Units[0].Why);
    }

    [Fact]
    public async Task It_waits_for_the_end_of_a_run_and_for_versions_that_know_it()
    {
        var gw1 = Add("gw1", 1);
        await gw1.BecomePrimary();
        gw1.Service.RunIsOpen = () => true;
        Assert.StartsWith("cluster.yaml does not change while a run is open", (await gw1.Commit(ClusterFile.Path, Delay)).Refusal?.Error);
        Assert.Null((await gw1.Commit(Bench.A, "two")).Refusal);
        gw1.Service.RunIsOpen = null;
        Add("gw2", 2, schema: 2);
        Assert.StartsWith(
            "cluster.yaml: gw2 cannot express \"cluster.yaml\" (it knows configuration schema 2, this needs 3)",
            (await gw1.Commit(ClusterFile.Path, Delay)).Refusal?.Error
        );
    }

    [Theory]
    [InlineData("configuration: { files: [{ path: /etc/b.conf, apply: id }] }\n")]
    [InlineData("health: [{ name: x, exec: id }]\n")]
    [InlineData("services: [{ unit: ssh.service }]\n")]
    [InlineData("hooks: { primary: id }\n")]
    [InlineData("upgrade: { trust-file: /etc/theirs.pem, soak: 7s }\n")]
    public void A_unit_that_takes_commands_from_its_own_file_takes_none_of_it_from_cluster_yaml(string cluster)
    {
        Assert.NotEqual(Commands("", ""), Commands("", cluster));
        Assert.Equal(Commands(Own, ""), Commands(Own, cluster));
        Assert.Equal(TimeSpan.FromSeconds(33), Read(Own, cluster + "election: { flip-guard: 33s }\n").Election.FlipGuard);
    }

    [Theory]
    [InlineData("", "/etc/hitless/trust.pem")]
    [InlineData("upgrade: { soak: 7s }\n", "/etc/hitless/trust.pem")]
    [InlineData("upgrade: { confirm-timeout: 20s, windows: [sat 02:00-04:00] }\n", "/etc/hitless/trust.pem")]
    [InlineData("upgrade: { soak: 7s, trust-file: theirs.pem }\n", "/etc/hitless/theirs.pem")]
    public void A_cluster_yaml_that_does_not_say_whose_images_are_believed_leaves_each_unit_its_own(string cluster, string believed) =>
        Assert.Equal(believed, Read("", cluster, "\nupgrade: { trust-file: trust.pem }\n").Upgrade.TrustFile);

    private const string Own = "\n  commands-from: unit";

    private static string Commands(string own, string cluster)
    {
        var read = Read(own, cluster);
        return $"{string.Join(' ', read.Files)} {string.Join(' ', read.Health)} {string.Join(' ', read.Services)} {read.Hooks} "
            + $"{read.Upgrade.TrustFile}";
    }

    private static UnitSettings Read(string own, string cluster, string more = "") =>
        UnitFile.TryParse(
            Encoding.UTF8.GetBytes(UnitFileTests.Minimal.Replace("name: gw1", "name: gw1" + own, StringComparison.Ordinal) + more),
            "/etc/hitless/unit.yaml",
            Encoding.UTF8.GetBytes(cluster.Length == 0 ? Delay : cluster),
            out var settings,
            out var problems
        )
            ? settings
            : throw new InvalidOperationException($"{problems[0]}");

    private async Task<(BenchUnit, BenchUnit)> TwoUnits()
    {
        var (gw1, gw2) = (Add("gw1", 1), Add("gw2", 2));
        Assert.True((await gw1.BecomePrimary()).Ok);
        Assert.True((await gw2.SyncFrom("gw1")).Ok);
        return (gw1, gw2);
    }

    private BenchUnit Add(string name, int number, int schema = RevisionSchema.Newest)
    {
        var unit = _bench.Add(name, "one", schema: schema);
        File.WriteAllText(
            unit.Root + "/unit.yaml",
            $"cluster: {{ name: edge }}\nunit: {{ name: {name}, priority: {300 - (100 * number)} }}\nheartbeat: {{ links: [{{ "
                + $"interface: hb0, address: 10.0.0.{number}, peers: [10.0.0.{3 - number}] }}] }}\ninterfaces: [{{ name: lan0 }}]\n"
        );
        return unit;
    }

    private static CommitRequest Request(string content, bool absent) =>
        new(
            [new ManagedFile(ClusterFile.Path, Encoding.UTF8.GetBytes(content), null, null, null, Absent: absent)],
            "test",
            "anna",
            null,
            null
        );
}
