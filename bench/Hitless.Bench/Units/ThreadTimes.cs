using System.Diagnostics;
using System.Globalization;

namespace Hitless.Bench.Units;

/// <summary>
/// What the threads of a process have run and how often they have slept since they began
/// (<c>/proc/PID/task/TID/{comm,schedstat,status}</c>).
/// </summary>
internal sealed class ThreadTimes
{
    private readonly long takenAt = Stopwatch.GetTimestamp();
    private readonly Dictionary<string, (string Name, TimeSpan Ran, long Sleeps)> threads = [];

    private ThreadTimes() { }

    /// <summary>All threads together.</summary>
    public TimeSpan Ran => threads.Values.Aggregate(TimeSpan.Zero, (sum, thread) => sum + thread.Ran);

    /// <summary>As it is now.</summary>
    public static ThreadTimes Of(int process)
    {
        var times = new ThreadTimes();
        foreach (var folder in Directory.EnumerateDirectories($"/proc/{process}/task"))
        {
            try
            {
                var sleeps = File.ReadLines(Path.Combine(folder, "status"))
                    .First(line => line.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal));
                var ran = File.ReadAllText(Path.Combine(folder, "schedstat")).Split(' ')[0];
                times.threads[folder] = (
                    File.ReadAllText(Path.Combine(folder, "comm")).Trim(),
                    TimeSpan.FromMicroseconds(long.Parse(ran, CultureInfo.InvariantCulture) / 1000.0),
                    long.Parse(sleeps.Split('\t')[1], CultureInfo.InvariantCulture)
                );
            }
            catch (IOException)
            {
                // The thread has ended meanwhile.
            }
        }

        return times;
    }

    /// <summary>
    /// Since an earlier moment: percent of a core and wakes a second, by the threads' names; threads of one name together. Most first.
    /// </summary>
    public IReadOnlyList<(string Name, double Percent, double Wakes)> Since(ThreadTimes before)
    {
        var seconds = Stopwatch.GetElapsedTime(before.takenAt, takenAt).TotalSeconds;
        return
        [
            .. threads
                .Select(pair => (pair.Value.Name, Before: before.threads.GetValueOrDefault(pair.Key), Now: pair.Value))
                .GroupBy(thread => thread.Name)
                .Select(group =>
                    (
                        group.Key,
                        group.Sum(thread => (thread.Now.Ran - thread.Before.Ran).TotalSeconds) / seconds * 100,
                        group.Sum(thread => thread.Now.Sleeps - thread.Before.Sleeps) / seconds
                    )
                )
                .OrderByDescending(row => row.Item2),
        ];
    }
}
