using System.Diagnostics;
using System.Globalization;

namespace Hitless.Bench.Units;

/// <summary>
/// How late a real-time thread comes to a heartbeat of 10 ms, with both cores busy, while its process replaces a heap of 45 MB at random:
/// native and on the JIT, with several settings of the garbage collector. The program is bench/Hitless.Pauses; what it does hitlessd does
/// not (its heap is small), so this is the worst that could be.
/// </summary>
internal static class HeartbeatBench
{
    private static readonly (string Words, string[] Arguments, (string Name, string Value)[] Settings)[] Variants =
    [
        ("as hitlessd: concurrent, generation 0 of 8 MB, sustained low latency", ["low-latency"], []),
        ("the same, its other threads at nice -5", ["low-latency", "nice=-5"], []),
        ("the same, its other threads at nice -15", ["low-latency", "nice=-15"], []),
        ("without sustained low latency", [], []),
        ("not concurrent", [], [("DOTNET_gcConcurrent", "0")]),
        ("not concurrent, generation 0 of 1 MB", [], [("DOTNET_gcConcurrent", "0"), ("DOTNET_GCgen0size", "0x100000")]),
        ("concurrent, generation 0 of 1 MB", ["low-latency"], [("DOTNET_GCgen0size", "0x100000")]),
        (
            "concurrent, generation 0 of 64 MB",
            ["low-latency"],
            [("DOTNET_GCgen0size", "0x4000000"), ("DOTNET_GCgen0MaxBudget", "0x4000000")]
        ),
        ("concurrent, conserve memory 5", ["low-latency"], [("DOTNET_GCConserveMemory", "5")]),
    ];

    public static int Run(string[] arguments)
    {
        var seconds = arguments is [var number, ..] ? number : "8";
        var each = arguments is [_, var many, ..] ? int.Parse(many, CultureInfo.InvariantCulture) : 1;
        var folder = Path.Combine(AppContext.BaseDirectory, "..", "pauses");
        var busy = Enumerable
            .Range(0, each * Environment.ProcessorCount)
            .Select(_ => Process.Start(Path.Combine(folder, "native", "pauses"), "busy"))
            .ToList();
        try
        {
            Console.WriteLine(
                $"heartbeats of 10 ms for {seconds} s, SCHED_FIFO, {busy.Count} busy programs on {Environment.ProcessorCount} cores, "
                    + $"200,000 objects of 45 MB replaced at random by two threads; late in milliseconds"
            );
            Console.WriteLine(
                "| program | settings | late: p99 | p99.9 | most | collections of generation 0, 1, 2 | paused in all | replaced/s | "
                    + "resident |"
            );
            Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
            foreach (var (words, options, settings) in Variants)
            {
                foreach (var program in new[] { "jit", "native" })
                {
                    Tell(
                        program,
                        words,
                        Measure(Path.Combine(folder, program, "pauses"), [seconds, .. options], settings),
                        int.Parse(seconds, CultureInfo.InvariantCulture)
                    );
                }
            }

            return 0;
        }
        finally
        {
            busy.ForEach(process => process.Kill());
            busy.ForEach(process => process.Dispose());
        }
    }

    private static Dictionary<string, double>? Measure(string program, string[] arguments, (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var words = process.StandardOutput.ReadToEnd().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return process.ExitCode == 0
            ? words.Chunk(2).ToDictionary(pair => pair[0], pair => double.Parse(pair[1], CultureInfo.InvariantCulture))
            : null;
    }

    private static void Tell(string program, string settings, Dictionary<string, double>? measured, int seconds) =>
        Console.WriteLine(
            measured is null
                ? $"| {program} | {settings} | not possible here | | | | | | |"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {program} | {settings} | {measured["p99"]:F1} | {measured["p999"]:F1} | {measured["max"]:F1} | "
                        + $"{measured["gen0"]}, {measured["gen1"]}, {measured["gen2"]} | {measured["pause"]} ms | "
                        + $"{measured["replaced"] / seconds:N0} k | {measured["resident"]} MB |"
                )
        );
}
