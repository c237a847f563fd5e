using System.Net;
using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>
/// The own addresses of another unit, put together from payloads. Sessions to or from them are not the cluster's, and all units must agree
/// on that, so that there is no limit to how many there are:
/// the first payload (<see cref="SessionMessage.Addresses"/>) has the first 64, as it always had; what follows is in payloads of another
/// kind (<see cref="SessionMessage.MoreAddresses"/>), which older
/// versions skip. Each: kind (1), count (1), each address with its length (1) and bytes, then, unless it is the only one, its index (2),
/// how many there are (2), a hash of all addresses (8).
/// </summary>
public sealed class UnitAddresses
{
    /// <summary>Addresses in one payload.</summary>
    public const int PartMax = 64;

    // 64 kilobytes of IPv6 addresses: no unit has as many.
    private const int PartsMax = 256;
    private IReadOnlyList<IPAddress>?[] parts = [];
    private ulong hash;

    /// <summary>Whether a payload has addresses.</summary>
    public static bool IsPart(ReadOnlySpan<byte> payload) =>
        payload.Length > 0 && (SessionMessage)payload[0] is SessionMessage.Addresses or SessionMessage.MoreAddresses;

    /// <summary>The payloads that hold the addresses, one after the other.</summary>
    public static IEnumerable<byte[]> ToPayloads(IReadOnlyList<IPAddress> addresses)
    {
        var count = Math.Clamp((addresses.Count + PartMax - 1) / PartMax, 1, PartsMax);
        var all = addresses.Aggregate(0UL, (sum, address) => SessionKey.Fold(sum, SessionTuple.Number(address)));
        for (var index = 0; index < count; index++)
            yield return ToPayload([.. addresses.Skip(index * PartMax).Take(PartMax)], index, count, all);
    }

    /// <summary>
    /// Takes a payload; true when it completes the addresses. One that is damaged, or does not belong to the others, changes nothing.
    /// </summary>
    public bool TryTake(ReadOnlySpan<byte> payload, [NotNullWhen(true)] out IReadOnlyList<IPAddress>? addresses)
    {
        addresses = null;
        if (!TryParse(payload, out var part, out var index, out var count, out var all))
            return false;
        if (parts.Length != count || hash != all)
            (parts, hash) = (new IReadOnlyList<IPAddress>?[count], all);
        parts[index] = part;
        if (Array.Exists(parts, each => each is null))
            return false;
        addresses = [.. parts.SelectMany(each => each!)];
        return true;
    }

    private static byte[] ToPayload(IReadOnlyList<IPAddress> addresses, int index, int count, ulong all)
    {
        var writer = new ByteWriter(new byte[2 + (PartMax * 17) + 12]);
        writer.WriteByte((byte)(index == 0 ? SessionMessage.Addresses : SessionMessage.MoreAddresses));
        writer.WriteByte((byte)addresses.Count);
        foreach (var address in addresses)
        {
            var bytes = address.GetAddressBytes();
            writer.WriteByte((byte)bytes.Length);
            writer.WriteBytes(bytes);
        }

        if (count > 1)
        {
            writer.WriteUInt16((ushort)index);
            writer.WriteUInt16((ushort)count);
            writer.WriteUInt64(all);
        }

        return writer.Written.ToArray();
    }

    private static bool TryParse(
        ReadOnlySpan<byte> payload,
        out IReadOnlyList<IPAddress> addresses,
        out int index,
        out int count,
        out ulong all
    )
    {
        var list = new List<IPAddress>();
        addresses = list;
        (index, count, all) = (0, 1, 0);
        var reader = new ByteReader(payload);
        if (!IsPart(payload) || !reader.TryReadByte(out _) || !reader.TryReadByte(out var length))
            return false;
        for (var i = 0; i < length; i++)
        {
            if (!reader.TryReadByte(out var size) || size is not (4 or 16) || !reader.TryReadBytes(size, out var bytes))
                return false;
            list.Add(new IPAddress(bytes));
        }

        if (reader.Remaining == 0)
            return true;
        if (!reader.TryReadUInt16(out var at) || !reader.TryReadUInt16(out var of) || !reader.TryReadUInt64(out all))
            return false;
        (index, count) = (at, of);
        return count is > 0 and <= PartsMax && index < count;
    }
}
