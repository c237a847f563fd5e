using Hitless.Core.Cluster;
using Hitless.Core.Upgrade;
using Hitless.Simulator.Time;
using Hitless.Simulator.Units;

namespace Hitless.Simulator;

/// <summary>
/// All that may go wrong, or be asked for at a bad moment. Which of it, how often and how hard differs from seed to seed.
/// </summary>
internal sealed class Storm
{
    private readonly Simulation world;
    private readonly Chance chance;
    private readonly (int Weight, Action<SimulatedUnit> Fault)[] faults;
    private readonly TimeSpan pause;
    private bool raging;

    public Storm(Simulation world, Chance chance)
    {
        this.world = world;
        this.chance = chance;
        pause = chance.Milliseconds(50, 1500);

        // A fault of weight 0 does not exist in this life: few kinds at a time reach deeper than all at once.
        faults =
        [
            (Weight(), unit => world.PowerOff(unit, chance.Milliseconds(50, 4000))),
            (Weight(), Kill),
            (Weight(), unit => unit.Process?.EndAtEffect(1 + chance.Below(12))),
            (Weight(), Stall),
            (Weight(), Part),
            (Weight(), Cut),
            (Weight(), Spoil),
            (Weight(), unit => unit.Slow = !unit.Slow),
            (Weight(), Unplug),
            (Weight(), unit => unit.Process?.Sessions.Overrun()),
            (Weight(), unit => unit.Process?.RequestSwitchover(chance.Happens(0.5) ? null : chance.Of(world.Units).Serial)),
            (Weight(), unit => unit.Process?.Renegotiate()),
            (Weight(), unit =>
                unit.Process?.Runs.Command(chance.Of<RunCommand>([RunCommand.Pause, RunCommand.Resume, RunCommand.Rollback]))
            ),
            (Weight(), Misprobe),
            (Weight(), unit => unit.Process?.AskToStop()),
            (Weight(), CutPorts),
            (Weight(), _ => world.WitnessUp = !world.WitnessUp),
            (Weight(), _ => HealPaths()),
            (Weight(), StandStill),
            (Weight(), unit => unit.DropsEcho = !unit.DropsEcho),
            (Weight(), ToggleOverload),
            (Weight(), FillDisk),
            (Weight(), Hold),
        ];
    }

    /// <summary>When the storm is over.</summary>
    public TimeSpan End { get; private set; }

    /// <summary>Begins, for a while.</summary>
    public void Rage(TimeSpan duration)
    {
        End = TimeSpan.FromSeconds(5) + duration;
        raging = !world.Quiet;
        world.Timeline.After(world.HasRun ? chance.Milliseconds(4000, 12000) : TimeSpan.FromSeconds(chance.Below(5)), Strike);
    }

    /// <summary>All faults end. One unit may keep a port without carrier: that is no fault of the cluster's.</summary>
    public void Calm()
    {
        raging = false;
        world.WitnessUp = true;
        HealPaths();
        foreach (var unit in world.Units)
        {
            unit.Slow = unit.DropsEcho = unit.DiskFull = false;
            unit.Overload = null;
            Plug(unit, SimulatedUnit.AllPorts);
            unit.Process?.EndAtEffect(-1);
            unit.KeepHold(null, world.Timeline.Now);
            unit.Process?.Take(ClusterInput.UnitReleased);
            if (unit.Process is { } process && !process.Ails(Units.Runs.Firmware.Unhealthy))
            {
                process.Take(ClusterInput.ProbesChanged(0));
            }
        }

        if (!world.Quiet && chance.Happens(0.3))
        {
            Plug(chance.Of(world.Units), 1);
        }
    }

    private int Weight() => chance.Happens(0.45) ? 1 + chance.Below(4) : 0;

    private void Strike()
    {
        if (!raging)
        {
            return;
        }

        var sum = faults.Sum(fault => fault.Weight);
        if (sum > 0)
        {
            var at = chance.Below(sum);
            var fault = faults.First(candidate => (at -= candidate.Weight) < 0);
            fault.Fault(chance.Of(world.Units));
        }

        world.Timeline.After(chance.Between(TimeSpan.Zero, pause * 2), Strike);
    }

    /// <summary>An operator holds a unit, or at times every unit, for a while or until he releases it.</summary>
    private void Hold(SimulatedUnit unit)
    {
        foreach (var held in chance.Happens(0.2) ? world.Units : [unit])
        {
            var time = chance.Milliseconds(200, 6000);
            held.Process?.Take(ClusterInput.UnitHeld(new UnitHold("maintenance", chance.Happens(0.5) ? time : null)));
            world.Timeline.After(time + chance.Milliseconds(0, 2000), () => held.Process?.Take(ClusterInput.UnitReleased));
        }
    }

    private void Kill(SimulatedUnit unit)
    {
        if (unit.Process is { } process)
        {
            world.Trace.Line(unit.Name, $"kill -9");
            world.Killed(process);
        }
    }

