namespace Hitless.Core.Sessions;

/// <summary>What one entry of a frame tells the follower to do.</summary>
public enum SessionOperation : byte
{
    /// <summary>The session stands so: create or change it.</summary>
    Update = 1,

    /// <summary>The session has ended.</summary>
    Delete = 2,

    /// <summary>From here on everything that stands is told; body: bulk number (8).</summary>
    BulkBegin = 3,

    /// <summary>All of the bulk has been told: what was not told since its begin does not stand; body: bulk number (8).</summary>
    BulkEnd = 4,

    /// <summary>A session is expected (schema 2): <see cref="SessionCodec.WriteExpectation"/>.</summary>
    Expect = 5,

    /// <summary>It is expected no longer (schema 2): the expectation.</summary>
    Unexpect = 6,

    /// <summary>From here on the whole table is digested; body: number (8). What is expected follows, then the digests.</summary>
    LookBegin = 7,

    /// <summary>
    /// Some of the digests; body: number (8), first bucket (2), count and exact digest of each (<see cref="SessionDigests"/>).
    /// </summary>
    Digests = 8,

    /// <summary>All of the digests have been told; body: number (8).</summary>
    LookEnd = 9,

    /// <summary>
    /// As <see cref="BulkBegin"/>, but only the buckets that some followers asked for are told; body: bulk number (8), then unit (8) and
    /// number of the look (8) of each of them.
    /// </summary>
    PartBegin = 10,

    /// <summary>
    /// As <see cref="LookBegin"/>, but the digests are those of the ledger (<see cref="SessionLedger.Digests"/>) at this place of the
    /// stream; body: number (8).
    /// </summary>
    LedgerBegin = 11,

    /// <summary>From here on somebody follows who wants nothing of the table; nothing for anybody else; body: number (8).</summary>
    FollowBegin = 12,
}
