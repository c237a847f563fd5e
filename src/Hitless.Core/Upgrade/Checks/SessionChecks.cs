using Hitless.Core.Api;

namespace Hitless.Core.Upgrade.Checks;

/// <summary>What a switch to each standby would cost of the sessions.</summary>
internal static class SessionChecks
{
    public static IEnumerable<CheckResult> Of(PreflightFacts facts)
    {
        foreach (var (standby, difference) in facts.Sessions)
        {
            yield return Difference(standby, difference, Gate(facts, difference));
        }

        if (facts.Sessions.LastOrDefault(each => each.Difference.ClassesOf == facts.Primary)?.Difference is { } counted)
        {
            yield return Bound(facts.Header, counted, Gate(facts, counted));
        }
    }

    private static SessionGate Gate(PreflightFacts facts, SessionDifference difference) =>
        SessionGate.Of(difference, facts.Rules.SessionDifferenceLimit, facts.Header);

    private static CheckResult Difference(string standby, SessionDifference difference, SessionGate gate) =>
        Preflight.Result(
            "session-difference",
            gate.DifferenceIsOpen,
            $"{difference.Compared} sessions compared with {standby}, {gate.Missing} would break",
            $"{gate.Missing} of {difference.Compared} sessions would break at a switch to {standby}, {gate.Critical} critical ones among "
                + $"all that would be lost",
            "hitless sessions diff names them; hitless sessions resync sends them again"
        );

    /// <summary>
    /// The sessions that no standby can carry on: within the limit a warning; above it the operator confirms; a critical one is a reason
    /// not to.
    /// </summary>
    private static CheckResult Bound(RunHeader header, SessionDifference difference, SessionGate gate)
    {
        if (difference.Classes is not { } classes)
        {
            return new CheckResult(
                "bound-sessions",
                CheckOutcome.Warn,
                $"how many sessions are bound to {difference.ClassesOf} is not known: its version does not count them",
                "look there for translation to own addresses (nft list ruleset): what has it is lost at the switch"
            );
        }

        var lines = SessionGate.Lines(difference.Causes, withRemedies: false);
        if (lines.Count == 0 || !RunPlan.Switches(header))
        {
            return Preflight.Pass(
                "bound-sessions",
                $"{classes.Follow} sessions follow a switch, {classes.Bound} are bound to {difference.ClassesOf}, "
                    + $"{classes.Excluded} are excluded, {classes.Local} are local: "
                    + (lines.Count == 0 ? "none of those that do not follow would break" : "this run does not switch over")
            );
        }

        var remedies = difference.Causes.Where(cause => cause.Breaking > 0).Select(cause => cause.Remedy);
        var last =
            difference.Causes.Sum(cause => cause.Critical) > 0 ? "or take them out of sessions.critical"
            : gate.BoundIsOpen ? null
            : "if they may be lost: --accept-interruption";
        return new CheckResult(
            "bound-sessions",
            gate.BoundIsOpen ? CheckOutcome.Warn : CheckOutcome.Fail,
            string.Join("; ", lines),
            string.Join("; ", remedies.Append(last).OfType<string>())
        );
    }
}
