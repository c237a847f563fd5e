using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Core.Web;
using Xunit;

namespace Hitless.Core.Tests.Web;

public sealed class ClusterMetricsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Units_roles_and_sessions_are_gauges_of_closed_sets()
    {
        var lines = Lines(openMetrics: true);
        Assert.Contains("hitless_unit_role{unit=\"gw1\",role=\"primary\"} 1", lines);
        Assert.Contains("hitless_unit_role{unit=\"gw1\",role=\"standby\"} 0", lines);
        Assert.Contains("hitless_unit_state{unit=\"gw1\",state=\"ready\"} 1", lines);
        Assert.Contains("hitless_epoch 7", lines);
        Assert.Contains("hitless_interface_up{unit=\"gw1\",interface=\"lan0\"} 0", lines);
        Assert.Contains("hitless_probe_up{unit=\"gw1\",probe=\"up\\\"s\\\\t\"} 1", lines);
        Assert.Contains("hitless_sessions_by_class{unit=\"gw1\",class=\"bound\"} 2", lines);
        Assert.Contains("hitless_session_lag_seconds{unit=\"gw1\"} 0.25", lines);
        Assert.Contains("hitless_heartbeat_longest_silence_seconds{unit=\"gw1\"} 0.0315", lines);
        Assert.Contains("hitless_configuration_in_sync{unit=\"gw1\"} 1", lines);
    }

    [Fact]
    public void An_open_run_and_the_last_report_are_shown()
    {
        var lines = Lines(openMetrics: true);
        Assert.Contains("hitless_run_active 1", lines);
        Assert.Contains("hitless_run_step{run=\"r2\",mode=\"automatic\",step=\"soak\",unit=\"gw2\"} 9", lines);
        Assert.Contains("hitless_run_last_result{run=\"r1\",verdict=\"completed\"} 1", lines);
        Assert.Contains("hitless_run_last_longest_gap_seconds{run=\"r1\"} 0.0125", lines);
        Assert.Contains("hitless_run_last_sessions_lost{run=\"r1\"} 0", lines);
    }

    [Fact]
    public void The_two_forms_differ_in_the_families_of_counters_and_in_the_end()
    {
        Assert.Contains("# TYPE hitless_session_retransmissions counter", Lines(openMetrics: true));
        Assert.Contains("# TYPE hitless_session_retransmissions_total counter", Lines(openMetrics: false));
        foreach (var form in (bool[])[true, false])
        {
            Assert.Contains("hitless_session_retransmissions_total{unit=\"gw1\"} 3", Lines(form));
            Assert.Equal(form, Lines(form).Contains("# EOF"));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Each_family_has_its_help_and_type_once_and_before_its_samples(bool openMetrics)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var family = "";
        foreach (var line in Lines(openMetrics).Where(line => line.Length > 0 && line != "# EOF"))
        {
            var words = line.Split(' ');
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                Assert.True(known.Add(words[2]), $"{words[2]} twice");
                family = words[2];
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                Assert.Equal(family, words[2]);
            }
            else
            {
                Assert.StartsWith(family, words[0], StringComparison.Ordinal);
                Assert.Matches(@"^[a-z_]+(\{[a-z]+=""([^""\\]|\\.)*""(,[a-z]+=""([^""\\]|\\.)*"")*\})? -?[0-9.E+-]+$", line);
            }
        }
    }

    private static string[] Lines(bool openMetrics) => ClusterMetrics.Write(Status(), Report(), openMetrics).Split('\n');

    private static ClusterStatus Status() =>
        new("edge", "active-passive", ClusterCondition.Degraded, 7, "gw1", "gw1", [Unit()], Open(), ["lan0 of gw1 is down"]);

    private static UnitStatus Unit() =>
        new(
            "gw1",
            UnitRoleWord.Primary,
            UnitStateWord.Ready,
            "it is alone",
            "1.0.0",
            "b",
            200,
            false,
            512,
            20_011,
            5,
            SyncState.InSync,
            4,
            [new InterfaceStatus("lan0", false)],
            [new HealthStatus("up\"s\\t", ProbeResult.Passing, null)]
        )
        {
            SessionClasses = new SessionClasses(20_000, 2, 3, 6),
            Replication = new SessionReplicationStatus(20_011, 9, 8, 7, 6, 5, 3, 2, 1, 0, 250, 4, 1),
            Heartbeat = new HeartbeatStatus(31.5, 80, []),
        };

    private static RunStatus Open() => new("r2", "automatic", RunState.Running, "1.0.0", "1.1.0", 9, 14, "soak", "gw2", 64, "", []);

    private static RunReport Report() =>
        new(
            "r1",
            "automatic",
            RunState.Completed,
            "0.9.0",
            "1.0.0",
            Noon,
            42_000,
            null,
            [],
            [],
            new ReportSessions(500, 500, 0, 0),
            12.5,
            []
        );
}
