using System.Text.RegularExpressions;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration.Yaml;

namespace Hitless.Daemon.Configuration;

/// <summary>The keys of <c>upgrade</c>, a part of the table of <see cref="UnitKeys"/>.</summary>
internal static partial class UpgradeKeys
{
    /// <summary>The keys of the section.</summary>
    /// <param name="name">How a name is written.</param>
    /// <param name="path">How the path of a file is written.</param>
    public static SectionShape Make(ScalarShape name, ScalarShape path) => new([.. Times(), .. Images(path), .. Runs(name)]);

    private static Key[] Times() =>
        [
            new(
                "soak",
                Scalars.Duration(TimeSpan.Zero, TimeSpan.FromHours(24)),
                "How long the new primary is watched before the former one is upgraded.",
                "10s"
            ),
            new("uptime-margin", Scalars.Duration(TimeSpan.Zero, TimeSpan.FromHours(24)), "Ages closer than this count as equal.", "300s"),
            new(
                "rejoin-timeout",
                Scalars.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(24)),
                "How long a restarted or absent unit may take to come back; then a run goes back, or ends without it.",
                "30m"
            ),
            new(
                "confirm-timeout",
                Scalars.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(24)),
                "A trial boot that is not confirmed within this falls back.",
                "5m"
            ),
        ];

    private static Key[] Images(ScalarShape path) =>
        [
            new(
                "trust-file",
                path,
                "Certificates (PEM) whose images are accepted, and lists of revoked ones (X509 CRL); relative to the folder of unit.yaml. "
                    + "A cluster.yaml that does not name it leaves each unit its own."
            ),
            new(
                "minimum-version",
                Scalars.Word("a version as 1.2.3", VersionText()),
                "Images of older versions are refused, so that nobody brings an old fault back; upgrade start --allow-downgrade overrides "
                    + "it."
            ),
            new(
                "feed",
                Scalars.Feed,
                "The index of newer images, as hitless firmware index writes it: asked by hitless firmware check, and each day by the "
                    + "primary. It is believed when somebody of trust-file has signed it."
            ),
        ];

    private static Key[] Runs(ScalarShape name) =>
        [
            new(
                "windows",
                new ListShape(
                    Scalars.Word(
                        "a time of the week as \"sat 02:00-04:00\", \"mon-fri 22:30-01:00\" or \"daily 03:00-05:00\"",
                        UnitKeys.WindowPattern()
                    ),
                    0,
                    32
                ),
                "Runs begin only then (local time), and begin no step that could last beyond; upgrade start --outside-window overrides it."
            ),
            new("gates", new ListShape(Gate(name), 0, 16), "What a run waits for outside of the cluster."),
            new(
                "expect",
                new ListShape(
                    Scalars.Line("a name as the report prints it, such as \"listener udp 0.0.0.0:67\" or \"command bgp\"", 200),
                    0,
                    256
                ),
                "What a run may change on units without the report calling it unexpected; * stands for any characters."
            ),
            new(
                "session-difference-limit",
                Scalars.Share,
                "Share of the sessions that may be missing on the other unit at the gate.",
                "0.01"
            ),
        ];

    private static SectionShape Gate(ScalarShape name) =>
        new([
            new("name", name, "Name of the gate.", Mandatory: true),
            new(
                "before",
                new ListShape(Scalars.Choice(OutsideGate.Start, OutsideGate.Install, OutsideGate.Switch, OutsideGate.End), 1, 4),
                "What it stands before; left out: every switchover of the upgrade."
            ),
            new(
                "alerts",
                Scalars.Page,
                "A query of Prometheus (…/api/v1/query?query=…) or a list of Alertmanager (…/api/v2/alerts): the run waits while it "
                    + "shows an alert, or does not answer. Left out: it waits for a word, by hitless upgrade approve NAME or POST "
                    + "/v1/upgrade/gate."
            ),
            new(
                "timeout",
                Scalars.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)),
                "A run that has waited for so long goes back.",
                "1h"
            ),
        ]);

    [GeneratedRegex(@"^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z.-]{1,32})?$", RegexOptions.ExplicitCapture)]
    private static partial Regex VersionText();
}
