using System.Globalization;

namespace Hitless.Bench.Waves;

/// <summary>
/// Clusters that are upgraded in waves, as <c>serial</c> of Ansible has them: a wave ends with its last cluster, and the first one in which
/// a run does not complete is the last wave.
/// </summary>
/// <param name="Clusters">How many.</param>
/// <param name="Waves">Sizes, the last one again and again: a number, or a share such as <c>5%</c>.</param>
/// <param name="ExtraSeconds">What a run takes more than the measured ones: reboots of machines, a longer soak.</param>
internal sealed record Fleet(int Clusters, IReadOnlyList<string> Waves, double ExtraSeconds)
{
    /// <summary>What became of one upgrade of the fleet.</summary>
    public FleetOutcome Upgrade(IReadOnlyList<MeasuredRun> runs, double failureShare, Random random)
    {
        var (good, bad) = (Of(runs, completed: true), Of(runs, completed: false));
        var (upgraded, seconds, waves) = (0, 0.0, 0);
        for (var reached = 0; reached < Clusters; waves++)
        {
            var (longest, failed) = (0.0, 0);
            for (var left = Math.Min(SizeOf(waves), Clusters - reached); left > 0; left--, reached++)
            {
                var fails = random.NextDouble() < failureShare;
                var from = fails ? bad : good;
                longest = Math.Max(longest, ExtraSeconds + from[random.Next(from.Length)]);
                (failed, upgraded) = fails ? (failed + 1, upgraded) : (failed, upgraded + 1);
            }

            seconds += longest;
            if (failed > 0)
            {
                return new FleetOutcome(upgraded, failed, waves + 1, seconds, Stopped: true);
            }
        }

        return new FleetOutcome(upgraded, 0, waves, seconds, Stopped: false);
    }

    private static double[] Of(IReadOnlyList<MeasuredRun> runs, bool completed) =>
        [.. runs.Where(run => run.Completed == completed).Select(run => run.Seconds)];

    /// <summary>As Ansible counts: at least one.</summary>
    private int SizeOf(int wave)
    {
        var size = Waves[Math.Min(wave, Waves.Count - 1)];
        return Math.Max(
            1,
            size.EndsWith('%')
                ? (int)(Clusters * double.Parse(size.AsSpan(0, size.Length - 1), CultureInfo.InvariantCulture) / 100)
                : int.Parse(size, CultureInfo.InvariantCulture)
        );
    }
}

/// <summary>How many clusters run the new version, how many went back, in how many waves, after which time.</summary>
internal sealed record FleetOutcome(int Upgraded, int RolledBack, int Waves, double Seconds, bool Stopped);
