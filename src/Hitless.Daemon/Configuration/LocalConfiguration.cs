using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// The configuration of this unit alone: its store and its managed files, one thing at a time. Each phase of a commit can be
/// repeated; a phase that fails leaves the files as they were before it.
/// </summary>
public sealed class LocalConfiguration(string unit, RevisionStore store, ManagedFiles files, TimeProvider clock) : IDisposable
{
    /// <summary>All commands of one phase together; below what the one who drives the commit waits.</summary>
    public static readonly TimeSpan PhaseTimeMax = TimeSpan.FromSeconds(45);

    private readonly SemaphoreSlim _one = new(1, 1);
    private string? _failure;

    /// <summary>The name of this unit.</summary>
    public string Unit => unit;

    /// <summary>The current revision.</summary>
    public RevisionInfo? Head => store.Head;

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    /// <summary>The facts of this unit, each managed file compared with the disk.</summary>
    public Task<UnitConfiguration> ReadAsync(CancellationToken cancel) => AloneAsync(
        () =>
        {
            var head = store.Head is { } info ? store.Read(info.Hash) : null;
            return Task.FromResult(new UnitConfiguration(unit, store.Head, store.Pending?.Revision, store.Trunk, store.Branches, files.Compare(head?.Files ?? []), _failure ?? (store.Problems.Count > 0 ? store.Problems[0] : null)));
        },
        cancel);

    /// <summary>The revisions and branches of this unit.</summary>
    public Task<ConfigurationHistory> HistoryAsync(CancellationToken cancel) =>
        AloneAsync(() => Task.FromResult(new ConfigurationHistory([.. store.Trunk.Reverse()], store.Branches)), cancel);

    /// <summary>A revision by its hash, or null.</summary>
    public Task<Revision?> FetchAsync(string hash, CancellationToken cancel) => AloneAsync(() => Task.FromResult(store.Read(hash)), cancel);

    /// <summary>Hashes of the revisions of a trunk that are not here.</summary>
    public Task<IReadOnlyList<string>> MissingAsync(IReadOnlyList<RevisionInfo> trunk, CancellationToken cancel) =>
        AloneAsync(() => Task.FromResult<IReadOnlyList<string>>([.. trunk.Select(r => r.Hash).Where(h => !store.Has(h))]), cancel);

    /// <summary>A revision by number, beginning of its hash, name of a branch, <c>head</c>, or <c>disk</c> (what stands on disk now, with the head's number); null if there is none.</summary>
    public Task<Revision?> FindAsync(string reference, CancellationToken cancel) => AloneAsync(
        () => Task.FromResult(reference switch
        {
            "head" => Current(),
            "disk" => OnDisk(),
            _ => store.Find(reference),
        }),
        cancel);

    /// <summary>One phase of a commit that some unit drives; commands that are still running after <see cref="PhaseTimeMax"/> are stopped.</summary>
    public async Task<UnitAnswer> AnswerAsync(CommitPhase phase, Revision revision, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(PhaseTimeMax);
        return await AnswerPhaseAsync(phase, revision, limit.Token);
    }

    /// <summary>
    /// Follows another unit's head by the rules of <see cref="RevisionMerge"/>: checked, applied and made the head here, or
    /// nothing is changed. What loses stays as a branch. All revisions of <paramref name="trunk"/> that are missing here are in
    /// <paramref name="missing"/>.
    /// </summary>
    public Task<UnitAnswer> AcceptAsync(IReadOnlyList<RevisionInfo> trunk, IReadOnlyList<Revision> missing, CancellationToken cancel) => AnswerAloneAsync(
        async () =>
        {
            var verdict = RevisionMerge.Compare(store.Trunk, trunk);
            if (verdict is MergeVerdict.Same or MergeVerdict.TheyAreBehind)
            {
                return Yes();
            }

            if (verdict is MergeVerdict.OursWins)
            {
                return Yes() with { Output = $"the other's revision {trunk[^1].Number} loses against revision {store.Head?.Number} here" };
            }

            if (missing.FirstOrDefault(r => !RevisionIdentity.IsIntact(r)) is { } broken)
            {
                return No($"revision {broken.Info.Number} does not match its hash");
            }

            foreach (var revision in missing)
            {
                store.Add(revision);
            }

            var answer = store.Read(trunk[^1].Hash) is not { } theirs ? No($"revision {trunk[^1].Number} was not sent") : await AdoptAsync(theirs, cancel);
            _failure = answer.Why;
            return answer;
        },
        cancel);

