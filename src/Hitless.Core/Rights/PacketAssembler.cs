using Hitless.Core.Wire;

namespace Hitless.Core.Rights;

/// <summary>
/// Puts the packets of <see cref="ApplyPackets"/> together again. Memory is taken as parts arrive, not as a header promises, and what is
/// under way together is bounded by two messages of the greatest length: beyond it the oldest, which somebody has given up, is dropped.
/// </summary>
public sealed class PacketAssembler
{
    private const long PendingMaxBytes = 2L * ApplyPackets.MessageMaxBytes;
    private const int PendingMax = 64;
    private readonly Dictionary<RequestId, (uint Total, MemoryStream Parts)> _pending = [];
    private readonly List<RequestId> _oldestFirst = [];

    /// <summary>Packets that were no part of anything, or too much.</summary>
    public long Dropped { get; private set; }

    /// <summary>What is kept of messages that are not whole yet.</summary>
    public long PendingBytes { get; private set; }

    /// <summary>Takes a packet; true with the message that it makes whole.</summary>
    public bool TryTake(ReadOnlySpan<byte> packet, out RequestId request, [NotNullWhen(true)] out byte[]? message)
    {
        (request, message) = (RequestId.None, null);
        var reader = new ByteReader(packet);
        if (
            packet.Length > ApplyPackets.PacketMaxBytes
            || !reader.TryReadUInt32(out var number)
            || !reader.TryReadUInt32(out var total)
            || !reader.TryReadUInt32(out var from)
            || total is 0 or > ApplyPackets.MessageMaxBytes
            || !reader.TryReadBytes(reader.Remaining, out var part)
            || part.IsEmpty
            || (ulong)from + (uint)part.Length > total
        )
        {
            return Drop();
        }

        request = new RequestId(number);
        if (from == 0)
        {
            Forget(request);
            if (_pending.Count >= PendingMax)
            {
                Forget(_oldestFirst[0]);
            }

            _pending[request] = (total, new MemoryStream());
            _oldestFirst.Add(request);
        }

        if (!_pending.TryGetValue(request, out var known) || known.Total != total || known.Parts.Length != from)
        {
            Forget(request);
            return Drop();
        }

        while (PendingBytes + part.Length > PendingMaxBytes)
        {
            // One message alone never takes as much.
            Forget(_oldestFirst[0] == request ? _oldestFirst[1] : _oldestFirst[0]);
        }

        known.Parts.Write(part);
        PendingBytes += part.Length;
        if (known.Parts.Length < total)
        {
            return false;
        }

        message = known.Parts.ToArray();
        Forget(request);
        return true;
    }

    private void Forget(RequestId request)
    {
        if (_pending.Remove(request, out var known))
        {
            PendingBytes -= known.Parts.Length;
            known.Parts.Dispose();
            _oldestFirst.Remove(request);
        }
    }

    private bool Drop()
    {
        Dropped++;
        return false;
    }
}
