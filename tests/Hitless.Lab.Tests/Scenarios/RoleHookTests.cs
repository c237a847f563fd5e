using Hitless.Core.Api;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>Hooks follow the role on every path, and nothing waits for them (docs/decisions/0046).</summary>
public sealed class RoleHookTests
{
    private const string Script = """
        log=/var/lib/hitless/hooks.log
        echo "begin $HITLESS_ROLE $HITLESS_EPOCH" >>$log
        [ ! -e /var/lib/hitless/hook-hangs ] || sleep 1000
        [ ! -e /var/lib/hitless/hook-fails ] || { echo "fails on purpose" >&2; exit 7; }
        echo "end $HITLESS_ROLE $HITLESS_EPOCH" >>$log
        """;

    private const string Settings = """
        hooks: { primary: sh /etc/hitless/hook, standby: sh /etc/hitless/hook, stop: sh /etc/hitless/hook, timeout: 2s }
        election: {
        """;

    [Scenario]
    public async Task Hooks_follow_the_role_on_every_path_and_nothing_waits_for_them()
    {
        using var cluster = await LabCluster.ReadyAsync();
        foreach (var unit in cluster.Plan.Units)
        {
            File.WriteAllText(Path.Combine(cluster.Unit(unit).Folder, "etc", "hook"), Script);
        }

        cluster.RestartWith(("election: {", Settings));
        var first = (await cluster.UntilReadyAsync()).Primary!;
        var second = cluster.Plan.Units.Single(unit => unit != first);
        await Until(cluster, first, "primary");
        await Until(cluster, second, "standby");

        // A planned switch: the new primary's hook hangs, the former one's fails.
        File.WriteAllText(Path.Combine(cluster.Unit(second).State, "hook-hangs"), "");
        File.WriteAllText(Path.Combine(cluster.Unit(first).State, "hook-fails"), "");
        using var traffic = await cluster.FlowingAsync(connections: 50);
        var switched = cluster.Watch.Cli(first).Run("switchover", "--wait");
        Assert.True(switched.ExitCode == 0, switched.Errors);
        await LabCluster.UntilAsync("status of either unit names both", () =>
            cluster.Plan.Units.All(unit =>
                Names(cluster, unit, $"{second}: the hook for primary (sh /etc/hitless/hook): did not end within 2 s")
                && Names(cluster, unit, $"{first}: the hook for standby (sh /etc/hitless/hook): exit code 7: fails on purpose")
            )
        );

        // What failed is done again by the daemon's next start, which changes nothing else.
        foreach (var unit in cluster.Plan.Units)
        {
            File.Delete(Path.Combine(cluster.Unit(unit).State, "hook-hangs"));
            File.Delete(Path.Combine(cluster.Unit(unit).State, "hook-fails"));
            Faults.Kill(cluster.Unit(unit));
            await Until(cluster, unit, unit == second ? "primary" : "standby");
            await cluster.UntilReadyAsync();
        }

        var report = await traffic.FinishAsync();
        Assert.Equal(0, report.ConnectionsLost);

        // A daemon that comes back to the role it had calls none.
        var before = Log(cluster, second);
        Faults.Kill(cluster.Unit(second));
        var after = await cluster.UntilReadyAsync();
        Assert.Equal(second, after.Primary);
        await LabCluster.UntilAsync("it knows what was done", () =>
            Services(cluster, second) is { } services && services.Role == ServiceRoleWord.Primary && services.State == ServicesState.Done
        );
        Assert.Equal(before, Log(cluster, second));

        // A takeover, and the return of the former primary.
        Faults.PowerOff(cluster.Unit(second));
        await Until(cluster, first, "primary");
        Faults.PowerOn(cluster.Unit(second));
        await Until(cluster, second, "standby");
        await cluster.UntilReadyAsync();

        // A stop of the primary: the hook for it, and none for what the hand-over made of it.
        var processes = Namespaces.Processes(cluster.Plan.NamespaceOf(first));
        Namespaces.Signal([.. processes.Where(id => File.ReadAllText($"/proc/{id}/comm").Trim() == "hitless-boot")], "TERM");
        await LabCluster.UntilAsync($"{first} has stopped", () => !cluster.Unit(first).Running);
        await Until(cluster, second, "primary");
        Assert.EndsWith("primary,stop", string.Join(',', Ended(Log(cluster, first))), StringComparison.Ordinal);

        foreach (var unit in cluster.Plan.Units)
        {
            LabCluster.Say($"{unit}: {string.Join(", ", Log(cluster, unit))}");
            Assert.DoesNotContain(Log(cluster, unit).Zip(Log(cluster, unit).Skip(1)), pair => IsTwoAtOnce(pair.First, pair.Second));
        }
    }

    /// <summary>An end that does not follow its own beginning.</summary>
    private static bool IsTwoAtOnce(string line, string next) =>
        next.StartsWith("end ", StringComparison.Ordinal) && line != next.Replace("end ", "begin ", StringComparison.Ordinal);

    private static string[] Ended(IEnumerable<string> log) =>
        [.. log.Where(line => line.StartsWith("end ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1])];

    private static string[] Log(LabCluster cluster, string unit) =>
        Path.Combine(cluster.Unit(unit).State, "hooks.log") is var file && File.Exists(file) ? File.ReadAllLines(file) : [];

    private static ServicesStatus? Services(LabCluster cluster, string unit) =>
        cluster.Watch.Status(unit, out _)?.Units.FirstOrDefault(each => each.Name == unit)?.Services;

    private static bool Names(LabCluster cluster, string unit, string words) =>
        cluster.Watch.Status(unit, out _)?.Problems.Any(problem => problem.Contains(words, StringComparison.Ordinal)) == true;

    private static Task Until(LabCluster cluster, string unit, string role) =>
        LabCluster.UntilAsync($"the last hook that ended on {unit} is that for {role}", () =>
            Ended(Log(cluster, unit)).LastOrDefault() == role
        );
}
