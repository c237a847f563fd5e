namespace Hitless.Core.Upgrade;

/// <summary>
/// What <c>--keep-redundancy</c> holds a run to: a unit that is ready is taken out only while two others are. Values only.
/// </summary>
public static class Redundancy
{
    /// <summary>How many others have to be ready.</summary>
    public const int OthersMin = 2;

    /// <summary>How many units a cluster needs for that.</summary>
    public const int UnitsMin = OthersMin + 1;

    /// <summary>
    /// How many units could carry the traffic now: those that are heard, ready, and have no more failed interfaces and probes than the
    /// primary. <paramref name="self"/>: the primary that asks; another that calls itself one has a past to give up first.
    /// </summary>
    public static int Count(IReadOnlyList<UnitFacts> units, string self) => units.Count(unit => IsWhole(units, unit, self));

    /// <summary>
    /// Why <paramref name="targets"/> may not be taken out now, to be read after their names; null: they may, since enough others are
    /// ready, or since each of them says itself that it could not carry the traffic. Of one that is not heard nobody knows.
    /// </summary>
    public static string? WhyNot(IReadOnlyList<UnitFacts> units, IReadOnlyList<string> targets, string self)
    {
        var others = units.Where(unit => !targets.Contains(unit.Name)).ToArray();
        string[] ready = [.. others.Where(unit => IsWhole(units, unit, self)).Select(unit => unit.Name)];
        var cannot = units.Where(unit => unit.Present && !IsWhole(units, unit, self)).Select(unit => unit.Name).ToArray();
        return ready.Length >= OthersMin || targets.All(cannot.Contains)
            ? null
            : $"only {(ready.Length == 0 ? "no other unit" : string.Join(" and ", ready))} would be ready meanwhile, and the run keeps "
                + $"{OthersMin} ready units ({string.Join(", ", others.Where(unit => !ready.Contains(unit.Name)).Select(WhatAils))})";
    }

    /// <summary>The others that are ready, in words.</summary>
    public static string Describe(IReadOnlyList<UnitFacts> units, IReadOnlyList<string> targets, string self) =>
        string.Join(" and ", units.Where(unit => !targets.Contains(unit.Name) && IsWhole(units, unit, self)).Select(unit => unit.Name))
        + " are ready";

    private static bool IsWhole(IReadOnlyList<UnitFacts> units, UnitFacts unit, string self) =>
        unit is { Present: true, Ready: true }
        && (!unit.Primary || unit.Name == self)
        && unit.Failures <= units.Where(each => each.Name == self).Select(each => each.Failures).FirstOrDefault();

    private static string WhatAils(UnitFacts unit) =>
        !unit.Present ? $"{unit.Name} is not heard"
        : !unit.Ready || unit.Primary ? $"{unit.Name} is not ready"
        : $"{unit.Name} has failed interfaces or probes";
}
