using System.Globalization;
using Hitless.Lab.Commands;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Traffic;

namespace Hitless.Bench.Failover;

/// <summary>
/// Switches, power cuts, pulled cables, frozen and killed daemons under traffic, Hitless against keepalived with conntrackd, in the same
/// namespaces with the same probes. Every round makes each pair anew, one after the other, so that what the machine does meanwhile falls on
/// all of them.
/// </summary>
internal static class FailoverBench
{
    /// <summary>A product.</summary>
    public const string Ours = "Hitless";

    /// <summary>The other.</summary>
    public const string Rival = "keepalived + conntrackd";

    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(6);

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new BenchOptions(args);
        var cases = Cases(options)
            .Where(one => options.Only is null || $"{one.Name} {one.Product}".Contains(options.Only, StringComparison.Ordinal))
            .ToList();
        if (cases.Count == 0)
        {
            Console.Error.WriteLine(
                $"no case has \"{options.Only}\" in its name; the cases are{Environment.NewLine}  "
                    + $"{string.Join($"{Environment.NewLine}  ", Cases(options).Select(one => $"{one.Name} {one.Product}"))}"
            );
            return 2;
        }

        await MeasureAsync(cases, options);
        Print(cases, options);
        return 0;
    }

    /// <summary>Every case in every round; what was measured is in its <see cref="FailoverCase.Samples"/>.</summary>
    public static async Task MeasureAsync(IReadOnlyList<FailoverCase> cases, BenchOptions options)
    {
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var one in cases)
            {
                await MeasureAsync(one, options);
                Console.Error.WriteLine(
                    $"round {round}: {one.Product}, {one.Name}: "
                        + $"{string.Join(' ', one.Samples.Select(s => s.GapMs.ToString("F1", CultureInfo.InvariantCulture)))} ms, "
                        + $"lost {string.Join(' ', one.Samples.Select(s => s.PacketsLost))}"
                );
            }
        }
    }

    /// <summary>Either product as it comes.</summary>
    public static IEnumerable<(string Product, Func<IGatewayPair> Make)> Pairs(BenchOptions options) =>
        [
            (Rival, () => new KeepalivedPair(Plan(options, 1, router: true), "1")),
            (Ours, () => new HitlessPair(Plan(options, 1, router: false), "")),
        ];

    /// <summary>All that can be measured.</summary>
    public static IEnumerable<FailoverCase> Cases(BenchOptions options)
    {
        const string Tuned = "  interval: 10ms\n  lost-threshold: 3\n";
        foreach (
            var happens in (FailoverEvent[])
                [FailoverEvent.Planned, FailoverEvent.PowerOff, FailoverEvent.LinkPull, FailoverEvent.Freeze, FailoverEvent.Restart]
        )
        {
            foreach (var (product, make) in Pairs(options))
                yield return new(happens, FailoverCase.Defaults, product, make);
        }

        yield return new(FailoverEvent.Busy(options), FailoverCase.Defaults, Ours, () =>
            new HitlessPair(Plan(options, 1, router: false), "")
        );
        yield return new(FailoverEvent.PowerOff, "tuned (10 ms)", Rival, () => new KeepalivedPair(Plan(options, 1, router: true), "0.01"));
        yield return new(FailoverEvent.PowerOff, "tuned (10 ms × 3)", Ours, () => new HitlessPair(Plan(options, 1, router: false), Tuned));
        yield return new(FailoverEvent.PowerOff, "direct cable, defaults", Ours, () =>
            new HitlessPair(Plan(options, 2, router: false) with { DirectCable = true }, "")
        );
    }

    private static LabPlan Plan(BenchOptions options, int links, bool router)
    {
        var image = router ? null : options.Image ?? Images.Default(options.Binaries, 1);
        return new LabPlan(
            options.Name,
            Path.Combine(LabPlan.DefaultRoot, options.Name),
            options.Binaries,
            2,
            links,
            router,
            image,
            image is null ? null : Images.TrustBeside(image)
        );
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
        using var traffic = await TrafficRun.StartAsync(
            pair.Plan.NamespaceOf(LabPlan.Client),
            pair.Plan.NamespaceOf(LabPlan.Server),
            options.Connections,
            options.NewPerSecond,
            ipv4Only: true,
            options.Probes
        );
        await traffic.WaitUntilStandingAsync(TimeSpan.FromSeconds(30));
        BackgroundFlows.Open(pair.Plan, options.Background);
        await Task.Delay(Settle);
        var remark = await one.Event.Strike(pair, primary);
        await Task.Delay(After);
        var report = await traffic.FinishAsync();
        foreach (var (way, arrivals) in new[] { ("to the server", report.Probe.ToServer), ("to the client", report.Probe.ToClient) })
        {
            if (arrivals.Missing is [var first, ..])
            {
                Console.Error.WriteLine(
                    $"{one.Product}, {one.Name}: {way} packets {first.First} to {arrivals.Missing[^1].Last} of {report.Probe.Sent} "
                        + $"did not arrive, in {arrivals.Missing.Count} runs"
                );
            }
        }

        one.Event.Mend(pair, primary);
        return new FailoverSample(
            report.LongestGapMs,
            report.Probe.SenderLongestPauseMs,
            report.PacketsLost * 1000.0 / options.Probes,
            report.PacketsLost,
            report.Probe.Duplicated,
            report.Long.Asked,
            report.Long.Asked - report.Long.Opened + report.Long.Lost,
            report.Short.Failed,
            remark
        );
    }

    private static void Print(List<FailoverCase> cases, BenchOptions options)
    {
        Console.WriteLine(
            $"{options.Connections} long TCP connections, {options.NewPerSecond} new ones a second, a download, {options.Probes} UDP "
                + $"probes a second, {options.Background} more sessions; IPv4."
        );
        Console.WriteLine(
            "Gap: the longest between two probes that arrive. Outage: probes lost, as time. Pause: the longest that the probe's "
                + "sender itself was not scheduled; a gap no longer than that is the machine's."
        );
        Console.WriteLine();
        Console.WriteLine(
            "| case | product | n | gap median | gap p99 | outage median | outage worst | pause median | packets lost | twice | long "
                + "connections kept | new ones lost | |"
        );
        Console.WriteLine("| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --- |");
        foreach (var one in cases.Where(one => one.Samples.Count > 0))
        {
            var samples = one.Samples;
            double[] gaps = [.. samples.Select(s => s.GapMs).Order()],
                outages = [.. samples.Select(s => s.OutageMs).Order()],
                pauses = [.. samples.Select(s => s.OwnPauseMs).Order()];
            var asked = samples.Sum(s => s.Connections);
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {one.Name} | {one.Product} | {gaps.Length} | {Quantile(gaps, 0.5):F1} ms | {Quantile(gaps, 0.99):F1} ms | "
                        + $"{Quantile(outages, 0.5):F1} ms | {outages[^1]:F1} ms | {Quantile(pauses, 0.5):F1} ms | "
                        + $"{samples.Sum(s => s.PacketsLost)} | {samples.Sum(s => s.Duplicated)} | "
                        + $"{asked - samples.Sum(s => s.ConnectionsLost)} of {asked} | {samples.Sum(s => s.NewLost)} | "
                        + $"{string.Join("; ", samples.Select(s => s.Remark).Where(r => r.Length > 0).Distinct(StringComparer.Ordinal))} |"
                )
            );
        }
    }

    /// <summary>The nearest rank; with fewer than a hundred samples p99 is the worst.</summary>
    public static double Quantile(double[] ordered, double q) =>
        ordered[Math.Clamp((int)Math.Ceiling(q * ordered.Length) - 1, 0, ordered.Length - 1)];
}
