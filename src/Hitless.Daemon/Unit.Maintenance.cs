using Hitless.Core.Keys;
using Hitless.Daemon.Control;
using Hitless.Daemon.Maintenance;
using Hitless.Firmware.Images;
using Hitless.Firmware.Slots;

namespace Hitless.Daemon;

/// <content>Holds and reboots.</content>
public sealed partial class Unit : IRebootingMachine
{
    /// <inheritdoc/>
    public bool CanReboot => slots.CanReboot == true;

    /// <inheritdoc/>
    public void Reboot(string why) => exit.Request(SlotStore.ExitReboot, why, inService: false);

    /// <summary>The paths of the local API for holds and reboots.</summary>
    public void MapMaintenance(IEndpointRouteBuilder routes) => Maintenance().Map(routes);

    private MaintenanceService Maintenance() => new(Name, control, peers, journals, this, holdFile);

    private ControlLoop OpenControl(UnitIdentity identity, ClusterKeys start)
    {
        var loop = new ControlLoop(
            settings,
            stateFolder,
            identity,
            start,
            RunningRelease.Version,
            Math.Max(writtenEpoch, journals.HighestEpoch()),
            events,
            directory
        )
        {
            Hold = holdFile.Read(),
        };
        loop.RoleChanged += OnRoleChanged;
        loop.MergeWanted += unit => _ = MergeSessionsAsync(unit);
        loop.HoldKept += holdFile.Keep;
        loop.SetBack += OnSetBack;
        return loop;
    }

    /// <summary>Another start has another incarnation, whose numbers nobody has used.</summary>
    private void OnSetBack(string by)
    {
        var text = $"{by} has heard later heartbeats of this start than it has sent: was this machine set back? Nobody listens to it";
        if (slots.Running is null)
        {
            NoteDamage($"{text}: restart hitlessd");
            return;
        }

        Note($"{text} until hitlessd has restarted, which it does now");
        RequestRestart();
    }
}
