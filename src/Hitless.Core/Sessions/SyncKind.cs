namespace Hitless.Core.Sessions;

/// <summary>What a follower asks for when it begins to follow; the number is the wire's.</summary>
public enum SyncKind : byte
{
    /// <summary>All sessions: it holds next to nothing.</summary>
    Bulk = 0,

    /// <summary>What differs in anything that is replicated: both tables are read.</summary>
    Look = 1,

    /// <summary>
    /// What differs in what a switch needs: the ledgers are compared. For who followed, or was followed, until now. An older version makes
    /// it a <see cref="Look"/>.
    /// </summary>
    LedgerLook = 2,

    /// <summary>Nothing of what stands: only what changes from now on. Of a unit that carries flows beside the primary.</summary>
    Live = 3,
}
