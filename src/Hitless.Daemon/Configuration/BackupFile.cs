using System.Diagnostics.CodeAnalysis;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// What a backup holds. <c>Revisions</c>: the trunk and the branches, with their files. <c>ClusterKey</c>: null without secrets.
/// <c>Trust</c>: the certificates whose images are accepted, null where there are none.
/// </summary>
public sealed record BackupContent(BackupInfo About, IReadOnlyList<Revision> Revisions, byte[]? ClusterKey = null, byte[]? Trust = null)
{
    /// <summary>The revision that was current.</summary>
    public Revision? Head => Revisions.FirstOrDefault(r => r.Info.Hash == About.Head?.Hash);

    /// <summary>The revisions that lead to <see cref="Head"/>, oldest first.</summary>
    public IReadOnlyList<RevisionInfo> Trunk
    {
        get
        {
            var trunk = new List<RevisionInfo>();
            for (var at = Head; at is not null; at = Revisions.FirstOrDefault(r => r.Info.Hash == at.Info.Parent))
            {
                trunk.Add(at.Info);
            }

            trunk.Reverse();
            return trunk;
        }
    }
}

/// <summary>
/// A backup: a .tar.gz that anyone can look into, with <c>about.json</c>, <c>cluster.key</c> (with secrets), <c>trust.pem</c>,
/// <c>units/NAME/unit.yaml</c>, <c>revisions/NUMBER-HASH.json</c>, the current managed files as they are (<c>files/etc/…</c>, for people),
/// and <c>SHA256SUMS</c> over all of them at the end (<c>sha256sum -c</c> reads it). A reader takes nothing but these, writes nothing to
/// disk, and believes nothing without its checksum.
/// </summary>
public static class BackupFile
{
    /// <summary>What a backup may hold unpacked, and so the most that its file can measure.</summary>
    public const long TotalMaxBytes = 512L << 20;

    private const string KeyName = "cluster.key";
    private const string TrustName = "trust.pem";
    private const int EntryMaxBytes = 64 << 20;
    private const int EntriesMax = 20_000;

