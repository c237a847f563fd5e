using System.Text.Json.Serialization;

namespace Hitless.Core.Api;

/// <summary>
/// Whether a unit has the cluster's configuration, in <see cref="SyncReportUnit.State"/> and <see cref="UnitStatus.Configuration"/>.
/// </summary>
[JsonConverter(typeof(WordConverter<SyncState>))]
public readonly record struct SyncState(string? Word) : IWord<SyncState>
{
    /// <summary>It has all of it.</summary>
    public static readonly SyncState InSync = new("in-sync");

    /// <summary>It has another revision, or not all of it.</summary>
    public static readonly SyncState OutOfSync = new("out-of-sync");

    /// <summary>It does not answer.</summary>
    public static readonly SyncState Unreachable = new("unreachable");

    /// <summary>There is nothing to compare it with.</summary>
    public static readonly SyncState Unknown = new("unknown");

    /// <inheritdoc/>
    public static SyncState Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}

/// <summary>Whether a managed file is as its revision has it, in <see cref="SyncReportItem.State"/>.</summary>
[JsonConverter(typeof(WordConverter<FileSyncState>))]
public readonly record struct FileSyncState(string? Word) : IWord<FileSyncState>
{
    /// <summary>It is.</summary>
    public static readonly FileSyncState InSync = new("in-sync");

    /// <summary>It was changed.</summary>
    public static readonly FileSyncState Drifted = new("drifted");

    /// <summary>It is not on the disk.</summary>
    public static readonly FileSyncState Missing = new("missing");

    /// <summary>Its verify command refuses it.</summary>
    public static readonly FileSyncState CheckFailed = new("check-failed");

    /// <inheritdoc/>
    public static FileSyncState Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}
