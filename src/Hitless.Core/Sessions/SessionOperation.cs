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
}
