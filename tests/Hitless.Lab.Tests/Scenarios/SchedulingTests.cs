using System.Globalization;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>How the kernel schedules the threads of a daemon.</summary>
public sealed class SchedulingTests
{
    // proc_pid_stat(5), counted after the name: nice is field 19, the policy field 41 (1: SCHED_FIFO).
    private const int Nice = 16,
        Policy = 38,
        Fifo = 1;

    /// <summary>
    /// The kernel's own thread for received packets has nice 0: whatever is favoured over it keeps it from forwarding, on a gateway with
    /// one processor for seconds. And a collection of garbage waits until each thread has stopped: one that is favoured less than the
    /// others holds up the thread of the heartbeats too, which was an election storm. So all are equal, but the real-time ones.
    /// </summary>
    [Scenario]
    public async Task A_daemon_s_threads_are_favoured_neither_over_the_kernel_s_nor_over_one_another()
    {
        using var cluster = await LabCluster.ReadyAsync();
        foreach (var unit in cluster.Plan.Units)
        {
            var daemon = Namespaces
                .Processes(cluster.Plan.NamespaceOf(unit))
                .Single(pid => File.ReadAllText($"/proc/{pid}/comm").Trim() == "hitlessd");
            var threads = Directory
                .EnumerateDirectories($"/proc/{daemon}/task")
                .Select(Rank)
                .OfType<(string Name, int Nice, int Policy)>()
                .ToArray();
            Assert.Contains(threads, thread => thread.Policy == Fifo);
            Assert.DoesNotContain(threads, thread => thread.Policy != Fifo && thread.Nice != 0);
        }
    }

    private static (string Name, int Nice, int Policy)? Rank(string task)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(task, "stat"));
            var words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (
                stat[(stat.IndexOf('(') + 1)..stat.LastIndexOf(')')],
                int.Parse(words[Nice], CultureInfo.InvariantCulture),
                int.Parse(words[Policy], CultureInfo.InvariantCulture)
            );
        }
        catch (IOException)
        {
            // A thread of the pool has ended meanwhile.
            return null;
        }
    }
}
