using System.Security.Cryptography;
using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Hitless.Firmware.Files;
using Hitless.Firmware.Signing;

namespace Hitless.Firmware.Images;

/// <summary>An image on disk, open for reading. What it says of itself is believed only after <see cref="Verify"/>.</summary>
public sealed class ImageFile : IDisposable
{
    private readonly FileStream file;
    private readonly ImageLayout layout;
    private readonly byte[] manifestBytes;
    private readonly byte[] signature;

    private ImageFile(FileStream file, ImageLayout layout, byte[] beginning)
    {
        this.file = file;
        this.layout = layout;
        manifestBytes = beginning[layout.ManifestBytes];
        signature = beginning[layout.SignatureBytes];
    }

    public ImageManifest Manifest => layout.Manifest;

    public string Path => file.Name;

    public long SizeBytes => file.Length;

    /// <summary>Who signed by the image's own words; null if unsigned.</summary>
    public string? SignerName => ManifestSignature.SignerName(signature);

    /// <summary>Opens a file and reads all but its payload.</summary>
    public static bool TryOpen(string path, out ImageFile image, out ImageProblem? problem)
    {
        image = null!;
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            var beginning = new byte[(int)Math.Min(file.Length, ImageLayout.MaxHeaderBytes)];
            file.ReadExactly(beginning);
            if (ImageLayout.TryRead(beginning, file.Length, out var layout, out problem))
            {
                image = new ImageFile(file, layout, beginning);
                file = null;
                return true;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = new ImageProblem(
                ImageFault.NotFound,
                $"the image {path} cannot be read: {e.Message}",
                "give the path of an .hli file that this user may read"
            );
        }
        finally
        {
            file?.Dispose();
        }

        return false;
    }

    /// <summary>Null if the image is whole, unchanged and signed by someone trusted. Reads all of it, once, in pieces.</summary>
    public ImageProblem? Verify(TrustStore trust, DateTimeOffset now) => VerifySignature(trust, now) ?? VerifyPayload();

    /// <summary>The signature over the manifest alone: cheap.</summary>
    public ImageProblem? VerifySignature(TrustStore trust, DateTimeOffset now) =>
        ManifestSignature.Verify(manifestBytes, signature, trust, now);

    /// <summary>The payload against the hash in the manifest.</summary>
    public ImageProblem? VerifyPayload()
    {
        return HashOf(SeekPayload()) == Manifest.Payload.Sha256 ? null : Changed;
    }

    /// <summary>SHA-256 of the whole file in lower-case hex: the name of the image among units.</summary>
    public string ComputeHash()
    {
        file.Position = 0;
        return HashOf(file);
    }

    /// <summary>For lists; <paramref name="hash"/> as <see cref="ComputeHash"/> gives it.</summary>
    public ImageInfo Describe(string hash) =>
        new(
            hash,
            Manifest.Product,
            Manifest.Version.ToString(),
            Manifest.Platform,
            SizeBytes,
            Manifest.Activation == Activation.Restart ? "restart" : "reboot",
            SignerName ?? "nobody",
            Manifest.ReleaseNotes,
            [.. Manifest.UpgradeFrom.Select(range => range.ToString())],
            Manifest.Wire.ToString()
        );

    public void Dispose() => file.Dispose();

    /// <summary>The payload to the end of the file. The stream belongs to this image.</summary>
    internal Stream SeekPayload()
    {
        file.Position = layout.PayloadOffset;
        return file;
    }

    private static string HashOf(Stream stream) => Convert.ToHexStringLower(SHA256.HashData(new PacedStream(stream)));

    internal static ImageProblem Changed { get; } =
        new(
            ImageFault.Tampered,
            "the image's payload is not the one that was signed: the file has been changed or damaged",
            "do not use this file; copy the image again from where it was released"
        );
}
