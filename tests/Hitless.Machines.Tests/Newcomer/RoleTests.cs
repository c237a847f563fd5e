using System.Text.Json;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Fleet;
using Hitless.Lab.Tools;
using Hitless.Lab.Units.Machines;
using Xunit;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>
/// The Ansible collection from nothing, over real ssh: three branches with two fresh Debian machines each become clusters by the role, get
/// their settings, and are upgraded in a wave.
/// </summary>
public sealed class RoleTests : IDisposable
{
    private static readonly string[] Branches = ["north", "south", "west"];
    private readonly AnsibleFolder books = new();
    private readonly List<SystemdSite> sites = [];

    /// <inheritdoc/>
    public void Dispose()
    {
        sites.ForEach(site => site.Dispose());
        books.Dispose();
    }

    [Fact]
    public async Task Three_branches_are_installed_by_the_role_configured_and_upgraded_in_a_wave()
    {
        Prerequisites.NeedPrograms("debootstrap", "systemd-nspawn", "ansible-playbook", "ssh");
        var first = PackageFile.RestartingImage(Directory.CreateDirectory(books.At("first")).FullName);
        var package = PackageFile.With(PackageFile.Build(), books.Folder, first);
        foreach (var branch in Branches)
        {
            sites.Add(SystemdSite.Boot(name: branch));
            OpenDoor(sites[^1]);
        }

        WriteInventory(package);
        Succeeds("role.yml", ["--check", "--diff"], "failed=0");
        Assert.All(sites, site => Assert.Equal("", site[0].Type("ls /usr/bin/hitless /var/cache/hitless.deb 2>/dev/null || true")));
        Succeeds("role.yml", [], "failed=0");
        foreach (var (site, branch) in sites.Zip(Branches))
            await site[0].UntilReadyAsync($"{branch}-gw1");
        Succeeds("role.yml", [], "changed=0", notExpected: "changed=1");

        Succeeds("settings.yml", ["--check", "--diff"], "+    - path: /etc/edge.conf");
        Assert.Equal("", sites[0][0].Type("ls /etc/edge.conf 2>/dev/null || true"));
        Succeeds("settings.yml", ["--diff"], "+one of edge");
        Assert.All(sites, site => Assert.Equal("one of edge\n", site[1].Type("cat /etc/edge.conf")));
        Succeeds("settings.yml", [], "changed=0", notExpected: "changed=1");

        await UpgradeAsync();
    }

    private async Task UpgradeAsync()
    {
        var good = PackageFile.NewerImage(Directory.CreateDirectory(books.At("good")).FullName);
        var bad = PackageFile.BadImage(Directory.CreateDirectory(books.At("bad")).FullName);
        string[] words =
        [
            "hitless.cluster.upgrade_fleet",
            .. Inventory,
            .. (string[])["-e", "hitless_hosts=*-gw1", "-e", $"hitless_page={books.At("page.html")}"],
            .. (string[])["-e", $$$"""hitless_image={{ "{{{bad}}}" if "south" in inventory_hostname else "{{{good}}}" }}"""],
        ];
        var wave = books.Play(words);
        TestContext.Current.TestOutputHelper!.WriteLine(wave.Output);
        Assert.NotEqual(0, wave.ExitCode);
        foreach (var (site, version) in sites.Zip(["1.2.0", "1.0.0", "1.0.0"]))
        {
            using var status = JsonDocument.Parse(site[0].Type("hitless --json status"));
            var versions = status.RootElement.GetProperty("units").EnumerateArray().Select(unit => unit.GetProperty("version").GetString());
            Assert.Equal([version, version], versions);
            await site[0].UntilNoProblemAsync();
        }

        var page = await File.ReadAllTextAsync(books.At("page.html"), TestContext.Current.CancellationToken);
        foreach (var row in (string[])["completed\">completed", "rolled-back\">rolled-back", "untouched\">untouched"])
            Assert.Contains(row, page, StringComparison.Ordinal);
        Assert.Contains("no run yet", sites[2][0].Type("hitless upgrade status || true"), StringComparison.Ordinal);
        var again = books.Play([.. words, "--limit", "north-gw1"]);
        Assert.Contains("changed=0", again.Output, StringComparison.Ordinal);
    }

    private string[] Inventory => ["-i", books.At("fleet.ini")];

    private void Succeeds(string book, IEnumerable<string> options, string expected, string? notExpected = null)
    {
        var played = books.Play([books.At(book), .. Inventory, .. options]);
        TestContext.Current.TestOutputHelper!.WriteLine(played.Output);
        Assert.True(played.ExitCode == 0, played.Output + played.Errors);
        Assert.Contains(expected, played.Output, StringComparison.Ordinal);
        if (notExpected is not null)
            Assert.DoesNotContain(notExpected, played.Output, StringComparison.Ordinal);
    }

    /// <summary>The lab's key opens the machines; a script enters the branch's own network: all have the same addresses.</summary>
    private void OpenDoor(SystemdSite site)
    {
        var key = File.ReadAllText($"{MachineStore.Key}.pub");
        foreach (var unit in site.Plan.Units)
        {
            site[LabPlan.NumberOf(unit) - 1].Type("mkdir -p -m 700 .ssh; cat > .ssh/authorized_keys; systemctl start ssh", key);
        }

        books.Script($"ssh-{site.Plan.Name}", $"#!/bin/sh\nexec ip netns exec {site.Plan.NamespaceOf(LabPlan.Client)} ssh \"$@\"\n");
    }

    private void WriteInventory(string package)
    {
        using var file = File.CreateText(books.At("fleet.ini"));
        foreach (var (branch, site) in Branches.Zip(sites))
        {
            file.WriteLine($"[{branch}]");
            foreach (var unit in site.Plan.Units)
            {
                var address = Addresses.Own("lan0", LabPlan.NumberOf(unit)).First().Split('/')[0];
                file.WriteLine($"{branch}-{unit} ansible_host={address} ansible_ssh_executable={books.At($"ssh-{branch}")}");
            }

            file.WriteLine($"[{branch}:vars]\nhitless_unit_cluster={branch}");
        }

        file.WriteLine($"[branches:children]\n{string.Join('\n', Branches)}");
        file.WriteLine(
            $"""
            [all:vars]
            ansible_user=root
            ansible_ssh_private_key_file={MachineStore.Key}
            ansible_ssh_args=-o ControlMaster=no -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null
            ansible_ssh_transfer_method=piped
            ansible_python_interpreter=/usr/bin/python3
            hitless_unit_package={package}
            hitless_unit_heartbeat=hb0
            hitless_unit_addresses=["lan0=10.10.1.1/24", "wan0=10.10.2.1/24"]
            """
        );
        books.Write(
            "role.yml",
            """
            - hosts: branches
              gather_facts: false
              roles: [hitless.cluster.hitless_unit]

            """
        );
        books.Write(
            "settings.yml",
            """
            - hosts: "*-gw1"
              gather_facts: false
              tasks:
                - hitless.cluster.status_info: { require_health: true }
                - hitless.cluster.config:
                    message: what is managed
                    files:
                      - path: cluster.yaml
                        content: |
                          configuration:
                            files:
                              - path: /etc/edge.conf
                          upgrade:
                            confirm-timeout: 20s
                - hitless.cluster.config:
                    message: by the playbook
                    files: [{ path: /etc/edge.conf, content: "one of edge\n" }]
                  when: not ansible_check_mode

            """
        );
    }
}
