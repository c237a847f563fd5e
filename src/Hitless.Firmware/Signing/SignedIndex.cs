using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hitless.Core.Firmware;

namespace Hitless.Firmware.Signing;

/// <summary>
/// The file of a feed's index: its JSON, to be read by anybody, and under it the signature over exactly these bytes (CMS, PEM).
/// </summary>
/// <param name="Index">What it says.</param>
/// <param name="SignedBy">Who signed it.</param>
public sealed record SignedIndex(FeedIndex Index, string SignedBy)
{
    /// <summary>A larger file is no index.</summary>
    public const int SizeMax = 16 << 20;

    private const string Label = "CMS";
    private const string Remedy = "ask who keeps the feed; hitless firmware index makes and signs an index";
    private static readonly byte[] Begin = [.. "\n-----BEGIN CMS-----"u8];

    /// <summary>The file.</summary>
    public static byte[] Sign(FeedIndex index, X509Certificate2 signer)
    {
        var content = index.ToJson();
        return
        [
            .. content,
            (byte)'\n',
            .. Encoding.ASCII.GetBytes(PemEncoding.WriteString(Label, ManifestSignature.Sign(content, signer))),
            (byte)'\n',
        ];
    }

    /// <summary>Reads an index that somebody trusted has signed and that has not expired.</summary>
    public static bool TryRead(
        ReadOnlySpan<byte> file,
        TrustStore trust,
        DateTimeOffset now,
        [NotNullWhen(true)] out SignedIndex? signed,
        [NotNullWhen(false)] out ImageProblem? problem
    )
    {
        signed = null;
        if (Split(file, out var content, out var signature) is { } why)
        {
            problem = new ImageProblem(ImageFault.SignatureMalformed, why, Remedy);
            return false;
        }

        problem = ManifestSignature.Verify(content, signature, trust, now, "the index of the feed");
        if (problem is not null)
        {
            problem = problem with { Remedy = problem.Fault is ImageFault.Stranger or ImageFault.Revoked ? problem.Remedy : Remedy };
            return false;
        }

        if (!FeedIndex.TryRead(content, out var index, out problem) || (problem = index.WhyTooOld(now)) is not null)
        {
            return false;
        }

        signed = new SignedIndex(index, ManifestSignature.SignerName(signature) ?? "");
        return true;
    }

    private static string? Split(ReadOnlySpan<byte> file, out byte[] content, out byte[] signature)
    {
        (content, signature) = ([], []);
        var end = file.LastIndexOf(Begin);
        if (file.Length > SizeMax || end < 0)
        {
            return file.Length > SizeMax
                ? $"the index of the feed is larger than {SizeMax >> 20} MiB"
                : "this file is no index of a feed: no signature stands under it";
        }

        content = file[..end].ToArray();
        var pem = Encoding.ASCII.GetString(file[end..]);
        if (!PemEncoding.TryFind(pem, out var block) || !pem[block.Label].Equals(Label, StringComparison.Ordinal))
        {
            return "the signature under the index of the feed is cut off";
        }

        signature = new byte[block.DecodedDataLength];
        return Convert.TryFromBase64String(pem[block.Base64Data], signature, out _)
            ? null
            : "the signature under the index of the feed cannot be read";
    }
}
