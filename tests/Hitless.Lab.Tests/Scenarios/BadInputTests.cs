using Hitless.Core.Configuration;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>What an operator, or somebody else, should not have given to a unit.</summary>
public sealed class BadInputTests
{
    private const string Slow = "/etc/hitless/slow.conf";
    private const long Gigabyte = 1L << 30;

    [Scenario(Explicit = true)] // Minutes: ./dev test lab -- -explicit only
    public async Task Bad_input_gets_a_clear_error_and_changes_nothing()
    {
        using var cluster = await LabCluster.ReadyAsync(image: Prerequisites.SecondImage);
        var bench = new ConfigurationBench(cluster);
        await bench.UntilInSyncAsync();
        ConfigurationBench.AssertOk(
            bench.Commit("gw1", ClusterFile.Path, $"configuration: {{ files: [{{ path: {Slow}, check: \"sleep 1000\" }}] }}\n")
        );
        var before = await bench.UntilInSyncAsync();
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        var input = Path.Combine(cluster.Plan.Folder, "input");

        Refused(bench.Commit("gw1", Slow, "anything\n"), "check of /etc/hitless/slow.conf failed: did not end within 10 s and was killed");
        Refused(bench.Commit("gw2", ClusterFile.Path, "sessions: { pickup: [\n"), "cluster.yaml:2:1: not YAML");
        File.WriteAllBytes(input, [.. "sessions: {} # "u8, 0xff, (byte)'\n']);
        Refused(bench.Cli("gw2").Run("config", "commit", $"{ClusterFile.Path}={input}"), "cluster.yaml:1:16: byte 0xff is not UTF-8");

        Fill(input, Gigabyte);
        Refused(bench.Cli("gw1").Run("config", "commit", $"{ConfigurationBench.Rules}={input}"), "is larger than 8 MiB");
        Refused(bench.Cli(primary).Run("config", "restore", input), "what was sent is larger than 512 MiB");

        // One unit's disk has such a file in the place of a managed one.
        var rules = bench.Disk("gw2", ConfigurationBench.Rules);
        Fill(bench.FileOf("gw2", ConfigurationBench.Rules), Gigabyte);
        Assert.Contains(
            "is larger than 8 MiB",
            bench.Report("gw1")!.Units.Single(unit => unit.Unit == "gw2").Items.Single(item => item.Path == ConfigurationBench.Rules).Why
        );
        Refused(bench.Commit("gw1", ConfigurationBench.Rules, rules + "# more\n"), "gw2: /etc/hitless/nftables.conf is larger than 8 MiB");
        await File.WriteAllTextAsync(bench.FileOf("gw2", ConfigurationBench.Rules), rules, TestContext.Current.CancellationToken);

        foreach (
            var (make, expected) in new[]
            {
                ("ln -s /etc/passwd about.json && tar czf input about.json", "which is no plain file (SymbolicLink)"),
                ("echo > evil && tar czPf input --transform=s,^,../../etc/cron.d/, evil", "which leads out of it"),
            }
        )
        {
            Tool.Run("sh", ["-c", $"cd \"$1\" && {make}", "make", cluster.Plan.Folder]);
            Refused(bench.Cli(primary).Run("config", "restore", input), expected);
        }

        Assert.Equal(before.Hash, (await bench.UntilInSyncAsync()).Hash);
    }

    private static void Refused(ToolResult result, string expected)
    {
        LabCluster.Say(result.Errors.TrimEnd());
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Errors);
    }

    private static void Fill(string path, long length)
    {
        using var file = File.Create(path);
        file.SetLength(length);
    }
}
