using System.Threading.Channels;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Roles;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Firmware.Files;
using Hitless.Linux.Processes;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Roles;

/// <summary>
/// Runs the <see cref="RoleFollower"/>: sees the role as everybody else sees it, beside the control loop, which knows nothing of this.
/// </summary>
public sealed class RoleLoop : IRoleEffects, IDisposable
{
    private readonly ControlLoop control;
    private readonly EventLog events;
    private readonly StateDisk disk;
    private readonly RoleTasks tasks;
    private readonly RoleProcess processes;
    private readonly RoleFollower follower;
    private readonly string file;
    private readonly string boot;
    private readonly Channel<RoleInput> inputs = Channel.CreateUnbounded<RoleInput>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource kill = new();
    private volatile bool leftAlone;

    /// <summary>Reads what the process before has done.</summary>
    public RoleLoop(UnitSettings settings, string stateFolder, ControlLoop control, EventLog events, StateDisk disk, IRootWork work)
    {
        (this.control, this.events, this.disk) = (control, events, disk);
        file = Path.Combine(stateFolder, "role");
        boot = Boot();
        tasks = new RoleTasks(settings.Services, settings.Hooks, Systemd.RunsMachine, Systemd.HasTargets);
        processes = new RoleProcess(work);
        AppliedRole? applied = AppliedRole.TryParse(StateFile.Read(file, disk), out var read) && read.Boot == boot ? read : null;
        var orphan = applied is { Complete: false } left && RoleProcess.Runs(left);
        follower = new RoleFollower(tasks, applied, orphan, MonotonicClock.Now);
        if (orphan)
        {
            _ = AwaitAsync(RequestId.None, RoleProcess.AwaitAsync(applied!.Value, kill.Token));
        }
    }

    /// <summary>For <c>status</c>; null: nothing follows the role.</summary>
    public ServicesStatus? Status =>
        tasks.Any || tasks.Problem is not null
            ? follower.Status with
            {
                Problems = [.. tasks.Problem is { } known ? [known] : Array.Empty<string>(), .. follower.Status.Problems],
            }
            : null;

    /// <summary>Follows until <see cref="StopAsync"/> or <see cref="Leave"/>.</summary>
    public async Task RunAsync()
    {
        if (!tasks.Any)
        {
            ended.TrySetResult();
            return;
        }

        var watching = WatchAsync();
        while (!leftAlone && !follower.Stopped)
        {
            follower.Step(await NextAsync(), MonotonicClock.Now, this);
        }

        ended.TrySetResult();
        await watching;
    }

    /// <summary>The daemon is to stop for good: <see cref="StopAsync"/> comes when it has handed over.</summary>
    public void ExpectStop() => inputs.Writer.TryWrite(new RoleInput.Stopping());

    /// <summary>
    /// The daemon stops for good and has handed over: what a stop is to do is done, within <see cref="RoleFollower.StopMax"/>.
    /// </summary>
    public Task StopAsync()
    {
        inputs.Writer.TryWrite(new RoleInput.Stop());
        return ended.Task;
    }

    /// <summary>The daemon restarts: whatever runs goes on, and the next process waits for it.</summary>
    public void Leave()
    {
        leftAlone = true;
        inputs.Writer.TryWrite(new RoleInput.Tick());
    }

    /// <inheritdoc/>
    public void Dispose() => kill.Dispose();

    void IRoleEffects.Run(RequestId request, RoleTask task, RoleChange change)
    {
        var running = new AppliedRole(change.Role, change.Epoch, Complete: false);
        kill.Dispose();
        kill = new CancellationTokenSource();
        var token = kill.Token;
        Action<int> started = id => Save(running with { Process = id, ProcessStart = ProcessStart.Of(id) ?? 0 });
        _ = AwaitAsync(request, Task.Run(() => processes.RunAsync(task, change, started, token)));
    }

    void IRoleEffects.Kill() => kill.Cancel();

    void IRoleEffects.Save(AppliedRole applied) => Save(applied);

    void IRoleEffects.Record(string text) => events.Add(EventKinds.Unit, text);

    private static string Boot()
    {
        try
        {
            return File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "-";
        }
    }

    private void Save(AppliedRole applied) =>
        disk.Write("the role that services follow", () => DurableFile.WriteOwnText(file, $"{applied with { Boot = boot }}\n"));

    private async Task AwaitAsync(RequestId request, Task task)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var why = task.IsFaulted ? task.Exception.InnerException?.Message : (task as Task<string?>)?.Result;
        inputs.Writer.TryWrite(new RoleInput.Ended(request, why));
    }

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                var change = control.Changes.Next;
                var view = await control.ViewAsync();
                var self = view.Self;
                inputs.Writer.TryWrite(new RoleInput.Seen(self.Role, self.State == UnitState.Fault, view.Epoch.Number, view.Reason));
                await Task.WhenAny(change, control.Stopped);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The loop has ended: how it ended says whether this is a stop.
        }
    }

    private async Task<RoleInput> NextAsync()
    {
        if (!inputs.Reader.TryRead(out var input))
        {
            using var due = new CancellationTokenSource();
            var wait = follower.NextDeadline - MonotonicClock.Now;
            due.CancelAfter(
                wait < TimeSpan.FromHours(1)
                    ? wait > TimeSpan.Zero
                        ? wait
                        : TimeSpan.Zero
                    : TimeSpan.FromHours(1)
            );
            try
            {
                input = await inputs.Reader.ReadAsync(due.Token);
            }
            catch (OperationCanceledException)
            {
                return new RoleInput.Tick();
            }
        }

        return input;
    }
}
