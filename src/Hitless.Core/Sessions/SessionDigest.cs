namespace Hitless.Core.Sessions;

/// <summary>A session as a reading of the table finds it for the ledger.</summary>
/// <param name="Key">Which.</param>
/// <param name="Digest">Its <see cref="SessionRecord.Digest64"/>.</param>
/// <param name="Timeout">Seconds that are left of it, where traffic refreshes them without an event
/// (<see cref="RefreshRule.IsRefreshed"/>); 0 elsewhere.</param>
/// <param name="HasWindow">TCP whose windows the kernel looks at.</param>
/// <param name="Verdict">What becomes of it at a switch.</param>
public readonly record struct SessionDigest(
    SessionKey Key,
    ulong Digest,
    uint Timeout = 0,
    bool HasWindow = false,
    SessionVerdict Verdict = default
);
