using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Hitless.Firmware.Files;
using Hitless.Firmware.Signing;

namespace Hitless.Firmware.Images;

/// <summary>
/// The images of a unit: <c>images/SHA256.hli</c> under the state directory. Only images whose signature holds get in. One that is still
/// arriving is <c>images/SHA256.part</c>, and goes on where it stopped.
/// </summary>
public sealed class ImageStore(string stateFolder, TrustStore trust)
{
    private const int PieceBytes = 64 << 10;
    private const string Suffix = ".hli";
    private const string PartSuffix = ".part";

    private readonly string folder = Path.Combine(stateFolder, "images");

    /// <summary>Images that come in parts.</summary>
    public ImageUploads Uploads { get; } = new(stateFolder, TimeProvider.System);

    /// <summary>Whose images are believed.</summary>
    public TrustStore Trust => trust;

    public IReadOnlyList<ImageInfo> List()
    {
        var images = new List<ImageInfo>();
        foreach (var path in Paths())
        {
            if (ImageFile.TryOpen(path, out var image, out _))
            {
                using (image)
                {
                    images.Add(image.Describe(Path.GetFileNameWithoutExtension(path)));
                }
            }
        }

        return images;
    }

    /// <summary>
    /// Finds the one image that is meant: its hash begins like this, or it has this version. <paramref name="hash"/> is then the whole
    /// hash.
    /// </summary>
    public bool TryFind(string wanted, out string hash, out string path, out ImageProblem? problem)
    {
        string[] found = wanted.Length == 0 ? [] : [.. PathsOf(wanted)];
        path = found is [var only] ? only : "";
        hash = Path.GetFileNameWithoutExtension(path);
        problem = found.Length switch
        {
            1 => null,
            0 => new ImageProblem(
                ImageFault.NotFound,
                $"no image here has the version \"{wanted}\", or a hash that begins so",
                "upload it with `hitless firmware upload FILE`; `hitless firmware list` shows what is here"
            ),
            _ => new ImageProblem(
                ImageFault.NotFound,
                $"{found.Length} images here have the version \"{wanted}\", or a hash that begins so",
                "give more of the hash; `hitless firmware list` shows what is here"
            ),
        };
        return problem is null;
    }

    /// <summary>
    /// How many bytes of this image are already here: the offset from which a sender goes on. The whole length if it is complete.
    /// </summary>
    public long ReceivedBytes(string hash) =>
        IsHash(hash)
            ? new[] { hash + Suffix, hash + PartSuffix }
                .Select(name => new FileInfo(Path.Combine(folder, name)))
                .FirstOrDefault(file => file.Exists)
                ?.Length
                ?? 0
            : 0;

