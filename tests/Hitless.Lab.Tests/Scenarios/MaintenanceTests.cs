using Hitless.Core.Api;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>One unit is taken out of service for a while: held, or rebooted.</summary>
public sealed class MaintenanceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario]
    public async Task A_held_unit_hands_over_stays_out_over_a_restart_and_comes_back_by_itself()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var former = (await cluster.UntilReadyAsync()).Primary!;
        var other = cluster.Plan.Units.Single(unit => unit != former);
        using (var traffic = await cluster.FlowingAsync())
        {
            var said = cluster.Watch.Cli(other).Run("unit", "hold", former, "--reason", "new disk");
            Assert.True(said.Ok, said.Errors);
            Assert.Equal($"hitless: while {former} is away nobody takes over if {other} fails\n", said.Errors);
            Assert.Equal(
                $"{other} is primary\n{former} is held until it is released (new disk); hitless unit release {former} ends it\n",
                said.Output
            );
            await Task.Delay(TimeSpan.FromSeconds(2), Cancellation);
            var report = await traffic.FinishAsync();
            Assert.True(report.Clean, report.Losses);
        }

        var status = cluster.Watch.Status(other, out _)!;
        Assert.Equal((UnitStateWord.Held, "new disk", (long?)null), Hold(status, former));
        Assert.Contains($"{former} is held for maintenance (new disk): it does not take over", string.Join('\n', status.Problems));

        // Who would be left is not held, no run begins, and nobody switches over to it.
        Refused(cluster, other, $"{other} is primary, and no other unit can take over ({former} is held)", "unit", "hold");
        Refused(cluster, other, $"{former} is held for maintenance", "switchover", "--to", former);
        var check = cluster.Watch.Cli(other).Run("upgrade", "check", Prerequisites.SecondImage);
        Assert.Contains($"{former} is held", check.Output + check.Errors);

        // A restart of the machine does not end it; without the other one it stays mute.
        UnitPower.Restart(cluster.Unit(former));
        await UntilAsync(cluster, other, former, UnitStateWord.Held);
        Faults.PowerOff(cluster.Unit(other));
        await Task.Delay(TimeSpan.FromSeconds(5), Cancellation);
        var alone = cluster.Watch.Status(former, out _)!;
        Assert.Null(alone.Primary);
        Assert.Equal(UnitStateWord.Held, alone.Units.Single(unit => unit.Name == former).State);
        Faults.PowerOn(cluster.Unit(other));
        await cluster.Watch.UntilAsync(
            $"{other} is primary again",
            Limit,
            seen => seen[former]?.Primary == other ? null : $"primary is {seen[former]?.Primary ?? "nobody"}",
            Cancellation
        );

        // Held anew for a time, it is back at its end.
        var anew = cluster.Watch.Cli(former).Run("unit", "hold", "--for", "6s");
        Assert.True(anew.Ok, anew.Errors);
        Assert.InRange(Hold(cluster.Watch.Status(former, out _)!, former).Left!.Value, 1, 6000);
        await cluster.UntilReadyAsync();
        var events = cluster.Watch.Cli(former).Run("history").Output + cluster.Watch.Cli(former).Run("events").Output;
        Assert.Contains($"{former} is no longer held: its time is over", events);
    }

    [Scenario]
    public async Task Every_machine_of_a_cluster_reboots_and_no_connection_is_lost()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        var standby = cluster.Plan.Units.Single(unit => unit != primary);
        var before = Incarnations(cluster);
        using var traffic = await cluster.FlowingAsync();

        // From the standby: the primary first, which hands over, and the standby itself last, which is primary by then.
        var said = cluster.Watch.Cli(standby).Run("reboot", "--cluster");
        Assert.True(said.Ok, said.Output + said.Errors);
        Assert.StartsWith($"{primary} hands over to {standby}\n{primary} reboots\n", said.Output, StringComparison.Ordinal);
        Assert.Contains($"{primary} is back, and every unit ready", said.Output);
        Assert.EndsWith($"{standby} hands over to {primary}\n{standby} reboots\n", said.Output, StringComparison.Ordinal);
        await cluster.Watch.UntilAsync(
            "both have restarted",
            Limit,
            seen =>
                seen[primary] is { } status
                    ? status.Units.FirstOrDefault(unit => before.Contains(unit.Incarnation))?.Name
                    : $"{primary} does not answer",
            Cancellation
        );
        Assert.Equal(primary, (await cluster.UntilReadyAsync()).Primary);
        var report = await traffic.FinishAsync();
        Assert.True(report.Clean, report.Losses);

        // Alone it would take the traffic with it.
        Faults.PowerOff(cluster.Unit(standby));
        await UntilAsync(cluster, primary, standby, UnitStateWord.Absent);
        Refused(cluster, primary, $"no other unit can take over ({standby} is absent): there would be no traffic", "reboot");
        Refused(cluster, primary, $"{standby} is absent: no unit reboots before all are ready", "reboot", "--cluster");
    }

    private static void Refused(LabCluster cluster, string unit, string why, params string[] words)
    {
        var said = cluster.Watch.Cli(unit).Run(words);
        Assert.Equal(1, said.ExitCode);
        Assert.Contains(why, said.Errors);
    }

    private static (UnitStateWord State, string? Reason, long? Left) Hold(ClusterStatus status, string unit)
    {
        var row = status.Units.Single(each => each.Name == unit);
        return (row.State, row.Hold?.Reason, row.Hold?.RemainingMs);
    }

    private static string[] Incarnations(LabCluster cluster) => [.. cluster.Watch.Status()!.Units.Select(unit => unit.Incarnation)];

    private static Task UntilAsync(LabCluster cluster, string asked, string unit, params UnitStateWord[] states) =>
        cluster.Watch.UntilAsync(
            $"{unit} is {string.Join(" or ", states)}",
            Limit,
            seen =>
                seen[asked]?.Units.FirstOrDefault(each => each.Name == unit) is not { } row ? $"{asked} does not answer"
                : states.Contains(row.State) ? null
                : $"it is {row.State}",
            Cancellation
        );
}
