using Hitless.Simulator.Time;

namespace Hitless.Simulator.Faults;

/// <summary>
/// Minutes in which the machines of a cluster are too slow, each in its own way or all alike, in which echoes are delayed or dropped, and
/// nothing else fails.
/// </summary>
internal sealed class OverloadedTime(Simulation world, Chance chance)
{
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan GettingUsed = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Accustomed = TimeSpan.FromMinutes(1);

    /// <summary>Lives through it.</summary>
    public void Pass()
    {
        world.RunFor(Start);
        var alike = chance.Happens(0.5) ? Overload.Any(chance) : null;
        var constant = true;
        foreach (var unit in world.Units)
        {
            var load = alike ?? Overload.Any(chance);
            constant &= load.Constant;
            unit.DropsEcho = chance.Happens(0.2);
            load.Begin(world, unit, chance.Fork());
            world.Trace.Line(unit.Name, $"{load}{(unit.DropsEcho ? ", drops echo" : "")}");
        }

        var straggling = chance.Happens(0.3) ? chance.Fraction() / 2 : 0;
        foreach (var path in world.Fabric.Paths)
        {
            path.Straggling = straggling;
        }

        world.RunFor(GettingUsed + Accustomed);
        world.Trace.Line("", $"{world.Rules.Unrest.Changes} changes of primary");
        if (world.Breached is null)
        {
            world.Rules.Unrest.CheckAccustomed(constant && straggling == 0);
        }
    }
}