    /// <summary>
    /// Takes in an image (or the rest of it, from <paramref name="offset"/> on) and checks it before it counts: hash of the file,
    /// signature, payload. If the stream ends early or breaks, what has arrived stays for the next attempt; a wrong image is removed.
    /// </summary>
    /// <param name="content">The bytes from <paramref name="offset"/> to the end.</param>
    /// <param name="expectedHash">SHA-256 of the whole file in lower-case hex; null if the sender did not say.</param>
    /// <param name="offset">0, or what <see cref="ReceivedBytes"/> said.</param>
    public async Task<ImagePut> PutAsync(
        Stream content,
        string? expectedHash,
        long offset,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (expectedHash is not null && !IsHash(expectedHash))
        {
            return new ImagePut(
                null,
                new ImageProblem(
                    ImageFault.NotAllowed,
                    "the given hash is no SHA-256 in lower-case hex",
                    "give the 64 digits that `hitless firmware inspect` shows"
                )
            );
        }

        var part = Path.Combine(folder, (expectedHash ?? $"upload-{Guid.NewGuid():N}") + PartSuffix);
        try
        {
            Directory.CreateDirectory(folder);
            if (expectedHash is not null && File.Exists(PathOf(expectedHash)))
            {
                return Open(PathOf(expectedHash), expectedHash);
            }

            if (await ReceiveAsync(content, part, offset, cancellation) is { } problem)
            {
                return new ImagePut(null, problem);
            }

            return Accept(part, expectedHash, now);
        }
        catch (IOException e) when (DiskRoom.IsUsedUp(e))
        {
            // What fills the disk is no help to the next attempt.
            var full = DiskRoom.Refuse(
                folder,
                $"more than the {(new FileInfo(part) is { Exists: true } file ? file.Length : 0)} of the image that had arrived"
            );
            File.Delete(part);
            return new ImagePut(null, full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ImagePut(
                null,
                new ImageProblem(
                    ImageFault.DiskError,
                    $"the image could not be stored in {folder}: {e.Message}",
                    "look at the disk and the connection, then send it again: it goes on where it stopped"
                )
            );
        }
        finally
        {
            if (expectedHash is null)
            {
                File.Delete(part);
            }
        }
    }

    /// <summary>
    /// Takes in a file of this file system that should be a whole image, after the same checks. A wrong one is removed, or left to its
    /// owner.
    /// </summary>
    public ImagePut Take(string path, DateTimeOffset now)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return Accept(path, null, now);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ImagePut(
                null,
                new ImageProblem(
                    ImageFault.DiskError,
                    $"the image could not be stored in {folder}: {e.Message}",
                    "look at the disk, then upload it again"
                )
            );
        }
    }

    /// <summary>
    /// What is here under the name of an image, whole or not: hash, and length of the file in bytes; -1 where it cannot be opened as an
    /// image. Reads the beginnings only.
    /// </summary>
    public IReadOnlyList<(string Hash, long Bytes)> Look()
    {
        var found = new List<(string, long)>();
        foreach (var path in Paths())
        {
            var whole = ImageFile.TryOpen(path, out var image, out _);
            found.Add((Path.GetFileNameWithoutExtension(path), whole ? image.SizeBytes : -1));
            if (whole)
            {
                image.Dispose();
            }
        }

        return found;
    }

    /// <summary>Whether every byte of an image is as its name, the hash, says. Reads all of it, at leisure.</summary>
    public bool IsWhole(string hash)
    {
        if (!IsHash(hash) || !ImageFile.TryOpen(PathOf(hash), out var image, out _))
        {
            return false;
        }

        using (image)
        {
            return image.ComputeHash() == hash;
        }
    }

    /// <summary>Removes an image. Slots keep what was installed from it.</summary>
    public void Remove(string hash)
    {
        if (IsHash(hash))
        {
            DurableFile.Delete(PathOf(hash));
        }
    }

    private static async Task<ImageProblem?> ReceiveAsync(Stream content, string part, long offset, CancellationToken cancellation)
    {
        await using var file = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0);
        if (offset < 0 || offset > file.Length)
        {
            return new ImageProblem(
                ImageFault.NotAllowed,
                $"the sender goes on at byte {offset}, but only {file.Length} bytes are here",
                $"send from byte {file.Length} on"
            );
        }

        file.SetLength(offset);
        file.Position = offset;
        await new PacedStream(content).CopyToAsync(file, PieceBytes, cancellation);
        file.Flush(flushToDisk: true);
        return null;
    }

    private ImagePut Accept(string part, string? expectedHash, DateTimeOffset now)
    {
        if (!ImageFile.TryOpen(part, out var image, out var problem))
        {
            return Refuse(part, problem!);
        }

        using (image)
        {
            var hash = image.ComputeHash();
            problem =
                expectedHash is null || hash == expectedHash
                    ? image.Verify(trust, now)
                    : new ImageProblem(
                        ImageFault.Tampered,
                        $"the image that arrived has the hash {hash}, not {expectedHash}",
                        "send it again"
                    );
            if (problem is not null)
            {
                return Refuse(part, problem);
            }

            DurableFile.MakeWay(PathOf(hash));
            DurableFile.Move(part, PathOf(hash));
            return new ImagePut(image.Describe(hash), null);
        }
    }

    /// <summary>A truncated one may still grow; any other fault does not heal.</summary>
    private static ImagePut Refuse(string part, ImageProblem problem)
    {
        if (problem.Fault != ImageFault.Truncated)
        {
            File.Delete(part);
        }

        return new ImagePut(null, problem);
    }

    private static ImagePut Open(string path, string hash)
    {
        if (!ImageFile.TryOpen(path, out var image, out var problem))
        {
            return new ImagePut(null, problem);
        }

        using (image)
        {
            return new ImagePut(image.Describe(hash), null);
        }
    }

    private string PathOf(string hash) => Path.Combine(folder, hash + Suffix);

    private IEnumerable<string> PathsOf(string wanted)
    {
        var hashed = Paths().Where(path => Path.GetFileName(path).StartsWith(wanted, StringComparison.OrdinalIgnoreCase));
        var versioned = List().Where(image => image.Version == wanted).Select(image => Path.Combine(folder, image.Hash + Suffix));
        return hashed.Any() ? hashed : versioned;
    }

    private string[] Paths()
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        var paths = Directory.GetFiles(folder, "*" + Suffix);
        Array.Sort(paths, StringComparer.Ordinal);
        return paths;
    }

    /// <summary>Whether this could name an image on every unit: 64 digits, SHA-256 in lower-case hex.</summary>
    public static bool IsHash(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}

/// <summary>The image that is now in the store, or why it is not.</summary>
public sealed record ImagePut(ImageInfo? Image, ImageProblem? Problem);
