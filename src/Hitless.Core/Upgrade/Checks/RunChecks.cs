using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Core.Upgrade.Checks;

/// <summary>Whether a run of this kind may begin now.</summary>
internal static class RunChecks
{
    public static IEnumerable<CheckResult> Of(PreflightFacts facts)
    {
        yield return HeartbeatLinks(facts.Rules.HeartbeatLinks);
        if (!facts.DuringRun)
        {
            yield return Preflight.Result(
                "no-open-run",
                !facts.RunIsOpen,
                "no run is open",
                "a run is open already",
                "hitless upgrade status"
            );
        }

        if (facts.Header.Simultaneous)
        {
            yield return new CheckResult(
                "interruption",
                facts.Header.AcceptInterruption ? CheckOutcome.Warn : CheckOutcome.Fail,
                "every unit restarts at once: nobody stands by meanwhile, and the traffic may be interrupted",
                "leave out --simultaneous; if it is really wanted: --accept-interruption"
            );
        }

        if (ClosedWindow(facts) is { } closed)
        {
            yield return closed;
        }

        if (facts.Header.Until is { } until)
        {
            yield return TimeLeft(facts, until);
        }
    }

    private static CheckResult HeartbeatLinks(int links) =>
        links > 1
            ? Preflight.Pass("heartbeat-links", $"{links} heartbeat links")
            : new CheckResult(
                "heartbeat-links",
                CheckOutcome.Warn,
                "one heartbeat link: if it fails, sessions do not follow until it is back, and heartbeats go through the ports only",
                "add a second link to heartbeat.links"
            );

    // A run that takes one back is urgent, and one that runs already is held by its end.
    private static CheckResult? ClosedWindow(PreflightFacts facts)
    {
        var (windows, local) = (facts.Rules.Windows, facts.Now.DateTime);
        if (
            windows.Count == 0
            || facts.DuringRun
            || facts.Header.TakesBack is not null
            || MaintenanceWindow.OpenUntil(windows, local) is not null
        )
        {
            return null;
        }

        var next = MaintenanceWindow.NextBegin(windows, local);
        return new CheckResult(
            "maintenance-window",
            facts.Header.OutsideWindow ? CheckOutcome.Warn : CheckOutcome.Fail,
            $"no maintenance window is open ({string.Join("; ", windows.Select(window => window.Text))}); the next begins "
                + $"{next:yyyy-MM-dd HH:mm}",
            $"let it begin then: --at {next:yyyy-MM-ddTHH:mm}; or now: --outside-window"
        );
    }

    private static CheckResult TimeLeft(PreflightFacts facts, DateTimeOffset until)
    {
        var takesMs = RunPlan.Describe(facts.Header, new Dictionary<string, TimeSpan>(), TimeSpan.Zero, overrideOn: false).TakesMs;
        return Preflight.Result(
            "window",
            facts.Now.AddMilliseconds(takesMs) <= until,
            $"the run takes about {takesMs / 1000} s and has until {until.UtcDateTime:u}",
            $"the run takes about {takesMs / 1000} s, which is longer than until {until.UtcDateTime:u}",
            "give more time: --until"
        );
    }
}
