using Hitless.Core.Cluster;
using Hitless.Core.Firmware;
using Hitless.Core.Upgrade;
using Hitless.Simulator.Faults;
using Hitless.Simulator.Time;
using Hitless.Simulator.Units;

namespace Hitless.Simulator.Runs;

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
            case RunStep.Install:
                Install(header, End);
                break;
            case RunStep.Trial:
                Try(header, End);
                break;
            case RunStep.Confirm:
                Write(BootRules.TryConfirm(process.Unit.Boot, process.Slot, out var confirmed, out var why), confirmed, why, End);
                break;
            case RunStep.Revert:
                Revert(header, End);
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

    private void Install(RunHeader header, Action<bool, string> end)
    {
        var unit = process.Unit;
        var spare = BootState.Other(process.Slot);
        if (IsPrimary && !header.Simultaneous)
        {
            end(false, "carries the traffic");
        }
        else if (unit.Boot.Content(spare) is { ImageHash: FirmwareVersions.NewImage, Good: true })
        {
            end(true, "is installed already");
        }
        else if (!unit.HasImage || !BootRules.TryBeginInstall(unit.Boot, spare, process.Slot, out var begun, out _))
        {
            end(false, "cannot install");
        }
        else if (!IsDiskFull(end))
        {
            Touched(header, "writes a slot", switched: false);
            unit.Boot = begun;
            Later(chance.Milliseconds(20, 800), () =>
            {
                unit.Boot = BootRules.Installed(unit.Boot, spare, FirmwareVersions.New, FirmwareVersions.NewImage);
                end(true, "installed");
            });
        }
    }

    private void Try(RunHeader header, Action<bool, string> end)
    {
        var unit = process.Unit;
        var inService = IsPrimary && header.Simultaneous;
        if (IsPrimary && !inService)
        {
            end(false, "carries the traffic");
        }
        else if (unit.Boot.Content(process.Slot)?.ImageHash == header.Image)
        {
            end(true, "runs the image already");
        }
        else if (!inService && !StandsAside())
        {
            end(false, "is about to carry the traffic, or still does");
        }
        else if (!IsDiskFull(end))
        {
            Touched(header, "begins a trial", switched: true);
            Write(
                BootRules.TryBeginTrial(unit.Boot, BootState.DefaultTries, FirmwareVersions.ConfirmTimeout, out var next, out var why),
                next,
                why,
                end
            );
            process.ExitForRun(inService);
        }
    }

    private void Revert(RunHeader header, Action<bool, string> end)
    {
        if (IsPrimary)
        {
            end(false, "carries the traffic");
        }
        else if (process.Version.ToString() == header.From)
        {
            // A trial that was ordered and has not begun is called off.
            if (process.Unit.Boot.Trial is not null && IsDiskFull(end))
            {
                return;
            }

            if (
                process.Unit.Boot.Trial is not null
                && BootRules.TryRollBack(process.Unit.Boot, process.Slot, "rollback", out var off, out _)
            )
            {
                process.Unit.Boot = off;
            }

            end(true, "runs the old version");
        }
        else if (!StandsAside())
        {
            end(false, "is about to carry the traffic, or still does");
        }
        else if (!IsDiskFull(end))
        {
            world.Rules.Runs.SlotTouched(process, "goes back", switched: true);
            Write(BootRules.TryRollBack(process.Unit.Boot, process.Slot, "rollback", out var next, out var why), next, why, end);
            process.ExitForRun(inService: false);
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

    private void Write(bool ok, BootState? next, ImageProblem? why, Action<bool, string> end)
    {
        if (IsDiskFull(end))
        {
            return;
        }

        process.Unit.Boot = next ?? process.Unit.Boot;
        end(ok, why?.Error ?? "done");
    }

    private bool IsDiskFull(Action<bool, string> end)
    {
        if (process.Unit.DiskFull)
        {
            // Nothing is switched: the unit may become primary again.
            process.TakePart();
            end(false, "no space left on the disk");
        }

        return process.Unit.DiskFull;
    }

    private void Later(TimeSpan delay, Action work) => world.Timeline.After(delay, () =>
        {
            if (process.Alive)
            {
                work();
            }
        });
}
