using Hitless.Core.Api;
using Hitless.Core.Forwarding;

namespace Hitless.Core.Upgrade.Checks;

/// <summary>Whether the units are there, whole, of one version, and would forward as the primary does.</summary>
internal static class UnitChecks
{
    private const int DifferencesNamed = 3;

    public static IEnumerable<CheckResult> Of(PreflightFacts facts)
    {
        yield return Ready(facts);
        yield return Healthy(facts);
        yield return OneVersion(facts);
        if (facts.Header.KeepRedundancy)
        {
            yield return KeptRedundancy(facts);
        }
    }

    /// <summary>Routes, rules, sysctls, interfaces and firewall of a standby against the primary's.</summary>
    public static CheckResult Forwarding(PreflightForwarding standby, string? primary)
    {
        if (standby.Silence is { } silence)
        {
            return new CheckResult(
                "forwarding",
                CheckOutcome.Warn,
                $"{standby.Unit} does not say what it forwards by: {silence}",
                "hitless status tells whether it answers"
            );
        }

        var (result, text) = standby.Status switch
        {
            null => (CheckOutcome.Warn, $"{standby.Unit} has not compared yet what it forwards by with the primary"),
            { Differences: [] } => (CheckOutcome.Pass, $"{standby.Unit} would forward as {primary} does"),
            { AsPrimary: true } other => (CheckOutcome.Warn, $"{standby.Unit} forwards otherwise: {Differences(other, standby.Unit)}"),
            var other => (CheckOutcome.Fail, $"{standby.Unit} would not forward as {primary} does: {Differences(other, standby.Unit)}"),
        };
        return new CheckResult("forwarding", result, text, result == CheckOutcome.Pass ? null : "hitless status lists every difference");
    }

    private static string Differences(ForwardingStatus forwarding, string unit) =>
        string.Join(
            "; ",
            forwarding.Differences.Take(DifferencesNamed).Select(each => ForwardingComparison.Describe(each, forwarding.Primary, unit))
        );

    private static CheckResult Ready(PreflightFacts facts)
    {
        var (ready, expected) = (facts.Units.Count(unit => unit.Ready), facts.Rules.Units);
        var late = facts.Units.Where(unit => !unit.Ready).Select(unit => $"{unit.Name} is {unit.State}");
        var held = facts.Units.FirstOrDefault(unit => unit.State == UnitStateWord.Held);
        return Preflight.Result(
            "units-ready",
            ready == expected && facts.Primary is not null && held is null,
            $"{ready} of {expected} units are ready",
            held is { Ready: true }
                ? $"{held.Name} is held for maintenance, and carries the traffic"
                : $"{ready} of {expected} units are ready: {string.Join(", ", late)}",
            held is null ? "hitless status tells why a unit is not ready" : $"end its hold first: hitless unit release {held.Name}"
        );
    }

    private static CheckResult KeptRedundancy(PreflightFacts facts)
    {
        var whole = facts.Units.Where(unit => unit.Ready && unit.Failures == 0).Select(unit => unit.Name).ToArray();
        return Preflight.Result(
            "redundancy",
            whole.Length >= Redundancy.UnitsMin,
            $"{whole.Length} units are ready: one is taken out at a time, and only while {Redundancy.OthersMin} others are",
            $"{(whole.Length == 0 ? "no unit is" : $"only {string.Join(" and ", whole)}")} ready without failures: a run that keeps "
                + $"redundancy begins with {Redundancy.UnitsMin} ready units",
            "hitless status tells why a unit is not ready; or leave out --keep-redundancy"
        );
    }

    private static CheckResult Healthy(PreflightFacts facts)
    {
        var failing = facts.Units.Where(unit => unit.Failures > 0).Select(unit => unit.Name).ToArray();
        return Preflight.Result(
            "units-healthy",
            failing.Length == 0,
            "no failed port or probe, and no unit would forward worse",
            $"failed ports or probes, or a worse way to forward, on {string.Join(", ", failing)}",
            "hitless status tells which"
        );
    }

    private static CheckResult OneVersion(PreflightFacts facts)
    {
        var versions = facts
            .Units.Where(unit => unit.Present)
            .Select(unit => unit.Version)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToArray();
        var all = string.Join(", ", versions);
        return versions.Length == 2 && versions.Contains(facts.Header.To) && !facts.Header.RehearseOnly
            ? new CheckResult("one-version", CheckOutcome.Warn, $"versions are mixed ({all}); this run ends that", null)
            : Preflight.Result(
                "one-version",
                versions.Length == 1,
                $"every unit runs {all}",
                $"versions are mixed: {all}",
                "finish or roll back the former run first"
            );
    }
}
