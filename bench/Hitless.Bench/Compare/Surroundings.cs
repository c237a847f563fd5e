using System.Globalization;
using System.Text.RegularExpressions;
using Hitless.Bench.Failover;
using Hitless.Lab.Tools;

namespace Hitless.Bench.Compare;

/// <summary>
/// Where and when something was measured: the machine, its load of the last minute, and the programs' own words of their versions.
/// </summary>
internal sealed partial record Surroundings(
    DateTimeOffset At,
    string Processor,
    int Cores,
    string Kernel,
    string Load,
    string Rival,
    string Ours
)
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
            $"keepalived {Version("keepalived", "--version")}, conntrackd {Version("conntrackd", "-v")}",
            $"Hitless {Version(Path.Combine(options.Binaries, "hitless"), "--version")}"
        );

    /// <summary>The first number with dots that a program says of itself.</summary>
    private static string Version(string program, string option)
    {
        var said = Tool.Try(program, [option]);
        return Numbers().Match($"{said.Output}\n{said.Errors}") is { Success: true } version ? version.Value : "unknown";
    }

    [GeneratedRegex(@"\d+(\.\d+)+")]
    private static partial Regex Numbers();
}

/// <summary>From when to when, on what, and how to have it again.</summary>
internal sealed record Course(Surroundings Before, Surroundings After, BenchOptions Options)
{
    /// <summary>The command that measures it again.</summary>
    public string Command => $"./dev bench compare --rounds {Options.Rounds} --runs {Options.Runs}";

    /// <summary>In one sentence, as it stands below README's table.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"`{Command} --readme README.md` on {Before.At.UtcDateTime:yyyy-MM-dd}, {Before.At.UtcDateTime:HH:mm} to "
                + $"{After.At.UtcDateTime:HH:mm} UTC\n({Before.Cores} × {Before.Processor}, kernel {Before.Kernel}, "
                + $"load {Before.Load} before and {After.Load} after; {Options.Connections} connections,\n"
                + $"{Options.NewPerSecond} new ones and {Options.Probes} probes a second; {Before.Ours}; {Before.Rival})."
        );
}
