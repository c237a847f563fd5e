using Hitless.Core.Cluster;
using Hitless.Simulator.Time;

namespace Hitless.Simulator.Rules;

/// <summary>
/// An operator holds every unit, and the power of all may fail then: one serves all the same, and all are back when they are released.
/// </summary>
internal static class EveryoneHeld
{
    private static readonly TimeSpan HeldToRest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PowerToRest = TimeSpan.FromSeconds(14);

    /// <summary>Holds, checks, and releases; the units need what is left of a rest.</summary>
    public static void Pass(Simulation world, Chance chance)
    {
        foreach (var unit in world.Units)
        {
            unit.Process?.Take(ClusterInput.UnitHeld(new UnitHold("everybody", Remaining: null)));
        }

        world.RunFor(HeldToRest);
        Check(world, "held");
        if (chance.Happens(0.5))
        {
            foreach (var unit in world.Units)
            {
                world.PowerOff(unit, chance.Milliseconds(100, 2000));
            }

            world.RunFor(PowerToRest);
            Check(world, "held, after a power failure");
        }

        foreach (var unit in world.Units)
        {
            unit.Process?.Take(ClusterInput.UnitReleased);
        }

        world.RunFor(PowerToRest);
    }

    private static void Check(Simulation world, string when)
    {
        var primaries = world.Units.Count(unit => unit.Process?.Machine.Role == UnitRole.Primary);
        if (world.Breached is null && (primaries != 1 || !world.Units.All(unit => unit.Hold is not null)))
        {
            world.Breach("a cluster whose units are all held serves", $"{when}: {SettledRules.Describe(world)}");
        }
    }
}
