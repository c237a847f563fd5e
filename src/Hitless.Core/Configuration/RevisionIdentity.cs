using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Cluster;

namespace Hitless.Core.Configuration;

/// <summary>
/// What a revision's hash stands for: SHA-256 over its number, epoch, parent, author, time, message, time limit and files, each with its
/// length in front, files in the order of their paths. So a hash names one point of one history: the same content after a
/// rollback is another revision, and nothing of what is said about it can be changed unseen.
/// </summary>
public static class RevisionIdentity
{
    /// <summary>
    /// The revision that follows <paramref name="parent"/>; number 1 when there is none. Its epoch never goes below the parent's.
    /// </summary>
    public static Revision Next(
        RevisionInfo? parent,
        long epoch,
        IEnumerable<ManagedFile> files,
        string author,
        string message,
        DateTimeOffset time,
        DateTimeOffset? confirmBy = null
    )
    {
        IReadOnlyList<ManagedFile> sorted = [.. files.OrderBy(f => f.Path, StringComparer.Ordinal)];
        var info = new RevisionInfo(
            (parent?.Number ?? 0) + 1,
            Math.Max(epoch, parent?.Epoch ?? 0),
            parent?.Hash,
            "",
            author,
            time.ToUniversalTime(),
            message,
            confirmBy?.ToUniversalTime()
        );
        return new Revision(info with { Hash = HashOf(info, sorted) }, sorted);
    }

    /// <summary>
    /// The hash in it is the hash of it, and its files are in order, each path once. What came from a disk or another unit may be anything,
    /// also null where nothing is.
    /// </summary>
    public static bool IsIntact(Revision? revision)
    {
        if (
            revision is not { Info: { Hash: not null, Author: not null, Message: not null } info, Files: not null }
            || info.Number is < 1 or > Epoch.NumberMax
            || info.Epoch is < 0 or > Epoch.NumberMax
            || revision.Files.Any(f => f is not { Path: not null, Content: not null })
        )
        {
            return false;
        }

        for (var i = 1; i < revision.Files.Count; i++)
        {
            if (string.CompareOrdinal(revision.Files[i - 1].Path, revision.Files[i].Path) >= 0)
            {
                return false;
            }
        }

        return revision.Info.Hash == HashOf(revision.Info, revision.Files);
    }

    private static string HashOf(RevisionInfo info, IReadOnlyList<ManagedFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, "hitless-revision-1");
        Add(hash, info.Number);
        Add(hash, info.Epoch);
        Add(hash, info.Parent);
        Add(hash, info.Author);
        Add(hash, info.Time.UtcTicks);
        Add(hash, info.Message);
        Add(hash, files.Count);
        foreach (var file in files)
        {
            Add(hash, file.Path);
            Add(hash, file.Content);
            Add(hash, file.Check);
            Add(hash, file.Apply);
            Add(hash, file.Mode);
        }

        // What came later is hashed only where it is set: then only such revisions are unreadable to an older version.
        if (info.ConfirmBy is { } limit)
        {
            Add(hash, limit.UtcTicks);
        }

        foreach (var file in files.Where(f => RevisionSchema.Of(f) > RevisionSchema.Oldest))
        {
            Add(hash, file.Path);
            Add(hash, file.Owner);
            Add(hash, file.Verify);
            Add(hash, file.Order);
            Add(hash, (file.Template ? 1 : 0) | (file.Absent ? 2 : 0) | (file.Secret ? 4 : 0));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        hash.AppendData(bytes);
    }

    private static void Add(IncrementalHash hash, byte[] value)
    {
        Add(hash, value.Length);
        hash.AppendData(value);
    }

    private static void Add(IncrementalHash hash, string? value)
    {
        // Absent and empty differ.
        if (value is null)
        {
            Add(hash, -1);
        }
        else
        {
            Add(hash, Encoding.UTF8.GetBytes(value));
        }
    }
}
