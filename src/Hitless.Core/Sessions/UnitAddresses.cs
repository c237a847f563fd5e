using System.Net;
using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>The addresses that are a unit's own, as a payload: kind (1), count (1), each with its length (1) and bytes. Sessions to or from them are not the cluster's.</summary>
public static class UnitAddresses
{
    private const int CountMax = 64;

    /// <summary>Writes the first 64 addresses.</summary>
    public static byte[] ToPayload(IReadOnlyList<IPAddress> addresses)
    {
        var writer = new ByteWriter(new byte[2 + (CountMax * 17)]);
        writer.WriteByte((byte)SessionMessage.Addresses);
        writer.WriteByte((byte)Math.Min(addresses.Count, CountMax));
        foreach (var address in addresses.Take(CountMax))
        {
            var bytes = address.GetAddressBytes();
            writer.WriteByte((byte)bytes.Length);
            writer.WriteBytes(bytes);
        }

        return writer.Written.ToArray();
    }

    /// <summary>Reads them; false when the payload is something else or damaged.</summary>
    public static bool TryParse(ReadOnlySpan<byte> payload, [NotNullWhen(true)] out IReadOnlyList<IPAddress>? addresses)
    {
        addresses = null;
        var reader = new ByteReader(payload);
        if (!reader.TryReadByte(out var kind) || (SessionMessage)kind != SessionMessage.Addresses || !reader.TryReadByte(out var count))
            return false;
        var list = new List<IPAddress>();
        for (var i = 0; i < count; i++)
        {
            if (!reader.TryReadByte(out var length) || length is not (4 or 16) || !reader.TryReadBytes(length, out var bytes))
                return false;
            list.Add(new IPAddress(bytes));
        }

        addresses = list;
        return true;
    }
}
