using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>The first byte of a session payload.</summary>
public enum SessionMessage : byte
{
    /// <summary>A frame of the stream: schema (1), sequence (8), operations.</summary>
    Frame = 1,

    /// <summary>Where the stream stands: last sequence (8), oldest that can be sent again (8).</summary>
    Position = 2,

    /// <summary>
    /// What a follower has: target unit (8) and incarnation (16), applied sequence (8), count (1), ranges that are missing (8 + 8 each).
    /// </summary>
    Report = 3,

    /// <summary>
    /// Begin to follow: target unit (8), nonce (8), then 1 where digests are to be compared first, 0 where a bulk is to follow (1; older
    /// versions leave it out, and know no digests).
    /// </summary>
    SyncRequest = 4,

    /// <summary>
    /// The answer: target unit (8), its nonce (8), sequence of the frame that begins the bulk (8). The nonce proves that it is no
    /// recording.
    /// </summary>
    SyncAnswer = 5,

    /// <summary>The sender's own addresses, whose sessions are its own: <see cref="UnitAddresses"/>.</summary>
    Addresses = 6,

    /// <summary>The digests of a look differ here: target unit (8), number of the look (8), <see cref="BucketSet"/> (512).</summary>
    BucketRequest = 7,

    /// <summary>Own addresses beyond the first 64: <see cref="UnitAddresses"/>. Older versions skip it.</summary>
    MoreAddresses = 8,
}

/// <summary>Sizes of session payloads.</summary>
public static class SessionPayload
{
    /// <summary>The largest payload: the datagram stays within 1400 bytes.</summary>
    public const int SizeMax = 1400 - DatagramSealer.Overhead;

    /// <summary>Bytes before the operations of a frame.</summary>
    public const int FrameHeaderSize = 10;

    /// <summary>Missing ranges that one report names at most.</summary>
    public const int RangesMax = 32;
}
