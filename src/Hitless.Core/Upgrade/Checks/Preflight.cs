using Hitless.Core.Api;

namespace Hitless.Core.Upgrade.Checks;

/// <summary>
/// The checks of <c>upgrade check</c> and of a run's first step: facts in, results out. Each has an identifier that scripts rely on; one
/// that fails is a reason not to begin.
/// </summary>
public static class Preflight
{
    /// <summary>All checks, in the order in which they are shown.</summary>
    public static UpgradeCheck Judge(PreflightFacts facts)
    {
        var checks = (
            (IEnumerable<IEnumerable<CheckResult>>)
                [
                    facts.Header.TakesBack is null ? ImageChecks.Of(facts) : facts.OldSlots,
                    UnitChecks.Of(facts),
                    RunChecks.Of(facts),
                    facts.Forwarding.Select(standby => UnitChecks.Forwarding(standby, facts.Primary)),
                    [Configuration(facts.Configuration)],
                    SessionChecks.Of(facts),
                ]
        )
            .SelectMany(part => part)
            .ToList();
        return new UpgradeCheck(facts.Header.Image, facts.Header.To, checks.TrueForAll(check => check.Result != CheckOutcome.Fail), checks);
    }

    /// <summary>A commit that is under way is no reason to refuse a run: it is worth asking again.</summary>
    public static bool IsSettled(SyncReport report) => report.Units.All(unit => unit.State != SyncState.OutOfSync);

    /// <summary>What is on its way to a busy standby is no reason either.</summary>
    public static bool IsSettled(SessionDifference difference, PreflightRules rules, RunHeader header) =>
        SessionGate.Of(difference, rules.SessionDifferenceLimit, header).DifferenceIsOpen;

    internal static CheckResult Result(string id, bool passed, string good, string bad, string remedy) =>
        passed ? Pass(id, good) : new CheckResult(id, CheckOutcome.Fail, bad, remedy);

    internal static CheckResult Pass(string id, string text) => new(id, CheckOutcome.Pass, text, null);

    private static CheckResult Configuration(SyncReport report) =>
        Result(
            "configuration-in-sync",
            report.InSync,
            $"revision {report.Revision} on every unit",
            string.Join(
                "; ",
                report.Units.Where(unit => unit.State != SyncState.InSync).Select(unit => $"{unit.Unit}: {unit.State}, {unit.Why}")
            ),
            "hitless config sync"
        );
}