    /// <summary>Ends a trial that was cut off: the revision becomes the head if <paramref name="stands"/>, else what was there is put back.</summary>
    public Task<UnitAnswer> ResolvePendingAsync(bool stands, CancellationToken cancel) => AnswerAloneAsync(
        async () =>
        {
            if (store.Pending?.Revision.Hash is not { } hash)
            {
                return Yes();
            }

            if (!stands || store.Read(hash) is not { } revision)
            {
                return await TakeBackAsync(hash, cancel);
            }

            var applied = await TryApplyAsync(revision, repeat: true, cancel);
            return applied.Ok ? Finish(revision) : applied;
        },
        cancel);

    /// <summary>Makes the files on disk those of the head again; what had been edited by hand stays as a branch.</summary>
    public Task<UnitAnswer> RepairAsync(CancellationToken cancel) => AnswerAloneAsync(
        async () =>
        {
            if (Current() is not { } head || store.Pending is not null)
            {
                return Yes();
            }

            var (before, why) = files.Before(head.Files);
            if (before is null)
            {
                return No(why);
            }

            store.SetHead(head.Info, DriftBranch(before, head));
            return Answer(await files.ApplyAsync(head.Files, head.Files, repeat: false, cancel));
        },
        cancel);

    /// <summary>Makes a revision from the files of unit.yaml that no revision holds yet; the first is made even if there are none. Files that cannot be taken are in the answer's output.</summary>
    public Task<UnitAnswer> ImportAsync(IReadOnlyList<ManagedFileSettings> listed, long epoch, CancellationToken cancel) => AnswerAloneAsync(
        () =>
        {
            var head = Current();
            var known = head?.Files ?? [];
            var (found, problems) = files.Import(listed.Where(l => !known.Any(k => k.Path == l.Path)));
            if (head is null || found.Count > 0)
            {
                var message = found.Count == 0 ? "no managed files" : $"as found on {unit}: {string.Join(", ", found.Select(f => f.Path))}";
                var revision = RevisionIdentity.Next(head?.Info, epoch, known.Concat(found), "import", message, clock.GetUtcNow());
                store.Add(revision);
                store.SetHead(revision.Info, []);
            }

            return Task.FromResult(new UnitAnswer(unit, true, null, problems.Count == 0 ? null : string.Join("\n", problems)));
        },
        cancel);

    private Task<UnitAnswer> AnswerPhaseAsync(CommitPhase phase, Revision revision, CancellationToken cancel) => AnswerAloneAsync(
        () => !RevisionIdentity.IsIntact(revision) ? Task.FromResult(No("the revision does not match its hash")) : phase switch
        {
            CommitPhase.Check => CheckAsync(revision, cancel),
            CommitPhase.Apply => ApplyAsync(revision, cancel),
            CommitPhase.Verify => Task.FromResult(Verify(revision)),
            CommitPhase.Finish => Task.FromResult(Finish(revision)),
            _ => TakeBackAsync(revision.Info.Hash, CancellationToken.None),
        },
        cancel);

