using System.Diagnostics;
using Hitless.Core.Firmware;
using Hitless.Firmware.Slots;

namespace Hitless.Boot;

/// <summary>
/// Keeps the daemon running from the slot that <c>boot.json</c> chooses, until it is told to stop.
/// <code>
/// choose (pay a try, on disk) -> start -> wait for: exit of the daemon | deadline of the trial | our own SIGTERM
///   exit of a trial, or exit 75 into one: choose again at once (the tries run out by themselves, then the choice falls back)
///   exit 0 of a good slot: it was told to stop, so we end too
///   exit 75 or crash of a good slot: choose again, the first time at once, then after 100 ms to 2 s
///   exit 76: the reboot command, then as 75
///   SIGUSR2: our own program was replaced: the new one runs in this process, and goes on with the same daemon (docs/decisions/0073)
///   silence of a daemon that had said that its loops turn: kill it, then as a crash
///   SIGHUP: hand it on; the daemon exits with 75 and is started at once, while the kernel forwards (docs/decisions/0021)
///   deadline without a confirmation: stop it, fall back, choose again
///   SIGTERM: hand it on, wait, end
/// Slots that are whole systems: a choice of the one that does not run is a reboot, and pays no try before it; whatever runs is told to
/// RAUC at each choice
/// </code>
/// If the supervisor itself is killed, the daemon goes on and traffic with it: nothing ties a child to its parent (PR_SET_PDEATHSIG is not
/// set), and here that is welcome. What starts hitless-boot again has to end the old daemon first (systemd does, by its control group).
/// </summary>
internal sealed class Supervisor(BootOptions options, SlotStore slots, OwnProgram own, Action<string> log)
{
    /// <summary>A primary hands over before it stops; systemd would wait 90 s.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    /// <summary>A trial that missed its deadline has no sessions to hand over.</summary>
    private static readonly TimeSpan TrialPatience = TimeSpan.FromSeconds(2);

    private RestartPolicy restarts;
    private volatile DaemonProcess? running;
    private volatile bool restartAsked;
    private volatile TaskCompletionSource replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private enum Next
    {
        Choose,
        End,
    }

    /// <summary>
    /// The exit code of hitless-boot: 0 after a stop, 1 if no slot can run. <paramref name="adopted"/>: the daemon that runs already, from
    /// which slot.
    /// </summary>
    public async Task<int> RunAsync(CancellationToken stop, (DaemonProcess Daemon, Slot Slot)? adopted = null)
    {
        if (adopted is var (daemon, from) && await SuperviseAsync(daemon, from, trial: null, stop) == Next.End)
        {
            return 0;
        }

        while (!stop.IsCancellationRequested)
        {
            var choice = Choose();
            if (choice.Slot is not { } slot)
            {
                log(
                    slots.Backend.HoldsSystems
                        ? "nothing to start: RAUC has to say once which slot runs; try it: rauc status"
                        : $"nothing to start: {choice.Why}; install an image with `hitless-boot --state {options.State} --install "
                            + $"IMAGE --trust CERTIFICATES`"
                );
                return 1;
            }

            if (IsElsewhere(slot))
            {
                log($"slot {BootState.NameOf(slot)} is next: {choice.Why}");
                await RebootAsync(stop);
                continue;
            }

            if (slots.Backend.TakeRebootDue())
            {
                log("the system was changed, which takes effect by a reboot");
                await RebootAsync(stop);
                continue;
            }

            log($"starting slot {BootState.NameOf(slot)}: {choice.Why}");
            if (await RunDaemonAsync(slot, choice.Trial, stop) == Next.End)
            {
                break;
            }
        }

        return 0;
    }

    /// <summary>Starts the daemon anew in service: the new one has what was installed meanwhile.</summary>
    public void RestartDaemon()
    {
        log("restarting hitlessd in service");
        restartAsked = true;
        running?.HangUp();
    }

    /// <summary>
    /// Lets the program that lies in our own's place by now run in this process, once a daemon runs that is not on trial.
    /// </summary>
    public void ReplaceProgram() => replaced.TrySetResult();

    /// <summary>A try that cannot be paid on disk is not made: the good slot runs even when the disk is full.</summary>
    private BootChoice Choose()
    {
        var state = ReadState();
        var choice = BootRules.Boot(state);
        var here = choice.Trial is not { } trial || !IsElsewhere(trial.Slot);
        if (here && (choice.State != state || slots.Backend.IsBehind(choice.State)) && !TryWrite(choice.State))
        {
            choice = BootRules.Boot(BootRules.FallBack(state, "its try could not be written down"));
        }

        if (state.Trial is not null && choice.Trial is null)
        {
            log(choice.State.LastOutcome!);
        }

        return choice;
    }

    private bool TryWrite(BootState state)
    {
        if (slots.Write(state) is { } problem)
        {
            log(problem.ToString());
            return false;
        }

        return true;
    }

