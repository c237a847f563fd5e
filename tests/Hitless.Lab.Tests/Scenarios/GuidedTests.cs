using System.Text.Json;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

public sealed class GuidedTests
{
    [Scenario(Explicit = true)] // Minutes: ./dev test lab -- -explicit only
    public async Task A_script_drives_a_guided_run_to_a_rollback_and_another_to_completion_and_takes_that_back_with_nothing_lost()
    {
        using var cluster = await LabCluster.ReadyAsync();
        using var traffic = await cluster.FlowingAsync(connections: 100, ratePerSecond: 30);
        var primary = (await cluster.UntilReadyAsync()).Primary!;

        // To the switch, and back from there.
        var gate = Ask(cluster, primary, "upgrade", "start", Prerequisites.SecondImage, "--guided");
        Assert.Equal("backup", GateOf(gate));
        gate = Ask(cluster, primary, "upgrade", "next");
        Assert.Equal("copy", GateOf(gate));
        gate = Ask(cluster, primary, "upgrade", "next", "--rehearse");
        Assert.Equal("trial-switchover", GateOf(gate));
        gate = Ask(cluster, primary, "upgrade", "next");
        Assert.Equal("copy", GateOf(gate));
        gate = Ask(cluster, primary, "upgrade", "next");
        Assert.Equal("switchover", GateOf(gate));
        Assert.Contains("sessions compared", gate.GetProperty("gate").GetProperty("checked").ToString(), StringComparison.Ordinal);
        var report = Ask(cluster, primary, "upgrade", "rollback");
        Assert.Equal("rolled-back", report.GetProperty("verdict").GetString());
        Assert.All((await cluster.UntilReadyAsync()).Units, unit => Assert.Equal("0.9.0", unit.Version));

        // Again, through every gate.
        var last = Ask(cluster, primary, "upgrade", "start", Prerequisites.SecondImage, "--guided");
        for (var opened = 0; last.TryGetProperty("gate", out var at) && at.ValueKind == JsonValueKind.Object; opened++)
        {
            Assert.True(opened < 10, "a run has few gates");
            LabCluster.Say($"gate {GateOf(last)}: {at.GetProperty("checked")}");
            last = Ask(cluster, primary, "upgrade", "next");
        }

        Assert.Equal("completed", last.GetProperty("verdict").GetString());
        Assert.All((await cluster.UntilReadyAsync()).Units, unit => Assert.Equal("1.0.0", unit.Version));

        // And back, from the old slots.
        report = Ask(cluster, primary, "upgrade", "rollback", last.GetProperty("run").GetString()!);
        Assert.Equal("completed", report.GetProperty("verdict").GetString());
        Assert.All((await cluster.UntilReadyAsync()).Units, unit => Assert.Equal("0.9.0", unit.Version));

        await traffic.QuietAsync();
        var account = await traffic.FinishAsync();
        Assert.Equal((0L, 0L), (account.ConnectionsLost, account.PacketsLost));
    }

    [Scenario]
    public async Task A_run_that_the_standby_was_asked_for_is_known_there_at_once()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        var standby = cluster.Plan.Units.Single(unit => unit != primary);
        Assert.Contains(
            "no image here has the version \"9.9.9\"",
            cluster.Watch.Cli(standby).Run("upgrade", "start", "9.9.9").Errors,
            StringComparison.Ordinal
        );
        for (var round = 0; round < 5; round++)
        {
            Assert.Equal("backup", GateOf(Ask(cluster, standby, "upgrade", "start", Prerequisites.SecondImage, "--guided")));
            Assert.Equal("copy", GateOf(Ask(cluster, standby, "upgrade", "next")));
            Assert.Equal("rolled-back", Ask(cluster, standby, "upgrade", "rollback").GetProperty("verdict").GetString());
        }
    }

    [Scenario]
    public async Task While_a_run_acts_a_second_one_and_a_switchover_are_refused_and_it_goes_on()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        var standby = cluster.Plan.Units.Single(unit => unit != primary);
        string[] start = ["upgrade", "start", Prerequisites.SecondImage, "--detach"];

        // Two operators at two units: one of them hears that it is not the first.
        var both = await Task.WhenAll(cluster.Plan.Units.Select(unit => Task.Run(() => cluster.Watch.Cli(unit).Run(start))));
        Assert.Equal([0, 1], both.Select(said => said.ExitCode).Order());
        Assert.Contains("is under way", Assert.Single(both, said => said.ExitCode == 1).Errors, StringComparison.Ordinal);

        var switched = cluster.Watch.Cli(standby).Run("switchover");
        Assert.Equal(1, switched.ExitCode);
        Assert.Contains("may send it back", switched.Errors, StringComparison.Ordinal);
        Assert.Equal(primary, cluster.Watch.Status()!.Primary);
        Assert.Equal(0, cluster.Watch.Cli(standby).Run("upgrade", "watch").ExitCode);
        Assert.All((await cluster.UntilReadyAsync()).Units, unit => Assert.Equal("1.0.0", unit.Version));
    }

    private static string? GateOf(JsonElement status) => status.GetProperty("gate").GetProperty("step").GetString();

    private static JsonElement Ask(LabCluster cluster, string unit, params string[] words)
    {
        var said = cluster.Watch.Cli(unit).Run(["--json", .. words]);
        LabCluster.Say($"hitless {string.Join(' ', words)}: exit {said.ExitCode} {said.Errors}");
        return JsonDocument.Parse(said.Output).RootElement.Clone();
    }
}
