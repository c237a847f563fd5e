using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Hitless.Core.Wire;

/// <summary>
/// Encrypts and signs the datagrams of this process. The nonce is the sequence, and the key belongs to one incarnation, so no nonce is ever
/// used twice. Not thread-safe; seals without allocating.
/// </summary>
public sealed class DatagramSealer : IDisposable
{
    /// <summary>Bytes that sealing adds to a payload.</summary>
    public const int Overhead = DatagramHeader.Size + DatagramHeader.TagSize;

    private AesGcm cipher;
    private readonly DatagramHeader header;

    /// <summary>
    /// A sealer for one kind of datagrams of one incarnation. <paramref name="incarnation"/> must be random per process start: reusing it
    /// reuses nonces.
    /// </summary>
    /// <param name="minor">The wire protocol's minor version that the sender speaks: at most <see cref="WireVersion.Minor"/>.</param>
    public DatagramSealer(ClusterKey key, DatagramKind kind, byte minor, int group, UnitId unitId, Incarnation incarnation)
    {
        header = new DatagramHeader(WireVersion.Major, minor, kind, DatagramHeader.Size, checked((ushort)group), unitId, incarnation, 0);
        cipher = key.DeriveCipher(kind, unitId, incarnation);
    }

    /// <summary>The sequence of the datagram sealed last; 0 before the first.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>
    /// Seals <paramref name="payload"/> into <paramref name="datagram"/> (at least payload + <see cref="Overhead"/> bytes, not overlapping)
    /// and returns the datagram's length.
    /// </summary>
    public int Seal(ReadOnlySpan<byte> payload, Span<byte> datagram)
    {
        if (datagram.Length < payload.Length + Overhead)
            throw new InvalidOperationException($"a payload of {payload.Length} bytes does not fit a datagram of {datagram.Length}");
        Sequence++;
        var writer = new ByteWriter(datagram);
        (header with { Sequence = Sequence }).Write(ref writer);
        Span<byte> nonce = stackalloc byte[12];
        WriteNonce(Sequence, nonce);
        cipher.Encrypt(
            nonce,
            payload,
            datagram.Slice(DatagramHeader.Size, payload.Length),
            datagram.Slice(DatagramHeader.Size + payload.Length, DatagramHeader.TagSize),
            datagram[..DatagramHeader.Size]
        );
        return payload.Length + Overhead;
    }

    /// <summary>Seals with another key from now on. The sequence goes on, so that receivers know what is old, whatever its key.</summary>
    public void Use(ClusterKey key)
    {
        cipher.Dispose();
        cipher = key.DeriveCipher(header.Kind, header.UnitId, header.Incarnation);
    }

    /// <inheritdoc/>
    public void Dispose() => cipher.Dispose();

    internal static void WriteNonce(ulong sequence, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], sequence);
    }
}
