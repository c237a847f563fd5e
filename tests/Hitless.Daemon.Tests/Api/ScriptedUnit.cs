using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Hitless.Core.Api;
using Hitless.Daemon.Api;
using Hitless.Daemon.Common;
using Hitless.Daemon.Tests.Firmware;
using Hitless.Firmware.Images;

namespace Hitless.Daemon.Tests.Api;

/// <summary>A unit that answers from a script and remembers what it was asked.</summary>
internal sealed class ScriptedUnit : IUnit
{
    /// <summary>What was asked, oldest first.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>Thrown by every call while set.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Where uploads in parts go; null: nowhere.</summary>
    public UploadBench? Parts { get; set; }

    /// <summary>What a switchover waits for; null: nothing.</summary>
    public Task? Hold { get; set; }

    /// <summary>Thrown by commits while set.</summary>
    public Exception? CommitFailure { get; set; }

    /// <summary>One list for each time that somebody watches; the stream ends after it.</summary>
    public Queue<RunStatus[]> Watched { get; } = [];

    public Queue<ClusterEvent[]> Happening { get; } = [];

    /// <summary>Complete when the first script of <see cref="Watched"/> has been told.</summary>
    public TaskCompletionSource Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RunState Verdict { get; set; } = RunState.Completed;

    public bool Ready { get; set; } = true;

    public CommitRequest? Commit { get; private set; }

    public string? UploadedHash { get; private set; }

    /// <summary>What <c>status</c> answers.</summary>
    public ClusterStatus Status { get; set; } = Samples.Status;

    public Task<ClusterStatus> StatusAsync(CancellationToken cancel) => Answer("status", Status);

    public async Task<SwitchoverResult> SwitchOverAsync(SwitchoverRequest request, CancellationToken cancel)
    {
        var answer = Answer($"switchover {request}", Samples.Switched);
        await (Hold?.WaitAsync(cancel) ?? Task.CompletedTask);
        return await answer;
    }

    public Task<LeaveResult> LeaveAsync(LeaveRequest request, CancellationToken cancel) =>
        Answer($"leave {request}", new LeaveResult("gw1", !request.PlanOnly, "gw2", ["10.0.0.1/24 dev lan0"], ["net.ipv4.ip_forward=0"]));

    public Task<AgeResetResult> ResetAgeAsync(CancellationToken cancel) =>
        Answer("age reset", new AgeResetResult("gw1", "gw2", "gw2 is primary, epoch 4"));

    public Task<SessionCount> CountSessionsAsync(CancellationToken cancel) =>
        Answer("count", new SessionCount("gw1", 30, new Dictionary<string, long>(StringComparer.Ordinal) { ["tcp"] = 20, ["udp"] = 10 }));

    public Task<SessionList> ListSessionsAsync(string? filter, int limit, CancellationToken cancel) =>
        Answer(
            $"list {filter} {limit}",
            new SessionList("gw1", 1, [Samples.Session with { ForwardedBy = filter == "udp" ? "gw2" : null }])
        );

    public Task<SessionDifference> CompareSessionsAsync(string? with, CancellationToken cancel) =>
        Answer($"diff {with}", Samples.Difference);

    public Task<ResyncResult> ResyncSessionsAsync(CancellationToken cancel) => Answer("resync", new ResyncResult("gw1", "gw2", 20011, 200));

    public Task<Revision> ConfigurationAsync(string? reference, CancellationToken cancel) =>
        Answer($"config {reference}", Samples.Configuration);

    public Task<ConfigurationSettings> ConfigurationSettingsAsync(CancellationToken cancel) =>
        Answer(
            "settings",
            new ConfigurationSettings(
                "gw1",
                [new("cluster", "sessions.pickup.delay", "30s", "cluster.yaml"), new("unit", "unit.priority", "200")]
            )
        );