    private async Task<UnitAnswer> AdoptAsync(Revision theirs, CancellationToken cancel)
    {
        if (store.Pending is { } pending && pending.Revision.Hash != theirs.Info.Hash)
        {
            var back = await TakeBackAsync(pending.Revision.Hash, cancel);
            if (!back.Ok)
            {
                return back;
            }
        }

        var check = await files.CheckAsync(theirs.Files, CurrentFiles(), cancel);
        if (check.Why is not null)
        {
            return Answer(check);
        }

        var applied = await TryApplyAsync(theirs, repeat: false, cancel);
        return applied.Ok ? Finish(theirs) : applied;
    }

    private async Task<UnitAnswer> CheckAsync(Revision revision, CancellationToken cancel) => NotOnHead(revision) ?? Answer(await files.CheckAsync(revision.Files, CurrentFiles(), cancel));

    private async Task<UnitAnswer> ApplyAsync(Revision revision, CancellationToken cancel) =>
        revision.Info.Hash == store.Head?.Hash ? Yes() : NotOnHead(revision) ?? await TryApplyAsync(revision, repeat: false, cancel);

    private async Task<UnitAnswer> TryApplyAsync(Revision revision, bool repeat, CancellationToken cancel)
    {
        store.Add(revision);
        if (store.Pending is null)
        {
            var (before, why) = files.Before(revision.Files);
            if (before is null)
            {
                return No(why);
            }

            List<FileBefore> putBack = [.. before.Select(b => WhatToPutBack(b, revision))];
            var edited = putBack.Zip(before).Any(pair => pair.First.Content is { } old && !old.AsSpan().SequenceEqual(pair.Second.Content));
            store.SetPending(new PendingRevision(revision.Info, putBack, edited));
        }

        var applied = await files.ApplyAsync(revision.Files, CurrentFiles(), repeat, cancel);
        if (applied.Why is not null)
        {
            var back = await TakeBackAsync(revision.Info.Hash, CancellationToken.None);
            return Answer(applied) with { Why = back.Ok ? applied.Why : $"{applied.Why}; putting back failed too: {back.Why}" };
        }

        return Answer(applied);
    }

    private UnitAnswer Verify(Revision revision)
    {
        var wrong = files.Compare(revision.Files).FirstOrDefault(i => i.State != "in-sync");
        return wrong is null ? Yes() : No($"{wrong.Path} is not on disk as it was written: {wrong.Why}");
    }

    private UnitAnswer Finish(Revision revision)
    {
        if (revision.Info.Hash == store.Head?.Hash)
        {
            return Yes();
        }

        if (store.Pending?.Revision.Hash != revision.Info.Hash)
        {
            return No($"revision {revision.Info.Number} is not applied on trial here");
        }

        store.SetHead(revision.Info, [.. LostBranch(revision), .. DriftBranch(store.Pending.Before, revision)]);
        _failure = null;
        return Yes();
    }

    private async Task<UnitAnswer> TakeBackAsync(string hash, CancellationToken cancel)
    {
        if (store.Pending is not { } pending || pending.Revision.Hash != hash)
        {
            return Yes();
        }

        var (outcome, restored) = await files.TakeBackAsync(pending.Before, store.Read(hash)?.Files ?? [], cancel);
        if (restored && store.Head is { } head && EditedHere(pending) is { Length: > 0 } edited)
        {
            store.SetHead(head, edited);
        }
        else if (restored)
        {
            store.DropPending();
        }

        return Answer(outcome);
    }

    /// <summary>A file that was edited in place and then committed goes back to the current revision's content, not to the edit.</summary>
    private FileBefore WhatToPutBack(FileBefore disk, Revision revision) =>
        disk.Content is { } content && Holds(revision, disk.Path, content) && CurrentFiles().FirstOrDefault(f => f.Path == disk.Path) is { } current
            ? disk with { Content = current.Content, Mode = current.Mode ?? disk.Mode }
            : disk;

    /// <summary>A revision that was taken back stays as a branch when its content had been edited in place here: putting back has replaced the edit.</summary>
    private RevisionBranch[] EditedHere(PendingRevision pending) =>
        pending.Edited ? [new(RevisionMerge.BranchName(pending.Revision, "refused"), pending.Revision, "was edited in place, committed and taken back", clock.GetUtcNow())] : [];

