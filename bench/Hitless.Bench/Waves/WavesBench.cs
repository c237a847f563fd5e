using System.Globalization;
using Hitless.Bench.Units;

namespace Hitless.Bench.Waves;

/// <summary>
/// How long a fleet takes in waves, and how far a bad image comes: simulated with the durations of real runs (docs/scale.md).
/// </summary>
internal static class WavesBench
{
    public const string Usage = "REPORTS [--clusters 1000] [--wave 1,5%,25%] [--extra SECONDS]";
    private const int Trials = 2000;
    private const int Seed = 20261201;

    public static int Run(string[] args)
    {
        if (args is not [var folder, ..] || !Directory.Exists(folder))
        {
            Console.Error.WriteLine($"waves: which folder has reports of runs?\n  {Usage}");
            return 2;
        }

        var runs = MeasuredRun.Below(folder);
        var (completed, rolledBack) = (runs.Count(run => run.Completed), runs.Count(run => !run.Completed));
        if (completed == 0 || rolledBack == 0)
        {
            Console.Error.WriteLine($"waves: {folder} has {completed} completed and {rolledBack} rolled-back runs; it takes one of each");
            return 2;
        }

        var fleet = new Fleet(
            int.Parse(Value(args, "--clusters") ?? "1000", CultureInfo.InvariantCulture),
            (Value(args, "--wave") ?? "1,5%,25%").Split(','),
            double.Parse(Value(args, "--extra") ?? "0", CultureInfo.InvariantCulture)
        );
        Console.WriteLine(
            $"{fleet.Clusters} clusters in waves of {string.Join(", ", fleet.Waves)}, by {completed} completed and {rolledBack} "
                + $"rolled-back runs of {folder}, {fleet.ExtraSeconds:F0} s more each; {Trials} trials"
        );
        Console.WriteLine(
            "| runs that fail | fleets that stop | waves | time, median (95 %) | upgraded when it stops | rolled back then |"
        );
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var share in (double[])[0, 0.0001, 0.001, 0.01, 0.1, 1])
        {
            Print(fleet, runs, share);
        }

        return 0;
    }

    private static void Print(Fleet fleet, IReadOnlyList<MeasuredRun> runs, double share)
    {
        var random = new Random(Seed);
        FleetOutcome[] all = [.. Enumerable.Range(0, Trials).Select(_ => fleet.Upgrade(runs, share, random))];
        FleetOutcome[] stopped = [.. all.Where(each => each.Stopped)];
        double Middle(IEnumerable<FleetOutcome> of, Func<FleetOutcome, double> value) => Programs.At([.. of.Select(value)], 0.5);
        var minutes = all.Select(each => each.Seconds / 60).ToArray();
        var upgraded = stopped.Length == 0 ? "–" : $"{Middle(stopped, each => each.Upgraded):F0}";
        var back = stopped.Length == 0 ? "–" : $"{Middle(stopped, each => each.RolledBack):F0}";
        Console.WriteLine(
            $"| {share:P2} | {(double)stopped.Length / Trials:P1} | {Middle(all, each => each.Waves):F0} | "
                + $"{Programs.At(minutes, 0.5):F1} min ({Programs.At(minutes, 0.95):F1}) | {upgraded} | {back} |"
        );
    }

    private static string? Value(string[] args, string name) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
}
