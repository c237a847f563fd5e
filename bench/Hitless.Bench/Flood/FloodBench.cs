using System.Diagnostics;
using System.Globalization;
using Hitless.Bench.Failover;
using Hitless.Bench.Million;
using Hitless.Bench.Sessions;
using Hitless.Core.Api;
using Hitless.Core.Sessions;
using Hitless.Lab.Commands;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Namespaces;

namespace Hitless.Bench.Flood;

/// <summary>
/// As many new sessions a second as one thread makes, towards a full table and on: half of them unanswered, which a full kernel gives up
/// for others, half established. What stood before the flood must stand afterwards, on both units.
/// </summary>
internal static class FloodBench
{
    private const string Lab = "flood";
    private const int Before = 20_000;
    private const int First = 1_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<int> RunAsync(string[] arguments)
    {
        int[] numbers =
        [
            .. arguments.Select(each => int.TryParse(each, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1),
        ];
        if (numbers is [< 0, ..] or [_, < 0, ..] or [_, _, _, ..])
        {
            Console.Error.WriteLine("flood: [SECONDS=60] [TABLE=300000]");
            return 2;
        }

        var (seconds, table) = (numbers is [var s, ..] ? s : 60, numbers is [_, var t] ? t : 300_000);
        using var limit = new TableLimit(table, exactly: true);
        var binaries = Path.GetFullPath("out");
        var image = Images.Default(binaries, 1);
        var plan = new LabPlan(Lab, Path.Combine(LabPlan.DefaultRoot, Lab), binaries, 2, 1, false, image, Images.TrustBeside(image));
        using var pair = new HitlessPair(plan, "");
        var primary = await pair.UntilReadyAsync();
        var standby = plan.Units.First(unit => unit != primary);
        var watch = new ClusterWatch(plan);
        var epoch = watch.Status()!.Epoch;
        In(plan, primary, kernel => MadeSessions.Fill(kernel, 0, Before));
        Until(() => In(plan, standby, Standing) == Before);

        var (made, refused) = In(plan, primary, kernel => Flood(kernel, TimeSpan.FromSeconds(seconds)));
        Tell(
            "tried",
            $"{made:N0} in {seconds} s, {made / seconds:N0} a second, {refused:N0} of them refused by the full table of {table:N0}"
        );
        var clock = Stopwatch.StartNew();
        SessionDifference? difference = null;
        Until(() =>
            (difference = watch.Cli(primary).Ask<SessionDifference>(out _, "sessions", "diff")) is { Missing: 0, Extra: 0, Different: 0 }
        );
        Tell(
            "in sync again",
            difference is { Missing: 0, Extra: 0, Different: 0 }
                ? $"after {clock.Elapsed.TotalSeconds:N1} s: none of {difference.Compared:N0} differs"
                : $"not after {Patience.TotalSeconds:N0} s: {difference?.Missing} missing, {difference?.Extra} extra, "
                    + $"{difference?.Different} different"
        );
        foreach (var unit in plan.Units)
        {
            Tell($"{unit}, sessions from before the flood", $"{In(plan, unit, Standing):N0} of {Before:N0}");
        }

        var status = watch.Status()!;
        Tell("changes of primary", $"{status.Epoch - epoch}");
        Tell("latest heartbeat", pair.Margin());
        Tell(
            "what could not be replicated (errors), overruns",
            string.Join(
                ", ",
                status
                    .Units.Where(unit => unit.Replication is not null)
                    .Select(unit => $"{unit.Name} {unit.Replication!.ApplyErrors}, {unit.Replication.Overruns}")
            )
        );
        foreach (var unit in plan.Units)
        {
            _ = In(plan, unit, kernel =>
            {
                kernel.Clear();
                return 0;
            });
        }

        return 0;
    }

    private static (long Made, long Refused) Flood(ConntrackTable kernel, TimeSpan duration)
    {
        const int burst = 1000;
        var clock = Stopwatch.StartNew();
        var number = First;
        while (clock.Elapsed < duration)
        {
            for (var end = number + burst; number < end; number++)
            {
                var session = MadeSessions.Session(number) with { IsNew = true };
                kernel.Put(
                    number % 2 == 0
                        ? session
                        : session with
                        {
                            Status = SessionStatus.Confirmed,
                            TimeoutSeconds = 120,
                            Tcp = session.Tcp with { State = TcpState.SynSent },
                        }
                );
            }

            kernel.Flush();
        }

        return (number - First, kernel.Errors);
    }

    private static int Standing(ConntrackTable kernel) =>
        Enumerable.Range(0, Before).Count(number => kernel.TryGet(MadeSessions.Session(number).Key, out _));

    private static void Tell(string name, string value) => Console.WriteLine($"{name}: {value}");

    private static void Until(Func<bool> reached)
    {
        for (var clock = Stopwatch.StartNew(); !reached() && clock.Elapsed < Patience; Thread.Sleep(200)) { }
    }

    private static T In<T>(LabPlan plan, string unit, Func<ConntrackTable, T> work) => NetworkNamespace.Run(plan.NamespaceOf(unit), () =>
        {
            using var kernel = new ConntrackTable();
            return work(kernel);
        });
}
