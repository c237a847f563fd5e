using Hitless.Linux.Native;

namespace Hitless.Linux.Processes;

/// <summary>Signals to other processes, which .NET cannot send (<c>kill(2)</c>).</summary>
public static class Signal
{
    /// <summary><c>SIGHUP</c> of <c>asm-generic/signal.h</c>.</summary>
    public const int HangUp = 1;

    /// <summary><c>SIGUSR2</c> of <c>asm-generic/signal.h</c>.</summary>
    public const int User2 = 12;

    /// <summary><c>SIGTERM</c> of <c>asm-generic/signal.h</c>.</summary>
    public const int Terminate = 15;

    /// <summary>Sends a signal; false if there is no such process, or it is not ours to signal.</summary>
    public static bool TrySend(int processId, int signal) => Libc.Kill(processId, signal) == 0;
}
