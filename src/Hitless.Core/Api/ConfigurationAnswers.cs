namespace Hitless.Core.Api;

/// <summary><c>GET /v1/config/diff</c>. <c>From</c> and <c>To</c> say what was compared: "revision 4", or "disk" (the files as they lie on this unit).</summary>
public sealed record ConfigurationDifference(string From, string To, IReadOnlyList<FileDifference> Files);

/// <summary>One file that differs. <c>Change</c>: added, removed, changed. <c>Text</c>: a unified diff, or one line if the file is not text.</summary>
public sealed record FileDifference(string Path, string Change, string Text);

/// <summary>The answer to a commit, rollback or restore: the revision that is now current, where it was applied, and until when it must be confirmed (null: it stays).</summary>
public sealed record CommitResult(RevisionInfo Revision, IReadOnlyList<CommitUnit> Units, DateTimeOffset? ConfirmBefore);

/// <summary>One unit of a commit. <c>Result</c>: applied, unchanged, refused, taken-back, unreachable.</summary>
public sealed record CommitUnit(string Unit, string Result, string? Detail);

/// <summary><c>POST /v1/config/rollback</c>: make the content of revision <c>Number</c> current again, as a new revision.</summary>
public sealed record RollbackRequest(long Number, string Author, string? Message);
