using Hitless.Core.Api;

namespace Hitless.Core.Sessions;

/// <summary>Between units: the digests of the asked unit's table are wanted; <c>Anew</c>: from a reading of all of it.</summary>
public sealed record SessionDigestRequest(string From, bool Anew = false);

/// <summary>Between units: the digests of a unit's table (<see cref="SessionDigests.ToBytes"/>).</summary>
public sealed record SessionDigestAnswer(string Unit, long Sessions, byte[] Digests)
{
    /// <summary>The asked unit's sessions by class; null: its version does not count them.</summary>
    public SessionClasses? Classes { get; init; }

    /// <summary>Its sessions that do not follow, by cause.</summary>
    public IReadOnlyList<SessionCauseCount> Causes
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>
/// Between units: the sessions of some buckets are wanted; or, where <c>Keys</c> (<see cref="SessionRecords.KeysToBytes"/>) is there and
/// understood, only those sessions.
/// </summary>
public sealed record SessionEntriesRequest(int Buckets, IReadOnlyList<int> Wanted, byte[]? Keys = null);

/// <summary>Between units: the sessions of the wanted buckets (<see cref="SessionRecords.ToBytes"/>).</summary>
public sealed record SessionEntriesAnswer(string Unit, byte[] Records);

/// <summary>
/// What became of the sessions of another unit's side of a split: <c>Taken</c> were not here and are now; <c>Lost</c> clash with sessions
/// that stand here.
/// </summary>
public sealed record SessionMergeAnswer(int Taken, int Lost);

/// <summary>How many sessions of the standby that asked had drifted, and are sent anew.</summary>
public sealed record SessionAuditAnswer(int Drifted);
