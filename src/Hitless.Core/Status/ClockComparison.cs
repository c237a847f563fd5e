using System.Globalization;
using Hitless.Core.Api;

namespace Hitless.Core.Status;

/// <summary>
/// Which unit's clock differs from the cluster's. Nothing that Hitless does in time goes by it, but signatures, maintenance windows and the
/// times of events do, and an operator who compares logs.
/// </summary>
public static class ClockComparison
{
    /// <summary>Clocks that are kept by NTP are a thousand times closer, and an answer is seldom later than a second.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>A sentence for each unit whose clock differs from the middle one by more than the limit; of two, for the pair.</summary>
    public static IReadOnlyList<string> Problems(IEnumerable<UnitStatus> units)
    {
        var clocks = units
            .Where(unit => unit.ClockAheadMs is not null)
            .Select(unit => (unit.Name, Ahead: TimeSpan.FromMilliseconds(unit.ClockAheadMs!.Value)))
            .OrderBy(clock => clock.Ahead)
            .ThenBy(clock => clock.Name, StringComparer.Ordinal)
            .ToArray();
        return clocks.Length switch
        {
            < 2 => [],
            2 => clocks[1].Ahead - clocks[0].Ahead > Limit
                ? [$"the clock of {clocks[0].Name} is {Text(clocks[1].Ahead - clocks[0].Ahead)} behind that of {clocks[1].Name}: {Remedy}"]
                : [],
            _ => [.. clocks.Where(clock => Differs(clock.Ahead, Middle())).Select(clock => Describe(clock.Name, clock.Ahead - Middle()))],
        };

        TimeSpan Middle() => clocks[(clocks.Length - 1) / 2].Ahead;
    }

    /// <summary>
    /// How far another unit's clock is ahead, in milliseconds: it was <paramref name="theirs"/> some time between the question and the
    /// answer; null: it did not say, or what it said is absurd.
    /// </summary>
    public static long? AheadMs(DateTimeOffset? theirs, DateTimeOffset asked, DateTimeOffset answered) =>
        theirs is not { } clock ? null
        : clock > answered ? (long)(clock - answered).TotalMilliseconds
        : clock < asked ? -(long)(asked - clock).TotalMilliseconds
        : 0;

    private const string Remedy =
        "dates of signatures, maintenance windows and the times of events go by it; keep it by NTP (timedatectl set-ntp true)";

    private static bool Differs(TimeSpan one, TimeSpan other) => (one - other).Duration() > Limit;

    private static string Describe(string unit, TimeSpan ahead) =>
        $"the clock of {unit} is {Text(ahead.Duration())} {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} those of the other units: "
        + Remedy;

    private static string Text(TimeSpan time) =>
        time < TimeSpan.FromMinutes(2) ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F0} s")
        : time < TimeSpan.FromHours(2) ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:F0} min")
        : time < TimeSpan.FromDays(2) ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:F0} h")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:F0} days");
}