    public Task<ConfigurationDifference> CompareConfigurationAsync(string? from, string? to, CancellationToken cancel) =>
        Answer(
            $"config diff {from} {to}",
            new ConfigurationDifference("revision 4", "disk", [new("/etc/nftables.conf", "changed", "-old\n+new\n")])
        );

    public Task<CommitResult> CommitConfigurationAsync(CommitRequest request, CancellationToken cancel)
    {
        Commit = request;
        if (CommitFailure is not null)
        {
            return Task.FromException<CommitResult>(CommitFailure);
        }

        return Answer("commit", Samples.Committed);
    }

    public Task<CommitResult> ConfirmConfigurationAsync(string author, CancellationToken cancel) =>
        Answer("confirm", Samples.Committed with { ConfirmBefore = null });

    public Task<ConfigurationHistory> ConfigurationHistoryAsync(CancellationToken cancel) =>
        Answer(
            "config history",
            new ConfigurationHistory(
                [Samples.Configuration.Info],
                [new("lost-2-3-abcd", Samples.Configuration.Info, "lost against revision 4", Samples.Noon)]
            )
        );

    public Task<CommitResult> RollBackConfigurationAsync(RollbackRequest request, CancellationToken cancel) =>
        Answer($"config rollback {request.Revision} {request.Message}", Samples.Committed);

    public Task<SyncReport> ConfigurationReportAsync(CancellationToken cancel) => Answer("report", Samples.Report);

    public Task<SyncReport> SyncConfigurationAsync(CancellationToken cancel) => Answer("sync", Samples.Report with { InSync = true });

    public async Task BackUpConfigurationAsync(Stream destination, bool secrets, CancellationToken cancel)
    {
        await Answer(secrets ? "backup" : "backup without secrets", true);
        await destination.WriteAsync("a backup"u8.ToArray(), cancel);
    }

    public async Task<CommitResult> RestoreConfigurationAsync(Stream source, string author, CancellationToken cancel)
    {
        using var reader = new StreamReader(source);
        return await Answer($"restore \"{await reader.ReadToEndAsync(cancel)}\"", Samples.Committed);
    }

    public async Task<ImageInfo> UploadImageAsync(Stream source, CancellationToken cancel)
    {
        UploadedHash = Convert.ToHexStringLower(await SHA256.HashDataAsync(source, cancel));
        return await Answer("upload", Samples.Image with { Hash = UploadedHash });
    }

    public Task<UploadStatus> BeginUploadAsync(UploadRequest request, CancellationToken cancel) =>
        Answer("begin upload", Parts is null ? Samples.Upload : StatusOf(Parts.Uploads.Begin(request.SizeBytes)));

    public Task<UploadStatus> UploadAsync(string id, CancellationToken cancel) =>
        Answer("ask upload", Parts is null ? Samples.Upload : StatusOf(Parts.Uploads.Find(id)));

    public async Task<UploadStatus> ContinueUploadAsync(string id, long offset, Stream source, CancellationToken cancel) =>
        await Answer(
            "go on with upload",
            Parts is null ? Samples.Upload : StatusOf(await Parts.Uploads.ContinueAsync(id, offset, source, Parts.Store, cancel))
        );

    public Task<UploadStatus> RemoveUploadAsync(string id, CancellationToken cancel) =>
        Answer("remove upload", Parts is null ? Samples.Upload : StatusOf(Parts.Uploads.Remove(id)));

    public Task<IReadOnlyList<ImageInfo>> ImagesAsync(CancellationToken cancel) =>
        Answer<IReadOnlyList<ImageInfo>>("images", [Samples.Image]);

    public Task<ImageInfo> RemoveImageAsync(string image, CancellationToken cancel) => Answer($"remove {image}", Samples.Image);

