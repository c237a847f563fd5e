using Hitless.Core.Api;
using Hitless.Core.Cluster;

namespace Hitless.Core.Web;

/// <summary>
/// <c>/metrics</c>: what the answering unit knows of its cluster. Labels are names of units, interfaces and probes and words of a
/// closed set, so their number is bounded; no addresses, no sessions.
/// </summary>
public static class ClusterMetrics
{
    /// <summary>The content type of OpenMetrics.</summary>
    public const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// <summary>The content type of Prometheus' own text.</summary>
    public const string PrometheusType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly string[] Roles = Names<UnitRole>();
    private static readonly string[] States = [.. Names<UnitState>(), UnitStateWord.Upgrading.ToString()];

    /// <param name="status">The unit's status.</param>
    /// <param name="last">The report of the run that ended last; null: there was none.</param>
    /// <param name="openMetrics">OpenMetrics, else Prometheus' own text.</param>
    public static string Write(ClusterStatus status, RunReport? last, bool openMetrics)
    {
        var text = new MetricText(openMetrics);
        Cluster(text, status);
        Units(text, status.Units);
        Sessions(text, status.Units);
        Run(text, status.Upgrade);
        if (last is not null)
        {
            LastRun(text, last);
        }

        return text.End();
    }

    private static void Cluster(MetricText text, ClusterStatus status)
    {
        text.Gauge("hitless_build_info", "The version that the answering unit runs.")
            .Add(1, ("unit", status.Self), ("version", status.Units.FirstOrDefault(unit => unit.Name == status.Self)?.Version ?? ""));
        text.Gauge("hitless_cluster_healthy", "Whether the cluster has no problem.").Add(status.Health == ClusterCondition.Ok);
        text.Gauge("hitless_cluster_problems", "Problems that hitless status lists.").Add(status.Problems.Count);
        text.Gauge("hitless_epoch", "The epoch: it grows with every change of primary.").Add(status.Epoch);
    }

    private static void Units(MetricText text, IReadOnlyList<UnitStatus> units)
    {
        text.Gauge("hitless_unit_role", "1 for the role that the unit has.");
        Each(units, unit => Set(text, unit, "role", Roles, unit.Role.ToString()));
        text.Gauge("hitless_unit_state", "1 for the state that the unit is in.");
        Each(units, unit => Set(text, unit, "state", States, unit.State.ToString()));
        text.Gauge("hitless_unit_info", "The version and slot that the unit runs.");
        Each(units, unit => text.Add(1, Unit(unit), ("version", unit.Version), ("slot", unit.Slot)));
        text.Gauge("hitless_unit_age_seconds", "Time in the cluster since the unit, or one of its interfaces, failed last.");
        Each(units, unit => text.Add(unit.AgeSeconds, Unit(unit)));
        text.Gauge("hitless_interface_up", "Whether a monitored interface is up.");
        Each(units, unit => Each(unit.Interfaces, port => text.Add(port.Up, Unit(unit), ("interface", port.Name))));
        text.Gauge("hitless_probe_up", "Whether a health probe passes.");
        Each(units, unit => Each(unit.Health, probe => text.Add(probe.Result == ProbeResult.Passing, Unit(unit), ("probe", probe.Name))));
        text.Gauge("hitless_configuration_in_sync", "Whether the unit has the primary's revision.");
        Each(units, unit => text.Add(unit.Configuration == SyncState.InSync, Unit(unit)));
        text.Gauge("hitless_configuration_revision", "Number of the unit's revision.");
        Each(units, unit => text.Add(unit.ConfigurationRevision, Unit(unit)));
        text.Gauge("hitless_forwarding_as_primary", "Whether a standby would forward as the primary does.");
        Each(units, unit => Optional(unit.Forwarding, state => text.Add(state.AsPrimary, Unit(unit))));
        text.Gauge("hitless_balance_buckets", "Shares of the flows that the unit forwards, of 256 (active-active).");
        Each(units, unit => Optional(unit.Balance, balance => Each(balance.Units, of => text.Add(of.Buckets, ("unit", of.Unit)))));
        text.Gauge("hitless_heartbeat_longest_silence_seconds", "Longest wait for a heartbeat since a unit became present last.");
        Each(units, unit => Optional(unit.Heartbeat, beat => text.Add(beat.LongestSilenceMs / 1000, Unit(unit))));
        text.Gauge("hitless_heartbeat_limit_seconds", "Silence after which a unit counts as gone, as configured.");
        Each(units, unit => Optional(unit.Heartbeat, beat => text.Add(beat.LimitMs / 1000, Unit(unit))));
    }

