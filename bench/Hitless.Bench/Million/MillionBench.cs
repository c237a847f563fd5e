using Hitless.Lab.Commands;
using Hitless.Lab.Network;

namespace Hitless.Bench.Million;

/// <summary>
/// What a very large table costs a cluster as users run it: two units in the lab's namespaces on one kernel,
/// <see cref="Sessions.MadeSessions"/> in the primary's. With another folder of programs it measures those first, so that before and after
/// come out of one run.
/// </summary>
internal static class MillionBench
{
    private const string Lab = "million";

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (MillionOptions.TryParse(arguments) is not { } options)
        {
            Console.Error.WriteLine($"million: {MillionOptions.Usage}");
            return 2;
        }

        using var limit = new TableLimit(options.Sessions);
        var columns = new List<MillionFigures>();
        foreach (var binaries in options.Binaries)
        {
            var image = Images.Default(binaries, 1);
            var plan = new LabPlan(Lab, Path.Combine(LabPlan.DefaultRoot, Lab), binaries, 2, 1, false, image, Images.TrustBeside(image));
            using var run = new MillionRun(plan, options);
            columns.Add(await run.MeasureAsync());
        }

        Console.WriteLine();
        Console.WriteLine($"| {options.Sessions:N0} sessions | {string.Join(" | ", columns.Select(column => column.Binaries))} |");
        Console.WriteLine($"| --- |{string.Concat(columns.Select(_ => " --- |"))}");
        foreach (var name in columns[^1].Names)
            Console.WriteLine($"| {name} | {string.Join(" | ", columns.Select(column => column[name]))} |");
        return 0;
    }
}
