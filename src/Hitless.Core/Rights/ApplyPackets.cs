using System.Buffers.Binary;
using Hitless.Core.Wire;

namespace Hitless.Core.Rights;

/// <summary>
/// A message as packets of a socket that keeps their borders: request id, length of the whole message, where this part begins (32 bits
/// each), then the part. A packet is never cut, so who comes in amid a message leaves out its rest and understands the next.
/// </summary>
public static class ApplyPackets
{
    /// <summary>No message is longer: a managed file and its name fit, and so does what a converter may print.</summary>
    public const int MessageMaxBytes = 16 << 20;

    /// <summary>No packet is longer.</summary>
    public const int PacketMaxBytes = 32 << 10;

    internal const int HeaderBytes = 12;

    /// <summary>The packets of a message, in order.</summary>
    /// <exception cref="ArgumentException">It is longer than <see cref="MessageMaxBytes"/>.</exception>
    public static IEnumerable<byte[]> Split(RequestId request, byte[] message)
    {
        if (message.Length is 0 or > MessageMaxBytes)
        {
            throw new ArgumentException($"a message of {message.Length} bytes cannot be sent", nameof(message));
        }

        return Cut(request, message);
    }

    private static IEnumerable<byte[]> Cut(RequestId request, byte[] message)
    {
        for (var from = 0; from < message.Length; from += PacketMaxBytes - HeaderBytes)
        {
            var part = message.AsSpan(from, Math.Min(PacketMaxBytes - HeaderBytes, message.Length - from));
            var packet = new byte[HeaderBytes + part.Length];
            BinaryPrimitives.WriteUInt32BigEndian(packet, request.Number);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)message.Length);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), (uint)from);
            part.CopyTo(packet.AsSpan(HeaderBytes));
            yield return packet;
        }
    }
}
