using System.Globalization;

namespace Hitless.Linux.Processes;

/// <summary>How long a process has run, by the clock that no one sets.</summary>
public static class ProcessAge
{
    // What /proc counts in, whatever the kernel was built with: USER_HZ of include/asm-generic/param.h.
    private const double TicksPerSecond = 100;

    // proc_pid_stat(5): "pid (comm) state …"; starttime is the 22nd field, the 20th after comm, in ticks since boot.
    private const int StartTimeAfterName = 19;

    /// <summary>The age of this process, to a hundredth of a second.</summary>
    public static TimeSpan OfThisProcess()
    {
        var stat = File.ReadAllText("/proc/self/stat");
        var words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var started = double.Parse(words[StartTimeAfterName], CultureInfo.InvariantCulture) / TicksPerSecond;

        // proc_uptime(5): seconds since boot, then what the processors were idle.
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
        return TimeSpan.FromSeconds(Math.Max(0, uptime - started));
    }
}
