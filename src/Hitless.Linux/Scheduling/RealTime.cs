using Hitless.Linux.Native;

namespace Hitless.Linux.Scheduling;

/// <summary>Puts a thread before everything that is scheduled normally.</summary>
public static unsafe class RealTime
{
    private const int PolicyNormal = 0;
    private const int PolicyFifo = 1;
    private const int ClockThreadTime = 3;
    private const int ProcessorMaskBytes = 128;
    private const int ResetOnFork = 0x40000000;

    /// <summary>Schedules the calling thread with SCHED_FIFO; its child processes are scheduled normally.</summary>
    /// <param name="priority">1 to 99; stay below 50, where the kernel's interrupt threads are.</param>
    /// <returns>Null, or one line that says why not and what to do.</returns>
    public static string? TryEnter(int priority) =>
        Libc.SetScheduler(0, PolicyFifo | ResetOnFork, &priority) == 0
            ? null
            : $"this thread is not scheduled in real time: {Errno.Words(Errno.Last)}. Give CAP_SYS_NICE or an RTPRIO limit (systemd: "
                + $"LimitRTPRIO=50).";

    /// <summary>Schedules the calling thread normally again.</summary>
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
    /// Gives every thread of this process, and those that they will start, more of the processor than others that are scheduled normally
    /// (<c>nice(2)</c>), where it has the right to. Not for a gateway's daemon: ksoftirqd, which takes packets in, has nice 0
    /// (docs/decisions/0055).
    /// </summary>
    /// <param name="nice">-20 (most) to 19.</param>
    public static void Favour(int nice)
    {
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            if (uint.TryParse(Path.GetFileName(task), out var thread))
            {
                _ = Libc.SetPriority(0, thread, nice);
            }
        }
    }
}
