namespace Hitless.Core.Cluster;

/// <summary>
/// Turns the answers to a unit's probes into the penalty that the election counts beside failed ports (FortiOS:
/// <c>pingserver-failover-threshold</c>): a probe fails after so many misses in a row and passes with the first answer; the penalty is the
/// sum of the failing probes' weights, and 0 below the threshold. Not for several threads at once.
/// </summary>
public sealed class ProbeTally(IReadOnlyList<(int Weight, int FailAfter)> probes, int threshold)
{
    private readonly int[] misses = new int[probes.Count];

    /// <summary>What failing probes cost this unit now.</summary>
    public int Penalty
    {
        get
        {
            var sum = 0;
            for (var i = 0; i < misses.Length; i++)
            {
                sum += Fails(i) ? probes[i].Weight : 0;
            }

            return sum >= threshold ? sum : 0;
        }
    }

    /// <summary>Whether a probe fails now.</summary>
    public bool Fails(int probe) => misses[probe] >= probes[probe].FailAfter;

    /// <summary>Takes one answer, or its absence; true if the probe fails from now on, or no longer.</summary>
    public bool Take(int probe, bool answered)
    {
        var failed = Fails(probe);
        misses[probe] = answered ? 0 : Math.Min(misses[probe] + 1, probes[probe].FailAfter);
        return Fails(probe) != failed;
    }
}
