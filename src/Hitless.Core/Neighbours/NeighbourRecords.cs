using System.Buffers.Binary;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;

namespace Hitless.Core.Neighbours;

/// <summary>Neighbours as bytes, 24 each: port, family (4 or 6), address (16, big-endian), MAC (6).</summary>
public static class NeighbourRecords
{
    /// <summary>No more are told or taken at once.</summary>
    public const int CountMax = 16_384;

    private const int Bytes = 24;

    /// <summary>Writes the first <see cref="CountMax"/> of them.</summary>
    public static byte[] ToBytes(IReadOnlyCollection<Neighbour> neighbours)
    {
        var bytes = new byte[Math.Min(neighbours.Count, CountMax) * Bytes];
        var rest = bytes.AsSpan();
        foreach (var neighbour in neighbours.Take(CountMax))
        {
            rest[0] = neighbour.Port;
            rest[1] = neighbour.Ipv6 ? (byte)6 : (byte)4;
            BinaryPrimitives.WriteUInt128BigEndian(rest[2..], neighbour.Address);
            neighbour.Mac.WriteTo(rest[18..]);
            rest = rest[Bytes..];
        }

        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out List<Neighbour> neighbours)
    {
        neighbours = [];
        if (bytes.Length % Bytes != 0 || bytes.Length > CountMax * Bytes)
        {
            return false;
        }

        for (; !bytes.IsEmpty; bytes = bytes[Bytes..])
        {
            var address = BinaryPrimitives.ReadUInt128BigEndian(bytes[2..]);
            if (
                bytes[0] > PortSettings.Max - 1
                || bytes[1] is not (4 or 6)
                || (bytes[1] == 4 && address > uint.MaxValue)
                || !MacAddress.TryRead(bytes.Slice(18, MacAddress.Bytes), out var mac)
            )
            {
                return false;
            }

            neighbours.Add(new Neighbour(bytes[0], bytes[1] == 6, address, mac));
        }

        return true;
    }
}
