using System.Text.Json;
using System.Text.RegularExpressions;
using Hitless.Lab.Tests.Clusters;
using Xunit;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>A newcomer types what README, "On real gateways", says, on two machines with systemd; the machines share this kernel.</summary>
public sealed partial class ReadmeTests
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_README_says_makes_a_cluster()
    {
        Prerequisites.NeedBuild();
        Prerequisites.NeedPrograms("debootstrap", "systemd-nspawn");
        var readme = await File.ReadAllTextAsync(Path.Combine(Prerequisites.Out, "..", "README.md"), TestContext.Current.CancellationToken);
        var section = readme[readme.IndexOf("## On real gateways", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n## ", 1, StringComparison.Ordinal)];
        var scripts = Blocks(section, "sh");
        var yaml = Assert.Single(Blocks(section, "yaml"));
        Assert.Equal(4, scripts.Count);

        using var gateways = SystemdPair.Boot();
        var (first, second) = (gateways.First, gateways.Second);
        var files = Regex
            .Matches(section, "^   `hitless`.*$", RegexOptions.Multiline)
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
        Assert.Equal("[]", first.Type("hitless status --json | tr -d ' \n' | sed 's/.*\"problems\"://; s/}$//'"));

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
    private static async Task UntilAsync(SystemdMachine machine, string primary)
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
                && status.GetProperty("units").EnumerateArray().Count(unit => unit.GetProperty("state").GetString() == "ready") == 2
            )
            {
                return;
            }
        }

        var journal = machine.Type("journalctl -u hitless --no-pager | tail -30");
        Assert.Fail(
            $"{primary} is not primary of two ready units after {ReadyLimit.TotalSeconds} s, " + $"{machine.Name} says: {said}\n{journal}"
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

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex FileName();
}
