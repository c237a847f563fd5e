namespace Hitless.Core.Wire;

/// <summary>What <see cref="DatagramOpener"/> thinks of a datagram: accepted, or why not.</summary>
public enum DatagramVerdict
{
    /// <summary>Authentic, fresh, and decrypted.</summary>
    Accepted,

    /// <summary>Shorter than its header and tag, or larger than the buffer.</summary>
    Truncated,

    /// <summary>Does not begin with "HL": not ours at all.</summary>
    ForeignMagic,

    /// <summary>Another major version of the protocol.</summary>
    UnsupportedMajor,

    /// <summary>A heartbeat on the session port, or the other way round.</summary>
    OtherKind,

    /// <summary>Of another cluster group.</summary>
    OtherGroup,

    /// <summary>
    /// Our own datagram came back: a loop in the network. (Where only the unit id is compared: or another unit has our unit id.)
    /// </summary>
    Own,

    /// <summary>Seen before, or too old to tell.</summary>
    Replayed,

    /// <summary>The tag does not verify: another cluster key, or bytes were altered.</summary>
    BadTag,

    /// <summary>
    /// Of an unknown incarnation, amid more of those than are looked at in this time: most likely forged. A real one says it again.
    /// </summary>
    TooManyUnknown,

    /// <summary>
    /// Authentic, with our own unit id and another incarnation: another unit has our id, or it is a recording of a former start of ours.
    /// Decrypted.
    /// </summary>
    Twin,
}
