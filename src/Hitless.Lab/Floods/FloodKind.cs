namespace Hitless.Lab.Floods;

/// <summary>What somebody without the key sends, as fast as can be.</summary>
public enum FloodKind
{
    /// <summary>Random bytes to the right port.</summary>
    Junk,

    /// <summary>The right beginning, and an incarnation that nobody has heard of: a new one in each.</summary>
    Unknown,

    /// <summary>The sender and the incarnation of a unit, the sequences that it will send next, and a tag that does not fit.</summary>
    Known,

    /// <summary>What a unit has sent, again.</summary>
    Replay,
}
