using System.Text.RegularExpressions;
using Hitless.Lab.Tests.Clusters;
using Xunit;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>
/// A newcomer types what README and docs/install.md say, on two machines with systemd; the machines share this kernel.
/// </summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public async Task What_README_says_makes_a_cluster()
    {
        Prerequisites.NeedPrograms("debootstrap", "systemd-nspawn");
        var package = PackageFile.Build();
        var scripts = Blocks(await SectionAsync("README.md", "## On real gateways"), "sh");
        Assert.Equal(4, scripts.Count);
        using var gateways = SystemdSite.Boot();
        var (first, second) = (gateways[0], gateways[1]);
        gateways.Bring(package);
        first.Type(PackageFile.Install(scripts[0]));
        second.Type(PackageFile.Install(scripts[0]));
        var said = first.Type(scripts[1]);
        await first.UntilReadyAsync("gw1", units: 1);
        second.Type(scripts[2].Replace("CODE", PackageFile.CodeIn(said), StringComparison.Ordinal));
        await first.UntilReadyAsync("gw1");
        await second.UntilReadyAsync("gw1");
        Assert.Contains("gw2", first.Type(scripts[3]));
        await first.UntilReadyAsync("gw2");
        await first.UntilNoProblemAsync();

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
        await first.UntilPrimaryAsync("gw1");
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

        using var gateways = SystemdSite.Boot();
        var (first, second) = (gateways[0], gateways[1]);
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

        await first.UntilReadyAsync("gw1");
        await second.UntilReadyAsync("gw1");
        Assert.Contains("gw2", first.Type(scripts[3]));
        await first.UntilReadyAsync("gw2");

        // Services of the operator's follow these.
        await second.UntilActiveAsync("hitless-primary.target");
        await first.UntilActiveAsync("hitless-standby.target");
        await first.UntilNoProblemAsync();

        // What the page says of the service.
        first.Type("systemctl reload hitless");
        second.Type("systemctl reload hitless");
        await first.UntilReadyAsync("gw2");
        second.Type("systemctl stop hitless");
        Assert.Contains("10.10.1.1/24", second.Type("ip -br address show dev lan0"));
        second.Type("systemctl start hitless");
        await second.UntilReadyAsync("gw1");
        Assert.Contains("hitless.service", first.Type("systemctl list-unit-files --state=enabled --no-legend"));
    }

    private static async Task<string> SectionAsync(string page, string heading)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Prerequisites.Out, "..", page), TestContext.Current.CancellationToken);
        var section = text[text.IndexOf(heading, StringComparison.Ordinal)..];
        return section.IndexOf("\n## ", 1, StringComparison.Ordinal) is > 0 and var end ? section[..end] : section;
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

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex FileName();
}
