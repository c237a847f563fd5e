using Hitless.Linux.Native;

namespace Hitless.Linux.Scheduling;

/// <summary>Puts a thread before everything that is scheduled normally.</summary>
public static unsafe class RealTime
{
    /// <summary>
    /// The nice value of a daemon's threads that are not real-time: while one of them waits for its turn, a garbage collection waits for
    /// it, and a real-time thread for that.
    /// </summary>
    public const int Favoured = -15;

    private const int PolicyNormal = 0;
    private const int PolicyFifo = 1;
    private const int ClockThreadTime = 3;
    private const int ProcessorMaskBytes = 128;
    private const int AccessDenied = 13;
    private const int ResetOnFork = 0x40000000;

    /// <summary>Schedules the calling thread with SCHED_FIFO; its child processes are scheduled normally.</summary>
    /// <param name="priority">1 to 99; stay below 50, where the kernel's interrupt threads are.</param>
    /// <returns>Null, or one line that says why not and what to do.</returns>
    public static string? TryEnter(int priority) =>
        Libc.SetScheduler(0, PolicyFifo | ResetOnFork, &priority) == 0
            ? null
            : $"this thread is not scheduled in real time: {Errno.Words(Errno.Last)}. Give CAP_SYS_NICE or an RTPRIO limit (systemd: "
                + $"LimitRTPRIO=50).";

    /// <summary>Schedules the calling thread normally again, as much favoured as before (<c>nice(2)</c>).</summary>
    public static void Leave()
    {
        var none = 0;
        _ = Libc.SetScheduler(0, PolicyNormal | ResetOnFork, &none);
    }

    /// <summary>Binds the calling thread to one processor (<c>sched_setaffinity(2)</c>).</summary>
    /// <param name="processor">0 to 1023.</param>
    /// <returns>False where that processor may not be used.</returns>
    public static bool TryBind(int processor)
    {
        var mask = stackalloc byte[ProcessorMaskBytes];
        new Span<byte>(mask, ProcessorMaskBytes).Clear();
        mask[processor / 8] = (byte)(1 << (processor % 8));
        return Libc.SetAffinity(0, ProcessorMaskBytes, mask) == 0;
    }

    /// <summary>Time that the calling thread has run on a processor (CLOCK_THREAD_CPUTIME_ID).</summary>
    public static TimeSpan ThreadTime
    {
        get
        {
            Libc.TimeSpec time;
            _ = Libc.ClockGetTime(ClockThreadTime, &time);
            return TimeSpan.FromTicks((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick));
        }
    }

    /// <summary>
    /// Gives the calling thread more of the processor than others that are scheduled normally, without ever starving them.
    /// </summary>
    /// <param name="nice">-20 (most) to 19.</param>
    /// <returns>Null, or one line that says why not and what to do.</returns>
    public static string? TryRaise(int nice) =>
        Libc.SetPriority(0, 0, nice) == 0
            ? null
            : $"this thread has no higher priority: {Errno.Words(Errno.Last)}. Give CAP_SYS_NICE or a NICE limit (systemd: LimitNICE=-15).";

    /// <summary>
    /// A program that this one has started is no more favoured than others (it inherits that, and what it does could keep the kernel's own
    /// threads from forwarding). What it started itself before the call stays as it is.
    /// </summary>
    public static void Unfavour(int process) => _ = Libc.SetPriority(0, (uint)process, 0);

    /// <summary>
    /// Favours every thread of this process, and those that they will start, over other programs (<c>nice(2)</c>). A garbage collection
    /// waits for each thread to come to a safe point: one that is not scheduled on a busy machine holds up the real-time thread too.
    /// </summary>
    /// <returns>Null, or one line that says why not and what to do.</returns>
    public static string? TryFavourProcess(int nice)
    {
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            if (
                uint.TryParse(Path.GetFileName(task), out var thread)
                && Libc.SetPriority(0, thread, nice) != 0
                && Errno.Last is Errno.Permission or AccessDenied
            )
            {
                return $"the process is not favoured: {Errno.Words(Errno.Last)}. Give CAP_SYS_NICE or a NICE limit (systemd: "
                    + $"LimitNICE=-15).";
            }
        }

        return null;
    }
}
