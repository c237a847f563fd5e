using System.Globalization;
using Hitless.Core.Api;

namespace Hitless.Cli.Display;

/// <summary>Figures and times as people read them.</summary>
internal static class Words
{
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"1 session", "3 sessions".</summary>
    public static string Count(long count, string one) => $"{Count(count)} {one}{(count == 1 ? "" : "s")}";

    /// <summary>"850 ms", "3.2 s", "4m05s", "3h07m", "12d04h".</summary>
    public static string Duration(double milliseconds)
    {
        var time = TimeSpan.FromMilliseconds(milliseconds);
        return time switch
        {
            { TotalMilliseconds: > 0 and < 1 } => $"{milliseconds:0.0} ms",
            { TotalSeconds: < 1 } => $"{milliseconds:0} ms",
            { TotalMinutes: < 1 } => $"{time.TotalSeconds:0.0} s",
            { TotalHours: < 1 } => $"{time.Minutes}m{time.Seconds:00}s",
            { TotalDays: < 1 } => $"{time.Hours}h{time.Minutes:00}m",
            _ => $"{time.Days}d{time.Hours:00}h",
        };
    }

    /// <summary>How long a run left the cluster without a primary at the worst: the units' own word, not what hosts saw.</summary>
    public static string Gap(RunReport report) =>
        report.LongestGapMs > 0 ? $"{Duration(report.LongestGapMs)} between two primaries"
        : report.Elections.Count > 0 ? "not known"
        : "none, the primary did not change";

    /// <summary>The fewest units that were ready at once in a run that keeps redundancy.</summary>
    public static string Redundancy(int readyMin) =>
        $"{Count(readyMin, "unit")} ready at the worst moment"
        + (readyMin < Core.Upgrade.Redundancy.OthersMin ? ": a unit failed while another was away" : "");

    /// <summary>"12.3 MB"; powers of 1,000.</summary>
    public static string Bytes(long bytes) =>
        bytes switch
        {
            < 1_000 => $"{bytes} B",
            < 1_000_000 => $"{bytes / 1e3:0.0} kB",
            < 1_000_000_000 => $"{bytes / 1e6:0.0} MB",
            _ => $"{bytes / 1e9:0.00} GB",
        };

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The first digits of a hash, enough to name it.</summary>
    public static string Short(string hash) => hash.Length > 12 ? hash[..12] : hash;

    /// <summary>"500ms", "30s", "10m", "1h30m": one or more whole numbers, each with its unit.</summary>
    public static bool TryDuration(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        for (var rest = text.AsSpan(); !rest.IsEmpty; )
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is <= 0 or > 9)
            {
                return false;
            }

            var number = int.Parse(rest[..digits], CultureInfo.InvariantCulture);
            rest = rest[digits..];
            var letters = rest.IndexOfAnyInRange('0', '9') is var next && next < 0 ? rest.Length : next;
            var (known, each) = rest[..letters] switch
            {
                "ms" => (true, TimeSpan.FromMilliseconds(1)),
                "s" => (true, TimeSpan.FromSeconds(1)),
                "m" => (true, TimeSpan.FromMinutes(1)),
                "h" => (true, TimeSpan.FromHours(1)),
                "d" => (true, TimeSpan.FromDays(1)),
                _ => (false, TimeSpan.Zero),
            };
            if (!known || number > TimeSpan.FromDays(3650) / each)
            {
                return false;
            }

            duration += number * each;
            rest = rest[letters..];
        }

        return duration > TimeSpan.Zero;
    }
}