    private static void Sessions(MetricText text, IReadOnlyList<UnitStatus> units)
    {
        text.Gauge("hitless_sessions", "Sessions in the unit's kernel.");
        Each(units, unit => text.Add(unit.Sessions, Unit(unit)));
        text.Gauge("hitless_sessions_by_class", "The same by what becomes of them at a switch.");
        Each(units, unit => Optional(unit.SessionClasses, classes =>
            {
                foreach (var (name, count) in ByClass(classes))
                {
                    text.Add(count, Unit(unit), ("class", name));
                }
            }));
        text.Gauge("hitless_session_lag", "Changes of sessions that the unit has not applied yet.");
        Each(units, unit => text.Add(unit.SessionLag, Unit(unit)));
        text.Gauge("hitless_session_lag_seconds", "How far the unit is behind with them.");
        Replicated(text, units, counters => counters.LagMs / 1000.0);
        text.Counter("hitless_session_events_sent", "Changes of sessions that were sent.");
        Replicated(text, units, counters => counters.EventsSent);
        text.Counter("hitless_session_events_applied", "Changes of sessions that were applied.");
        Replicated(text, units, counters => counters.EventsApplied);
        text.Counter("hitless_session_retransmissions", "Datagrams that were sent again.");
        Replicated(text, units, counters => counters.Retransmitted);
        text.Counter("hitless_session_datagrams_refused", "Datagrams that were forged, late or not understood.");
        Replicated(text, units, counters => counters.DatagramsRefused);
        text.Counter("hitless_session_overruns", "Times that the kernel's event buffer was too small.");
        Replicated(text, units, counters => counters.Overruns);
        text.Counter("hitless_session_bulk_transfers", "Transfers of the whole table.");
        Replicated(text, units, counters => counters.Bulks);
        text.Counter("hitless_session_apply_errors", "Changes that the kernel refused.");
        Replicated(text, units, counters => counters.ApplyErrors);
        text.Counter("hitless_session_drift_repaired", "Sessions that had drifted on a standby and were sent again.");
        Replicated(text, units, counters => counters.Drift);
    }

    private static void Run(MetricText text, RunStatus? run)
    {
        text.Gauge("hitless_run_active", "Whether a run is open.").Add(run is not null && !run.State.HasEnded);
        if (run is not null && !run.State.HasEnded)
        {
            text.Gauge("hitless_run_step", "The step that the run is at.")
                .Add(run.StepIndex, ("run", run.Run), ("mode", run.Mode), ("step", run.Step), ("unit", run.Unit ?? ""));
            text.Gauge("hitless_run_progress_ratio", "How much of the run is done, 0 to 1.").Add(run.Percent / 100.0, ("run", run.Run));
        }
    }

    private static void LastRun(MetricText text, RunReport report)
    {
        (string, string) run = ("run", report.Run);
        text.Gauge("hitless_run_last_result", "1 for the verdict of the run that ended last.")
            .Add(1, run, ("verdict", report.Verdict.ToString()));
        text.Gauge("hitless_run_last_timestamp_seconds", "When it ended.")
            .Add((report.StartedAt.ToUnixTimeMilliseconds() + report.DurationMs) / 1000.0, run);
        text.Gauge("hitless_run_last_longest_gap_seconds", "Its longest gap.").Add(report.LongestGapMs / 1000, run);
        if (report.Sessions.Lost is { } lost)
        {
            text.Gauge("hitless_run_last_sessions_lost", "Sessions that it lost.").Add(lost, run);
        }
    }

    private static (string Name, long Count)[] ByClass(SessionClasses classes) =>
        [
            (SessionClassWord.Follow.ToString(), classes.Follow),
            (SessionClassWord.Bound.ToString(), classes.Bound),
            (SessionClassWord.Excluded.ToString(), classes.Excluded),
            (SessionClassWord.Local.ToString(), classes.Local),
        ];

    private static void Replicated(MetricText text, IReadOnlyList<UnitStatus> units, Func<SessionReplicationStatus, double> value) =>
        Each(units, unit => Optional(unit.Replication, counters => text.Add(value(counters), Unit(unit))));

    private static (string, string) Unit(UnitStatus unit) => ("unit", unit.Name);

    // One of a closed set is 1, the others 0. A word that this version does not know is shown beside them.
    private static void Set(MetricText text, UnitStatus unit, string label, string[] words, string word)
    {
        foreach (var each in words.Contains(word) ? words : [.. words, word])
        {
            text.Add(each == word, Unit(unit), (label, each));
        }
    }

    private static void Each<T>(IReadOnlyList<T> items, Action<T> write)
    {
        foreach (var item in items)
        {
            write(item);
        }
    }

    private static void Optional<T>(T? value, Action<T> write)
        where T : class
    {
        if (value is not null)
        {
            write(value);
        }
    }

    private static string[] Names<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];
}
