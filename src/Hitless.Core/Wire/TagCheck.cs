using System.Security.Cryptography;

namespace Hitless.Core.Wire;

/// <summary>
/// Decrypts what is likely forged, without the exception that the platform throws for a tag that does not fit: the key stream is had by
/// encrypting zeros, and the tag by encrypting what then comes out. Twice the work of a good datagram, a fourth of that of an exception.
/// Allocates nothing. Not thread-safe.
/// </summary>
internal sealed class TagCheck
{
    private const int PlaintextMax = 2048;
    private readonly byte[] zeros = new byte[PlaintextMax];
    private readonly byte[] stream = new byte[PlaintextMax];

    /// <summary>Whether the tag fits; <paramref name="plaintext"/> holds what was said only then, and nothing else.</summary>
    public bool TryDecrypt(AesGcm cipher, ReadOnlySpan<byte> datagram, in DatagramHeader header, Span<byte> plaintext)
    {
        var length = plaintext.Length;
        if (length > PlaintextMax)
        {
            return false;
        }

        Span<byte> nonce = stackalloc byte[12];
        Span<byte> tag = stackalloc byte[DatagramHeader.TagSize];
        DatagramSealer.WriteNonce(header.Sequence, nonce);
        var associated = datagram[..header.LengthBytes];
        var sent = datagram.Slice(header.LengthBytes, length);
        cipher.Encrypt(nonce, zeros.AsSpan(0, length), stream.AsSpan(0, length), tag, associated);
        for (var i = 0; i < length; i++)
        {
            plaintext[i] = (byte)(sent[i] ^ stream[i]);
        }

        cipher.Encrypt(nonce, plaintext, stream.AsSpan(0, length), tag, associated);
        if (CryptographicOperations.FixedTimeEquals(tag, datagram[^DatagramHeader.TagSize..]))
        {
            return true;
        }

        plaintext.Clear();
        return false;
    }
}
