using Hitless.Core.Api;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary><c>hitless key rotate</c> (docs/decisions/0062).</summary>
public sealed class KeyRotationTests
{
    [Scenario]
    public async Task A_rotation_under_traffic_loses_nothing_and_the_former_key_is_refused_afterwards()
    {
        using var cluster = await LabCluster.ReadyAsync(heartbeatLinks: 2);
        var before = cluster.Watch.Status()!;
        var standby = cluster.Plan.Units.First(unit => unit != before.Primary);
        var former = File.ReadAllText(KeyFile(cluster, standby));
        using (var traffic = await cluster.FlowingAsync())
        {
            for (var rotation = 0; rotation < 3; rotation++)
            {
                var rotated = cluster
                    .Watch.Cli(rotation % 2 == 0 ? standby : before.Primary!)
                    .Ask<KeyRotationResult>(out var why, "key", "rotate");
                Assert.True(rotated is { Done: true }, why + rotated?.Waiting);
            }

            var report = await traffic.FinishAsync();
            Assert.Equal((0, 0), (report.ConnectionsLost, report.PacketsLost));
            LabCluster.Say($"longest gap {report.LongestGapMs} ms");
        }

        var after = await cluster.UntilReadyAsync();
        Assert.Equal((before.Primary, before.Epoch), (after.Primary, after.Epoch));
        Assert.Single(cluster.Plan.Units.Select(unit => File.ReadAllText(KeyFile(cluster, unit))).Distinct());
        Assert.All(cluster.Plan.Units, unit =>
            Assert.DoesNotContain("do not fit", cluster.Watch.Cli(unit).Run("events").Output, StringComparison.Ordinal)
        );
        var next = File.ReadAllText(KeyFile(cluster, standby));
        Assert.NotEqual(former, next);

        File.WriteAllText(KeyFile(cluster, standby), former);
        Faults.Kill(cluster.Unit(standby));
        await LabCluster.UntilAsync("the former key is refused", () =>
            StatusOf(cluster, standby) is { Primary: null } status
            && status.Problems.Any(problem => problem.Contains("do not fit our cluster key", StringComparison.Ordinal))
        );
        File.WriteAllText(KeyFile(cluster, standby), next);
        Faults.Kill(cluster.Unit(standby));
        await cluster.UntilReadyAsync();
    }

    [Scenario]
    public async Task A_rotation_goes_on_when_the_unit_that_was_asked_and_another_one_are_killed_in_the_middle()
    {
        using var cluster = await LabCluster.ReadyAsync(heartbeatLinks: 2);
        var primary = cluster.Watch.Status()!.Primary!;
        var standby = cluster.Plan.Units.First(unit => unit != primary);
        var former = File.ReadAllText(KeyFile(cluster, primary));
        using var traffic = await cluster.FlowingAsync(connections: 50);

        var asked = await UntilInTheMiddleAsync(cluster, primary, standby);
        Assert.Contains(StatusOf(cluster, primary)?.Problems ?? [], problem =>
            problem.StartsWith("the cluster key is being rotated", StringComparison.Ordinal)
        );
        Faults.Kill(cluster.Unit(primary));
        Faults.Kill(cluster.Unit(standby));
        LabCluster.Say(
            string.Join(", ", cluster.Plan.Units.Select(unit => $"{unit} {File.ReadAllLines(KeyFile(cluster, unit))[^1][..8]}"))
        );
        await asked;
        await LabCluster.UntilAsync("both have the next key alone", () =>
            cluster.Plan.Units.Select(unit => File.ReadAllText(KeyFile(cluster, unit))).Distinct().Count() == 1
            && File.ReadAllLines(KeyFile(cluster, primary)) is [var line]
            && !former.StartsWith(line, StringComparison.Ordinal)
        );
        await cluster.UntilReadyAsync();
        Assert.Equal(0, (await traffic.FinishAsync()).ConnectionsLost);
    }

    /// <summary>
    /// Begins a rotation of which the other unit, which stands still, has not heard yet. Where that one is missed before the question,
    /// it is refused; then it is asked once more.
    /// </summary>
    private static async Task<Task> UntilInTheMiddleAsync(LabCluster cluster, string primary, string standby)
    {
        for (var trial = 1; ; trial++)
        {
            Faults.Freeze(cluster.Unit(standby), frozen: true);
            var asked = Task.Run(() => cluster.Watch.Cli(primary).Run("key", "rotate"), TestContext.Current.CancellationToken);
            await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
            Faults.Freeze(cluster.Unit(standby), frozen: false);
            await LabCluster.UntilAsync("there are two keys", () => asked.IsCompleted || HasTwoKeys());
            if (HasTwoKeys())
                return asked;
            var refused = await asked;
            Assert.True(refused.ExitCode == 1 && trial < 6, $"trial {trial}: {refused.Output}{refused.Errors}");
            await cluster.UntilReadyAsync();
        }

        bool HasTwoKeys() => File.ReadAllLines(KeyFile(cluster, primary)).Length == 2;
    }

