namespace Hitless.Core.Api;

/// <summary>
/// <c>GET /v1/config/diff?from=&amp;to=</c>. <c>From</c> and <c>To</c> say what was compared: "revision 4", "disk" (the files as they lie
/// on this unit), "disk of gw2".
/// </summary>
public sealed record ConfigurationDifference(string From, string To, IReadOnlyList<FileDifference> Files);

/// <summary>
/// One file that differs. <c>Change</c>: added, removed, changed. <c>Text</c>: a unified diff, or one line if the file is not text.
/// </summary>
public sealed record FileDifference(string Path, string Change, string Text);

/// <summary>
/// The answer to a commit, rollback or restore: the revision that is now current, where it was applied, until when it must be confirmed
/// (null: it stays), and what the operator should know although it worked.
/// </summary>
public sealed record CommitResult(
    RevisionInfo Revision,
    IReadOnlyList<CommitUnit> Units,
    DateTimeOffset? ConfirmBefore,
    IReadOnlyList<string>? Notes = null
);

/// <summary>
/// One unit of a commit. <c>Result</c>: applied, or later (it was cut off at the end and will follow). <c>Detail</c>: what its commands
/// printed, or why later.
/// </summary>
public sealed record CommitUnit(string Unit, string Result, string? Detail);

/// <summary>
/// <c>GET /v1/config/settings</c>: the settings of this unit, defaults included. <c>Scope</c>: <c>cluster</c> (the same on every unit), or
/// <c>unit</c> (its own, never travels).
/// </summary>
public sealed record ConfigurationSettings(string Unit, IReadOnlyList<ConfigurationSetting> Settings);

/// <summary>
/// One setting, such as <c>unit.priority</c>. A list's entries are named in brackets. <c>From</c>: <c>cluster.yaml</c> (it travels), or
/// <c>unit.yaml</c>.
/// </summary>
public sealed record ConfigurationSetting(string Scope, string Key, string Value, string From = "unit.yaml");

/// <summary>
/// <c>POST /v1/config/rollback</c>: make the content of a revision current again, as a new one. <c>Revision</c>: number, beginning of a
/// hash, or name of a branch. <c>Parent</c>: as that of a commit.
/// </summary>
public sealed record RollbackRequest(string Revision, string Author, string? Message, string? Parent = null);
