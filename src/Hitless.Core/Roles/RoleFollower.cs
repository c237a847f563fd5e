using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Wire;

namespace Hitless.Core.Roles;

/// <summary>
/// Lets services and hooks follow the role: one task at a time, each with a limit in time, and always those of the present role last. What
/// was overtaken by another change before its turn is left out. The cluster never waits for it.
/// <code>
///             another role, or another reign           its tasks are done: saved as complete
///   Resting ──────────────────────────────► Running ────────────────────────────────────────► Resting
///                                            │   ▲
///                           took too long    ▼   │ has ended, or cannot be killed: the next task
///                                           Killing
/// </code>
/// </summary>
public sealed class RoleFollower
{
    /// <summary>A unit without a role for longer than this (a clone, another key) is one that is not primary.</summary>
    public static readonly TimeSpan UndecidedMax = TimeSpan.FromSeconds(15);

    /// <summary>All that the end of the daemon may wait for, after the traffic has been handed over.</summary>
    public static readonly TimeSpan StopMax = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan KillMax = TimeSpan.FromSeconds(2);
    private readonly RoleTasks tasks;
    private readonly Queue<RoleTask> left = new();
    private readonly List<string> failures = [];
    private Phase phase = Phase.Resting;
    private RoleTask? running;
    private RequestId request;
    private TimeSpan startedAt;
    private TimeSpan allowed;
    private TimeSpan deadline = TimeSpan.MaxValue;
    private RoleChange? wanted;
    private RoleChange? current;
    private AppliedRole? last;
    private RoleInput.Seen? undecided;
    private TimeSpan undecidedAt = TimeSpan.MaxValue;
    private bool stopping;
    private TimeSpan stopAt = TimeSpan.MaxValue;

    /// <param name="tasks">What to do for each role.</param>
    /// <param name="applied">What the process before left, of this boot; null: nothing.</param>
    /// <param name="orphan">
    /// A task of the process before still runs: it is waited for, as for one of ours, under <see cref="RequestId.None"/>.
    /// </param>
    /// <param name="now">The time.</param>
    public RoleFollower(RoleTasks tasks, AppliedRole? applied, bool orphan, TimeSpan now)
    {
        this.tasks = tasks;
        last = applied is { Complete: true } ? applied : null;
        if (orphan)
        {
            (phase, deadline) = (Phase.Running, now + tasks.Timeout);
        }

        Status = new ServicesStatus(
            last is { } done ? RoleChange.WordOf(done.Role) : null,
            last is null ? ServicesState.Waiting : ServicesState.Done,
            []
        );
    }

    private enum Phase
    {
        Resting,
        Running,
        Killing,
    }

    /// <summary>When <see cref="RoleInput.Tick"/> has something to do.</summary>
    public TimeSpan NextDeadline => Earliest(deadline, Earliest(undecidedAt, stopAt));

    /// <summary>For <c>status</c>.</summary>
    public ServicesStatus Status { get; private set; }

    /// <summary>The daemon may end.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Takes an input.</summary>
    public void Step(RoleInput input, TimeSpan now, IRoleEffects effects)
    {
        switch (input)
        {
            case RoleInput.Seen seen when !stopping:
                Want(seen, now);
                break;
            case RoleInput.Stopping:
                stopping = true;
                break;
            case RoleInput.Stop:
                stopping = true;
                wanted = new RoleChange(ServiceRole.Stop, wanted?.Epoch ?? current?.Epoch ?? last?.Epoch ?? 0, "hitlessd stops");
                (stopAt, undecidedAt) = (now + StopMax, TimeSpan.MaxValue);
                deadline = phase == Phase.Resting ? deadline : Earliest(deadline, now + (StopMax / 3));
                break;
            case RoleInput.Ended ended when phase != Phase.Resting && ended.Request == request:
                End(phase == Phase.Killing ? TooLong() : ended.Why, now, effects);
                break;
            default:
                break;
        }

        Expire(now, effects);
        Advance(now, effects);
    }