    /// <summary>
    /// Writes the file in one step, readable for its owner only. Throws <see cref="IOException"/> or
    /// <see cref="UnauthorizedAccessException"/>.
    /// </summary>
    public static BackupInfo Write(string path, BackupContent content)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Optimal, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Pax))
        {
            var sums = new StringBuilder();
            foreach (var (name, bytes) in Entries(content))
            {
                sums.Append(Convert.ToHexStringLower(SHA256.HashData(bytes))).Append("  ").Append(name).Append('\n');
                Add(tar, name, bytes, content.About.Time);
            }

            Add(tar, "SHA256SUMS", Encoding.UTF8.GetBytes(sums.ToString()), content.About.Time);
        }

        DurableFile.WriteAllBytes(path, memory.GetBuffer().AsSpan(0, (int)memory.Length), DurableFile.OwnerOnly);
        return content.About with { SizeBytes = memory.Length };
    }

    /// <summary>Reads and verifies a backup; on false nothing of it is to be used, and the refusal says what is wrong with it.</summary>
    public static bool TryRead(string path, [NotNullWhen(true)] out BackupContent? content, [NotNullWhen(false)] out Refusal? refusal)
    {
        content = null;
        try
        {
            using var file = File.OpenRead(path);
            var sizeBytes = file.Length;
            content = Verified(ReadEntries(file), sizeBytes);
            refusal = null;
            return true;
        }
        catch (DamagedException e)
        {
            refusal = new Refusal($"the backup {path} {e.Message}", "use another backup; nothing was changed");
        }
        catch (Exception e)
            when (e
                    is InvalidDataException
                        or EndOfStreamException
                        or JsonException
                        or FormatException
                        or ArgumentException
                        or NotSupportedException
            )
        {
            refusal = new Refusal(
                $"the backup {path} is damaged: {e.Message.ReplaceLineEndings(" ")}",
                "use another backup; nothing was changed"
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            refusal = new Refusal($"the backup {path} cannot be read: {e.Message}", "check its name and rights");
        }

        return false;
    }

    private static IEnumerable<(string Name, byte[] Bytes)> Entries(BackupContent content)
    {
        yield return ("about.json", JsonSerializer.SerializeToUtf8Bytes(content.About, RevisionJson.Default.BackupInfo));
        if (content is { About.Secrets: true, ClusterKey: { } key })
        {
            yield return (KeyName, key);
        }

        if (content.Trust is { } trust)
        {
            yield return (TrustName, trust);
        }

        foreach (var unit in content.About.Units)
        {
            yield return ($"units/{unit.Unit}/unit.yaml", Encoding.UTF8.GetBytes(unit.UnitFile));
        }

        foreach (var revision in content.Revisions)
        {
            yield return (
                $"revisions/{revision.Info.Number}-{revision.Info.Hash}.json",
                JsonSerializer.SerializeToUtf8Bytes(content.About.Secrets ? revision : Bare(revision), RevisionJson.Default.Revision)
            );
        }

        foreach (var file in content.Head?.Files.Where(f => !f.Absent && (content.About.Secrets || !f.Secret)) ?? [])
        {
            yield return ($"files/{file.Path.TrimStart('/')}", file.Content);
        }
    }

    /// <summary>Without secrets: its hash does not fit any more, the checksums of the backup still do.</summary>
    private static Revision Bare(Revision revision) =>
        revision with
        {
            Files = [.. revision.Files.Select(f => f.Secret ? f with { Content = [] } : f)],
        };

    private static void Add(TarWriter tar, string name, byte[] bytes, DateTimeOffset time)
    {
        using var data = new MemoryStream(bytes);
        tar.WriteEntry(
            new PaxTarEntry(TarEntryType.RegularFile, name)
            {
                DataStream = data,
                Mode = DurableFile.OwnerOnly,
                ModificationTime = time,
            }
        );
    }

    private static Dictionary<string, byte[]> ReadEntries(Stream file)
    {
        var entries = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        long total = 0;
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var tar = new TarReader(gzip);
        while (Next(tar) is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
            {
                throw new DamagedException($"holds {entry.Name}, which is no plain file ({entry.EntryType})");
            }

            if (entry.Name.StartsWith('/') || entry.Name.Split('/').Any(part => part is ".." or "." or ""))
            {
                throw new DamagedException($"holds the name {entry.Name}, which leads out of it");
            }

            if (entry.Length > EntryMaxBytes || (total += entry.Length) > TotalMaxBytes || entries.Count >= EntriesMax)
            {
                throw new DamagedException(
                    $"holds more than is taken ({entry.Name}; at most {EntryMaxBytes >> 20} MiB each, {TotalMaxBytes >> 20} MiB in all)"
                );
            }

            var bytes = new byte[entry.Length];
            entry.DataStream?.ReadExactly(bytes);
            if (!entries.TryAdd(entry.Name, bytes))
            {
                throw new DamagedException($"holds {entry.Name} twice");
            }
        }

        return entries;
    }

    private static TarEntry? Next(TarReader tar)
    {
        try
        {
            return tar.GetNextEntry();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // System.Formats.Tar lets many kinds out on garbage (InvalidOperationException, OverflowException; found by the fuzz test).
            throw new DamagedException($"is damaged: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static BackupContent Verified(Dictionary<string, byte[]> entries, long sizeBytes)
    {
        var sums = entries.GetValueOrDefault("SHA256SUMS")
            ?? throw new DamagedException("is no backup of Hitless, or cut off: it has no SHA256SUMS");
        var named = new HashSet<string>(StringComparer.Ordinal) { "SHA256SUMS" };
        foreach (var line in Encoding.UTF8.GetString(sums).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var (sum, name) = line.Length > 66 ? (line[..64], line[66..]) : (line, "");
            if (!entries.TryGetValue(name, out var bytes) || Convert.ToHexStringLower(SHA256.HashData(bytes)) != sum)
            {
                throw new DamagedException(
                    $"is damaged: {(name.Length == 0 ? "SHA256SUMS" : name)} is missing or not what its checksum says"
                );
            }

            named.Add(name);
        }

        if (entries.Keys.FirstOrDefault(name => !named.Contains(name)) is { } extra)
        {
            throw new DamagedException($"holds {extra}, which has no checksum");
        }

        var about = JsonSerializer.Deserialize(entries.GetValueOrDefault("about.json") ?? [], RevisionJson.Default.BackupInfo);
        if (
            about is not { Cluster: not null, Unit: not null, Units: not null, Unreachable: not null }
            || about.Units.Any(u => u is not { Unit: not null, UnitFile: not null, Branches: not null })
        )
        {
            throw new DamagedException("is damaged: about.json does not say what it has to");
        }

        var revisions = entries
            .Where(e => e.Key.StartsWith("revisions/", StringComparison.Ordinal))
            .Select(e => RevisionOf(e.Key, e.Value, about.Secrets))
            .ToList();
        if (about.Head is { } head && !revisions.Any(r => r.Info.Hash == head.Hash))
        {
            throw new DamagedException("is damaged: the revision that was current is not in it");
        }

        return new BackupContent(
            about with
            {
                SizeBytes = sizeBytes,
            },
            revisions,
            entries.GetValueOrDefault(KeyName),
            entries.GetValueOrDefault(TrustName)
        );
    }

    private static Revision RevisionOf(string name, byte[] json, bool whole) =>
        JsonSerializer.Deserialize(json, RevisionJson.Default.Revision)
            is { Info: { Hash: not null, Author: not null, Message: not null }, Files: not null } revision
        && revision.Files.All(f => f is { Path: not null, Content: not null })
        && (!whole || RevisionIdentity.IsIntact(revision))
            ? revision
            : throw new DamagedException($"is damaged: {name} does not match its hash");

    /// <summary>Leaves the reading at the first thing that is wrong; never leaves this class.</summary>
    private sealed class DamagedException(string message) : Exception(message);
}
