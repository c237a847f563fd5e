using System.Globalization;
using Hitless.Linux.Native;

namespace Hitless.Linux.Processes;

/// <summary>What a process may do, as <c>/proc/PID/status</c> tells (proc_pid_status(5)): sets of capabilities, one bit each.</summary>
/// <param name="Permitted">What its threads may take up.</param>
/// <param name="Effective">What counts now.</param>
/// <param name="Inheritable">What a program with file capabilities would get.</param>
/// <param name="Bounding">What no program that it executes can exceed.</param>
/// <param name="Ambient">What any program that it executes gets.</param>
/// <param name="NoNewPrivileges">Nothing that it executes gets more than it has itself.</param>
/// <param name="CallsFiltered">Some system calls are refused (seccomp).</param>
public readonly record struct ProcessRights(
    ulong Permitted,
    ulong Effective,
    ulong Inheritable,
    ulong Bounding,
    ulong Ambient,
    bool NoNewPrivileges,
    bool CallsFiltered
)
{
    /// <summary>The set of these capabilities.</summary>
    public static ulong SetOf(IEnumerable<Capability> capabilities) => capabilities.Aggregate(0UL, (set, each) => set | (1UL << (int)each));

    /// <summary>Reads those of a process or thread; false: there is none, or its status tells none.</summary>
    /// <param name="folder"><c>/proc/self</c>, <c>/proc/PID</c>, <c>/proc/PID/task/TID</c>.</param>
    /// <param name="rights">What was read.</param>
    public static bool TryRead(string folder, out ProcessRights rights)
    {
        rights = default;
        try
        {
            var fields = File.ReadLines($"{folder}/status")
                .Select(line => line.Split(':', 2))
                .Where(words => words.Length == 2)
                .ToDictionary(words => words[0], words => words[1].Trim(), StringComparer.Ordinal);
            rights = new ProcessRights(
                Set(fields["CapPrm"]),
                Set(fields["CapEff"]),
                Set(fields["CapInh"]),
                Set(fields["CapBnd"]),
                Set(fields["CapAmb"]),
                fields["NoNewPrivs"] == "1",
                fields.GetValueOrDefault("Seccomp") == "2"
            );
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KeyNotFoundException or FormatException)
        {
            return false;
        }
    }

    private static ulong Set(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
