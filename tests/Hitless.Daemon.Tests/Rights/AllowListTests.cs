using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Rights;
using Hitless.Core.Roles;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Rights;
using Hitless.Daemon.Tests.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Rights;

/// <summary>A hitlessd in other hands: what the unit's own configuration does not list, hitless-apply does not do.</summary>
public sealed class AllowListTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-allow-").FullName;
    private readonly AllowList allowed;

    public AllowListTests()
    {
        File.WriteAllText(UnitFilePath, UnitFileTests.Minimal);
        var settings = UnitFileTests.Read(UnitFileTests.Minimal) with
        {
            Files = [new("/etc/nftables.conf", "nft -c -f {file}", "nft -f {file}")],
            Hooks = new HookSettings("logger primary", null, "logger fault", null, TimeSpan.FromSeconds(10)),
            Services = [new("dnsmasq.service", OnPrimary: true)],
            Compared = [new("ospf", "vtysh -c 'show ip ospf neighbor'")],
            Health = [new("lease", new ProbeTarget.Exec("test -e /run/lease"), TimeSpan.FromSeconds(1), 3)],
        };
        allowed = new AllowList(settings, Here, Head(new ManagedFile("/etc/old.conf", [1], null, "old {file}", null)), targets: true);
    }

    private string UnitFilePath => Path.Combine(folder, "unit.yaml");

    private ClusterFileHere Here => new(UnitFilePath, folder);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("/etc/nftables.conf", true)]
    [InlineData("/etc/old.conf", true)] // the current revision has it
    [InlineData("/etc/nftables.conf.new", false)]
    [InlineData("/etc/nftables.con", false)]
    [InlineData("/etc//nftables.conf", false)]
    [InlineData("/etc/../etc/nftables.conf", false)]
    [InlineData("/root/.ssh/authorized_keys", false)]
    [InlineData("cluster.yaml", false)]
    [InlineData("", false)]
    public void A_path_is_listed_or_refused(string path, bool listed)
    {
        Assert.Equal(listed, allowed.Refuse(path) is null);
        Assert.True(listed || allowed.Refuse(path)!.Contains("is not listed under configuration.files", StringComparison.Ordinal));
    }

    [Fact]
    public void The_cluster_yaml_of_this_unit_may_be_written_and_no_other_file_beside_it()
    {
        Assert.Null(allowed.Refuse(Here.RealPath));
        Assert.NotNull(allowed.Refuse(Path.Combine(Path.GetDirectoryName(Here.RealPath)!, "cluster.last.yaml")));
    }

    [Theory]
    [InlineData(FileCommandKind.Check, "/etc/nftables.conf", "nft -c -f {file}", true)]
    [InlineData(FileCommandKind.Apply, "/etc/nftables.conf", "nft -f {file}", true)]
    [InlineData(FileCommandKind.Apply, "/etc/old.conf", "old {file}", true)]
    [InlineData(FileCommandKind.Apply, "/etc/nftables.conf", "nft -c -f {file}", false)] // the check's
    [InlineData(FileCommandKind.Verify, "/etc/nftables.conf", "nft -f {file}", false)] // there is none to verify
    [InlineData(FileCommandKind.Apply, "/etc/old.conf", "nft -f {file}", false)] // another file's
    [InlineData(FileCommandKind.Apply, "/etc/nftables.conf", "nft -f {file} ; id", false)]
    [InlineData(FileCommandKind.Apply, "/etc/nftables.conf", "", false)]
    [InlineData(FileCommandKind.Check, "/root/x", "nft -c -f {file}", false)]
    public void A_command_is_listed_for_its_file_and_its_purpose_or_refused(
        FileCommandKind kind,
        string path,
        string command,
        bool listed
    ) => Assert.Equal(listed, allowed.Refuse(new FileCommand(kind, path, command)) is null);

    [Theory]
    [InlineData("logger primary", true)]
    [InlineData("logger fault", true)]
    [InlineData("logger standby", false)]
    [InlineData("logger primary; id", false)]
    [InlineData("", false)]
    public void A_hook_is_listed_or_refused(string command, bool listed) =>
        Assert.Equal(listed, allowed.Refuse(new RoleTask.Hook(ServiceRoleWord.Primary, command)) is null);

    [Theory]
    [InlineData("start", "dnsmasq.service", true)]
    [InlineData("stop", "dnsmasq.service hitless-primary.target", true)]
    [InlineData("start", "dnsmasq.service ssh.service", false)]
    [InlineData("start", "hitless.service", false)]
    [InlineData("mask", "dnsmasq.service", false)]
    [InlineData("start", "", false)]
    public void Services_follow_that_are_listed_and_nothing_else_is_done_to_them(string verb, string units, bool listed) =>
        Assert.Equal(listed, allowed.Refuse(new RoleTask.Systemctl(verb, units.Split(' ', StringSplitOptions.RemoveEmptyEntries))) is null);

    [Fact]
    public void The_targets_of_a_machine_whose_service_this_is_not_are_left_alone()
    {
        var byHand = new AllowList(UnitFileTests.Read(UnitFileTests.Minimal), Here, head: null, targets: false);
        Assert.NotNull(byHand.Refuse(new RoleTask.Systemctl("start", [RoleTasks.PrimaryTarget])));
        Assert.NotNull(byHand.Refuse(new RoleTask.Systemctl("start", [RoleTasks.StandbyTarget])));
    }

    [Theory]
    [InlineData("test -e /run/lease", true)]
    [InlineData("test -e /run/lease && id", false)]
    [InlineData("vtysh -c 'show ip ospf neighbor'", true)]
    [InlineData("vtysh", false)]
    public void A_command_that_only_asks_is_listed_or_refused(string command, bool listed) =>
        Assert.Equal(listed, allowed.RefuseProbe(command) is null);

    [Fact]
    public void What_a_cluster_yaml_lists_counts_from_when_it_is_proposed_and_is_told()
    {
        var apply = new FileCommand(FileCommandKind.Apply, "/etc/frr.conf", "frr reload");
        Assert.NotNull(allowed.Refuse("/etc/frr.conf"));

        var told = allowed.Propose("configuration:\n  files:\n    - { path: /etc/frr.conf, apply: frr reload }\n"u8.ToArray());

        Assert.Equal(["\"/etc/frr.conf\" is listed by cluster.yaml from here on, with \"frr reload\""], told);
        Assert.Equal((null, null), (allowed.Refuse("/etc/frr.conf"), allowed.Refuse(apply)));
        Assert.NotNull(allowed.Refuse(apply with { Command = "frr restart" }));
        Assert.Empty(allowed.Propose("configuration:\n  files:\n    - { path: /etc/frr.conf, apply: frr reload }\n"u8.ToArray()));
    }

    [Fact]
    public void On_a_unit_that_takes_commands_from_its_own_file_neither_a_revision_nor_a_cluster_yaml_lists_any()
    {
        var own = UnitFileTests.Minimal.Replace("name: gw1", "name: gw1\n  commands-from: unit", StringComparison.Ordinal);
        File.WriteAllText(UnitFilePath, own);
        var strict = new AllowList(
            UnitFileTests.Read(own) with
            {
                Files = [new("/etc/nftables.conf", null, null)],
            },
            Here,
            Head(new ManagedFile("/etc/old.conf", [1], null, "old {file}", null)),
            targets: false
        );

        Assert.Empty(strict.Propose("configuration:\n  files:\n    - { path: /etc/frr.conf, apply: frr reload }\n"u8.ToArray()));
        Assert.Null(strict.Refuse("/etc/nftables.conf"));
        Assert.All(["/etc/frr.conf", "/etc/old.conf"], path => Assert.NotNull(strict.Refuse(path)));
    }

    [Theory]
    [InlineData("configuration: {")]
    [InlineData("no: such key\n")]
    [InlineData("")]
    public void A_cluster_yaml_that_the_unit_would_not_start_with_lists_nothing(string content)
    {
        Assert.Empty(allowed.Propose(System.Text.Encoding.UTF8.GetBytes(content)));
        Assert.NotNull(allowed.Refuse("/etc/frr.conf"));
    }

    [Fact]
    public void What_is_refused_stands_in_one_line_of_bounded_length()
    {
        var line = allowed.Refuse(new FileCommand(FileCommandKind.Apply, "/etc/\nhitless-apply: all is well", new string('x', 100_000)))!;
        Assert.DoesNotContain('\n', line);
        Assert.InRange(line.Length, 1, 1000);
    }

    private static Revision Head(ManagedFile file) => RevisionIdentity.Next(null, 1, [file], "anna", "", DateTimeOffset.UnixEpoch);
}
