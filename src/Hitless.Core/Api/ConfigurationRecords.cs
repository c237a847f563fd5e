namespace Hitless.Core.Api;

/// <summary>
/// A revision of the cluster-wide configuration, without its content. <c>Hash</c> is SHA-256 in hex over everything else and the content
/// (Core/Configuration/RevisionIdentity). <c>ConfirmBy</c>: undone by whoever is primary then, unless a revision follows before.
/// </summary>
public sealed record RevisionInfo(
    long Number,
    long Epoch,
    string? Parent,
    string Hash,
    string Author,
    DateTimeOffset Time,
    string Message,
    DateTimeOffset? ConfirmBy = null
);

/// <summary>A revision with its content: path of each managed file to its bytes (base64 in JSON), check and apply commands.</summary>
public sealed record Revision(RevisionInfo Info, IReadOnlyList<ManagedFile> Files);

/// <summary>
/// One managed file. <c>Check</c>, <c>Apply</c> and <c>Verify</c> are shell commands; <c>{file}</c> stands for the path of the candidate,
/// of the file in the latter two. <c>Mode</c> is octal, <c>Owner</c> is <c>user:group</c>; null leaves them as they are. Files of a lower
/// <c>Order</c> are applied first.
/// <c>Template</c>: <c>{{name}}</c> in the content stands for a unit-local value. <c>Absent</c>: there must be no such file. <c>Secret</c>:
/// left out of backups without secrets.
/// </summary>
public sealed record ManagedFile(
    string Path,
    byte[] Content,
    string? Check,
    string? Apply,
    string? Mode,
    string? Owner = null,
    string? Verify = null,
    int Order = 0,
    bool Template = false,
    bool Absent = false,
    bool Secret = false
);

/// <summary>
/// <c>POST /v1/config/commit</c>: new content for managed files (all of them, or only those that change). <c>Parent</c>: the hash that the
/// editor started from; another current hash refuses.
/// </summary>
public sealed record CommitRequest(IReadOnlyList<ManagedFile> Files, string Message, string Author, string? Parent, long? ConfirmMs);

/// <summary><c>GET /v1/config/report</c>: the sync report.</summary>
public sealed record SyncReport(string Cluster, bool InSync, long Revision, string Hash, IReadOnlyList<SyncReportUnit> Units);

/// <summary>
/// One unit of the sync report. <c>Branches</c>: what lost a merge there, and hand edits
/// that were overwritten.
/// </summary>
public sealed record SyncReportUnit(
    string Unit,
    SyncState State,
    long Revision,
    string Hash,
    DateTimeOffset? Since,
    string? Why,
    string? Remedy,
    IReadOnlyList<SyncReportItem> Items,
    IReadOnlyList<RevisionBranch>? Branches = null
);

/// <summary>
/// One item (a managed file) of one unit. <c>Output</c>: what the command that
/// failed has printed.
/// </summary>
public sealed record SyncReportItem(string Path, FileSyncState State, string? Why, string? Output = null);

/// <summary>
/// What one unit answers to one phase of a commit. <c>Why</c> is one line and null when it is fine; <c>Output</c> is what the commands
/// printed (bounded).
/// </summary>
public sealed record UnitAnswer(string Unit, bool Ok, string? Why, string? Output);

/// <summary>
/// The answer to a commit, a rollback or a restore: the new revision, or the refusal and what each unit said. <c>Notes</c>: what the
/// operator should know although it worked.
/// </summary>
public sealed record CommitOutcome(
    RevisionInfo? Revision,
    Refusal? Refusal,
    IReadOnlyList<UnitAnswer> Answers,
    IReadOnlyList<string> Notes
);

/// <summary>A revision that lost a merge, or hand edits that were overwritten: kept, named, and reported.</summary>
public sealed record RevisionBranch(string Name, RevisionInfo Head, string Why, DateTimeOffset Since);

/// <summary>
/// What one unit knows of its own configuration (<c>GET /v1/units/configuration</c> between units). <c>Pending</c>: applied on trial, not
/// yet head.
/// <c>Trunk</c>: the revisions that lead to <c>Head</c>, oldest first. <c>Failure</c>: why the last attempt to follow the primary did not
/// work.
/// <c>Schema</c>: the newest configuration schema that its version knows. <c>RestartDue</c>: its daemon still runs with an older
/// cluster.yaml.
/// </summary>
public sealed record UnitConfiguration(
    string Unit,
    RevisionInfo? Head,
    RevisionInfo? Pending,
    IReadOnlyList<RevisionInfo> Trunk,
    IReadOnlyList<RevisionBranch> Branches,
    IReadOnlyList<SyncReportItem> Items,
    string? Failure,
    int Schema = 1,
    bool RestartDue = false
);

/// <summary><c>GET /v1/config/history</c>: newest first, and what stands beside it.</summary>
public sealed record ConfigurationHistory(IReadOnlyList<RevisionInfo> Revisions, IReadOnlyList<RevisionBranch> Branches);

/// <summary>
/// What is in a backup file, made by <c>Unit</c>. <c>Units</c>: what is each unit's own; unit.yaml is never restored by itself.
/// <c>Unreachable</c>: units that did not answer. Without <c>Secrets</c> the cluster's key is not in it, and files marked as secret are
/// empty.
/// </summary>
public sealed record BackupInfo(
    string Cluster,
    string Unit,
    string Version,
    DateTimeOffset Time,
    RevisionInfo? Head,
    int Revisions,
    long SizeBytes,
    IReadOnlyList<UnitBackup> Units,
    IReadOnlyList<string> Unreachable,
    bool Secrets
);

/// <summary>What is one unit's own in a backup: the text of its unit.yaml, its head, and the branches that it keeps.</summary>
public sealed record UnitBackup(string Unit, string Version, string UnitFile, RevisionInfo? Head, IReadOnlyList<RevisionBranch> Branches);

/// <summary>
/// What <c>hitlessd --convert-configuration</c> is given: the unit's own file, and the files of the current revision.
/// </summary>
public sealed record ConversionQuestion(string UnitFilePath, byte[] UnitFile, IReadOnlyList<ManagedFile> Files);
