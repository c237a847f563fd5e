using Hitless.Core.Api;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Fleet;

/// <summary>The collection by the remote API, from a host beside the cluster.</summary>
public sealed class RemoteFleetTests : IDisposable
{
    private const string Own = "10.10.1.11:8443";
    private const string Virtual = "10.10.1.1:8443";

    // Runs a command beside a way to the API that loses one connection after 5 MB.
    private const string CuttingProxy = """
        import socket, subprocess, sys, threading
        server = socket.create_server(("127.0.0.1", 9443))
        left = [5_000_000]
        def carry(source, target, counts):
            try:
                while data := source.recv(65536):
                    target.sendall(data)
                    if counts and left[0] > 0:
                        left[0] -= len(data)
                        if left[0] <= 0:
                            print("cut", flush=True)
                            break
            except OSError:
                pass
            for each in (source, target):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        def serve():
            while True:
                one = server.accept()[0]
                other = socket.create_connection(("10.10.1.11", 8443))
                threading.Thread(target=carry, args=(one, other, True), daemon=True).start()
                threading.Thread(target=carry, args=(other, one, False), daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()
        sys.exit(subprocess.call(sys.argv[1:]))

        """;

    private readonly AnsibleFolder books = new();

    public void Dispose() => books.Dispose();

    [Scenario]
    public async Task Each_module_shows_by_the_API_what_it_would_do_does_it_and_does_it_once()
    {
        using var cluster = await ClusterWithWebAsync();
        var standby = StandbyOf(cluster);
        var book = books.Book(
            "site.yml",
            "api",
            books.Api(Own),
            $$"""
                - hitless.cluster.status_info: { require_health: true }
                - hitless.cluster.firmware: { src: {{Prerequisites.SecondImage}} }
                - hitless.cluster.config:
                    files:
                      - { path: /etc/hitless/sysctl.conf, content: "net.ipv4.tcp_keepalive_intvl = 76\n" }
                - hitless.cluster.switchover: { to: {{standby}} }
            """
        );
        books.Succeeds(book, ["--check", "--diff"], "changed=3", "+1.0.0 ", "+net.ipv4.tcp_keepalive_intvl = 76", $"+primary: {standby}");
        Assert.NotEqual(standby, (await cluster.UntilReadyAsync()).Primary);
        books.Succeeds(book, [], "changed=3");
        var after = await cluster.UntilReadyAsync();
        Assert.Equal(standby, after.Primary);
        Assert.All(after.Units, unit => Assert.Equal(SyncState.InSync, unit.Configuration));
        Assert.Contains("1.0.0", cluster.Watch.Cli("gw1").Run("firmware", "list").Output, StringComparison.Ordinal);
        Assert.Contains("the-admin", cluster.Watch.Cli("gw1").Run("config", "history").Output, StringComparison.Ordinal);
        books.Succeeds(book, [], "changed=0");
    }

