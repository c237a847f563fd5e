using System.Globalization;
using Hitless.Bench.Sessions;
using Hitless.Lab.Network;

namespace Hitless.Bench.Million;

/// <summary>A unit's hitlessd as a process: the processor time of its threads, and its memory.</summary>
internal sealed class UnitLoad
{
    private const double TicksPerSecond = 100;
    private readonly int pid;
    private readonly Dictionary<string, (string Name, double Seconds)> before;

    public UnitLoad(LabPlan plan, string unit)
    {
        pid = Namespaces.Processes(plan.NamespaceOf(unit)).Single(each => NameOf($"/proc/{each}") == "hitlessd");
        before = Threads();
    }

    public double ResidentMb => ReplicationPeer.MemoryMb(pid);

    /// <summary>Percent of a core since this object was made, and of the threads that used most of it.</summary>
    public string Since(TimeSpan duration)
    {
        var used = Threads()
            .Select(thread =>
                (
                    thread.Value.Name,
                    Percent: (thread.Value.Seconds - before.GetValueOrDefault(thread.Key).Seconds) / duration.TotalSeconds * 100
                )
            )
            .GroupBy(
                thread => thread.Name,
                (name, each) => (Name: name, Percent: each.Sum(thread => thread.Percent)),
                StringComparer.Ordinal
            )
            .OrderByDescending(thread => thread.Percent)
            .ToArray();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{used.Sum(thread => thread.Percent):N1} % "
                + $"({string.Join(", ", used.Take(4).Select(thread => $"{thread.Name} {thread.Percent:N1}"))})"
        );
    }

    private Dictionary<string, (string Name, double Seconds)> Threads()
    {
        var threads = new Dictionary<string, (string, double)>(StringComparer.Ordinal);
        foreach (var folder in Directory.EnumerateDirectories($"/proc/{pid}/task"))
        {
            try
            {
                // The name may hold anything; after its bracket, the fields are numbered from 3 on.
                var fields = File.ReadAllText($"{folder}/stat").Split(") ")[^1].Split(' ');
                threads[folder] = (
                    NameOf(folder),
                    (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture))
                        / TicksPerSecond
                );
            }
            catch (IOException)
            {
                // It has ended.
            }
        }

        return threads;
    }

    private static string NameOf(string folder) => File.ReadAllText($"{folder}/comm").Trim();
}
