using System.Globalization;
using System.Net.Sockets;
using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Linux.Namespaces;
using Xunit;

namespace Hitless.Lab.Tests.Fleet;

/// <summary>The Ansible collection against real clusters: modules with check mode and diff, and a wave of upgrades.</summary>
public sealed class FleetTests : IDisposable
{
    private const int ListenerPort = 67;
    private readonly AnsibleFolder books = new();

    public void Dispose() => books.Dispose();

    [Scenario]
    public async Task A_wave_stops_at_the_cluster_that_rolls_back_and_leaves_the_third_untouched()
    {
        Prerequisites.NeedPrograms("ansible-playbook");
        using var first = await LabCluster.ReadyAsync();
        using var second = await LabCluster.ReadyAsync();
        using var third = await LabCluster.ReadyAsync();
        var bad = Prerequisites.BadImage("bad-health");
        Inventory(("first", first, Prerequisites.SecondImage), ("second", second, bad), ("third", third, Prerequisites.SecondImage));

        var check = books.Play("hitless.cluster.upgrade_fleet", "-i", Fleet, "--check", "--diff");
        Assert.Contains("gw1: 1.0.0", check.Output, StringComparison.Ordinal);
        Assert.All((LabCluster[])[first, second, third], each => Assert.Null(each.Watch.Status()!.Upgrade));

        var wave = books.Play("hitless.cluster.upgrade_fleet", "-i", Fleet);
        LabCluster.Say(wave.Output);
        Assert.NotEqual(0, wave.ExitCode);
        Assert.Contains("the run was rolled back", wave.Output, StringComparison.Ordinal);
        Assert.Equal(["1.0.0", "1.0.0"], await VersionsAsync(first));
        Assert.Equal(["0.9.0", "0.9.0"], await VersionsAsync(second));
        Assert.Equal(["0.9.0", "0.9.0"], await VersionsAsync(third));
        Assert.Null(third.Watch.Status()!.Upgrade);
        var page = await File.ReadAllTextAsync(Page, TestContext.Current.CancellationToken);
        foreach (var row in (string[])["completed\">completed", "rolled-back\">rolled-back", "untouched\">untouched"])
            Assert.Contains(row, page, StringComparison.Ordinal);

        var again = books.Play("hitless.cluster.upgrade_fleet", "-i", Fleet, "--limit", "first");
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("changed=0", again.Output, StringComparison.Ordinal);
    }

    [Scenario]
    public async Task A_wave_stops_where_a_run_completed_and_broke_an_objective()
    {
        Prerequisites.NeedPrograms("ansible-playbook");
        using var first = await LabCluster.ReadyAsync();
        using var second = await LabCluster.ReadyAsync();
        Inventory(("first", first, Prerequisites.SecondImage), ("second", second, Prerequisites.SecondImage));
        var listener = NetworkNamespace.Run(first.Plan.NamespaceOf("gw1"), () => new UdpClient(ListenerPort));
        string[] wave = ["hitless.cluster.upgrade_fleet", "-i", Fleet, "-e"];
        var playing = Task.Run(() => books.Play([.. wave, """{"hitless_objectives": {"unexpected_changes": 0}}"""]));
        await LabCluster.UntilAsync("the run has come to the switch", () =>
            first.Watch.Cli("gw1").Ask<RunStatus>(out _, "upgrade", "status")?.Steps.Any(each => each.Name == RunStep.Switchover) == true
        );
        listener.Dispose();

        var played = await playing;
        LabCluster.Say(played.Output);
        Assert.NotEqual(0, played.ExitCode);
        Assert.Contains($"broke an objective: 1 unexpected changes (at most 0): gw1: listener udp 0.0.0.0:{ListenerPort}", played.Output);
        Assert.Equal(["1.0.0", "1.0.0"], await VersionsAsync(first));
        Assert.Null(second.Watch.Status()!.Upgrade);
        var page = await File.ReadAllTextAsync(Page, TestContext.Current.CancellationToken);
        Assert.Contains("breached\">breached", page, StringComparison.Ordinal);
        Assert.Contains("untouched\">untouched", page, StringComparison.Ordinal);

        // The first has the version now; no gap at all is more than a switch can give.
        played = books.Play([.. wave, """{"hitless_objectives": {"longest_gap_ms": 0, "sessions_lost": 0}}"""]);
        LabCluster.Say(played.Output);
        Assert.NotEqual(0, played.ExitCode);
        Assert.Matches(@"the run completed, and broke an objective: a gap of [0-9.]+ ms \(at most 0\); hitless", played.Output);
        Assert.Equal(["1.0.0", "1.0.0"], await VersionsAsync(second));
    }