    /// <summary>Nothing fits on the disk any more, or again.</summary>
    private void FillDisk(SimulatedUnit unit)
    {
        unit.DiskFull = !unit.DiskFull;
        world.Trace.Line(unit.Name, $"{(unit.DiskFull ? "its disk is full" : "there is room on its disk again")}");
    }

    /// <summary>Probes fail, or pass again; not those that fail because of the firmware.</summary>
    private void Misprobe(SimulatedUnit unit)
    {
        if (unit.Process is { } process && !process.Ails(Units.Runs.Firmware.Unhealthy))
        {
            process.Take(ClusterInput.ProbesChanged(chance.Below(3)));
        }
    }

    private void Stall(SimulatedUnit unit)
    {
        var duration = chance.Milliseconds(10, 600);
        world.Trace.Line(unit.Name, $"is not scheduled for {duration.TotalMilliseconds:F0} ms");
        unit.Process?.Stall(duration);
    }

    private void ToggleOverload(SimulatedUnit unit)
    {
        if (unit.Overload is null)
        {
            Overload.Any(chance).Begin(world, unit, chance.Fork());
        }
        else
        {
            unit.Overload = null;
        }
    }

    /// <summary>The whole machine, as when its host takes the processors away.</summary>
    private void StandStill(SimulatedUnit unit)
    {
        var duration = chance.Milliseconds(10, 400);
        world.Trace.Line(unit.Name, $"the machine stands still for {duration.TotalMilliseconds:F0} ms");
        unit.StandsStillUntil = world.Timeline.Now + duration;
        unit.Process?.Stall(duration);
    }

    /// <summary>A unit no longer hears, or is no longer heard by, one or all others.</summary>
    private void Part(SimulatedUnit unit)
    {
        var (inwards, outwards) = (chance.Happens(0.6), chance.Happens(0.6));
        var only = chance.Happens(0.5) ? chance.Of(world.Units) : null;
        world.Trace.Line(
            unit.Name,
            $"is parted from {only?.Name ?? "all"}{(inwards ? ", hears nothing" : "")}{(outwards ? ", is not heard" : "")}"
        );
        foreach (var other in world.Units.Where(other => other != unit && (only is null || other == only)))
        {
            for (var link = 0; link < world.Fabric.LinkCount; link++)
            {
                world.Fabric.Between(link, other.Index, unit.Index).Up &= !inwards;
                world.Fabric.Between(link, unit.Index, other.Index).Up &= !outwards;
            }
        }

        world.Timeline.After(chance.Milliseconds(30, 4000), HealPaths);
    }

    /// <summary>A whole link goes down.</summary>
    private void Cut(SimulatedUnit unit)
    {
        var link = chance.Below(world.Fabric.LinkCount);
        world.Trace.Line(unit.Name, $"link {link} is cut");
        foreach (var other in world.Units)
        {
            world.Fabric.Between(link, unit.Index, other.Index).Up = false;
            world.Fabric.Between(link, other.Index, unit.Index).Up = false;
        }
    }

    /// <summary>The networks of the ports fall apart: no unit hears a unit there, or is not heard.</summary>
    private void CutPorts(SimulatedUnit unit)
    {
        var (inwards, outwards) = (chance.Happens(0.7), chance.Happens(0.7));
        world.Trace.Line(unit.Name, $"has no way through the ports{(inwards ? " in" : "")}{(outwards ? " out" : "")}");
        foreach (var other in world.Units)
        {
            world.Fabric.Between(world.Fabric.Traffic, other.Index, unit.Index).Up &= !inwards;
            world.Fabric.Between(world.Fabric.Traffic, unit.Index, other.Index).Up &= !outwards;
        }
    }

    /// <summary>One direction of a link loses, doubles and reorders.</summary>
    private void Spoil(SimulatedUnit unit)
    {
        foreach (var other in world.Units)
        {
            var path = world.Fabric.Between(chance.Below(world.Fabric.LinkCount), unit.Index, other.Index);
            path.Loss = chance.Below(5) * 0.15;
            path.Duplication = chance.Below(3) * 0.2;
            path.Straggling = chance.Below(4) * 0.15;
        }

        world.Trace.Line(unit.Name, $"has bad links");
    }

    private void Unplug(SimulatedUnit unit)
    {
        Plug(unit, (ulong)chance.Below(4));
        world.Timeline.After(chance.Milliseconds(20, 3000), () => Plug(unit, SimulatedUnit.AllPorts));
    }

    private void Plug(SimulatedUnit unit, ulong portsUp)
    {
        if (unit.PortsUp != portsUp)
        {
            world.Trace.Line(unit.Name, $"ports up: {portsUp:b2}");
            unit.PortsUp = portsUp;
            unit.Process?.Take(ClusterInput.PortsChanged(portsUp));
        }
    }

    private void HealPaths()
    {
        foreach (var path in world.Fabric.Paths)
        {
            path.Up = true;
            path.Loss = path.Duplication = path.Straggling = 0;
        }
    }
}