    /// <summary>A commit needs the head that it was made on; null if it is.</summary>
    private UnitAnswer? NotOnHead(Revision revision) =>
        store.Pending is { } pending && pending.Revision.Hash != revision.Info.Hash ? No($"revision {pending.Revision.Number} is on trial here already")
        : revision.Info.Parent != store.Head?.Hash && revision.Info.Hash != store.Head?.Hash ? No($"it holds revision {store.Head?.Number ?? 0}, the commit goes on from another; hitless config sync first")
        : null;

    /// <summary>The head, when <paramref name="winner"/> does not go on from it.</summary>
    private RevisionBranch[] LostBranch(Revision winner) => store.Head is { } loser && !store.LeadsTo(loser, winner.Info)
        ? [new(RevisionMerge.BranchName(loser), loser, $"lost against revision {winner.Info.Number} of epoch {winner.Info.Epoch} by {winner.Info.Author}", clock.GetUtcNow())]
        : [];

    /// <summary>Hand edits that <paramref name="revision"/> has overwritten, as a revision beside the trunk: nothing that someone wrote is lost.</summary>
    private RevisionBranch[] DriftBranch(IReadOnlyList<FileBefore> before, Revision revision)
    {
        if (Current() is not { } head)
        {
            return [];
        }

        var edited = head.Files
            .Select(f => (File: f, Disk: before.FirstOrDefault(b => b.Path == f.Path)?.Content))
            .Where(e => e.Disk is not null && !Holds(head, e.File.Path, e.Disk) && !Holds(revision, e.File.Path, e.Disk))
            .ToDictionary(e => e.File.Path, e => e.Disk!, StringComparer.Ordinal);
        if (edited.Count == 0)
        {
            return [];
        }

        var now = clock.GetUtcNow();
        var drift = RevisionIdentity.Next(head.Info, head.Info.Epoch, head.Files.Select(f => f with { Content = edited.GetValueOrDefault(f.Path, f.Content) }), "drift", $"edited by hand on {unit}: {string.Join(", ", edited.Keys)}", now);
        store.Add(drift);
        return [new RevisionBranch(RevisionMerge.BranchName(drift.Info, "drift"), drift.Info, drift.Info.Message, now)];
    }

    private static bool Holds(Revision revision, string path, byte[] content) =>
        revision.Files.Any(f => f.Path == path && f.Content.AsSpan().SequenceEqual(content));

    private IReadOnlyList<ManagedFile> CurrentFiles() => Current()?.Files ?? [];

    private Revision? Current() => store.Head is { } head ? store.Read(head.Hash) : null;

    private Revision? OnDisk()
    {
        if (Current() is not { } head || files.Before(head.Files).Before is not { } before)
        {
            return null;
        }

        var content = before.Where(b => b.Content is not null).ToDictionary(b => b.Path, b => b, StringComparer.Ordinal);
        return head with { Files = [.. head.Files.Where(f => content.ContainsKey(f.Path)).Select(f => f with { Content = content[f.Path].Content!, Mode = content[f.Path].Mode })] };
    }

    private UnitAnswer Yes() => new(unit, true, null, null);

    private UnitAnswer No(string? why) => new(unit, false, why, null);

    private UnitAnswer Answer(FilesOutcome outcome) => new(unit, outcome.Why is null, outcome.Why, outcome.Output.Length == 0 ? null : outcome.Output);

    private Task<UnitAnswer> AnswerAloneAsync(Func<Task<UnitAnswer>> work, CancellationToken cancel) => AloneAsync(
        async () =>
        {
            try
            {
                return await work();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return No($"the state directory cannot be written: {e.Message}");
            }
        },
        cancel);

    private async Task<T> AloneAsync<T>(Func<Task<T>> work, CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            return await work();
        }
        finally
        {
            _one.Release();
        }
    }
}
