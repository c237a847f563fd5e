using Hitless.Linux.Native;

namespace Hitless.Linux.Processes;

/// <summary>
/// A child that .NET did not start, because the program that this process ran before did (<see cref="ProcessImage"/>). .NET neither waits
/// for such a child nor learns its exit code (<c>waitpid(2)</c>).
/// </summary>
public static class ChildProcess
{
    private const int SignalMask = 0x7f; // WTERMSIG of bits/waitstatus.h
    private const int ExitShift = 8; // WEXITSTATUS

    /// <summary>The process whose child this one is; another one once that has ended.</summary>
    public static int Parent => Libc.ParentProcessId();

    /// <summary>Whether the process is a child of this one that nobody has waited for yet.</summary>
    public static unsafe bool IsOurs(int processId)
    {
        // siginfo_t of asm-generic/siginfo.h: SI_MAX_SIZE bytes.
        var information = stackalloc byte[128];
        return Libc.WaitId(Libc.WaitForProcess, processId, information, Libc.WaitExited | Libc.WaitNoHang | Libc.WaitNoReap) == 0;
    }

    /// <summary>Ends with the child: its exit code, or 128 + the signal's number if a signal ended it.</summary>
    public static Task<int> ExitAsync(int processId) =>
        Task.Factory.StartNew(() => Wait(processId), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static int Wait(int processId)
    {
        int status;
        int found;
        do
        {
            found = Libc.WaitPid(processId, out status, 0);
        } while (found < 0 && Errno.Last == Errno.Interrupted);

        var signal = status & SignalMask;
        return found < 0 ? -1
            : signal != 0 ? 128 + signal
            : (status >> ExitShift) & 0xff;
    }
}
