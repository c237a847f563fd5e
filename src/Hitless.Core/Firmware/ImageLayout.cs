using System.Buffers.Binary;

namespace Hitless.Core.Firmware;

/// <summary>
/// Where things are in an image file:
/// <code>
/// 0            8              12           12+M           16+M         16+M+S             end
/// | "HITLESS1" | M (4 bytes)  | manifest   | S (4 bytes)  | signature  | payload, tar.br  |
/// </code>
/// Lengths are big-endian. The signature is a CMS SignedData (RFC 5652), detached, over the bytes of the manifest; S is 0 in an unsigned
/// image.
/// </summary>
public sealed record ImageLayout(ImageManifest Manifest, Range ManifestBytes, Range SignatureBytes, long PayloadOffset)
{
    public const int MaxManifestBytes = 2 << 20;
    public const int MaxSignatureBytes = 64 << 10;

    /// <summary>Whatever the file: this many bytes of its beginning hold everything but the payload.</summary>
    public const int MaxHeaderBytes = 16 + MaxManifestBytes + MaxSignatureBytes;

    public static ReadOnlySpan<byte> Magic => "HITLESS1"u8;

    /// <summary>
    /// Reads the beginning of an image. <paramref name="beginning"/> are the first bytes of the file, all of them or
    /// <see cref="MaxHeaderBytes"/>; <paramref name="fileLength"/> is the length of the whole file.
    /// </summary>
    public static bool TryRead(
        ReadOnlySpan<byte> beginning,
        long fileLength,
        [NotNullWhen(true)] out ImageLayout? layout,
        [NotNullWhen(false)] out ImageProblem? problem
    )
    {
        layout = null;
        if (!beginning.StartsWith(Magic))
        {
            problem =
                beginning.Length > 0 && Magic.StartsWith(beginning)
                    ? ImageProblem.Truncated(fileLength, Magic.Length)
                    : ImageProblem.NotAnImage;
            return false;
        }

        if (
            !TryReadBlock(beginning, Magic.Length, MaxManifestBytes, "manifest", out var manifestBytes, out problem)
            || !TryReadBlock(beginning, manifestBytes.End.Value, MaxSignatureBytes, "signature", out var signatureBytes, out problem)
            || !ImageManifest.TryRead(beginning[manifestBytes], out var manifest, out problem)
        )
        {
            return false;
        }

        var payloadOffset = (long)signatureBytes.End.Value;
        var end = payloadOffset + Math.Min(manifest.Payload.Size, long.MaxValue - payloadOffset);
        problem =
            fileLength < end ? ImageProblem.Truncated(fileLength, end)
            : fileLength > end ? ImageProblem.TrailingBytes(end)
            : null;
        layout = problem is null ? new ImageLayout(manifest, manifestBytes, signatureBytes, payloadOffset) : null;
        return layout is not null;
    }

    /// <summary>Everything that stands before the payload.</summary>
    public static byte[] Header(ReadOnlySpan<byte> manifest, ReadOnlySpan<byte> signature)
    {
        var header = new byte[Magic.Length + 4 + manifest.Length + 4 + signature.Length];
        var rest = header.AsSpan();
        Magic.CopyTo(rest);
        rest = rest[Magic.Length..];
        WriteBlock(ref rest, manifest);
        WriteBlock(ref rest, signature);
        return header;
    }

    private static bool TryReadBlock(
        ReadOnlySpan<byte> file,
        int offset,
        int max,
        string what,
        out Range block,
        [NotNullWhen(false)] out ImageProblem? problem
    )
    {
        block = default;
        problem = null;
        if (file.Length - offset < 4)
        {
            problem = ImageProblem.Truncated(file.Length, offset + 4L);
            return false;
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(file[offset..]);
        if (length > max)
        {
            problem = ImageProblem.Malformed($"byte {offset}", $"a {what} of {length} bytes is longer than the {max} that are allowed");
        }
        else if (file.Length - offset - 4 < length)
        {
            problem = ImageProblem.Truncated(file.Length, offset + 4L + length);
        }

        block = problem is null ? (offset + 4)..(offset + 4 + (int)length) : default;
        return problem is null;
    }

    private static void WriteBlock(ref Span<byte> rest, ReadOnlySpan<byte> block)
    {
        BinaryPrimitives.WriteInt32BigEndian(rest, block.Length);
        block.CopyTo(rest[4..]);
        rest = rest[(4 + block.Length)..];
    }
}
