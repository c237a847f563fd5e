using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// A revision that is applied on trial, and what to put back if it does not stand. <c>Edited</c>: some of its content had been edited in
/// place on this unit before it was committed.
/// </summary>
public sealed record PendingRevision(RevisionInfo Revision, IReadOnlyList<FileBefore> Before, bool Edited = false);

/// <summary>
/// The revisions of this unit on disk:
/// <code>
/// revisions/NUMBER-HASH.json   one revision with its files, never changed
/// head.json                    which of them is the head, and the branches
/// head.last.json               a copy of it, should it be damaged
/// pending.json                 only while a revision is applied on trial
/// pruned.json                  revisions of which only the facts are kept, not the files
/// </code>
/// Each write replaces one file in one step, a revision is there before anything names it: a power cut at any moment leaves the
/// old or the new head. Not thread-safe; its owner has a lock. Disk errors come out as <see cref="IOException"/>.
/// </summary>
public sealed class RevisionStore
{
    private readonly Dictionary<string, RevisionInfo> _revisions = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];
    private readonly string _folder;
    private readonly Action<string, byte[]> _write;
    private readonly int _keep;
    private HashSet<string> _pruned = new(StringComparer.Ordinal);
    private StoredHead _stored = new(null, []);

    /// <summary>
    /// The facts of so many pruned revisions are kept: they tell whether a unit that comes back goes on from one of them.
    /// </summary>
    public const int PrunedMax = 1000;

    internal sealed record StoredHead(string? Head, IReadOnlyList<RevisionBranch> Branches);

    /// <summary>Opens the store, creating the folder if there is none.</summary>
    /// <param name="folder">STATE/configuration.</param>
    /// <param name="write">Replaces a file durably; tests put a power cut here.</param>
    /// <param name="keep">So many of the newest revisions are kept with their files; older ones only if they are branches.</param>
    public RevisionStore(string folder, Action<string, byte[]>? write = null, int keep = int.MaxValue)
    {
        _folder = folder;
        _keep = keep;
        _write = write ?? ((path, content) => DurableFile.WriteOwnBytes(path, content, DurableFile.OwnerOnly));
        Try(MakeFolder);
        Load();
    }

    /// <summary>The revisions that lead to the head, oldest first; empty before the first.</summary>
    public IReadOnlyList<RevisionInfo> Trunk { get; private set; } = [];

    /// <summary>The current revision.</summary>
    public RevisionInfo? Head => Trunk.Count == 0 ? null : Trunk[^1];

    /// <summary>Applied on trial, or null.</summary>
    public PendingRevision? Pending { get; private set; }

    /// <summary>What lost a merge and is kept.</summary>
    public IReadOnlyList<RevisionBranch> Branches => _stored.Branches;

    /// <summary>What was found damaged when the store was opened, a line each.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>
    /// Revisions that the head goes on from are not here, nor their facts: files are gone or damaged. (What was pruned long ago is no
    /// loss.)
    /// </summary>
    public bool IsBroken => Trunk.Count is > 0 and < PrunedMax && Trunk[0].Parent is not null;

    private string RevisionFolder => Path.Combine(_folder, "revisions");

    private string HeadPath => Path.Combine(_folder, "head.json");

    private string HeadCopyPath => Path.Combine(_folder, "head.last.json");

    private string PendingPath => Path.Combine(_folder, "pending.json");

    private string PrunedPath => Path.Combine(_folder, "pruned.json");

    /// <summary>Whether a revision with this hash is here, or was and is pruned.</summary>
    public bool Has(string hash) => _revisions.ContainsKey(hash);

    /// <summary>A revision with its files; null if it is not here, pruned or damaged.</summary>
    public Revision? Read(string hash) => _revisions.TryGetValue(hash, out var info) ? ReadIntact(PathOf(info)) : null;

    /// <summary>
    /// By number (of the trunk), by the beginning of a hash, or by the name of a branch; null if nothing or more than one fits.
    /// </summary>
    public Revision? Find(string reference)
    {
        var hits = Branches
            .Where(b => b.Name == reference)
            .Select(b => b.Head)
            .Concat(Trunk.Where(r => r.Number.ToString() == reference))
            .Concat(reference.Length >= 4 ? _revisions.Values.Where(r => r.Hash.StartsWith(reference, StringComparison.Ordinal)) : [])
            .DistinctBy(r => r.Hash)
            .Take(2)
            .ToList();
        return hits.Count == 1 ? Read(hits[0].Hash) : null;
    }

    /// <summary>Whether the way back from a revision leads over <paramref name="ancestor"/>.</summary>
    public bool LeadsTo(RevisionInfo ancestor, string hash) => TrunkOf(hash).Any(r => r.Hash == ancestor.Hash);

    /// <summary>Notes the facts of revisions that nobody has the files of any more.</summary>
    public void AddPruned(IEnumerable<RevisionInfo> trunk)
    {
        if (trunk.Where(r => !Has(r.Hash)).ToList() is { Count: > 0 } unknown)
        {
            WritePruned([.. _pruned.Select(h => _revisions[h]), .. unknown]);
        }
    }

    /// <summary>Keeps a revision; it is not the head by that.</summary>
    public void Add(Revision revision)
    {
        if (!RevisionIdentity.IsIntact(revision))
        {
            throw new InvalidOperationException($"revision {revision.Info.Number} does not match its hash");
        }

        if (!Has(revision.Info.Hash))
        {
            MakeFolder();
            _write(PathOf(revision.Info), JsonSerializer.SerializeToUtf8Bytes(revision, RevisionJson.Default.Revision));
            _revisions[revision.Info.Hash] = revision.Info;
        }
    }

    /// <summary>
    /// Puts back what the head goes on from: <paramref name="trunk"/> is another unit's, over the head here, and
    /// <paramref name="revisions"/> those of it that are not here. What nobody has the files of stays as facts.
    /// </summary>
    /// <returns>Whether nothing is missing any more.</returns>
    public bool Mend(IReadOnlyList<RevisionInfo> trunk, IReadOnlyList<Revision> revisions)
    {
        foreach (var revision in revisions.Where(RevisionIdentity.IsIntact))
        {
            Add(revision);
        }

        AddPruned(trunk);
        Trunk = TrunkOf(_stored.Head);
        return !IsBroken;
    }

    /// <summary>Notes what is about to be applied on trial, before anything on disk changes.</summary>
    public void SetPending(PendingRevision pending)
    {
        _write(PendingPath, JsonSerializer.SerializeToUtf8Bytes(pending, RevisionJson.Default.PendingRevision));
        Pending = pending;
    }

    /// <summary>The trial is over without a new head.</summary>
    public void DropPending()
    {
        Pending = null;
        DurableFile.Delete(PendingPath);
    }

    /// <summary>Moves the head, in the same write as new branches, and ends a trial.</summary>
    public void SetHead(RevisionInfo head, IReadOnlyList<RevisionBranch> newBranches)
    {
        var stored = new StoredHead(head.Hash, [.. Branches, .. newBranches.Where(n => !Branches.Any(b => b.Name == n.Name))]);
        WriteHead(stored);
        _stored = stored;
        Trunk = TrunkOf(head.Hash);
        DropPending();
        Prune();
    }

    private void WriteHead(StoredHead stored)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(stored, RevisionJson.Default.StoredHead);
        _write(HeadPath, content);
        try
        {
            _write(HeadCopyPath, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The head is on disk. An older copy, should it ever count, is caught up with from the other units.
        }
    }

    private void Prune()
    {
        if (Trunk.Count <= _keep)
        {
            return;
        }

        var oldest = Trunk[^_keep].Number;
        var branches = Branches.Select(b => b.Head.Hash).ToHashSet(StringComparer.Ordinal);
        var old = _revisions.Values.Where(r => r.Number < oldest && !branches.Contains(r.Hash) && !_pruned.Contains(r.Hash)).ToList();
        if (old.Count > 0)
        {
            WritePruned(_pruned.Select(h => _revisions[h]).Concat(old));
            old.ForEach(r => File.Delete(PathOf(r)));
        }
    }

    private void WritePruned(IEnumerable<RevisionInfo> infos)
    {
        IReadOnlyList<RevisionInfo> kept = [.. infos.OrderBy(r => r.Number).TakeLast(PrunedMax)];
        _write(PrunedPath, JsonSerializer.SerializeToUtf8Bytes(kept, RevisionJson.Default.IReadOnlyListRevisionInfo));
        SetPruned(kept);
        Trunk = TrunkOf(_stored.Head);
    }

    private void SetPruned(IReadOnlyList<RevisionInfo> kept)
    {
        foreach (var forgotten in _pruned)
        {
            _revisions.Remove(forgotten);
        }

        _pruned = [.. kept.Select(r => r.Hash)];
        foreach (var info in kept)
        {
            _revisions[info.Hash] = info;
        }
    }

    private void Load()
    {
        var pruned = ReadJson(PrunedPath, RevisionJson.Default.IReadOnlyListRevisionInfo);
        SetPruned([.. (pruned ?? []).Where(info => info is { Hash: not null })]);
        NoteUnreadable(PrunedPath, pruned);
        foreach (var path in Directory.Exists(RevisionFolder) ? Directory.EnumerateFiles(RevisionFolder, "*.json") : [])
        {
            if (ReadIntact(path) is { } revision)
            {
                _revisions[revision.Info.Hash] = revision.Info;
                _pruned.Remove(revision.Info.Hash);
            }
            else
            {
                _problems.Add($"{path} is damaged and left out");
            }
        }

        LoadHead();
        Trunk = TrunkOf(_stored.Head);
        if (IsBroken)
        {
            _problems.Add($"{RevisionFolder}: what revision {Trunk[0].Number} goes on from is gone or damaged");
        }

        LoadPending();
    }

    private void LoadHead()
    {
        var copy = ReadHead(HeadCopyPath);
        _stored = ReadHead(HeadPath) ?? new StoredHead(null, []);
        if (!IsHere(_stored) && copy is not null && IsHere(copy))
        {
            _stored = copy;
            _problems.Add($"{HeadPath} is {(Path.Exists(HeadPath) ? "damaged" : "gone")}: its copy counts");
            Try(() => WriteHead(copy));
        }

        if (!IsHere(_stored))
        {
            Recover();
        }
    }

    private bool IsHere(StoredHead stored) => stored.Head is { } head && Has(head);

    private static StoredHead? ReadHead(string path) =>
        ReadJson(path, RevisionJson.Default.StoredHead) is { Branches: not null } stored
        && stored.Branches.All(b => b is { Name: not null, Head.Hash: not null })
            ? stored
            : null;

    private void LoadPending()
    {
        var pending = ReadJson(PendingPath, RevisionJson.Default.PendingRevision);
        NoteUnreadable(PendingPath, pending);
        Pending =
            pending is { Revision.Hash: not null, Before: not null }
            && pending.Before.All(b => b is not null)
            && pending.Revision.Hash != _stored.Head
            && Has(pending.Revision.Hash)
                ? pending
                : null;
        if (Pending is null)
        {
            // What stays there is left out at the next start again.
            Try(() => DurableFile.Delete(PendingPath));
        }
    }

    private void MakeFolder() =>
        Directory.CreateDirectory(RevisionFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>A disk that takes no writes is no reason not to open what is on it.</summary>
    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _problems.Add($"{_folder} cannot be written: {e.Message}");
        }
    }

    private void NoteUnreadable(string path, object? content)
    {
        if (content is null && Path.Exists(path))
        {
            _problems.Add($"{path} is damaged and left out");
        }
    }

    /// <summary>
    /// Without a readable head.json, the winner among the revisions here is the best guess, if the file was there at all.
    /// </summary>
    private void Recover()
    {
        if (_stored.Head is not null || Path.Exists(HeadPath))
        {
            var pending = ReadJson(PendingPath, RevisionJson.Default.PendingRevision)?.Revision?.Hash;
            var best = _revisions
                .Values.Where(r => r.Hash != pending && !_pruned.Contains(r.Hash) && !Branches.Any(b => b.Head.Hash == r.Hash))
                .MaxBy(r => r, Comparer<RevisionInfo>.Create(RevisionMerge.Order));
            var lost = _stored.Head is null ? $"{HeadPath} is damaged" : $"the current revision is gone or damaged in {RevisionFolder}";
            _problems.Add($"{lost}; going on with revision {best?.Number ?? 0}");
            _stored = _stored with { Head = best?.Hash };
        }
    }

    private List<RevisionInfo> TrunkOf(string? hash)
    {
        var trunk = new List<RevisionInfo>();
        for (; hash is not null && _revisions.TryGetValue(hash, out var info); hash = info.Parent)
        {
            trunk.Add(info);
        }

        trunk.Reverse();
        return trunk;
    }

    private string PathOf(RevisionInfo info) => Path.Combine(RevisionFolder, $"{info.Number}-{info.Hash}.json");

    private static Revision? ReadIntact(string path) =>
        ReadJson(path, RevisionJson.Default.Revision) is { } revision && RevisionIdentity.IsIntact(revision) ? revision : null;

    private static T? ReadJson<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), type) : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }
}