    [Scenario]
    public async Task A_cluster_whose_maintenance_window_is_closed_stops_the_wave_or_is_left_out()
    {
        Prerequisites.NeedPrograms("ansible-playbook");
        using var first = await LabCluster.ReadyAsync();
        using var second = await LabCluster.ReadyAsync();
        Inventory(("first", first, Prerequisites.SecondImage), ("second", second, Prerequisites.SecondImage));
        var inThreeDays = DateTime.Now.AddDays(3).ToString("ddd", CultureInfo.InvariantCulture).ToLowerInvariant();
        first.RestartWith(("upgrade:", $"upgrade:\n  windows: [\"{inThreeDays} 02:00-02:30\"]"));
        await first.UntilReadyAsync();

        var wave = books.Play("hitless.cluster.upgrade_fleet", "-i", Fleet);
        LabCluster.Say(wave.Output);
        Assert.NotEqual(0, wave.ExitCode);
        Assert.Contains($"no maintenance window is open ({inThreeDays} 02:00-02:30)", wave.Output, StringComparison.Ordinal);
        Assert.All((LabCluster[])[first, second], each => Assert.Null(each.Watch.Status()!.Upgrade));

        books.Succeeds("hitless.cluster.upgrade_fleet", ["-i", Fleet, "-e", "hitless_when_closed=skip"], "failed=0");
        Assert.Equal(["0.9.0", "0.9.0"], await VersionsAsync(first));
        Assert.Equal(["1.0.0", "1.0.0"], await VersionsAsync(second));
        var page = await File.ReadAllTextAsync(Page, TestContext.Current.CancellationToken);
        Assert.Contains("closed\">closed", page, StringComparison.Ordinal);
        Assert.Contains("completed\">completed", page, StringComparison.Ordinal);
    }

    [Scenario]
    public async Task Settings_are_shown_before_they_are_changed_and_changed_once()
    {
        Prerequisites.NeedPrograms("ansible-playbook");
        using var cluster = await LabCluster.ReadyAsync();
        Inventory(("edge", cluster, Prerequisites.SecondImage));
        var before = cluster.Watch.Status()!;
        var standby = before.Units.Single(unit => unit.Name != before.Primary).Name;
        var book = books.Write(
            "site.yml",
            $$$"""
            - hosts: all
              gather_facts: false
              module_defaults:
                group/hitless.cluster.unit: { socket: "{{ hitless_socket }}", executable: "{{ hitless_executable }}" }
              tasks:
                - hitless.cluster.status_info: { require_health: true }
                - hitless.cluster.config:
                    message: by the playbook
                    files:
                      - path: /etc/hitless/nftables.conf
                        content: "{{ lookup('file', '{{{cluster.Unit("gw1").Folder}}}/etc/nftables.conf') }}\n# by the playbook\n"
                - hitless.cluster.switchover: { to: {{{standby}}} }
                - hitless.cluster.firmware: { src: "{{ hitless_image }}" }

            """
        );
        books.Succeeds(book, ["-i", Fleet, "--check", "--diff"], "changed=3", "+# by the playbook");
        Assert.Equal(before.Primary, cluster.Watch.Status()!.Primary);
        books.Succeeds(book, ["-i", Fleet, "--diff"], "changed=3", $"+primary: {standby}");
        Assert.Equal(standby, (await cluster.UntilReadyAsync()).Primary);
        var file = Path.Combine(cluster.Unit(standby).Folder, "etc", "nftables.conf");
        Assert.EndsWith("# by the playbook\n", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Roles_and_playbooks_are_clean_to_ansible_lint()
    {
        Prerequisites.NeedPrograms("ansible-lint");
        var collection = Path.Combine(AnsibleFolder.Collections, "ansible_collections", "hitless", "cluster");
        var said = books.Run("env", "-C", collection, "ansible-lint", "--offline", "--nocolor", "roles", "playbooks");
        Assert.True(said.ExitCode == 0, said.Output + said.Errors);
        Assert.Matches("Passed with production profile.* on [1-9][0-9]* files", said.Output + said.Errors);
    }

    private string Page => books.At("page.html");

    private string Fleet => books.At("fleet.ini");

    private static async Task<IEnumerable<string>> VersionsAsync(LabCluster cluster) =>
        (await cluster.UntilReadyAsync()).Units.Select(unit => unit.Version);

    private void Inventory(params ReadOnlySpan<(string Name, LabCluster Cluster, string Image)> clusters)
    {
        using var file = File.CreateText(Fleet);
        foreach (var (name, cluster, image) in clusters)
            file.WriteLine($"{name} hitless_socket={cluster.Unit("gw1").Folder}/run/hitless.sock hitless_image={image}");
        file.WriteLine("[all:vars]\nansible_connection=local\nansible_python_interpreter=/usr/bin/python3");
        file.WriteLine(
            $"hitless_executable={Prerequisites.Out}/hitless\nhitless_image_on_unit={books.Folder}/{{{{ inventory_hostname }}}}.hli"
        );
        file.WriteLine($"hitless_page={Page}");
    }
}
