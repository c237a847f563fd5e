using System.Diagnostics;
using System.Globalization;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;

namespace Hitless.Lab.Floods;

/// <summary>How much of a processor a thread of a unit's daemon takes, from when this was made on (<c>proc_pid_stat(5)</c>).</summary>
public sealed class ThreadLoad
{
    // Counted after the name: utime is field 14, stime 15.
    private const int UserTime = 11;
    private const int SystemTime = 12;
    private const double TicksPerSecond = 100;
    private readonly string stat;
    private readonly long before;
    private readonly Stopwatch clock = Stopwatch.StartNew();

    /// <summary>Of the thread of that name: "control", "sessions".</summary>
    public ThreadLoad(LabUnit unit, string thread)
    {
        var tasks = Namespaces
            .Processes(unit.Namespace)
            .Where(pid => Read($"/proc/{pid}/comm") == "hitlessd")
            .SelectMany(pid => Directory.EnumerateDirectories($"/proc/{pid}/task"));
        stat = tasks.FirstOrDefault(task => Read(Path.Combine(task, "comm")) == thread) is { } found
            ? Path.Combine(found, "stat")
            : throw new LabException($"{unit.Name} has no thread \"{thread}\"", "look whether hitlessd runs there");
        before = Ticks();
    }

    /// <summary>Percent of one processor.</summary>
    public double Percent => (Ticks() - before) / TicksPerSecond / clock.Elapsed.TotalSeconds * 100;

    private long Ticks()
    {
        var text = Read(stat);
        var words = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(words[UserTime], CultureInfo.InvariantCulture) + long.Parse(words[SystemTime], CultureInfo.InvariantCulture);
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
