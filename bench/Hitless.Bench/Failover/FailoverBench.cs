using System.Globalization;
using Hitless.Lab.Commands;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Traffic;

namespace Hitless.Bench.Failover;

/// <summary>
/// Planned switches and power cuts under traffic, Hitless against keepalived with conntrackd, in the same namespaces with the same probes. Every round makes each pair anew, one after
/// the other, so that what the machine does meanwhile falls on all of them.
/// </summary>
internal static class FailoverBench
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(6);

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new BenchOptions(args);
        var cases = Cases(options).Where(one => options.Only is null || one.Name.Contains(options.Only, StringComparison.Ordinal) || one.Product.Contains(options.Only, StringComparison.Ordinal)).ToList();
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var one in cases)
            {
                await MeasureAsync(one, options);
                Console.Error.WriteLine($"round {round}: {one.Product}, {one.Name}: {string.Join(' ', one.Samples.Select(s => s.GapMs.ToString("F1", CultureInfo.InvariantCulture)))} ms");
            }
        }

        Print(cases, options);
        return 0;
    }

    private static IEnumerable<FailoverCase> Cases(BenchOptions options)
    {
        LabPlan Plan(int links, bool router)
        {
            var image = router ? null : options.Image ?? Images.Default(options.Binaries, 1);
            return new LabPlan(options.Name, Path.Combine(LabPlan.DefaultRoot, options.Name), options.Binaries, 2, links, router, image, image is null ? null : Images.TrustBeside(image));
        }

        const string Tuned = "  interval: 10ms\n  lost-threshold: 3\n";
        yield return new("planned", "keepalived + conntrackd", true, () => new KeepalivedPair(Plan(1, router: true), "1"));
        yield return new("planned", "Hitless", true, () => new HitlessPair(Plan(1, router: false), ""));
        yield return new("power-off, defaults", "keepalived + conntrackd", false, () => new KeepalivedPair(Plan(1, router: true), "1"));
        yield return new("power-off, defaults", "Hitless", false, () => new HitlessPair(Plan(1, router: false), ""));
        yield return new("power-off, tuned (10 ms)", "keepalived + conntrackd", false, () => new KeepalivedPair(Plan(1, router: true), "0.01"));
        yield return new("power-off, tuned (10 ms × 3)", "Hitless", false, () => new HitlessPair(Plan(1, router: false), Tuned));
        yield return new("power-off, direct cable, defaults", "Hitless", false, () => new HitlessPair(Plan(2, router: false) with { DirectCable = true }, ""));
    }

    private static async Task MeasureAsync(FailoverCase one, BenchOptions options)
    {
        using var pair = one.Make();
        for (var run = 0; run < options.Runs; run++)
        {
            try
            {
                one.Samples.Add(await MeasureOnceAsync(one, pair, options));
            }
            catch (LabException failed)
            {
                Console.Error.WriteLine($"{one.Product}, {one.Name}: not measured: {failed.Message}");
            }
        }
    }

    private static async Task<FailoverSample> MeasureOnceAsync(FailoverCase one, IGatewayPair pair, BenchOptions options)
    {
        var primary = await pair.UntilReadyAsync();
        using var traffic = await TrafficRun.StartAsync(pair.Plan.NamespaceOf(LabPlan.Client), pair.Plan.NamespaceOf(LabPlan.Server), options.Connections, options.NewPerSecond, ipv4Only: true);
        await traffic.WaitUntilStandingAsync(TimeSpan.FromSeconds(30));
        await Task.Delay(Settle);
        if (one.Planned)
        {
            await pair.SwitchAsync(primary);
        }
        else
        {
            pair.PowerOff(primary);
        }

        await Task.Delay(After);
        var report = await traffic.FinishAsync();
        pair.PowerOn(primary);
        return new FailoverSample(report.LongestGapMs, report.PacketsLost, report.Probe.Duplicated, report.Long.Opened, report.Long.Lost, report.Short.Failed);
    }

    private static void Print(List<FailoverCase> cases, BenchOptions options)
    {
        Console.WriteLine($"{options.Connections} long TCP connections, {options.NewPerSecond} new ones a second, a download, 1,000 UDP probes a second; IPv4; gap: the probe's longest.");
        Console.WriteLine();
        Console.WriteLine("| case | product | n | gap median | gap p99 | worst | packets lost (median) | duplicated | long connections kept | new ones lost |");
        Console.WriteLine("| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |");
        foreach (var one in cases.Where(one => one.Samples.Count > 0))
        {
            var samples = one.Samples;
            var gaps = samples.Select(s => s.GapMs).Order().ToArray();
            var kept = samples.Sum(s => s.Connections - s.ConnectionsLost);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {one.Name} | {one.Product} | {gaps.Length} | {Quantile(gaps, 0.5):F1} ms | {Quantile(gaps, 0.99):F1} ms | {gaps[^1]:F1} ms | {Quantile([.. samples.Select(s => (double)s.PacketsLost).Order()], 0.5):F0} | {samples.Sum(s => s.Duplicated)} | {kept} of {samples.Sum(s => s.Connections)} | {samples.Sum(s => s.NewLost)} |"));
        }
    }

    /// <summary>The nearest rank; with fewer than a hundred samples p99 is the worst.</summary>
    private static double Quantile(double[] ordered, double q) => ordered[Math.Clamp((int)Math.Ceiling(q * ordered.Length) - 1, 0, ordered.Length - 1)];
}