    [Scenario]
    public async Task A_unit_is_held_once_released_once_and_rebooted_and_a_backup_is_taken()
    {
        using var cluster = await ClusterWithWebAsync();
        var (primary, standby) = (cluster.Watch.Status()!.Primary!, StandbyOf(cluster));
        string Book(string name, string tasks) => books.Book(name, "api", books.Api(Own), tasks);
        var hold = Book("hold.yml", $$"""    - hitless.cluster.unit: { name: {{standby}}, state: held, for: 1h, reason: new disk }""");
        books.Succeeds(hold, ["--check", "--diff"], "changed=1", $"+{standby}: held for 1h (new disk)");
        Assert.Null(HoldOf(cluster, standby));
        books.Succeeds(hold, [], "changed=1");
        Assert.InRange(HoldOf(cluster, standby)!.RemainingMs!.Value, 3_000_000, 3_600_000);
        books.Succeeds(hold, [], "changed=0");

        // Who is left is not held, and check mode says so.
        var left = Book("left.yml", $$"""    - hitless.cluster.unit: { name: {{primary}}, state: held }""");
        Refused(left, ["--check"], "no other unit can take over");

        var release = Book("release.yml", $$"""    - hitless.cluster.unit: { name: {{standby}}, state: released }""");
        books.Succeeds(release, [], "changed=1");
        books.Succeeds(release, [], "changed=0");
        var before = (await cluster.UntilReadyAsync()).Units.Single(unit => unit.Name == standby).Incarnation;
        var rest = Book(
            "rest.yml",
            $$"""
                - hitless.cluster.unit: { name: {{standby}}, state: rebooted }
                - hitless.cluster.backup: { dest: {{books.At("edge.hlb")}}, secrets: false }
            """
        );
        books.Succeeds(rest, ["--check"], "changed=2");
        Assert.False(File.Exists(books.At("edge.hlb")));
        books.Succeeds(rest, [], "changed=2");
        var back = cluster.Watch.Status()!.Units.Single(unit => unit.Name == standby);
        Assert.NotEqual(before, back.Incarnation);
        Assert.Equal(UnitStateWord.Ready, back.State);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(books.At("edge.hlb")));
    }

    [Scenario]
    public async Task A_cluster_of_the_inventory_is_upgraded_by_its_virtual_address_and_goes_back()
    {
        using var cluster = await ClusterWithWebAsync();
        var name = cluster.Watch.Status()!.Cluster;
        var fleet = books.Write(
            "fleet.hitless.yml",
            $$"""
            plugin: hitless.cluster.units
            clusters:
              - { urls: ["https://10.10.1.99:8443", "https://{{Virtual}}"], token_file: viewer, ca: web.pem }
              - { urls: ["https://10.10.1.98:8443"], token_file: viewer, ca: web.pem }
            keyed_groups:
              - { key: hitless_version, prefix: version }
            """
        );
        var graph = books.Run("ansible-inventory", "-i", fleet, "--graph");
        Assert.Equal(0, graph.ExitCode);
        foreach (var group in (string[])[name, "primary", "standby", "version_0_9_0"])
        {
            Assert.Contains($"@{group}:", graph.Output, StringComparison.Ordinal);
        }

        Assert.Contains($"{name}-gw2", graph.Output, StringComparison.Ordinal);
        Assert.Contains("leaves a cluster out", graph.Errors, StringComparison.Ordinal);

        var token = $"{{{{ lookup('file', '{books.At("admin")}') }}}}";
        var variables =
            $$"""{"ansible_connection": "local", "hitless_hosts": "primary", "hitless_image": "{{Prerequisites.SecondImage}}", """
            + $$""" "hitless_image_on_unit": "{{books.At("image.hli")}}", "hitless_page": "{{books.At("page.html")}}", """
            + $$""" "hitless_api_ca": "{{books.At("web.pem")}}", "hitless_api_token": "{{token}}"}""";
        string[] wave = ["-i", fleet, "-e", variables];
        books.Succeeds("hitless.cluster.upgrade_fleet", [.. wave, "--check"], "changed=");
        Assert.Null(cluster.Watch.Status()!.Upgrade);
        books.Succeeds("hitless.cluster.upgrade_fleet", wave, "changed=1");
        Assert.All((await cluster.UntilReadyAsync()).Units, unit => Assert.Equal("1.0.0", unit.Version));
        Assert.Contains("completed\">completed", File.ReadAllText(books.At("page.html")), StringComparison.Ordinal);
        books.Succeeds("hitless.cluster.upgrade_fleet", wave, "changed=0");

        var back = books.Book("back.yml", "api", books.Api(Virtual), "    - hitless.cluster.upgrade: { state: rolled_back }");
        books.Succeeds(back, [], "changed=1");
        Assert.All((await cluster.UntilReadyAsync()).Units, unit => Assert.Equal("0.9.0", unit.Version));
        books.Succeeds(back, [], "changed=0");
    }

    [Scenario]
    public async Task A_run_is_started_and_waited_for_by_its_name_and_a_bad_image_fails_the_wait()
    {
        using var cluster = await ClusterWithWebAsync();
        var book = books.Book(
            "site.yml",
            "api",
            books.Api(Own),
            $$$"""
                - hitless.cluster.upgrade: { image: {{{Prerequisites.BadImage("bad-health")}}}, state: planned }
                - hitless.cluster.upgrade: { image: 1.0.2, state: started }
                  register: upgrade
                - hitless.cluster.upgrade: { run: "{{ upgrade.run }}" }
            """
        );
        Refused(book, [], "the run was rolled back");
        Assert.All((await cluster.UntilReadyAsync()).Units, unit => Assert.Equal("0.9.0", unit.Version));
    }

    [Scenario]
    public async Task An_upload_that_is_cut_off_goes_on_where_it_was_cut()
    {
        using var cluster = await ClusterWithWebAsync();
        var book = books.Book(
            "site.yml",
            "api",
            books.Api("127.0.0.1:9443"),
            $$"""    - hitless.cluster.firmware: { src: {{Prerequisites.SecondImage}} }"""
        );
        var played = books.Run("python3", books.Write("cut.py", CuttingProxy), "ansible-playbook", book);
        LabCluster.Say(played.Output);
        Assert.Equal(0, played.ExitCode);
        Assert.Contains("changed=1", played.Output, StringComparison.Ordinal);
        Assert.Equal(1, played.Output.Split("cut\n").Length - 1);
        var audit = await AuditAsync(cluster);
        Assert.Equal(1, audit.Split("begins to upload an image").Length - 1);
        Assert.Contains("1.0.0", cluster.Watch.Cli("gw1").Run("firmware", "list").Output, StringComparison.Ordinal);
    }

    [Scenario]
    public async Task Who_may_not_or_is_not_who_was_meant_gets_nothing()
    {
        using var cluster = await ClusterWithWebAsync();
        var standby = StandbyOf(cluster);
        var task = $$"""    - hitless.cluster.switchover: { to: {{standby}} }""";
        var token = $$$"""api_token: "{{ lookup('file', '{{{books.At("admin")}}}') }}" """;
        Refused(books.Book("role.yml", "api", books.Api(Own, "viewer"), task), [], "the-viewer is viewer; this is for operator");
        Refused(
            books.Book("print.yml", "api", $$"""{ api_url: "https://{{Own}}", {{token}}, api_fingerprint: "00:11" }""", task),
            [],
            "the SHA-256 of its certificate is"
        );
        Refused(books.Book("ca.yml", "api", $$"""{ api_url: "https://{{Own}}", {{token}} }""", task), [], "certificate verify failed");
        Refused(books.Book("none.yml", "api", $$"""{ api_url: "https://{{Own}}" }""", task), [], "api_url wants api_token too");
        Assert.NotEqual(standby, (await cluster.UntilReadyAsync()).Primary);
        var audit = await AuditAsync(cluster);
        Assert.Equal(1, audit.Split("switches over").Length - 1);

        var print = Tool.Run("openssl", ["x509", "-in", books.At("web.pem"), "-noout", "-fingerprint", "-sha256"]).Trim().Split('=')[1];
        var pinned = $$"""{ api_url: "https://{{Own}}", {{token}}, api_fingerprint: "{{print}}" }""";
        books.Succeeds(books.Book("right.yml", "api", pinned, task), [], "changed=1");
    }

    private async Task<LabCluster> ClusterWithWebAsync()
    {
        Prerequisites.NeedPrograms("ansible-playbook");
        Prerequisites.NeedWeb();
        var cluster = await LabCluster.ReadyAsync();
        try
        {
            books.StartWeb(cluster);
            await cluster.UntilReadyAsync();
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    private static Task<string> AuditAsync(LabCluster cluster) =>
        File.ReadAllTextAsync(Path.Combine(cluster.Unit("gw1").State, "web", "audit.jsonl"), TestContext.Current.CancellationToken);

    private static string StandbyOf(LabCluster cluster)
    {
        var status = cluster.Watch.Status()!;
        return status.Units.Single(unit => unit.Name != status.Primary).Name;
    }

    private static HoldStatus? HoldOf(LabCluster cluster, string unit) =>
        cluster.Watch.Status()!.Units.Single(each => each.Name == unit).Hold;

    private void Refused(string book, IEnumerable<string> options, string why)
    {
        var played = books.Play([book, .. options]);
        LabCluster.Say(played.Output);
        Assert.NotEqual(0, played.ExitCode);
        Assert.Contains(why, played.Output, StringComparison.Ordinal);
    }
}
