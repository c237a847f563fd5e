using System.Text.Json;
using System.Text.RegularExpressions;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>
/// A newcomer types what README and docs/install.md say, on two machines with systemd; the machines share this kernel.
/// </summary>
public sealed partial class ReadmeTests
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_README_says_makes_a_cluster()
    {
        Prerequisites.NeedPrograms("debootstrap", "systemd-nspawn");
        var package = Package();
        var scripts = Blocks(await SectionAsync("README.md", "## On real gateways"), "sh");
        Assert.Equal(4, scripts.Count);
        using var gateways = SystemdPair.Boot();
        var (first, second) = (gateways.First, gateways.Second);
        gateways.Bring(package);
        first.Type(Install(scripts[0]));
        second.Type(Install(scripts[0]));
        var said = first.Type(scripts[1]);
        await UntilAsync(first, "gw1", units: 1);
        var code = InvitationCode().Match(said);
        Assert.True(code.Success, said);
        second.Type(scripts[2].Replace("CODE", code.Groups[1].Value, StringComparison.Ordinal));
        await UntilAsync(first, "gw1");
        await UntilAsync(second, "gw1");
        Assert.Contains("gw2", first.Type(scripts[3]));
        await UntilAsync(first, "gw2");
        await UntilNoProblemAsync(first);

        // The web manager starts by itself when somebody may log in.
        Assert.Equal("inactive", first.Type("systemctl is-active hitless-web || true").Trim());
        first.Type("echo four words that rhyme | hitless web password admin");
        var answers = first.Type(
            "for i in $(seq 50); do bash -c ': </dev/tcp/localhost/8443' 2>/dev/null && break; sleep 0.2; done; "
                + "systemctl is-active hitless-web; "
                + "grep -E '^Cap(Eff|Bnd)' /proc/$(pidof hitless-web)/status"
        );
        Assert.StartsWith("active\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000", answers, StringComparison.Ordinal);

        // What the page says of an upgrade of the package: nothing is restarted.
        var before = second.Type("pidof hitlessd hitless-boot; hitless --json status | grep '\"epoch\"'");
        Assert.Contains("nothing was restarted", second.Type($"apt-get install -y --reinstall ./{Path.GetFileName(package)} 2>&1"));
        Assert.Equal(before, second.Type("pidof hitlessd hitless-boot; hitless --json status | grep '\"epoch\"'"));
        Assert.Contains("primary, epoch", second.Type("systemctl status hitless"));
        Assert.Contains("hitless \\- Linux gateways", second.Type("zcat /usr/share/man/man1/hitless.1.gz"));

        // Removed from the primary, it hands over first; purged, it leaves nothing.
        second.Type("apt-get purge -y hitless 2>&1");
        await UntilPrimaryAsync(first, "gw1");
        Assert.Equal(
            "",
            second.Type("ls -d /etc/hitless /var/lib/hitless /usr/bin/hitless /lib/systemd/system/hitless* 2>/dev/null || true")
        );
        Assert.DoesNotContain("10.10.1.1/24", second.Type("ip -br address show dev lan0"));
    }

    [Fact]
    public async Task What_the_page_of_installing_says_makes_a_cluster_by_hand()
    {
        Prerequisites.NeedBuild();
        Prerequisites.NeedPrograms("debootstrap", "systemd-nspawn");
        var section = await SectionAsync("docs/install.md", "## By hand");
        var scripts = Blocks(section, "sh");
        var yaml = Assert.Single(Blocks(section, "yaml"));
        Assert.Equal(4, scripts.Count);

        using var gateways = SystemdPair.Boot();
        var (first, second) = (gateways.First, gateways.Second);
        var files = Regex
            .Matches(section, "^   `.*$", RegexOptions.Multiline)
            .SelectMany(line => FileName().Matches(line.Value))
            .Select(name => name.Groups[1].Value);
        foreach (var file in files)
        {
            gateways.Bring(Path.Combine(Prerequisites.Out, file));
        }

        first.Type(scripts[0]);
        second.Type(scripts[0]);
        first.Type(scripts[1]);
        second.Type("cat > /etc/hitless/cluster.key; chmod 600 /etc/hitless/cluster.key", first.Type("cat /etc/hitless/cluster.key"));
        first.Type("cat > /etc/hitless/unit.yaml", yaml);
        second.Type(
            "cat > /etc/hitless/unit.yaml",
            yaml.Replace("gw1", "gw2", StringComparison.Ordinal)
                .Replace("200 ", "100 ", StringComparison.Ordinal)
                .Replace("address: 10.10.9.1, peers: [10.10.9.2]", "address: 10.10.9.2, peers: [10.10.9.1]", StringComparison.Ordinal)
        );
        first.Type(scripts[2]);
        second.Type(scripts[2]);

        await UntilAsync(first, "gw1");
        await UntilAsync(second, "gw1");
        Assert.Contains("gw2", first.Type(scripts[3]));
        await UntilAsync(first, "gw2");

        // Services of the operator's follow these.
        await UntilActiveAsync(second, "hitless-primary.target");
        await UntilActiveAsync(first, "hitless-standby.target");
        await UntilNoProblemAsync(first);

        // What the page says of the service.
        first.Type("systemctl reload hitless");
        second.Type("systemctl reload hitless");
        await UntilAsync(first, "gw2");
        second.Type("systemctl stop hitless");
        Assert.Contains("10.10.1.1/24", second.Type("ip -br address show dev lan0"));
        second.Type("systemctl start hitless");
        await UntilAsync(second, "gw1");
        Assert.Contains("hitless.service", first.Type("systemctl list-unit-files --state=enabled --no-legend"));
    }

    /// <summary>Builds the package, of the programs that are there.</summary>
    private static string Package()
    {
        Prerequisites.NeedBuild();
        Prerequisites.NeedPrograms("dh", "lintian");
        Tool.Run(Path.Combine(Prerequisites.Out, "..", "build", "package.sh"), [Prerequisites.Out]);
        return Assert.Single(Directory.GetFiles(Prerequisites.Out, "hitless_*_amd64.deb"));
    }

    // The machines have no network beside the lab's: what the package needs is on them, as on a Debian that somebody uses.
    private static string Install(string line) =>
        line.Replace("apt install", "DEBIAN_FRONTEND=noninteractive apt-get install", StringComparison.Ordinal);

    private static async Task<string> SectionAsync(string page, string heading)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Prerequisites.Out, "..", page), TestContext.Current.CancellationToken);
        var section = text[text.IndexOf(heading, StringComparison.Ordinal)..];
        return section.IndexOf("\n## ", 1, StringComparison.Ordinal) is > 0 and var end ? section[..end] : section;
    }

    private static Task UntilNoProblemAsync(SystemdMachine machine) =>
        UntilStatusAsync(machine, status => status.GetProperty("problems").GetArrayLength() == 0, "there are problems");

    private static Task UntilPrimaryAsync(SystemdMachine machine, string primary) =>
        UntilStatusAsync(machine, status => status.GetProperty("primary").GetString() == primary, $"{primary} is not primary");

    private static async Task UntilStatusAsync(SystemdMachine machine, Func<JsonElement, bool> wanted, string otherwise)
    {
        var said = "";
        for (
            var until = DateTimeOffset.UtcNow + ReadyLimit;
            DateTimeOffset.UtcNow < until;
            await Task.Delay(500, TestContext.Current.CancellationToken)
        )
        {
            said = machine.Type("hitless status --json || true");
            if (said.StartsWith('{') && wanted(JsonDocument.Parse(said).RootElement))
            {
                return;
            }
        }

        Assert.Fail($"{otherwise}: {said}");
    }

    private static async Task UntilActiveAsync(SystemdMachine machine, string target)
    {
        for (
            var until = DateTimeOffset.UtcNow + ReadyLimit;
            machine.Type($"systemctl is-active {target} || true").Trim() != "active";
            await Task.Delay(500, TestContext.Current.CancellationToken)
        )
        {
            Assert.True(DateTimeOffset.UtcNow < until, $"{target} of {machine.Name} is not active");
        }
    }

    /// <summary>All units are ready, as this one sees it, and the primary is the named one.</summary>
    private static async Task UntilAsync(SystemdMachine machine, string primary, int units = 2)
    {
        var said = "";
        for (
            var until = DateTimeOffset.UtcNow + ReadyLimit;
            DateTimeOffset.UtcNow < until;
            await Task.Delay(500, TestContext.Current.CancellationToken)
        )
        {
            said = machine.Type("hitless status --json || true");
            if (
                said.StartsWith('{')
                && JsonDocument.Parse(said).RootElement is var status
                && status.TryGetProperty("primary", out var named)
                && named.GetString() == primary
                && status.GetProperty("units").EnumerateArray().Count(unit => unit.GetProperty("state").GetString() == "ready") == units
            )
            {
                return;
            }
        }

        var journal = machine.Type("journalctl -u hitless --no-pager | tail -30");
        Assert.Fail(
            $"{primary} is not primary of {units} ready units after {ReadyLimit.TotalSeconds} s, "
                + $"{machine.Name} says: {said}\n{journal}"
        );
    }

    /// <summary>The fenced blocks of a kind, without the indentation of their list item.</summary>
    private static List<string> Blocks(string text, string kind) =>
        [
            .. Regex
                .Matches(text, $@"^ *```{kind}\n(.*?)^ *```$", RegexOptions.Multiline | RegexOptions.Singleline)
                .Select(block =>
                    string.Join(
                        '\n',
                        block
                            .Groups[1]
                            .Value.Split('\n')
                            .Select(line => line.StartsWith("   ", StringComparison.Ordinal) ? line[3..] : line)
                    )
                ),
        ];

    [GeneratedRegex("hitless join (\\S*/\\S+)")]
    private static partial Regex InvitationCode();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex FileName();
}
