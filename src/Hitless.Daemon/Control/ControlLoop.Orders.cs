using Hitless.Core.Cluster;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;

namespace Hitless.Daemon.Control;

/// <content>What operators and runs ask of the machine.</content>
public sealed partial class ControlLoop
{
    /// <summary>A planned switchover away from this unit; the text says who is primary now.</summary>
    /// <exception cref="RefusedException">It was not possible, and this unit is still primary.</exception>
    public Task<string> SwitchOverAsync(UnitId? target, string reason, bool evenIfWorse = false) =>
        EndOfSwitchoverAsync(ClusterInput.SwitchoverRequested(target, reason, evenIfWorse));

    /// <summary>Lets the rules choose the primary now.</summary>
    public Task<string> RenegotiateAsync(string reason) => EndOfSwitchoverAsync(ClusterInput.Renegotiate(reason));

    /// <summary>Lets this unit's age begin again; a primary then lets the rules choose.</summary>
    /// <exception cref="RefusedException">An upgrade or a switchover is under way.</exception>
    public Task<string> ResetAgeAsync() => EndOfSwitchoverAsync(ClusterInput.AgeReset);

    /// <summary>A run is open: nobody preempts.</summary>
    public void SetHold(bool hold) => Post(ClusterInput.HoldChanged(hold));

    /// <summary>
    /// Promises that this standby becomes primary no more until it has restarted; false if it is none. <paramref name="aside"/> false takes
    /// the promise back.
    /// </summary>
    public Task<bool> StandAsideAsync(bool aside) =>
        AskAsync(() =>
        {
            Step(ClusterInput.StandAside(aside));
            return machine.StandsAside;
        });

    /// <summary>
    /// An operator holds this unit; the cluster after it. <see cref="ClusterView.Hold"/> is null there if a run is open. The hold is on
    /// disk by then, unless the disk takes no writes.
    /// </summary>
    public Task<ClusterView> HoldAsync(UnitHold hold) =>
        AskAsync(() =>
        {
            Step(ClusterInput.UnitHeld(hold));
            return View();
        });

    /// <summary>An operator ends the hold; the cluster after it.</summary>
    public Task<ClusterView> ReleaseAsync() =>
        AskAsync(() =>
        {
            Step(ClusterInput.UnitReleased);
            return View();
        });

    private async Task<string> EndOfSwitchoverAsync(ClusterInput request)
    {
        var end = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await Preparing();
        var begun = await AskAsync(() =>
        {
            if (switchover is not null)
            {
                return false;
            }

            switchover = end;
            Step(request);
            return true;
        });
        return begun
            ? await UnlessStoppedAsync(end.Task)
            : throw new RefusedException("a switchover is under way", "wait for its end: hitless status");
    }
}
