using Hitless.Core.Api;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

public sealed class ReadinessTests
{
    private const string ApiPort = "8419";
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(2);

    [Scenario]
    public async Task A_unit_that_answers_late_is_asked_again_and_one_that_does_not_answer_is_called_so()
    {
        using var cluster = await LabCluster.ReadyAsync(image: Prerequisites.FirstImage);
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        var standby = cluster.Plan.Units.Single(unit => unit != primary);
        SetAnswers(cluster, standby, answers: false);
        var asked = Task.Run(() => cluster.Watch.Cli(primary).Ask<UpgradeCheck>(out _, "upgrade", "check", Prerequisites.SecondImage)!);
        await Task.Delay(Late, TestContext.Current.CancellationToken);
        SetAnswers(cluster, standby, answers: true);
        var check = await asked;
        Assert.Equal([], check.Checks.Where(each => each.Result == CheckOutcome.Fail));
        Assert.Contains(check.Checks, each =>
            each is { Id: "slots", Text: var text } && text.StartsWith(standby, StringComparison.Ordinal)
        );

        SetAnswers(cluster, standby, answers: false);
        var refused = cluster.Watch.Cli(primary).Run("upgrade", "start", Prerequisites.SecondImage);
        LabCluster.Say(refused.Errors);
        Assert.Equal(1, refused.ExitCode);
        Assert.StartsWith($"hitless: {standby} cannot be reached", refused.Errors, StringComparison.Ordinal);
    }

    /// <summary>docker sets iptables' policy; a package brings a table of its own; a ruleset begins with a chain that drops.</summary>
    [Scenario]
    public async Task A_standby_whose_firewall_would_drop_everything_is_not_ready_and_is_not_switched_to()
    {
        string[] samples =
        [
            "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }",
            "add table inet edge; add chain inet edge last { type filter hook forward priority 300; policy drop; }",
        ];
        using var cluster = await LabCluster.ReadyAsync();
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        var standby = cluster.Plan.Units.Single(unit => unit != primary);
        foreach (var sample in samples)
        {
            var table = sample.Split(';')[0]["add ".Length..];
            Nft(cluster, standby, sample);
            await LabCluster.UntilAsync("the standby is not ready", () =>
                cluster.Watch.Status()?.Units.Single(unit => unit.Name == standby).State == UnitStateWord.Fault
            );
            var refused = cluster.Watch.Cli(primary).Run("switchover", "--wait");
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains($"{standby} is worse", refused.Errors, StringComparison.Ordinal);
            Assert.Contains(cluster.Watch.Status()!.Problems, each => each.Contains($"nftables {table}", StringComparison.Ordinal));
            Nft(cluster, standby, $"delete {table}");
            await cluster.UntilReadyAsync();
        }

        // Where both have it, it is the operator's wish.
        foreach (var unit in (string[])[primary, standby])
        {
            Nft(cluster, unit, $"{samples[0]}; add rule ip filter FORWARD accept");
        }

        await Task.Delay(Late, TestContext.Current.CancellationToken);
        await cluster.UntilReadyAsync();
    }

    private static void Nft(LabCluster cluster, string unit, string commands) =>
        Tool.Run("ip", ["netns", "exec", cluster.Plan.NamespaceOf(unit), "nft", commands]);

    private static void SetAnswers(LabCluster cluster, string unit, bool answers) =>
        Tool.Run(
            "ip",
            ["netns", "exec", cluster.Plan.NamespaceOf(unit), "nft", "-f", "-"],
            "table inet mute\ndelete table inet mute\n"
                + (
                    answers
                        ? ""
                        : "add table inet mute\nadd chain inet mute input { type filter hook input priority -10; policy accept; }\n"
                            + $"add rule inet mute input tcp dport {ApiPort} drop\n"
                )
        );
}
