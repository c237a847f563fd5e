using System.Globalization;
using Hitless.Lab.Network;

namespace Hitless.Bench.Compare;

/// <summary>
/// The processes of either product on a unit: what they have used of the processor since this was made, and hold of the memory.
/// </summary>
internal sealed class DaemonsOf
{
    private const double TicksPerSecond = 100;
    private static readonly string[] Names = ["hitless", "keepalived", "conntrackd"];
    private readonly string[] folders;
    private readonly double before;

    public DaemonsOf(string netNamespace)
    {
        folders =
        [
            .. Namespaces
                .Processes(netNamespace)
                .Select(pid => $"/proc/{pid}")
                .Where(folder => Names.Any(name => File.ReadAllText($"{folder}/comm").StartsWith(name, StringComparison.Ordinal))),
        ];
        before = Used();
    }

    /// <summary>Seconds of a core.</summary>
    public double Seconds() => Used() - before;

    /// <summary>What they hold together, shared pages counted once (Pss of proc_pid_smaps(5)).</summary>
    public double Megabytes() =>
        folders
            .SelectMany(folder => File.ReadLines($"{folder}/smaps_rollup"))
            .Where(line => line.StartsWith("Pss:", StringComparison.Ordinal))
            .Sum(line => Number(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1])) / 1024;

    // The name may hold anything; after its bracket, the fields of proc_pid_stat(5) are numbered from 3 on.
    private double Used() =>
        folders
            .Select(folder => File.ReadAllText($"{folder}/stat").Split(") ")[^1].Split(' '))
            .Sum(fields => Number(fields[11]) + Number(fields[12])) / TicksPerSecond;

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
