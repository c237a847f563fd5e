namespace Hitless.Core.Sessions;

/// <summary>What becomes of another unit's word on a session.</summary>
internal enum ApplyMode
{
    /// <summary>This unit carries nothing: it holds what it is told.</summary>
    All,

    /// <summary>This unit carries all: it takes only what it lacks.</summary>
    OnlyMissing,

    /// <summary>
    /// Several units carry, each session by one of them: who tells of a change is that one. An end may be that of a copy which nobody has
    /// refreshed, so it is not taken; copies end by themselves.
    /// </summary>
    Latest,
}
