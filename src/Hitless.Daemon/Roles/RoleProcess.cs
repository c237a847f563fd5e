using System.ComponentModel;
using System.Diagnostics;
using Hitless.Core.Roles;
using Hitless.Daemon.Configuration;
using Hitless.Linux.Processes;

namespace Hitless.Daemon.Roles;

/// <summary>Runs one <see cref="RoleTask"/> as a process, and finds one that a former daemon left running.</summary>
public sealed class RoleProcess(IRootWork work)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Whether the process of a saved role runs still.</summary>
    public static bool Runs(AppliedRole applied) => applied.Process > 0 && ProcessStart.Of(applied.Process) == applied.ProcessStart;

    /// <summary>Waits for the process of a former daemon; cancelled: kills it.</summary>
    public static async Task AwaitAsync(AppliedRole applied, CancellationToken kill)
    {
        while (Runs(applied))
        {
            if (kill.IsCancellationRequested)
            {
                Kill(applied.Process);
            }

            await Task.Delay(LookInterval, CancellationToken.None);
        }
    }

    /// <summary>Null when the task did what it should, else why not. <paramref name="started"/>: called with the process's id.</summary>
    public async Task<string?> RunAsync(RoleTask task, RoleChange change, Action<int> started, CancellationToken kill)
    {
        var outcome = await work.RunAsync(task, change, started, kill);
        var last = outcome.Output.Split('\n').LastOrDefault(line => line.Trim().Length > 0);
        return outcome.Why is null || last is null ? outcome.Why : $"{outcome.Why}: {last.Trim()}";
    }

    private static void Kill(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended just now.
        }
    }
}
