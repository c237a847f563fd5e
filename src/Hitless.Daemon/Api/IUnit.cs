using Hitless.Core.Api;
using Hitless.Daemon.Common;

namespace Hitless.Daemon.Api;

/// <summary>
/// Everything that the local API offers, and the only thing that HTTP knows of the unit. Called from several threads at once.
/// A method that cannot do what it was asked throws <see cref="RefusedException"/> and has then changed nothing.
/// </summary>
public interface IUnit
{
    /// <summary>What this unit knows of the cluster now. Answers at once, in every state.</summary>
    Task<ClusterStatus> StatusAsync(CancellationToken cancel);

    /// <summary>This unit's age begins again; if it is primary, the rules choose anew, and the answer tells their choice.</summary>
    Task<AgeResetResult> ResetAgeAsync(CancellationToken cancel);

    /// <summary>
    /// Takes this unit out of the cluster, with its virtual addresses and everything else that Hitless set in its kernel; the answer comes
    /// before the process ends.
    /// </summary>
    Task<LeaveResult> LeaveAsync(LeaveRequest request, CancellationToken cancel);

    /// <summary>A planned switchover; complete when the new primary has claimed (or, without <c>Wait</c>, when it was accepted).</summary>
    Task<SwitchoverResult> SwitchOverAsync(SwitchoverRequest request, CancellationToken cancel);

    /// <summary>How many sessions this unit's kernel holds.</summary>
    Task<SessionCount> CountSessionsAsync(CancellationToken cancel);

    /// <summary>
    /// The first <paramref name="limit"/> sessions that match. <paramref name="filter"/>: an expression as in <c>sessions.critical</c>;
    /// null: all.
    /// </summary>
    Task<SessionList> ListSessionsAsync(string? filter, int limit, CancellationToken cancel);

    /// <summary>The session difference between this unit and another; null: the primary, or on the primary the best standby.</summary>
    Task<SessionDifference> CompareSessionsAsync(string? with, CancellationToken cancel);

    /// <summary>A bulk transfer of sessions, complete when it is applied.</summary>
    Task<ResyncResult> ResyncSessionsAsync(CancellationToken cancel);

    /// <summary>
    /// A revision with its files by number, beginning of its hash, branch, <c>head</c>, <c>disk</c>, <c>gw2</c> (the disk of gw2) or
    /// <c>gw2:REF</c>; null: the current one.
    /// </summary>
    Task<Revision> ConfigurationAsync(string? reference, CancellationToken cancel);

    /// <summary>The settings of this unit, each with its scope and the file that says it.</summary>
    Task<ConfigurationSettings> ConfigurationSettingsAsync(CancellationToken cancel);

    /// <summary>
    /// Unified difference of two references; <paramref name="from"/> null: the current revision, <paramref name="to"/> null: the files on
    /// this unit's disk.
    /// </summary>
    Task<ConfigurationDifference> CompareConfigurationAsync(string? from, string? to, CancellationToken cancel);

    /// <summary>Checks on every unit, applies, verifies, and takes back everywhere if one fails.</summary>
    Task<CommitResult> CommitConfigurationAsync(CommitRequest request, CancellationToken cancel);

    /// <summary>Keeps what was committed with <c>ConfirmMs</c>.</summary>
    Task<CommitResult> ConfirmConfigurationAsync(string author, CancellationToken cancel);

    /// <summary>All revisions that this unit keeps, newest first, and the branches of every unit.</summary>
    Task<ConfigurationHistory> ConfigurationHistoryAsync(CancellationToken cancel);

    /// <summary>Makes an old revision's content current, as a new revision.</summary>
    Task<CommitResult> RollBackConfigurationAsync(RollbackRequest request, CancellationToken cancel);

    /// <summary>Which unit and which item is in sync, and if not since when and why.</summary>
    Task<SyncReport> ConfigurationReportAsync(CancellationToken cancel);

    /// <summary>Brings units that are behind, or whose files drifted, to the current revision.</summary>
    Task<SyncReport> SyncConfigurationAsync(CancellationToken cancel);

    /// <summary>
    /// Writes a backup of the whole cluster that one can carry away; without <paramref name="secrets"/> the cluster's key and files marked
    /// as secret are left out. The destination is the network: write asynchronously, refuse before the first byte.
    /// </summary>
    Task BackUpConfigurationAsync(Stream destination, bool secrets, CancellationToken cancel);

    /// <summary>Reads a backup (asynchronously) and commits its content as a new revision.</summary>
    Task<CommitResult> RestoreConfigurationAsync(Stream source, string author, CancellationToken cancel);

