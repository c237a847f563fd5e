namespace Hitless.Core.Api;

/// <summary>A revision of the cluster-wide configuration, without its content. <c>Hash</c> is SHA-256 in hex of the content.</summary>
public sealed record RevisionInfo(long Number, long Epoch, string? Parent, string Hash, string Author, DateTimeOffset Time, string Message);

/// <summary>A revision with its content: path of each managed file to its bytes (base64 in JSON), check and apply commands.</summary>
public sealed record Revision(RevisionInfo Info, IReadOnlyList<ManagedFile> Files);

/// <summary>One managed file. <c>Check</c> and <c>Apply</c> are shell commands; <c>{file}</c> stands for the path of the candidate.</summary>
public sealed record ManagedFile(string Path, byte[] Content, string? Check, string? Apply, string? Mode);

/// <summary><c>POST /v1/config/commit</c>: new content for managed files (all of them, or only those that change). <c>Parent</c>: the hash that the editor started from; another current hash refuses.</summary>
public sealed record CommitRequest(IReadOnlyList<ManagedFile> Files, string Message, string Author, string? Parent, long? ConfirmMs);

/// <summary><c>GET /v1/config/report</c>: the sync report.</summary>
public sealed record SyncReport(string Cluster, bool InSync, long Revision, string Hash, IReadOnlyList<SyncReportUnit> Units);

/// <summary>One unit of the sync report. <c>State</c>: in-sync, out-of-sync, unreachable.</summary>
public sealed record SyncReportUnit(string Unit, string State, long Revision, string Hash, DateTimeOffset? Since, string? Why, string? Remedy, IReadOnlyList<SyncReportItem> Items);

/// <summary>One item (a managed file) of one unit. <c>State</c>: in-sync, drifted, missing, check-failed.</summary>
public sealed record SyncReportItem(string Path, string State, string? Why);
