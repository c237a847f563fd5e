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
    public void Reboot(string why) => RequestExit(SlotStore.ExitReboot, why, inService: false);

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
        return loop;
    }
}
