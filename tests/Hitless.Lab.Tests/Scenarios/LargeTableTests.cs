using System.Diagnostics;
using Hitless.Core.Api;
using Hitless.Core.Sessions;
using Hitless.Lab.Demo;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>
/// With 200,000 sessions that nobody uses beside those that somebody does. Minutes each: <c>./dev test lab -- -explicit only -class
/// '*LargeTable*'</c>.
/// </summary>
public sealed class LargeTableTests
{
    private const int Large = 200_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario(Explicit = true)]
    public async Task Twenty_switches_lose_nothing_and_take_as_long_as_with_a_thousand_sessions()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var medians = new List<(double Switch, double Ready)>();
        foreach (var (sessions, switches) in ((int, int)[])[(1000, 10), (Large, 20)])
        {
            await PlantAsync(cluster, sessions);
            var readyAfter = new List<double>();
            var result = await new SwitchoverSeries(cluster.Plan, LabCluster.Say).RunAsync(
                switches,
                connections: 500,
                ratePerSecond: 100,
                TimeSpan.FromSeconds(1),
                Cancellation
            );
            LabCluster.Say(
                $"{result.Traffic.PacketsLost} packets and {result.Traffic.ConnectionsLost} connections lost, longest gap "
                    + $"{result.Traffic.LongestGapMs} ms"
            );
            Assert.Empty(result.Problems);
            Assert.Equal((0, 0), (result.Traffic.PacketsLost, result.Traffic.ConnectionsLost));
            for (var i = 0; i < 5; i++)
            {
                var clock = Stopwatch.StartNew();
                Assert.NotNull(
                    cluster.Watch.Cli((await cluster.UntilReadyAsync()).Primary!).Ask<SwitchoverResult>(out _, "switchover", "--wait")
                );
                readyAfter.Add(clock.Elapsed.TotalMilliseconds);
            }

            medians.Add((Median(result.Switches.Select(each => each.DurationMs)), Median(readyAfter)));
            LabCluster.Say(
                $"{sessions} sessions: switch {medians[^1].Switch:N1} ms, all ready again after {medians[^1].Ready:N0} ms (medians)"
            );
        }
    }

    [Scenario(Explicit = true)]
    public async Task A_power_off_keeps_what_the_standby_had_acknowledged()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var primary = await PlantAsync(cluster, Large);
        var standby = cluster.Plan.Units.Single(unit => unit != primary);
        Faults.PowerOff(cluster.Unit(primary));
        await cluster.Watch.UntilAsync(
            $"{standby} is primary",
            Patience,
            seen => seen[standby]?.Primary == standby ? null : "not yet",
            Cancellation
        );
        var kept = cluster.Watch.Cli(standby).Ask<SessionCount>(out _, "sessions", "count")!;
        LabCluster.Say($"{kept.Total} of {Large} sessions are there");
        Assert.InRange(kept.Total, Large * 999L / 1000, long.MaxValue);
    }

    [Scenario(Explicit = true)]
    public async Task The_difference_names_exactly_ten_planted_ones()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var primary = await PlantAsync(cluster, Large);
        var standby = cluster.Plan.Units.Single(unit => unit != primary);
        var times = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            // Each time anew: the audit puts right what it comes by. TCP, since UDP is refreshed within seconds.
            Plant();
            var clock = Stopwatch.StartNew();
            var found = cluster.Watch.Cli(primary).Ask<SessionDifference>(out var why, "sessions", "diff");
            times.Add(clock.Elapsed.TotalMilliseconds);
            Assert.True(found is not null, why);
            LabCluster.Say(
                $"{found.Missing} missing, {found.Extra} extra, {found.Different} different of {found.Compared}; "
                    + $"{found.BytesExchanged / 1024} KB, {times[^1]:N0} ms"
            );
            Assert.Equal((3L, 0L, 7L), (found.Missing, found.Extra, found.Different));
            Assert.Equal(
                ["missing 3", "nat 4", "state 3"],
                found.Entries.GroupBy(each => each.Cause).Select(each => $"{each.Key} {each.Count()}").Order(StringComparer.Ordinal)
            );
            Assert.InRange(found.BytesExchanged, 1, 256 * 1024);
        }

        LabCluster.Say($"median {Median(times):N0} ms");

        void Plant() => PlantedSessions.Change(cluster.Plan.NamespaceOf(standby), table =>
            {
                foreach (var number in (int[])[10, 5010, 100_012])
                    table.Delete(PlantedSessions.Session(number).Key);
                foreach (var number in (int[])[20, 5020, 100_020])
                    table.Put(PlantedSessions.Session(number) with { Tcp = new TcpProgress(TcpState.TimeWait, 3, 3, 7, 7) });
                foreach (var number in (int[])[30, 5030, 100_030, 150_030])
                    table.Delete(PlantedSessions.Session(number).Key);
                table.Flush();
                foreach (var number in (int[])[30, 5030, 100_030, 150_030])
                    table.Put(
                        PlantedSessions.Session(number) with
                        {
                            Reply = PlantedSessions.Session(number).Reply with { DestinationPort = (ushort)(7 + (number / 1000)) },
                        }
                    );
            });
    }

    private static async Task<string> PlantAsync(LabCluster cluster, int sessions)
    {
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        PlantedSessions.Put(cluster.Plan.NamespaceOf(primary), sessions);
        await cluster.Watch.UntilAsync(
            $"every unit holds {sessions} sessions",
            Patience,
            seen =>
                seen.Values.All(status => status?.Units.All(unit => unit.Sessions >= sessions && unit.SessionLag == 0) == true)
                    ? null
                    : "not yet",
            Cancellation
        );
        return primary;
    }

    private static double Median(IEnumerable<double> values) => values.Order().Skip(values.Count() / 2).First();
}