    /// <summary>
    /// Reads an image (asynchronously), verifies its signature and hashes, and keeps it. The same image twice is one image.
    /// </summary>
    Task<ImageInfo> UploadImageAsync(Stream source, CancellationToken cancel);

    /// <summary>Makes a place for an image that is going to come in parts.</summary>
    Task<UploadStatus> BeginUploadAsync(UploadRequest request, CancellationToken cancel);

    /// <summary>How far an upload is.</summary>
    Task<UploadStatus> UploadAsync(string id, CancellationToken cancel);

    /// <summary>
    /// Reads a part of an image (asynchronously) and appends it; the last one is complete when the image is verified. If the source breaks,
    /// what has come stays.
    /// </summary>
    Task<UploadStatus> ContinueUploadAsync(string id, long offset, Stream source, CancellationToken cancel);

    /// <summary>Gives an upload up; the answer is what it was.</summary>
    Task<UploadStatus> RemoveUploadAsync(string id, CancellationToken cancel);

    /// <summary>The images that this unit keeps.</summary>
    Task<IReadOnlyList<ImageInfo>> ImagesAsync(CancellationToken cancel);

    /// <summary>The readiness checks of a run, without starting one.</summary>
    Task<UpgradeCheck> CheckUpgradeAsync(UpgradeRequest request, CancellationToken cancel);

    /// <summary>The steps of a run and its predicted elections, without starting one.</summary>
    Task<UpgradePlan> PlanUpgradeAsync(UpgradeRequest request, CancellationToken cancel);

    /// <summary>Starts a run; complete when it stands in the journal.</summary>
    Task<RunStatus> StartUpgradeAsync(UpgradeRequest request, CancellationToken cancel);

    /// <summary>The open run, else the one that ended last (with its final state), else null.</summary>
    Task<RunStatus?> RunAsync(CancellationToken cancel);

    /// <summary>
    /// The run's state now and at each change; ends after its final state. <paramref name="run"/> null: the open run, else the last.
    /// An unknown run is refused. Slow readers may miss states in between, never the last.
    /// </summary>
    IAsyncEnumerable<RunStatus> WatchRunAsync(string? run, CancellationToken cancel);

    /// <summary>
    /// Opens the gate that a guided run waits at; <paramref name="rehearse"/>: with a trial switchover, there and back, before anything is
    /// upgraded.
    /// </summary>
    Task<RunStatus> OpenGateAsync(bool rehearse, CancellationToken cancel);

    /// <summary>Removes an image from this unit's store; the answer is what it was. Slots keep what was installed from it.</summary>
    Task<ImageInfo> RemoveImageAsync(string image, CancellationToken cancel);

    /// <summary>Opens the gate of <c>upgrade.gates</c> that the run waits for, or lets the run go back because of it.</summary>
    Task<RunStatus> PassGateAsync(GateWord word, CancellationToken cancel);

    /// <summary>Lets the step in hand end, then waits.</summary>
    Task<RunStatus> PauseRunAsync(CancellationToken cancel);

    /// <summary>Goes on after a pause.</summary>
    Task<RunStatus> ResumeRunAsync(CancellationToken cancel);

    /// <summary>Ends the run where it is safe: what is upgraded stays, nothing further is touched.</summary>
    Task<RunStatus> AbortRunAsync(CancellationToken cancel);

    /// <summary>Takes the run back: the standby first, switch, then the other unit.</summary>
    Task<RunStatus> RollBackRunAsync(CancellationToken cancel);

    /// <summary>
    /// Takes an ended run back, as a run of its own, while the old slots hold; an open one as <see cref="RollBackRunAsync"/> does.
    /// </summary>
    Task<RunStatus> TakeBackRunAsync(string run, CancellationToken cancel);

    /// <summary>The report of a run; null: the last.</summary>
    Task<RunReport> RunReportAsync(string? run, CancellationToken cancel);

    /// <summary>
    /// Events with a number above <paramref name="after"/> (null: none of the past), then those to come. Ends only when cancelled or when
    /// the unit stops.
    /// </summary>
    IAsyncEnumerable<ClusterEvent> EventsAsync(long? after, CancellationToken cancel);

    /// <summary>The last <paramref name="limit"/> events, oldest first. <paramref name="kind"/> null: every kind.</summary>
    Task<IReadOnlyList<ClusterEvent>> HistoryAsync(string? kind, int limit, CancellationToken cancel);
}
