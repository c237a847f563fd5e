using Hitless.Simulator.Units;

namespace Hitless.Simulator.Rules;

/// <summary>
/// How often the primary may change where nothing fails and machines are only slow: seldom in any minute, and not at all once the cluster
/// has seen how slow they are.
/// </summary>
internal sealed class UnrestRules(Simulation world)
{
    private const int MostPerMinute = 12;
    private const int MostPerMinuteAtRandom = 2;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly List<TimeSpan> changes = [];
    private SimulatedUnit? last;

    /// <summary>How often the primary has changed.</summary>
    public int Changes => changes.Count;

    /// <summary>A unit has claimed the addresses.</summary>
    public void Claimed(SimulatedUnit unit)
    {
        if (last is not null && unit != last)
        {
            changes.Add(world.Timeline.Now);
        }

        last = unit;
        if (world.IsOverloaded && LastMinute() > MostPerMinute)
        {
            world.Breach("an overloaded cluster changes its primary seldom", $"{LastMinute()} times within a minute");
        }
    }

    /// <summary>
    /// The same load for minutes: the limits have grown to what it takes. <paramref name="constant"/>: each stall is as long as the one
    /// before.
    /// </summary>
    public void CheckAccustomed(bool constant)
    {
        if (LastMinute() > (constant ? 0 : MostPerMinuteAtRandom))
        {
            world.Breach(
                "a cluster gets used to a load",
                $"{LastMinute()} changes of primary in the last minute of a load that was the same for minutes"
            );
        }
    }

    private int LastMinute() => changes.Count(at => at > world.Timeline.Now - Minute);
}
