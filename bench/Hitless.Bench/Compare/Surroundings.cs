using Hitless.Bench.Failover;
using Hitless.Lab.Tools;

namespace Hitless.Bench.Compare;

/// <summary>
/// Where and when something was measured: the machine, its load of the last minute, and the programs' own words of their versions.
/// </summary>
internal sealed record Surroundings(DateTimeOffset At, string Processor, int Cores, string Kernel, string Load, string Rival, string Ours)
{
    public static Surroundings Now(BenchOptions options) =>
        new(
            DateTimeOffset.UtcNow,
            File.ReadLines("/proc/cpuinfo")
                .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
                ?.Split(':')[1]
                .Trim()
                ?? "not named by /proc/cpuinfo",
            Environment.ProcessorCount,
            File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
            File.ReadAllText("/proc/loadavg").Split(' ')[0],
            $"{FirstLine("keepalived", "--version")}; {FirstLine("conntrackd", "-v")}",
            FirstLine(Path.Combine(options.Binaries, "hitless"), "--version")
        );

    private static string FirstLine(string program, string option)
    {
        var said = Tool.Try(program, [option]);
        return $"{said.Output}\n{said.Errors}".Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0) ?? "unknown";
    }
}