    [Scenario]
    public async Task A_missing_unit_stops_a_rotation_with_its_name_and_is_left_behind_by_force()
    {
        using var cluster = await LabCluster.ReadyAsync(heartbeatLinks: 2);
        var primary = cluster.Watch.Status()!.Primary!;
        var standby = cluster.Plan.Units.First(unit => unit != primary);
        Faults.PowerOff(cluster.Unit(standby));
        await LabCluster.UntilAsync("it is missed", () =>
            StatusOf(cluster, primary)?.Units.Any(unit => unit.Name == standby && unit.State == UnitStateWord.Absent) == true
        );
        var former = File.ReadAllText(KeyFile(cluster, primary));
        var refused = cluster.Watch.Cli(primary).Run("key", "rotate");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(standby, refused.Errors, StringComparison.Ordinal);
        Assert.Equal(former, File.ReadAllText(KeyFile(cluster, primary)));

        var forced = cluster.Watch.Cli(primary).Ask<KeyRotationResult>(out var why, "key", "rotate", "--force");
        Assert.True(forced is { Done: true }, why + forced?.Waiting);
        Assert.Equal([standby], forced!.LeftBehind);
        Faults.PowerOn(cluster.Unit(standby));
        await LabCluster.UntilAsync("it is mute", () => StatusOf(cluster, standby) is { Primary: null });
        File.Copy(KeyFile(cluster, primary), KeyFile(cluster, standby), overwrite: true);
        Faults.Kill(cluster.Unit(standby));
        await cluster.UntilReadyAsync();
    }

    [Scenario]
    public async Task A_unit_that_is_lost_is_removed_by_one_command_and_is_believed_no_more()
    {
        using var cluster = await LabCluster.ReadyAsync(heartbeatLinks: 2, units: 3);
        var primary = cluster.Watch.Status()!.Primary!;
        string[] stay = [primary, cluster.Plan.Units.First(unit => unit != primary)];
        var lost = cluster.Plan.Units.Single(unit => !stay.Contains(unit));
        var refused = cluster.Watch.Cli(stay[1]).Run("unit", "remove", lost);
        Assert.Contains("is there and takes part", refused.Errors, StringComparison.Ordinal);

        using var traffic = await cluster.FlowingAsync(connections: 50);
        Faults.PowerOff(cluster.Unit(lost));
        await LabCluster.UntilAsync("it is missed", () =>
            StatusOf(cluster, stay[1])?.Units.Any(unit => unit.Name == lost && unit.State == UnitStateWord.Absent) == true
        );
        var former = File.ReadAllText(KeyFile(cluster, lost));
        var removed = cluster.Watch.Cli(stay[1]).Ask<RemovalResult>(out var why, "unit", "remove", lost);
        Assert.True(removed is { Key.Done: true }, why + removed?.Key.Waiting);
        Assert.Empty(removed!.Notes);
        foreach (var unit in stay)
        {
            await LabCluster.UntilAsync($"{unit} knows two units and misses none", () =>
                StatusOf(cluster, unit) is { } status
                && status.Health == ClusterCondition.Ok
                && status.Units.Select(each => each.Name).Order().SequenceEqual(stay.Order())
            );
            Assert.NotEqual(former, File.ReadAllText(KeyFile(cluster, unit)));
            Assert.DoesNotContain($"10.10.9.{lost[2..]}", File.ReadAllText(Path.Combine(cluster.Unit(unit).Folder, "etc", "unit.yaml")));
        }

        // Whoever has it puts it where it was.
        Faults.PowerOn(cluster.Unit(lost));
        await LabCluster.UntilAsync("it is mute", () => StatusOf(cluster, lost) is { Primary: null });
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.Null(StatusOf(cluster, lost)!.Primary);
        Assert.DoesNotContain(StatusOf(cluster, primary)!.Units, unit => unit.Name == lost);
        Assert.Equal(0, (await traffic.FinishAsync()).ConnectionsLost);
    }

    private static string KeyFile(LabCluster cluster, string unit) => Path.Combine(cluster.Unit(unit).Folder, "etc", "cluster.key");

    private static ClusterStatus? StatusOf(LabCluster cluster, string unit) => cluster.Watch.Cli(unit).Ask<ClusterStatus>(out _, "status");
}
