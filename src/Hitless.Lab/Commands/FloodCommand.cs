using System.CommandLine;
using System.Globalization;
using Hitless.Lab.Demo;
using Hitless.Lab.Floods;
using Hitless.Lab.Units;

namespace Hitless.Lab.Commands;

/// <summary><c>flood</c>: forged datagrams on a network of the lab.</summary>
public static class FloodCommand
{
    private const int Heartbeats = 8417;
    private const int Sessions = 8418;

    /// <summary>The command.</summary>
    public static Command Make()
    {
        var unit = new Argument<string>("unit") { Description = "the unit that is flooded" };
        var port = new Argument<string>("port") { Description = "hb0: its heartbeat network; lan0, wan0: a port" };
        var kind = new Option<FloodKind>("--kind")
        {
            Description = "junk, unknown, known or replay",
            DefaultValueFactory = _ => FloodKind.Known,
        };
        var rate = new Option<int>("--rate") { Description = "frames a second", DefaultValueFactory = _ => 200_000 };
        var seconds = new Option<int>("--seconds") { Description = "how long", DefaultValueFactory = _ => 10 };
        var spoofed = new Option<bool>("--spoofed") { Description = "from a unit's own address" };
        var sessions = new Option<bool>("--sessions") { Description = "to the port of sessions, not of heartbeats" };
        var command = new Command("flood", "Send a unit what somebody without the key can send, and print what that costs it.")
        {
            unit,
            port,
            kind,
            rate,
            seconds,
            spoofed,
            sessions,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                var plan = parsed.Plan();
                var target = new LabUnit(plan, plan.RequireUnit(parsed.GetValue(unit)!));
                var watch = new ClusterWatch(plan);
                var before = watch.Status();
                using var flood = Flood.Start(
                    target,
                    parsed.GetValue(port)!,
                    parsed.GetValue(sessions) ? Sessions : Heartbeats,
                    parsed.GetValue(kind),
                    parsed.GetValue(spoofed),
                    parsed.GetValue(rate)
                );
                ThreadLoad[] loads = [new(target, "control"), new(target, "sessions")];
                await Task.Delay(TimeSpan.FromSeconds(parsed.GetValue(seconds)), cancellation);
                var during = watch.Status(target.Name, out var why);
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{parsed.GetValue(kind)} on {parsed.GetValue(port)}: {flood.PerSecond:F0}/s; control {loads[0].Percent:F1} %, "
                            + $"sessions {loads[1].Percent:F1} % of a processor; epoch {before?.Epoch} -> {during?.Epoch}; "
                            + $"latest heartbeat {Silence(during)} ms"
                    )
                );
                foreach (var problem in during?.Problems ?? [why])
                {
                    Console.WriteLine($"  {problem}");
                }

                return during?.Epoch == before?.Epoch ? 0 : 1;
            }
        );
        return command;
    }

    private static double? Silence(Core.Api.ClusterStatus? status) =>
        status?.Units.FirstOrDefault(each => each.Name == status.Self)?.Heartbeat?.LongestSilenceMs;
}
