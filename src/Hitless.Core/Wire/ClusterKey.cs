using System.Security.Cryptography;

namespace Hitless.Core.Wire;

/// <summary>The secret that all units of a cluster share: 32 bytes. Its file is one line, <c>hitless-key-1:</c> and base64.</summary>
public sealed class ClusterKey
{
    /// <summary>Bytes of the secret, and of each key derived from it.</summary>
    public const int Size = 32;

    private const string Prefix = "hitless-key-1:";
    private readonly byte[] secret;
    private string? id;

    /// <summary>Takes 32 random bytes.</summary>
    public ClusterKey(ReadOnlySpan<byte> secret)
    {
        if (secret.Length != Size)
            throw new ArgumentException($"a cluster key has {Size} bytes, not {secret.Length}", nameof(secret));
        this.secret = secret.ToArray();
    }

    /// <summary>Reads the text of a key file; <paramref name="error"/> says what was expected and the remedy.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ClusterKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        var line = text.Trim();
        if (!line.StartsWith(Prefix, StringComparison.Ordinal))
        {
            error = $"not a cluster key: expected one line that begins with \"{Prefix}\"; make one with `hitless key generate`";
            return false;
        }

        Span<byte> bytes = stackalloc byte[Size + 3];
        if (!Convert.TryFromBase64String(line[Prefix.Length..], bytes, out var length) || length != Size)
        {
            error = $"damaged cluster key: expected base64 of {Size} bytes after \"{Prefix}\"; copy the file again from another unit";
            return false;
        }

        key = new ClusterKey(bytes[..Size]);
        error = null;
        return true;
    }

    /// <summary>What tells it from other keys, and gives nothing of it away: 16 hexadecimal digits.</summary>
    public string Id => id ??= DeriveId();

    /// <summary>The line that the key file holds.</summary>
    public string ToFileText() => Prefix + Convert.ToBase64String(secret) + "\n";

    /// <summary>Never the secret: keys must not end up in logs.</summary>
    public override string ToString() => "cluster key";

    /// <summary>Derives a key for a purpose (HKDF-SHA256, RFC 5869).</summary>
    public void Derive(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info, Span<byte> key) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, salt, info);

    /// <summary>
    /// The AES-256-GCM key of one sender, incarnation and kind: salt = incarnation, info = "hitless … v1" and the unit id.
    /// </summary>
    internal AesGcm DeriveCipher(DatagramKind kind, UnitId unitId, Incarnation incarnation)
    {
        Span<byte> salt = stackalloc byte[16];
        new ByteWriter(salt).WriteIncarnation(incarnation);
        var info = new ByteWriter(stackalloc byte[40]);
        info.WriteBytes(kind == DatagramKind.Heartbeat ? "hitless heartbeat v1"u8 : "hitless session v1"u8);
        info.WriteUnitId(unitId);
        Span<byte> key = stackalloc byte[Size];
        Derive(salt, info.Written, key);
        var cipher = new AesGcm(key, DatagramHeader.TagSize);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    private string DeriveId()
    {
        Span<byte> bytes = stackalloc byte[8];
        Derive([], "hitless key id v1"u8, bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
