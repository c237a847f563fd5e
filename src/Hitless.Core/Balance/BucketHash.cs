using System.Buffers.Binary;
using System.Net;
using System.Numerics;

namespace Hitless.Core.Balance;

/// <summary>
/// The bucket of an address, as nftables' <c>jhash … mod 256 seed …</c> computes it (Bob Jenkins' lookup3 of include/linux/jhash.h, scaled
/// by reciprocal_scale). The seed is the same on every unit and never changes, so a flow is in the same bucket whoever is primary.
/// </summary>
public static class BucketHash
{
    /// <summary>How many buckets there are.</summary>
    public const int Buckets = 256;

    /// <summary>The seed of the rules and of <see cref="Of(IPAddress)"/>.</summary>
    public const uint Seed = 0x48544c53;

    private const uint Initial = 0xdeadbeef;
    private const int Block = 12;

    /// <summary>The bucket of an IPv4 or IPv6 address.</summary>
    public static int Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return Of(bytes[..length]);
    }

    /// <summary>The bucket of 4 or 16 bytes as they stand in the packet.</summary>
    public static int Of(ReadOnlySpan<byte> address) => (int)((ulong)Hash(address) * Buckets >> 32);

    private static uint Hash(ReadOnlySpan<byte> key)
    {
        uint a,
            b,
            c;
        a = b = c = Initial + (uint)key.Length + Seed;
        while (key.Length > Block)
        {
            a += BinaryPrimitives.ReadUInt32LittleEndian(key);
            b += BinaryPrimitives.ReadUInt32LittleEndian(key[4..]);
            c += BinaryPrimitives.ReadUInt32LittleEndian(key[8..]);
            Mix(ref a, ref b, ref c);
            key = key[Block..];
        }

        Span<byte> rest = stackalloc byte[Block];
        rest.Clear();
        key.CopyTo(rest);
        a += BinaryPrimitives.ReadUInt32LittleEndian(rest);
        b += BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
        c += BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]);
        Final(ref a, ref b, ref c);
        return c;
    }

    private static void Mix(ref uint a, ref uint b, ref uint c)
    {
        a = (a - c) ^ BitOperations.RotateLeft(c, 4);
        c += b;
        b = (b - a) ^ BitOperations.RotateLeft(a, 6);
        a += c;
        c = (c - b) ^ BitOperations.RotateLeft(b, 8);
        b += a;
        a = (a - c) ^ BitOperations.RotateLeft(c, 16);
        c += b;
        b = (b - a) ^ BitOperations.RotateLeft(a, 19);
        a += c;
        c = (c - b) ^ BitOperations.RotateLeft(b, 4);
        b += a;
    }

    private static void Final(ref uint a, ref uint b, ref uint c)
    {
        c = (c ^ b) - BitOperations.RotateLeft(b, 14);
        a = (a ^ c) - BitOperations.RotateLeft(c, 11);
        b = (b ^ a) - BitOperations.RotateLeft(a, 25);
        c = (c ^ b) - BitOperations.RotateLeft(b, 16);
        a = (a ^ c) - BitOperations.RotateLeft(c, 4);
        b = (b ^ a) - BitOperations.RotateLeft(a, 14);
        c = (c ^ b) - BitOperations.RotateLeft(b, 24);
    }
}
