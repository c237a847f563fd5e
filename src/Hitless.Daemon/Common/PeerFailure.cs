using Hitless.Core.Api;

namespace Hitless.Daemon.Common;

/// <summary>How a call to another unit can fail.</summary>
public enum PeerFailureKind
{
    /// <summary>
    /// No address of the unit answered, or the connection broke, or the time was over. The call may or may not have had its effect.
    /// </summary>
    Unreachable,

    /// <summary>The other unit understood, and refused with a reason; nothing changed there.</summary>
    Refused,

    /// <summary>What answered does not know our cluster key.</summary>
    WrongKey,

    /// <summary>The other unit does not know this call: it runs an older version.</summary>
    Unknown,

    /// <summary>The other unit's handler crashed; its log has more.</summary>
    Failed,
}

/// <summary>A call to another unit that brought no answer, with the reason in words for an operator.</summary>
public sealed class PeerException(PeerFailureKind kind, string unit, Refusal refusal, Exception? inner = null)
    : Exception(refusal.Error, inner)
{
    /// <summary>Which kind of failure; callers decide by this.</summary>
    public PeerFailureKind Kind { get; } = kind;

    /// <summary>The unit that was asked.</summary>
    public string Unit { get; } = unit;

    /// <summary>Reason and remedy in words; for <see cref="PeerFailureKind.Refused"/> those of the other unit.</summary>
    public Refusal Refusal { get; } = refusal;
}