    private static TimeSpan Earliest(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <summary>A unit that has no role yet, or lost it for a moment, leaves everything as it is.</summary>
    private void Want(RoleInput.Seen seen, TimeSpan now)
    {
        if (seen.Role == UnitRole.None)
        {
            if (undecided is null)
            {
                (undecided, undecidedAt, wanted) = (seen, now + UndecidedMax, null);
            }

            return;
        }

        (undecided, undecidedAt) = (null, TimeSpan.MaxValue);
        var role =
            seen.Role == UnitRole.Primary ? ServiceRole.Primary
            : seen.Fault && tasks.KnowsFault ? ServiceRole.Fault
            : ServiceRole.Standby;
        wanted = new RoleChange(role, seen.Epoch, seen.Reason);
    }

    private void Expire(TimeSpan now, IRoleEffects effects)
    {
        if (now >= undecidedAt)
        {
            undecidedAt = TimeSpan.MaxValue;
            wanted = new RoleChange(ServiceRole.Standby, undecided!.Epoch, undecided.Reason);
        }

        if (now >= deadline && phase == Phase.Running)
        {
            (phase, deadline) = (Phase.Killing, Earliest(now + KillMax, stopAt));
            allowed = now - startedAt;
            effects.Kill();
        }

        if (now >= deadline && phase == Phase.Killing)
        {
            End($"{TooLong()}, and still runs", now, effects);
        }

        if (now >= stopAt)
        {
            (stopAt, Stopped) = (TimeSpan.MaxValue, true);
        }
    }

    private void Advance(TimeSpan now, IRoleEffects effects)
    {
        if (phase != Phase.Resting || wanted is null || Stopped)
        {
            return;
        }

        if (last?.Is(wanted) != true)
        {
            current = wanted;
            last = new AppliedRole(current.Role, current.Epoch, Complete: false);
            failures.Clear();
            left.Clear();
            foreach (var task in tasks.For(current.Role))
            {
                left.Enqueue(task);
            }

            effects.Save(last.Value);
            Next(now, effects);
        }
        else if (wanted.Role == ServiceRole.Stop)
        {
            (stopAt, Stopped) = (TimeSpan.MaxValue, true);
        }
    }

    private void End(string? why, TimeSpan now, IRoleEffects effects)
    {
        (phase, deadline) = (Phase.Resting, TimeSpan.MaxValue);
        if (running is null)
        {
            // Of the process before: what it was for is done anew.
            return;
        }

        if (why is not null)
        {
            failures.Add($"{running}: {why}");
            effects.Record($"{running} failed: {why}. It is run again at the next change of role, or restart of hitlessd");
        }

        Next(now, effects);
    }

    /// <summary>The next task, unless another change has overtaken it.</summary>
    private void Next(TimeSpan now, IRoleEffects effects)
    {
        running = null;
        if (left.Count > 0 && last!.Value.Is(wanted ?? current!))
        {
            (running, startedAt) = (left.Dequeue(), now);
            (phase, deadline) = (Phase.Running, Earliest(now + tasks.Timeout, stopAt));
            Status = new ServicesStatus(current!.Word, ServicesState.Running, [.. failures]);
            effects.Run(++request, running, current);
            return;
        }

        var complete = left.Count == 0 && failures.Count == 0;
        last = last!.Value with { Complete = complete };
        effects.Save(last.Value);
        Status = new ServicesStatus(
            current!.Word,
            left.Count > 0 ? ServicesState.Waiting
                : complete ? ServicesState.Done
                : ServicesState.Failed,
            [.. failures]
        );
        if (complete)
        {
            effects.Record($"services and hooks have followed: {current.Word}");
        }

        Advance(now, effects);
    }

    private string TooLong() => $"did not end within {allowed.TotalSeconds:0.#} s and was killed";
}