    public Task<UpgradeCheck> CheckUpgradeAsync(UpgradeRequest request, CancellationToken cancel) =>
        Answer(
            $"check {request.Image}",
            new UpgradeCheck(
                request.Image,
                "1.1.0",
                Ready,
                [
                    new("two-units", CheckOutcome.Pass, "2 units are ready", null),
                    new("space", Ready ? CheckOutcome.Pass : CheckOutcome.Fail, "1 MB is free on gw2", "free 30 MB on gw2"),
                ]
            )
        );

    public Task<UpgradePlan> PlanUpgradeAsync(UpgradeRequest request, CancellationToken cancel) =>
        Answer(
            $"plan {request.Image} {request.Guided} {request.KeepPrimary}{(request.KeepRedundancy ? " redundancy" : "")}",
            new UpgradePlan(
                request.Image,
                "1.0.0",
                "1.1.0",
                "automatic",
                [new(0, "install", "gw2", "gw1", "installs in slot b")],
                "gw2",
                "its age is greater by more than 300 s",
                false
            )
        );

    public Task<RunStatus> StartUpgradeAsync(UpgradeRequest request, CancellationToken cancel) =>
        Answer($"start {request.Image} {request.Guided}", Samples.Run(RunState.Running, 0));

    public Task<RunStatus?> RunAsync(CancellationToken cancel) => Answer<RunStatus?>("run", Watched.Count == 0 ? null : Watched.Peek()[0]);

    public async IAsyncEnumerable<RunStatus> WatchRunAsync(string? run, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Answer($"watch {run}", true);
        foreach (
            var status in Watched.Count == 0
                ? throw new RefusedException("there was no run yet", "hitless upgrade start IMAGE")
                : Watched.Dequeue()
        )
        {
            yield return status;
        }

        Told.TrySetResult();
    }

    public Task<RunStatus> OpenGateAsync(bool rehearse, CancellationToken cancel) =>
        Answer(rehearse ? "next rehearse" : "next", Samples.Run(RunState.Running, 1));

    public Task<RunStatus> PassGateAsync(GateWord word, CancellationToken cancel) =>
        Answer($"gate {word.Gate} {word.Pass} {word.Reason}", Samples.Run(RunState.Running, 1));

    public Task<RunStatus> PauseRunAsync(CancellationToken cancel) => Answer("pause", Samples.Run(RunState.Paused, 1));

    public Task<RunStatus> ResumeRunAsync(CancellationToken cancel) => Answer("resume", Samples.Run(RunState.Running, 1));

    public Task<RunStatus> AbortRunAsync(CancellationToken cancel) => Answer("abort", Samples.Run(RunState.Failed, 1));

    public Task<RunStatus> RollBackRunAsync(CancellationToken cancel) => Answer("rollback", Samples.Run(RunState.RollingBack, 1));

    public Task<RunStatus> TakeBackRunAsync(string run, CancellationToken cancel) =>
        Answer($"rollback {run}", Samples.Run(RunState.Running, 1));

    public Task<RunReport> RunReportAsync(string? run, CancellationToken cancel) => Answer($"run report {run}", Samples.RunReport(Verdict));

    public async IAsyncEnumerable<ClusterEvent> EventsAsync(long? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Answer($"events {after}", true);
        foreach (var happened in Happening.Count == 0 ? [] : Happening.Dequeue())
        {
            yield return happened;
        }

        if (Happening.Count == 0)
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }
    }

    public Task<IReadOnlyList<ClusterEvent>> HistoryAsync(string? kind, int limit, CancellationToken cancel) =>
        Answer<IReadOnlyList<ClusterEvent>>(
            $"history {kind} {limit}",
            [Samples.Event(1, "gw1 is primary"), Samples.Event(2, "gw2 is standby")]
        );

    private static UploadStatus StatusOf(UploadAnswer answer) => answer.Status ?? throw new RefusedException(answer.Refusal!);

    private Task<T> Answer<T>(string asked, T answer)
    {
        lock (Asked)
        {
            Asked.Add(asked.TrimEnd());
        }

        return Failure is null ? Task.FromResult(answer) : Task.FromException<T>(Failure);
    }
}
