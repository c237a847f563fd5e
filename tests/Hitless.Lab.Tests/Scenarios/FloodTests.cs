using System.Globalization;
using Hitless.Core.Api;
using Hitless.Lab.Floods;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>
/// Somebody without the key floods a heartbeat network or a port, of every kind (docs/decisions/0066): nobody changes the primary, status
/// says who does it, and where a primary is gone the other takes over. What it costs is printed, and never judged: it is the machine's.
/// </summary>
public sealed class FloodTests
{
    private const int Heartbeats = 8417;
    private const int Sessions = 8418;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);

    [Scenario]
    public async Task A_flooded_unit_keeps_its_primary_names_the_source_and_takes_over_when_that_is_gone()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var (epoch, standby) = ((await cluster.UntilReadyAsync()).Epoch, cluster.Unit("gw2"));
        foreach (var kind in Enum.GetValues<FloodKind>())
        {
            foreach (var (port, udp, rate) in new[] { ("hb0", Heartbeats, 200_000), ("hb0", Sessions, 200_000) })
            {
                await FloodAsync(cluster, standby, port, udp, kind, rate);
            }
        }

        Assert.Equal(epoch, (await cluster.UntilReadyAsync()).Epoch);
        foreach (var udp in new[] { Heartbeats, Sessions })
        {
            // The power of the primary goes amid it.
            var primary = cluster.Watch.Primary()!;
            var other = cluster.Unit(primary == "gw1" ? "gw2" : "gw1");
            using (var flood = Flood.Start(other, "hb0", udp, FloodKind.Known, spoofed: false, 200_000))
            {
                Faults.PowerOff(cluster.Unit(primary));
                await LabCluster.UntilAsync($"{other.Name} is primary", () =>
                    cluster.Watch.Status(other.Name, out _)?.Primary == other.Name
                );
                LabCluster.Say($"{other.Name} took over amid {flood.PerSecond:F0}/s to UDP {udp}");
            }

            Faults.PowerOn(cluster.Unit(primary));
            await cluster.UntilReadyAsync();
        }
    }

    [Scenario]
    public async Task Frames_on_a_port_change_no_primary_either()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var epoch = (await cluster.UntilReadyAsync()).Epoch;
        foreach (var kind in Enum.GetValues<FloodKind>())
        {
            // Heartbeats go through the ports when links are silent.
            await FloodAsync(cluster, cluster.Unit("gw2"), "lan0", Heartbeats, kind, 60_000);
        }

        Assert.Equal(epoch, (await cluster.UntilReadyAsync()).Epoch);
    }

    private static async Task FloodAsync(LabCluster cluster, LabUnit unit, string port, int udp, FloodKind kind, int perSecond)
    {
        using var flood = Flood.Start(unit, port, udp, kind, spoofed: false, perSecond);
        ThreadLoad[] loads = [new(unit, "control"), new(unit, "sessions")];
        await Task.Delay(Duration, TestContext.Current.CancellationToken);
        var status = cluster.Watch.Status(unit.Name, out _);
        var where = port == "hb0" ? $"UDP {udp}" : "through the ports";
        var said = status?.Problems.FirstOrDefault(problem =>
            problem.Contains("is flooded", StringComparison.Ordinal) && problem.Contains(where, StringComparison.Ordinal)
        );
        LabCluster.Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{kind} to {port}:{udp} {flood.PerSecond:F0}/s: control {loads[0].Percent:F1} %, sessions {loads[1].Percent:F1} %; {said}"
            )
        );
        Assert.NotNull(said);
        Assert.Contains(port == "hb0" ? "10.10.9.66" : "02:66:66:66:66:66", said, StringComparison.Ordinal);
    }
}
