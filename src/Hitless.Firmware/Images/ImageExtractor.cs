using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Hitless.Core.Firmware;
using Hitless.Firmware.Files;

namespace Hitless.Firmware.Images;

/// <summary>
/// Unpacks an image into a folder that must not be there yet, and leaves nothing behind if that fails. Trusts nothing in the
/// archive: what is not a regular file, not in the manifest, or not of the size and hash that stand there, is refused.
/// </summary>
public static class ImageExtractor
{
    public const string ManifestName = "manifest.json";

    /// <summary>Null when every file is on disk with its mode, and the manifest as <c>manifest.json</c> beside them.</summary>
    public static ImageProblem? Extract(ImageFile image, string folder)
    {
        var problem = RefuseSpace(image.Manifest, folder) ?? Attempt(image, folder);
        if (problem is not null)
        {
            RemoveQuietly(folder);
        }

        return problem;
    }

    private static ImageProblem? RefuseSpace(ImageManifest manifest, string folder)
    {
        var parent = Path.GetDirectoryName(Path.GetFullPath(folder))!;
        return DiskRoom.FreeBytes(parent) < Needed(manifest) ? DiskRoom.Refuse(parent, $"{Needed(manifest)}") : null;
    }

    private static ImageProblem? Attempt(ImageFile image, string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var problem = Unpack(image, folder);
            if (problem is null)
            {
                DurableFile.WriteAllBytes(Path.Combine(folder, ManifestName), image.Manifest.ToJson());
            }

            return problem;
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            // Damaged data: GZipStream and TarReader throw the one, BrotliStream the other.
            return new ImageProblem(ImageFault.Tampered, $"the image's payload cannot be unpacked: {e.Message}", ImageFile.Changed.Remedy);
        }
        catch (EndOfStreamException)
        {
            return ImageFile.Changed;
        }
        catch (IOException e) when (DiskRoom.IsUsedUp(e))
        {
            // Somebody else has filled it meanwhile.
            return DiskRoom.Refuse(Path.GetDirectoryName(Path.GetFullPath(folder))!, $"{Needed(image.Manifest)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ImageProblem(
                ImageFault.DiskError,
                $"{folder} cannot be written: {e.Message}",
                "look at the disk and at the rights of the state directory"
            );
        }
    }

    private static ImageProblem? Unpack(ImageFile image, string folder)
    {
        var expected = image.Manifest.Files.ToDictionary(file => file.Path, StringComparer.Ordinal);
        using var unpacked = Decompress(image);
        using var tar = new TarReader(unpacked, leaveOpen: true);
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
            {
                return Unsafe($"{Shown(entry.Name)} is a {entry.EntryType}");
            }

            if (!expected.Remove(entry.Name, out var file))
            {
                return Unsafe($"{Shown(entry.Name)} is not in the manifest");
            }

            if (entry.Length != file.Size || Write(entry, file, folder) != file.Sha256)
            {
                return new ImageProblem(
                    ImageFault.Tampered,
                    $"{Shown(file.Path)} in the image is not the file that the manifest describes",
                    ImageFile.Changed.Remedy
                );
            }
        }

        return expected.Count == 0
            ? null
            : new ImageProblem(ImageFault.Tampered, $"{Shown(expected.Keys.First())} is missing in the image", ImageFile.Changed.Remedy);
    }

    private static Stream Decompress(ImageFile image) =>
        image.Manifest.Payload.Compression == ImagePayload.Brotli
            ? new BrotliStream(new PacedStream(image.SeekPayload()), CompressionMode.Decompress, leaveOpen: true)
            : new GZipStream(new PacedStream(image.SeekPayload()), CompressionMode.Decompress, leaveOpen: true);

    /// <summary>
    /// Writes one file through to the disk and gives its SHA-256. The manifest's reader has made sure that the path stays inside.
    /// </summary>
    private static string Write(TarEntry entry, ImageEntry file, string folder)
    {
        var path = Path.Combine(folder, file.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var output = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = 0,
                UnixCreateMode = (UnixFileMode)file.ModeBits | UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }
        );
        var buffer = new byte[128 << 10];
        while (entry.DataStream?.Read(buffer) is > 0 and var count)
        {
            hash.AppendData(buffer, 0, count);
            output.Write(buffer, 0, count);
        }

        output.Flush(flushToDisk: true);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static long Needed(ImageManifest manifest) => manifest.UnpackedBytes + DiskRoom.Reserve;

    private static ImageProblem Unsafe(string what) =>
        new(
            ImageFault.UnsafeContent,
            $"the image's payload holds something that no image may hold: {what}",
            "do not use this file, and tell whoever signed it"
        );

    private static string Shown(string name) => '"' + new string([.. name.Take(80).Select(c => c is >= ' ' and <= '~' ? c : '?')]) + '"';

    private static void RemoveQuietly(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has never been a slot; the next installation removes it.
        }
    }
}
