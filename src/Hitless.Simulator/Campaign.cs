using System.Diagnostics;
using Hitless.Simulator.Faults;
using Hitless.Simulator.Rules;

namespace Hitless.Simulator;

/// <summary>Many lives, one seed each; or one, told line by line.</summary>
internal static class Campaign
{
    private const int ShownFailures = 10;

    private const string Help = """
        usage: hitless-sim [--seeds N] [--start K] [--units 2..4] [--plant FAULT] [--jobs J]
               hitless-sim --seed S [--verbose] [--units 2..4] [--plant FAULT]

        Clusters of two to four units in virtual time: the machines of Hitless.Core exchange encoded heartbeats while links, units,
        disks and ports fail and operators ask for switches. Exit 0: every rule held. Exit 1: one did not; the seed is printed.

          --seeds N      lives to simulate (default 200), with the seeds K to K + N - 1
          --start K      the first seed (default 1)
          --seed S       one life; with --verbose each thing that happens is printed
          --units N      always N units (default: two in every other life, else three or four)
          --jobs J       lives at a time (default: one per processor)
          --plant FAULT  plant a wrong rule, which must be found:
                           claim-without-sessions   breaks rule 2, commit before claim
                           deaf-to-higher-epoch     breaks rule 1, who hears a higher epoch steps down
                           break-before-make        breaks rule 3, the former primary is mute from its offer on
                           silent-claim             breaks rule 3, a claim is never announced
                           epoch-without-claimant   breaks rule 1, two claims can have the same epoch
                           install-anywhere         breaks rules 4 and 5, slots are touched on the primary, which comes first
                           forgets-silences         breaks the rule that a cluster gets used to a load
                           bucket-before-sessions   breaks rule 2 for each bucket of load balancing
                           buckets-of-the-dead      breaks that every bucket has an owner that forwards
                           table-outlives-daemon    breaks that only a primary hands flows on
                           journal-after-effect     breaks rule 7, a step acts before it is written down
        """;

    /// <summary>Runs what the arguments say; returns the exit code.</summary>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        if (args.Contains("--help"))
        {
            output.WriteLine(Help);
            return 0;
        }

        if (!CampaignOptions.TryParse(args, out var options, out var complaint))
        {
            error.WriteLine($"{complaint}\n  see: ./dev sim --help");
            return 2;
        }

        return options.Seed is { } seed ? RunOne(options, seed, output) : RunMany(options, output);
    }

    private static int RunOne(CampaignOptions options, ulong seed, TextWriter output)
    {
        var simulation = new Simulation(seed, options.Units, options.Plant, options.Verbose ? output : null);
        simulation.Run();
        output.WriteLine(
            simulation.Breached is { } breach
                ? $"seed {seed}: {breach}"
                : $"seed {seed}: every rule held ({simulation.Timeline.EventCount} events)"
        );
        return simulation.Breached is null ? 0 : 1;
    }

    private static int RunMany(CampaignOptions options, TextWriter output)
    {
        var watch = Stopwatch.StartNew();
        var failures = new SortedDictionary<ulong, RuleBreach>();
        var events = 0L;
        Parallel.For(0, options.Seeds, new ParallelOptions { MaxDegreeOfParallelism = options.Jobs }, index =>
        {
            var simulation = new Simulation(options.Start + (ulong)index, options.Units, options.Plant, trace: null);
            simulation.Run();
            Interlocked.Add(ref events, simulation.Timeline.EventCount);
            if (simulation.Breached is { } breach)
            {
                lock (failures)
                {
                    failures.Add(simulation.Seed, breach);
                }
            }
        });

        foreach (var (seed, breach) in failures.Take(ShownFailures))
        {
            output.WriteLine($"seed {seed}: {breach}\n  replay: ./dev sim --seed {seed} --verbose{options.Again}");
        }

        foreach (var rule in failures.Values.GroupBy(breach => breach.Rule).OrderByDescending(rule => rule.Count()))
        {
            output.WriteLine($"{rule.Count(), 6} × {rule.Key}");
        }

        output.WriteLine(
            $"{options.Seeds} seeds from {options.Start}, {events} events, {watch.Elapsed.TotalSeconds:F1} s: "
                + $"{(failures.Count == 0 ? "no invariant broken" : $"{failures.Count} SEEDS BROKE AN INVARIANT")}"
        );
        return failures.Count == 0 ? 0 : 1;
    }
}
