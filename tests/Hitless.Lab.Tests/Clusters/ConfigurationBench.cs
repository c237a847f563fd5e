using System.Globalization;
using Hitless.Core.Api;
using Hitless.Lab.Demo;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Clusters;

/// <summary>A lab's cluster as the operator of its configuration sees and edits it.</summary>
public sealed class ConfigurationBench(LabCluster cluster)
{
    public const string Rules = "/etc/hitless/nftables.conf";
    public const string Sysctl = "/etc/hitless/sysctl.conf";
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(40);

    public static void AssertOk(ToolResult result) => Assert.True(result.Ok, result.Errors);

    public HitlessCli Cli(string unit) => cluster.Watch.Cli(unit);

    /// <summary>Where a unit's file lies, seen from outside.</summary>
    public string FileOf(string unit, string path) => Path.Combine(cluster.Unit(unit).Folder, "etc", Path.GetFileName(path));

    public string Disk(string unit, string path) => File.ReadAllText(FileOf(unit, path));

    /// <summary>What the unit's kernel has.</summary>
    public string KernelRules(string unit) => Tool.Run("ip", ["netns", "exec", cluster.Unit(unit).Namespace, "nft", "list", "ruleset"]);

    public int KernelKeepaliveInterval(string unit) =>
        int.Parse(
            Tool.Run("ip", ["netns", "exec", cluster.Unit(unit).Namespace, "sysctl", "-n", "net.ipv4.tcp_keepalive_intvl"]).Trim(),
            CultureInfo.InvariantCulture
        );

    /// <summary>
    /// Appends a line by <c>config edit</c>, whose base and parent are one: what another has written meanwhile refuses it.
    /// </summary>
    public ToolResult Append(string unit, string path, string line)
    {
        Environment.SetEnvironmentVariable("VISUAL", $"sh -c 'echo \"{line}\" >> \"$0\"'");
        return Cli(unit).Run("config", "edit", path, "-m", line);
    }

    /// <summary>Commits a whole new content.</summary>
    public ToolResult Commit(string unit, string path, string content, params string[] more)
    {
        var file = Path.Combine(cluster.Plan.Folder, "content");
        File.WriteAllText(file, content);
        return Cli(unit).Run(["config", "commit", $"{path}={file}", .. more]);
    }

    private static string Describe(SyncReport? report) =>
        report is null ? "no answer" : string.Join(", ", report.Units.Select(u => $"{u.Unit} {u.State} {u.Revision} {u.Why}"));

    public SyncReport? Report(string unit) => Cli(unit).Ask<SyncReport>(out _, "config", "report");

    /// <summary>Waits until every unit answers, and reports one revision everywhere and each file as it should be.</summary>
    public async Task<SyncReport> UntilInSyncAsync()
    {
        var until = DateTimeOffset.UtcNow + SettleLimit;
        while (true)
        {
            var reports = cluster.Plan.Units.Select(Report).ToList();
            if (
                reports.TrueForAll(r => r is { InSync: true } && r.Units.Count == reports.Count)
                && reports.DistinctBy(r => r!.Hash).Count() == 1
            )
            {
                return reports[0]!;
            }

            Assert.True(
                DateTimeOffset.UtcNow < until,
                $"not in sync after {SettleLimit.TotalSeconds} s: {string.Join(" | ", reports.Select(Describe))}"
            );
            await Task.Delay(300, TestContext.Current.CancellationToken);
        }
    }
}
