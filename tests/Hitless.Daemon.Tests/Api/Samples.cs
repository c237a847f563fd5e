using Hitless.Core.Api;

namespace Hitless.Daemon.Tests.Api;

/// <summary>Answers of a made-up cluster.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    public static ClusterStatus Status { get; } =
        new(
            "edge",
            "active-passive",
            ClusterCondition.Ok,
            3,
            "gw1",
            "gw2",
            [
                new(
                    "gw1",
                    UnitRoleWord.Primary,
                    UnitStateWord.Ready,
                    "priority 200 > 100, ages within 300 s",
                    "1.0.0",
                    "a",
                    200,
                    false,
                    512,
                    20011,
                    0,
                    SyncState.InSync,
                    4,
                    [new("lan0", true), new("wan0", true)],
                    [new("upstream", ProbeResult.Passing, null)]
                ),
                new(
                    "gw2",
                    UnitRoleWord.Standby,
                    UnitStateWord.Ready,
                    "gw1 is primary",
                    "1.0.0",
                    "a",
                    100,
                    false,
                    498,
                    20010,
                    1,
                    SyncState.InSync,
                    4,
                    [new("lan0", true), new("wan0", false)],
                    []
                ),
            ],
            null,
            ["wan0 of gw2 is down [cable?]"]
        );

    public static UploadStatus Upload { get; } = new("00112233445566778899aabbccddeeff", 4000, 1000, Noon, null);

    public static SwitchoverResult Switched { get; } = new(4, "gw2", "gw1", 12.5);

    public static SessionEntry Session { get; } =
        new("tcp", "10.10.1.5:40000 -> 10.10.2.10:5432", "10.10.2.10:5432 -> 10.10.2.1:40000", "ESTABLISHED", 431999, 7, 0, true);

    public static SessionDifference Difference { get; } =
        new(
            "gw1",
            "gw2",
            1,
            2,
            3,
            1,
            4096,
            20011,
            [new(SessionCauseWord.Missing, SwitchFate.Breaks, Session, "younger than its transfer")]
        );

    public static Revision Configuration { get; } =
        new(
            new(4, 3, "aaaa", "bbbbbbbbbbbbbbbbbbbb", "ada", Noon, "open port 80"),
            [new("/etc/nftables.conf", "table inet t {}\n"u8.ToArray(), "nft -c -f {file}", "nft -f {file}", "0644")]
        );

    public static CommitResult Committed { get; } =
        new(Configuration.Info, [new("gw1", "applied", null), new("gw2", "applied", null)], Noon, ["gw2 will follow later: cut off"]);

    public static SyncReport Report { get; } =
        new(
            "edge",
            false,
            4,
            "bbbb",
            [
                new("gw1", SyncState.InSync, 4, "bbbb", null, null, null, []),
                new(
                    "gw2",
                    SyncState.OutOfSync,
                    4,
                    "bbbb",
                    Noon,
                    "a file was changed by hand",
                    "hitless config sync",
                    [new("/etc/nftables.conf", FileSyncState.Drifted, "2 lines differ")]
                ),
            ]
        );

    public static ImageInfo Image { get; } =
        new(
            "f00dfeedf00dfeed",
            "hitless",
            "1.1.0",
            "linux-x64",
            20_000_000,
            "restart",
            "Hitless images",
            "faster",
            [">=1.0.0"],
            "1.0 to 1.1"
        );

    public static ClusterEvent Event(long number, string text) => new(number, Noon, "gw1", EventKinds.Role, text, 3);

    public static RunStatus Run(RunState state, int finished, StepResult? stepResult = null) =>
        new(
            "r1",
            "automatic",
            state,
            "1.0.0",
            "1.1.0",
            Math.Min(finished, 2),
            3,
            "install",
            "gw2",
            finished * 33,
            "copying",
            [
                .. Enumerable
                    .Range(0, finished)
                    .Select(i => new ReportStep($"step{i}", "gw2", Noon.AddSeconds(i), 1000, StepResult.Done, null)),
                .. stepResult is { } result ? (ReportStep[])[new("open", null, Noon, 0, result, null)] : [],
            ]
        );

    public static RunReport RunReport(RunState verdict) =>
        new(
            "r1",
            "automatic",
            verdict,
            "1.0.0",
            "1.1.0",
            Noon,
            42_000,
            verdict == RunState.Completed ? null : "gw2 did not come back in time",
            Run(RunState.Completed, 3).Steps,
            [new(4, "gw2", "the run switched")],
            new(500, 500, 0, 0),
            12.4,
            [new("gw1", "1.0.0", "1.1.0", "a", "b"), .. verdict == RunState.Failed ? [Unheard] : (ReportUnit[])[]]
        );

    private static ReportUnit Unheard => new("gw2", "1.0.0", "", "a", "");
}
