using Hitless.Core.Firmware;
using Hitless.Simulator.Units;

namespace Hitless.Simulator.Units.Runs;

/// <summary>What hitless-boot does, with the real <see cref="BootRules"/>: chooses a slot, pays tries, falls back, starts again.</summary>
internal sealed class BootSupervisor(Simulation world, SimulatedUnit unit)
{
    private bool trialLost;

    /// <summary>Starts the daemon, if none runs.</summary>
    public void Start()
    {
        if (unit.Process is not null || unit.Lost)
        {
            return;
        }

        if (trialLost)
        {
            trialLost = false;
            FallBack("not confirmed in time");
        }

        var choice = BootRules.Boot(unit.Boot);
        unit.Boot = choice.State;
        if (choice.Slot is not { } slot || unit.Boot.Content(slot) is not { } content)
        {
            world.Breach("a unit always has a slot that can run", $"{unit}: {choice.Why}");
            return;
        }

        world.Trace.Line(
            unit.Name,
            $"slot {slot} starts, version {content.Version}: {choice.Why}; kernel {unit.Traffic}, epoch {unit.DurableEpoch} on disk"
        );
        if (content.Version == FirmwareVersions.New && world.Image == Firmware.ExitsAtOnce)
        {
            world.Timeline.After(TimeSpan.FromMilliseconds(100), Start);
            return;
        }

        var process = new UnitProcess(world, unit, slot, content.Version);
        if (choice.Trial is { } trial)
        {
            world.Timeline.After(trial.ConfirmTimeout, () => EndTrial(process, slot));
        }
    }

    private void EndTrial(UnitProcess process, Slot slot)
    {
        if (process.Alive && unit.Boot.Trial?.Slot == slot)
        {
            world.Trace.Line(unit.Name, $"the trial was not confirmed in time");
            trialLost = true;
            process.AskToStop();
            world.Timeline.After(TimeSpan.FromSeconds(2), () =>
            {
                if (process.Alive)
                {
                    world.Killed(process);
                }
            });
        }
    }

    /// <summary>It may have been confirmed while it was being stopped.</summary>
    private void FallBack(string why)
    {
        if (unit.Boot.Trial is not null)
        {
            unit.Boot = BootRules.FallBack(unit.Boot, why);
            world.Trace.Line(unit.Name, $"{unit.Boot.LastOutcome}");
        }
    }
}