    private BootState ReadState()
    {
        var state = slots.Read(out var problem);
        if (problem is not null)
        {
            log(problem.ToString());
        }

        return state;
    }

    private async Task<Next> RunDaemonAsync(Slot slot, Trial? trial, CancellationToken stop)
    {
        if (!DaemonProcess.TryStart(slots, slot, options, out var daemon, out var why))
        {
            log($"slot {BootState.NameOf(slot)} cannot be started: {why}");
            return await PauseAsync(TimeSpan.Zero, stop);
        }

        return await SuperviseAsync(daemon, slot, trial, stop);
    }

    private async Task<Next> SuperviseAsync(DaemonProcess daemon, Slot slot, Trial? trial, CancellationToken stop)
    {
        running = daemon;
        var stopping = Task.Delay(Timeout.Infinite, stop);
        if (
            trial is not null
            && await Task.WhenAny(daemon.Exited, stopping, Task.Delay(trial.ConfirmTimeout, stop)) is var first
            && first != daemon.Exited
            && !stop.IsCancellationRequested
            && IsOnTrial(slot)
        )
        {
            await daemon.StopAsync(TrialPatience);
            FallBackUnlessConfirmed(slot, $"not confirmed within {trial.ConfirmTimeout.TotalSeconds:0.###} s");
            return Next.Choose;
        }

        while (
            await Task.WhenAny(daemon.Exited, stopping, daemon.Hangs, replaced.Task) is var next
            && (next == replaced.Task || next == daemon.Hangs)
        )
        {
            if (next == daemon.Hangs)
            {
                var silent = $"{options.PulseTimeout.TotalSeconds:0.#} s";
                log($"hitlessd of slot {BootState.NameOf(slot)} has said nothing for {silent}: it hangs, and is killed");
                daemon.Kill();
                await daemon.Exited;
                break;
            }

            replaced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            log($"this hitless-boot goes on: {own.Replace(daemon.Id, slot, log)}");
        }

        if (!daemon.Exited.IsCompleted)
        {
            log("stopping");
            await daemon.StopAsync(StopPatience);
            return Next.End;
        }

        running = null;
        var code = await daemon.Exited;
        log($"hitlessd of slot {BootState.NameOf(slot)} exited with code {code} after {daemon.Ran.TotalSeconds:0.0} s");
        return await AfterExitAsync(slot, code, daemon.Ran, stop);
    }

    private async Task<Next> AfterExitAsync(Slot slot, int code, TimeSpan ran, CancellationToken stop)
    {
        if (code == SlotStore.ExitReboot)
        {
            await RebootAsync(stop);
        }

        if (code == SlotStore.ExitRestart && restartAsked)
        {
            restartAsked = false;
            return Next.Choose;
        }

        return code == 0 && !IsOnTrial(slot) ? Next.End : await PauseAsync(ran, stop);
    }

    /// <summary>A trial starts at once: its tries are few. A good slot waits a little longer each time.</summary>
    private async Task<Next> PauseAsync(TimeSpan ran, CancellationToken stop)
    {
        if (slots.Read(out _).Trial is null)
        {
            restarts = restarts.Crashed(ran);
            await Task.Delay(restarts.Pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return Next.Choose;
    }

    private bool IsOnTrial(Slot slot) => slots.Read(out _).Trial?.Slot == slot;

    /// <summary>The daemon is gone, so nobody else writes; but it may have been confirmed while we stopped it.</summary>
    private void FallBackUnlessConfirmed(Slot slot, string why)
    {
        if (IsOnTrial(slot))
        {
            var fallen = BootRules.FallBack(ReadState(), why);
            TryWrite(fallen);
            log(fallen.LastOutcome!);
        }
    }

    private async Task RebootAsync(CancellationToken stop)
    {
        if (options.RebootCommand is null)
        {
            log("a reboot was asked for; there is no --reboot-command, so hitlessd starts over without");
            return;
        }

        log($"rebooting: {options.RebootCommand}");
        using var reboot = Process.Start("/bin/sh", ["-c", options.RebootCommand]);
        await reboot.WaitForExitAsync(CancellationToken.None);
        if (reboot.ExitCode != 0)
        {
            log($"the machine does not reboot: {options.RebootCommand} ended with {reboot.ExitCode}; hitlessd starts over without");
            return;
        }

        // A machine goes down in its own time. No daemon may come back meanwhile: it would use up a try of the new slot, join the cluster,
        // even claim, and be killed with the rest.
        await Task.Delay(options.RebootTimeout, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stop.IsCancellationRequested)
        {
            log($"the machine has not rebooted within {options.RebootTimeout.TotalSeconds:0} s; hitlessd starts over without");
        }
    }

    /// <summary>Whether only a reboot starts the slot.</summary>
    private bool IsElsewhere(Slot slot) => slots.Backend.Booted is { } booted && booted != slot;
}
