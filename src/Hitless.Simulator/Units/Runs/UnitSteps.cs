using Hitless.Core.Cluster;
using Hitless.Core.Firmware;
using Hitless.Core.Upgrade;
using Hitless.Simulator.Faults;
using Hitless.Simulator.Time;
using Hitless.Simulator.Units;

namespace Hitless.Simulator.Units.Runs;

/// <summary>The part of a run that happens on the unit itself, one step at a time: fetch, install, try, keep, go back.</summary>
internal sealed class UnitSteps(Simulation world, UnitProcess process, Chance chance)
{
    private bool busy;

    /// <summary>Takes a step that another unit, or this one, asks for.</summary>
    public void Take(RunStep step, RunHeader header, Action<bool, string> answer)
    {
        if (busy)
        {
            Later(TimeSpan.FromMilliseconds(20), () => Take(step, header, answer));
            return;
        }

        busy = true;
        void End(bool ok, string text)
        {
            busy = false;
            answer(ok, text);
        }

        world.Rules.Runs.Acted(process, step, header);
        switch (step.Name)
        {
            case RunStep.Copy:
                Later(chance.Milliseconds(20, 600), () => End(process.Unit.HasImage = true, "copied"));
                break;
            case RunStep.Install or RunStep.Trial or RunStep.Confirm or RunStep.Revert:
                TakeSlotStep(step, header, End);
                break;
            default:
                Later(chance.Milliseconds(1, 50), () => End(true, step.Name));
                break;
        }
    }

    /// <summary>A unit that has to carry the traffic while its slot is on trial keeps the slot.</summary>
    public void KeepTrialOfPrimary()
    {
        if (
            !process.Unit.DiskFull
            && process.Unit.Boot.Trial?.Slot == process.Slot
            && BootRules.TryConfirm(process.Unit.Boot, process.Slot, out var kept, out _)
        )
        {
            process.Unit.Boot = kept;
        }
    }

    private void TakeSlotStep(RunStep step, RunHeader header, Action<bool, string> end)
    {
        var unit = process.Unit;
        var version = step.Name == RunStep.Revert ? header.From : header.To;
        var wish = new SlotWish(step.Name, header.Image, version, header.Simultaneous);
        if (!SlotSteps.TryDecide(wish, new SlotFacts(unit.Boot, process.Slot, IsPrimary), out var decision, out var refusal))
        {
            end(false, refusal.Error);
        }
        else if (decision.Act == SlotAct.Nothing)
        {
            end(true, decision.Text);
        }
        else if (decision.StandAside && !StandsAside())
        {
            end(false, "is about to carry the traffic, or still does");
        }
        else if (unit.DiskFull)
        {
            process.TakePart();
            end(false, "no space left on the disk");
        }
        else
        {
            Do(decision, header, end);
        }
    }

    private void Do(SlotDecision decision, RunHeader header, Action<bool, string> end)
    {
        var (unit, spare) = (process.Unit, BootState.Other(process.Slot));
        var (ok, next, why) = (true, (BootState?)null, (ImageProblem?)null);
        switch (decision.Act)
        {
            case SlotAct.Install when unit.HasImage && BootRules.TryBeginInstall(unit.Boot, spare, process.Slot, out var begun, out _):
                Touched(header, "writes a slot", switched: false);
                unit.Boot = begun;
                Later(chance.Milliseconds(20, 800), () =>
                {
                    unit.Boot = BootRules.Installed(unit.Boot, spare, FirmwareVersions.New, FirmwareVersions.NewImage);
                    end(true, decision.Text);
                });
                return;
            case SlotAct.BeginTrial:
                Touched(header, "begins a trial", switched: true);
                ok = BootRules.TryBeginTrial(unit.Boot, BootState.DefaultTries, FirmwareVersions.ConfirmTimeout, out next, out why);
                break;
            case SlotAct.Confirm:
                ok = BootRules.TryConfirm(unit.Boot, process.Slot, out next, out why);
                break;
            case SlotAct.CallOffTrial:
                ok = BootRules.TryRollBack(unit.Boot, process.Slot, "rollback", out next, out why);
                break;
            case SlotAct.GoBack:
                world.Rules.Runs.SlotTouched(process, "goes back", switched: true);
                ok = BootRules.TryRollBack(unit.Boot, process.Slot, "rollback", out next, out why);
                break;
            default:
                end(false, "cannot install");
                return;
        }

        unit.Boot = next ?? unit.Boot;
        end(ok, why?.Error ?? decision.Text);
        if (ok && decision.Act is SlotAct.BeginTrial or SlotAct.GoBack)
        {
            process.ExitForRun(decision.InService);
        }
        else if (decision.StandAside)
        {
            process.TakePart();
        }
    }

    /// <summary>Forward, a simultaneous run may touch any unit; everything else keeps rules 4 and 5.</summary>
    private void Touched(RunHeader header, string how, bool switched)
    {
        if (header.Simultaneous)
        {
            return;
        }

        world.Rules.Runs.SlotTouched(process, how, switched);
        if (switched)
        {
            world.Rules.Runs.Switching(process, header);
        }
    }

    private bool StandsAside() => process.StandAside() || world.Plant == Plant.InstallAnywhere;

    private bool IsPrimary => world.Plant != Plant.InstallAnywhere && process.Machine.Role == UnitRole.Primary;

    private void Later(TimeSpan delay, Action work) => world.Timeline.After(delay, () =>
        {
            if (process.Alive)
            {
                work();
            }
        });
}
