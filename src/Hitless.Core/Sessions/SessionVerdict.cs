namespace Hitless.Core.Sessions;

/// <summary>What becomes of a session at a switch, in one byte, so that it can stand beside each session of a large table.</summary>
/// <param name="Packed">The cause in the lowest five bits, then <see cref="Breaks"/>, then <see cref="Critical"/>.</param>
public readonly record struct SessionVerdict(byte Packed)
{
    /// <summary>How many different ones there can be.</summary>
    public const int Count = 128;

    private const byte CauseMask = 31;
    private const byte BreaksBit = 32;
    private const byte CriticalBit = 64;

    /// <summary>The verdict with its parts.</summary>
    public SessionVerdict(SessionCause cause, bool breaks, bool critical)
        : this((byte)((byte)cause | (breaks ? BreaksBit : 0) | (critical ? CriticalBit : 0))) { }

    /// <summary>Why it is in its class.</summary>
    public SessionCause Cause => (SessionCause)(Packed & CauseMask);

    /// <summary>Its class.</summary>
    public SessionClass Class => SessionCauses.ClassOf(Cause);

    /// <summary>
    /// It has something to lose at a switch: it is not already closing, and not of the kind that just begins anew. Not set for sessions
    /// that follow.
    /// </summary>
    public bool Breaks => (Packed & BreaksBit) != 0;

    /// <summary>It breaks, and <c>sessions.critical</c> names it. Not set for sessions that follow.</summary>
    public bool Critical => (Packed & CriticalBit) != 0;

    /// <summary>It is sent to the other units, held for them, and compared with them.</summary>
    public bool IsReplicated => Cause is SessionCause.None or SessionCause.VirtualAddress;
}
