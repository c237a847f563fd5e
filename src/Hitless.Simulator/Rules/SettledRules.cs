using System.Numerics;
using Hitless.Core.Cluster;
using Hitless.Simulator.Units;
using Hitless.Simulator.Units.Runs;

namespace Hitless.Simulator.Rules;

/// <summary>
/// What must be so a while after all faults have ended: exactly one primary, everybody else its standby, and every question answered.
/// </summary>
internal static class SettledRules
{
    private static readonly TimeSpan DrainedMax = TimeSpan.FromSeconds(1);

    /// <summary>Checks the whole cluster now.</summary>
    public static void Check(Simulation world, string when)
    {
        foreach (var unit in world.Living)
        {
            if (unit.Process is not { } process)
            {
                world.Breach("every daemon that was started runs", $"{when}: {unit} has none");
                return;
            }

            if (process.OpenRequests > 0)
            {
                world.Breach("every request is answered", $"{when}: {unit} owes {process.OpenRequests} answers");
            }
        }

        var processes = world.Living.Select(unit => unit.Process!).ToList();
        var primaries = processes.Where(process => process.Machine.Role == UnitRole.Primary).ToList();
        if (primaries is not [var primary])
        {
            world.Breach("exactly one primary when faults have ended", $"{when}: {Describe(world)}");
            return;
        }

        foreach (var process in processes.Where(each => !IsDrained(each.Unit, world.Timeline.Now)))
        {
            var machine = process.Machine;
            var expected = process == primary ? TrafficState.Claimed : TrafficState.Muted;
            if (process.Unit.Traffic != expected)
            {
                world.Breach(
                    "exactly the primary answers for the addresses",
                    $"{when}: {process.Unit} is {process.Unit.Traffic}; {Describe(world)}"
                );
            }
            else if (
                process != primary
                && !(
                    (machine.State is UnitState.Ready or UnitState.Fault || process.Ails(Firmware.NeverReady))
                    && machine.Primary == primary.Unit.Serial
                )
            )
            {
                world.Breach("every standby is ready when faults have ended", $"{when}: {process.Unit}; {Describe(world)}");
            }
            else if (machine.Epoch.Number > primary.Machine.Epoch.Number)
            {
                world.Breach("nobody knows of a higher epoch than the primary's", $"{when}: {Describe(world)}");
            }
            else if (Failures(process.Unit) < Failures(primary.Unit) && !process.Ails(Firmware.NeverReady))
            {
                world.Breach(
                    "the unit with the fewest failed ports is primary",
                    $"{when}: {primary.Unit} has {Failures(primary.Unit)}, {process.Unit} {Failures(process.Unit)}"
                );
            }
        }
    }

    /// <summary>An override that had waited for its time: what is on its way to the former primary is still forwarded.</summary>
    private static bool IsDrained(SimulatedUnit unit, TimeSpan now) =>
        unit.Traffic == TrafficState.Draining && now - unit.LastClaimedAt < DrainedMax;

    /// <summary>One line about each unit.</summary>
    public static string Describe(Simulation world) =>
        string.Join(
            ", ",
            world.Units.Select(unit =>
                unit.Process is { Machine: var machine }
                    ? $"{unit} {machine.Role}/{machine.State}/{unit.Traffic} epoch {machine.Epoch.Number}"
                    : $"{unit} down/{unit.Traffic}"
            )
        );

    private static int Failures(SimulatedUnit unit) => SimulatedUnit.PortCount - BitOperations.PopCount(unit.PortsUp);
}
