using Hitless.Linux.Scheduling;

namespace Hitless.Lab.Machine;

/// <summary>
/// The program that notices standstills: a thread on each processor, before all others (SCHED_FIFO 99), wakes every few milliseconds; what
/// kept it from doing so was no program. A process of its own, which allocates nothing meanwhile: a garbage collection would look the same.
/// It says "ready", or why it cannot see, then one line of JSON for each, until standard input ends.
/// </summary>
public static class StandstillWorker
{
    /// <summary>What it says first where it can watch.</summary>
    public const string Ready = "ready";

    private const int Foremost = 99;
    private const int Nice = -20;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);
    private static readonly Lock Output = new();

    /// <summary>Until standard input ends.</summary>
    public static int Run()
    {
        RealTime.Favour(Nice);
        var watched = Enumerable.Range(0, Environment.ProcessorCount).Select(WatchAsync).ToArray();
        Say(Task.WhenAll(watched).Result.FirstOrDefault(why => why is not null) ?? Ready);
        Console.In.ReadToEnd();
        return 0;
    }

    // Why the processor cannot be watched; null: it is.
    private static Task<string?> WatchAsync(int processor)
    {
        var begun = new TaskCompletionSource<string?>();
        new Thread(() =>
        {
            var why = RealTime.TryBind(processor) ? RealTime.TryEnter(Foremost) : $"processor {processor} is not ours";
            begun.SetResult(why);
            if (why is null)
            {
                Watch(processor);
            }
        })
        {
            IsBackground = true,
        }.Start();
        return begun.Task;
    }

    private static void Watch(int processor)
    {
        for (var before = MonotonicClock.Now; ; )
        {
            Thread.Sleep(Tick);
            var now = MonotonicClock.Now;
            if (now - before - Tick >= Standstill.Least)
            {
                Say(LabJson.Write(new Standstill(DateTimeOffset.UtcNow, processor, (now - before - Tick).TotalMilliseconds)));
                now = MonotonicClock.Now;
            }

            before = now;
        }
    }

    private static void Say(string line)
    {
        lock (Output)
        {
            Console.WriteLine(line);
        }
    }
}
