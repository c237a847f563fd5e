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
        Assert.Equal([], check.Checks.Where(each => each.Result == "fail"));
        Assert.Contains(check.Checks, each =>
            each is { Id: "slots", Text: var text } && text.StartsWith(standby, StringComparison.Ordinal)
        );

        SetAnswers(cluster, standby, answers: false);
        var refused = cluster.Watch.Cli(primary).Run("upgrade", "start", Prerequisites.SecondImage);
        LabCluster.Say(refused.Errors);
        Assert.Equal(1, refused.ExitCode);
        Assert.StartsWith($"hitless: {standby} cannot be reached", refused.Errors, StringComparison.Ordinal);
    }

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
