using System.Globalization;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;

namespace Hitless.Core.Upgrade.Changes;

/// <summary>
/// Holds what stood around the traffic after a run against what stood there before. A difference is expected where an operator has listed
/// it, or where it has moved with the role of primary; every other one is the run's until somebody says otherwise.
/// </summary>
public static class SurroundingsComparison
{
    private const int FoundMax = 200;
    private const int ShownMaxCharacters = 600;

    /// <summary>The differences on all units.</summary>
    /// <param name="units">Every member of the run.</param>
    /// <param name="expected"><c>upgrade.expect</c>; <c>*</c> stands for any characters.</param>
    /// <param name="ignored"><c>forwarding.ignore</c>.</param>
    public static ReportChanges Compare(
        IReadOnlyList<UnitBeforeAndAfter> units,
        IReadOnlyList<string> expected,
        IReadOnlyList<string> ignored
    )
    {
        List<ReportChange> found = [];
        List<string> notKnown = [];
        foreach (var unit in units)
        {
            if (unit is not { Before: { } before, After: { } after })
            {
                notKnown.Add($"{unit.Unit}: {unit.WhyNot ?? "it did not say"}");
                continue;
            }

            notKnown.AddRange(before.NotRead.Union(after.NotRead).Select(line => $"{unit.Unit}: {line}"));
            found.AddRange(
                Differences(before, after)
                    .Select(each => Judge(unit.Unit, each, WhyExpected(each.Name, expected, ignored) ?? WhyMoved(units, unit, each)))
            );
        }

        ReportChange[] sorted = [.. found.OrderBy(change => change.Expected)];
        return new ReportChanges(sorted[..Math.Min(sorted.Length, FoundMax)], Math.Max(0, sorted.Length - FoundMax), notKnown);
    }

    private static ReportChange Judge(string unit, Difference difference, string? why) =>
        new(unit, difference.Name, Shown(difference.Before), Shown(difference.After), why is not null, why);

    private static IEnumerable<Difference> Differences(Surroundings before, Surroundings after)
    {
        var (then, now) = (ByName(before), ByName(after));
        foreach (var name in then.Keys.Union(now.Keys).Order(StringComparer.Ordinal))
        {
            var (was, isNow) = (then.GetValueOrDefault(name), now.GetValueOrDefault(name));
            var difference = (was ?? isNow)!.Kind switch
            {
                StateKind.InterfaceErrors => MoreErrors(name, was, isNow),
                // A standby asks no gateway, and one that was not asked for before is no loss.
                StateKind.Neighbour => was is not null && isNow is null && after.Primary ? new(name, was.Value, null) : null,
                StateKind.Command when was is not null && isNow is not null && was.Value != isNow.Value => Lines(name, was, isNow),
                _ => was?.Value == isNow?.Value ? null : new Difference(name, was?.Value, isNow?.Value),
            };
            if (difference is not null)
            {
                yield return difference;
            }
        }
    }

    /// <summary>Counters begin at 0 with the machine or the interface.</summary>
    private static Difference? MoreErrors(string name, StateItem? was, StateItem? isNow)
    {
        var (then, now) = (InterfaceErrors.Count(was?.Value), InterfaceErrors.Count(isNow?.Value));
        return isNow is null || now == then || (now < then && now == 0)
            ? null
            : new Difference(
                name,
                then.ToString(CultureInfo.InvariantCulture),
                now.ToString(CultureInfo.InvariantCulture) + (now < then ? ", counted anew" : "")
            );
    }

    /// <summary>The lines that only one of them has.</summary>
    private static Difference Lines(string name, StateItem was, StateItem isNow)
    {
        var lines = TextDiff.Unified("", was.Value, " ", isNow.Value).Split('\n').Skip(2).ToArray();
        return new Difference(name, With('-'), With('+')) { WholeBefore = was.Value, WholeAfter = isNow.Value };

        string With(char mark) => string.Join('\n', lines.Where(line => line.StartsWith(mark)).Select(line => line[1..]));
    }

    private static string? WhyExpected(string name, IReadOnlyList<string> expected, IReadOnlyList<string> ignored) =>
        NamePattern.AnyMatches(expected, name) ? "listed in upgrade.expect"
        : NamePattern.AnyMatches(ignored, name) ? "listed in forwarding.ignore"
        : null;

    /// <summary>Another unit has become what this one was, and the two have swapped what differs.</summary>
    private static string? WhyMoved(IReadOnlyList<UnitBeforeAndAfter> units, UnitBeforeAndAfter unit, Difference difference)
    {
        var (was, isNow) = (unit.Before!.Primary, unit.After!.Primary);
        var other = units.FirstOrDefault(each =>
            was != isNow
            && each is { Before: { } then, After: { } now }
            && (then.Primary, now.Primary) == (isNow, was)
            && ValueIn(then, difference.Name) == difference.WholeAfter
            && ValueIn(now, difference.Name) == difference.WholeBefore
        );
        return other is null ? null : $"{unit.Unit} and {other.Unit} have swapped it with the role of primary";
    }

    private static string? ValueIn(Surroundings surroundings, string name) => ByName(surroundings).GetValueOrDefault(name)?.Value;

    private static Dictionary<string, StateItem> ByName(Surroundings surroundings)
    {
        var items = new Dictionary<string, StateItem>(StringComparer.Ordinal);
        foreach (var item in surroundings.Items)
        {
            items[item.Name] = item;
        }

        return items;
    }

    private static string? Shown(string? text) => text is { Length: > ShownMaxCharacters } ? text[..ShownMaxCharacters] + "…" : text;

    private sealed record Difference(string Name, string? Before, string? After)
    {
        /// <summary>The values, where only a part of them is shown.</summary>
        public string? WholeBefore { get; init; } = Before;

        public string? WholeAfter { get; init; } = After;
    }
}
