using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// The configuration of this unit alone: its store and its managed files, one thing at a time. Each phase of a commit can be
/// repeated; a phase that fails leaves the files as they were before it.
/// </summary>
public sealed class LocalConfiguration(
    string unit,
    RevisionStore store,
    ManagedFiles files,
    TimeProvider clock,
    ManagedList listed,
    int schema = RevisionSchema.Newest
) : IDisposable
{
    /// <summary>All commands of one phase together; below what the one who drives the commit waits.</summary>
    public static readonly TimeSpan PhaseTimeMax = TimeSpan.FromSeconds(45);

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly OverwrittenContent _overwritten = new(unit, store, files, clock);
    private readonly ConfirmTimer _confirm = Resumed(store.Head, clock);
    private FilesOutcome? _failure;
    private Revision? _current;

    /// <summary>The name of this unit.</summary>
    public string Unit => unit;

    /// <summary>The current revision.</summary>
    public RevisionInfo? Head => store.Head;

    /// <summary>The current revision was committed with a time limit, nobody has confirmed it, and the time is over here.</summary>
    public bool IsUndoDue => _confirm.IsDue(store.Head, Now);

    private TimeSpan Now => clock.GetElapsedTime(0);

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private static ConfirmTimer Resumed(RevisionInfo? head, TimeProvider clock)
    {
        var timer = new ConfirmTimer();
        timer.Resume(head, clock.GetElapsedTime(0), clock.GetUtcNow());
        return timer;
    }

    /// <summary>The facts of this unit, each managed file compared with the disk.</summary>
    public Task<UnitConfiguration> ReadAsync(CancellationToken cancel) =>
        AloneAsync(
            () =>
            {
                var items = files
                    .Compare(CurrentFiles())
                    .Select(i =>
                        i.Path == _failure?.Path ? new SyncReportItem(i.Path, FileSyncState.CheckFailed, _failure.Why, _failure.Output) : i
                    );
                return Task.FromResult(
                    new UnitConfiguration(
                        unit,
                        store.Head,
                        store.Pending?.Revision,
                        store.Trunk,
                        store.Branches,
                        [.. items],
                        _failure?.Why ?? (store.Problems.Count > 0 ? store.Problems[0] : null),
                        schema
                    )
                );
            },
            cancel
        );

    /// <summary>The revisions and branches of this unit.</summary>
    public Task<ConfigurationHistory> HistoryAsync(CancellationToken cancel) =>
        AloneAsync(() => Task.FromResult(new ConfigurationHistory([.. store.Trunk.Reverse()], store.Branches)), cancel);

    /// <summary>A revision by its hash, or null.</summary>
    public Task<Revision?> FetchAsync(string hash, CancellationToken cancel) => AloneAsync(() => Task.FromResult(store.Read(hash)), cancel);

    /// <summary>Hashes of the revisions of a trunk that are not here.</summary>
    public Task<IReadOnlyList<string>> MissingAsync(IReadOnlyList<RevisionInfo> trunk, CancellationToken cancel) =>
        AloneAsync(() => Task.FromResult<IReadOnlyList<string>>([.. trunk.Select(r => r.Hash).Where(h => !store.Has(h))]), cancel);

    /// <summary>
    /// A revision by number, beginning of its hash, name of a branch, <c>head</c>, or <c>disk</c> (what stands on disk now, with the head's
    /// number); null if there is none.
    /// </summary>
    public Task<Revision?> FindAsync(string reference, CancellationToken cancel) =>
        AloneAsync(
            () =>
                Task.FromResult(
                    reference switch
                    {
                        "head" => Current(),
                        "disk" => OnDisk(),
                        _ => store.Find(reference),
                    }
                ),
            cancel
        );

    /// <summary>
    /// One phase of a commit that some unit drives; commands that are still running after <see cref="PhaseTimeMax"/> are stopped.
    /// </summary>
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
    public Task<UnitAnswer> AcceptAsync(IReadOnlyList<RevisionInfo> trunk, IReadOnlyList<Revision> missing, CancellationToken cancel) =>
        AnswerAloneAsync(
            async () =>
            {
                var verdict = RevisionMerge.Compare(store.Trunk, trunk);
                if (verdict is MergeVerdict.Same or MergeVerdict.TheyAreBehind)
                {
                    return Yes();
                }

                if (verdict is MergeVerdict.OursWins)
                {
                    return Yes() with
                    {
                        Output = $"the other's revision {trunk[^1].Number} loses against revision {store.Head?.Number} here",
                    };
                }

                if (missing.FirstOrDefault(r => !RevisionIdentity.IsIntact(r)) is { } broken)
                {
                    return No($"revision {broken.Info.Number} does not match its hash");
                }

                foreach (var revision in missing)
                {
                    store.Add(revision);
                }

                if (store.Read(trunk[^1].Hash) is not { } theirs)
                {
                    return No($"revision {trunk[^1].Number} was not sent");
                }

                if (listed.Refuse(theirs, Current()) is { } unlisted)
                {
                    return No(unlisted);
                }

                store.AddPruned(trunk);
                return await AdoptAsync(theirs, cancel);
            },
            cancel
        );

    /// <summary>Puts back revisions that the head goes on from: <see cref="RevisionStore.Mend"/>.</summary>
    public Task<UnitAnswer> MendAsync(IReadOnlyList<RevisionInfo> trunk, IReadOnlyList<Revision> missing, CancellationToken cancel) =>
        AnswerAloneAsync(() => Task.FromResult(store.Mend(trunk, missing) ? Yes() : No("revisions are still missing")), cancel);

    /// <summary>
    /// Ends a trial that was cut off: the revision becomes the head if <paramref name="stands"/>, else what was there is put back.
    /// </summary>
    public Task<UnitAnswer> ResolvePendingAsync(bool stands, CancellationToken cancel) =>
        AnswerAloneAsync(
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
            cancel
        );

    /// <summary>Makes the files on disk those of the head again; what had been edited by hand stays as a branch.</summary>
    public Task<UnitAnswer> RepairAsync(CancellationToken cancel) =>
        AnswerAloneAsync(
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

                SetHead(head.Info, _overwritten.Edits(before, head));
                return Answer(await files.ApplyAsync(head.Files, head.Files, repeat: false, cancel));
            },
            cancel
        );

    /// <summary>
    /// Makes a revision from the files of unit.yaml that no revision holds yet; the first is made even if there are none. Files that cannot
    /// be taken are in the answer's output.
    /// </summary>
    public Task<UnitAnswer> ImportAsync(IReadOnlyList<ManagedFileSettings> listed, long epoch, CancellationToken cancel) =>
        AnswerAloneAsync(
            () =>
            {
                var head = Current();
                var known = head?.Files ?? [];
                var (found, problems) = files.Import(listed.Where(l => !known.Any(k => k.Path == l.Path)));
                if (head is null || found.Count > 0)
                {
                    var message =
                        found.Count == 0 ? "no managed files" : $"as found on {unit}: {string.Join(", ", found.Select(f => f.Path))}";
                    var revision = RevisionIdentity.Next(head?.Info, epoch, known.Concat(found), "import", message, clock.GetUtcNow());
                    store.Add(revision);
                    SetHead(revision.Info, []);
                }

                return Task.FromResult(new UnitAnswer(unit, true, null, problems.Count == 0 ? null : string.Join("\n", problems)));
            },
            cancel
        );

    private Task<UnitAnswer> AnswerPhaseAsync(CommitPhase phase, Revision revision, CancellationToken cancel) =>
        AnswerAloneAsync(
            () =>
                phase is CommitPhase.Check or CommitPhase.Apply or CommitPhase.Verify && Unlisted(revision) is { } why
                    ? Task.FromResult(No(why))
                    : phase switch
                    {
                        CommitPhase.Check => CheckAsync(revision, cancel),
                        CommitPhase.Apply => ApplyAsync(revision, cancel),
                        CommitPhase.Verify => VerifyAsync(revision, cancel),
                        _ when !RevisionIdentity.IsIntact(revision) => Task.FromResult(No("the revision does not match its hash")),
                        CommitPhase.Finish => Task.FromResult(Finish(revision)),
                        CommitPhase.TakeBack => TakeBackAsync(revision.Info.Hash, CancellationToken.None),
                        _ => Task.FromResult(No($"this version knows no phase {(int)phase} of a commit")),
                    },
            cancel
        );

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

        _failure = await files.CheckAsync(theirs.Files, CurrentFiles(), cancel);
        if (_failure.Why is not null)
        {
            return Answer(_failure);
        }

        var applied = await TryApplyAsync(theirs, repeat: false, cancel);
        var verified = applied.Ok ? await files.VerifyAsync(theirs.Files, CurrentFiles(), cancel) : null;
        if (verified?.Why is null)
        {
            _failure = new FilesOutcome(applied.Why, applied.Output ?? "");
            return applied.Ok ? Finish(theirs) : applied;
        }

        _failure = verified;
        await TakeBackAsync(theirs.Info.Hash, CancellationToken.None);
        return Answer(verified);
    }

    /// <summary>What of a revision that another unit wants written here is not listed on this unit; null: all is.</summary>
    public string? Unlisted(Revision revision) =>
        RevisionIdentity.IsIntact(revision) ? listed.Refuse(revision, Current()) : "the revision does not match its hash";

    private async Task<UnitAnswer> CheckAsync(Revision revision, CancellationToken cancel) =>
        NotOnHead(revision) ?? Answer(await files.CheckAsync(revision.Files, CurrentFiles(), cancel));

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

    private async Task<UnitAnswer> VerifyAsync(Revision revision, CancellationToken cancel) =>
        Answer(await files.VerifyAsync(revision.Files, CurrentFiles(), cancel));

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

        SetHead(revision.Info, [.. _overwritten.Head(revision), .. _overwritten.Edits(store.Pending.Before, revision)]);
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
        if (restored && store.Head is { } head && _overwritten.Commit(pending) is { Count: > 0 } edited)
        {
            SetHead(head, edited);
        }
        else if (restored)
        {
            store.DropPending();
        }

        return Answer(outcome);
    }

    /// <summary>A file that was edited in place and then committed goes back to the current revision's content, not to the edit.</summary>
    private FileBefore WhatToPutBack(FileBefore disk, Revision revision) =>
        disk.Content is { } content
        && _overwritten.Holds(revision, disk.Path, content)
        && files.Here(CurrentFiles()).FirstOrDefault(f => f.Path == disk.Path && !f.Absent) is { } current
            ? disk with
            {
                Content = current.Content,
                Mode = current.Mode ?? disk.Mode,
                Owner = current.Owner ?? disk.Owner,
            }
            : disk;

    /// <summary>
    /// A commit needs the head that it was made on, or one that this unit could not follow although it knows it (the commit may be the
    /// cure); null if it may go on.
    /// </summary>
    private UnitAnswer? NotOnHead(Revision revision) =>
        store.Pending is { } pending && pending.Revision.Hash != revision.Info.Hash
            ? No($"revision {pending.Revision.Number} is on trial here already")
        : revision.Info.Parent == store.Head?.Hash || revision.Info.Hash == store.Head?.Hash || GoesOnFromWhatFailed(revision.Info) ? null
        : No($"it holds revision {store.Head?.Number ?? 0}, the commit goes on from another; hitless config sync first");

    private bool GoesOnFromWhatFailed(RevisionInfo revision) =>
        _failure?.Why is not null
        && revision.Parent is { } parent
        && store.Has(parent)
        && store.Head is { } head
        && store.LeadsTo(head, parent);

    private void SetHead(RevisionInfo head, IReadOnlyList<RevisionBranch> branches)
    {
        var former = store.Head;
        store.SetHead(head, branches);
        if (former?.Hash != head.Hash)
        {
            _confirm.Begin(head, Now);
        }
    }

    private IReadOnlyList<ManagedFile> CurrentFiles() => Current()?.Files ?? [];

    /// <summary>Kept once read: reports ask for it again and again.</summary>
    private Revision? Current() =>
        store.Head is not { } head ? null
        : _current?.Info.Hash == head.Hash ? _current
        : _current = store.Read(head.Hash);

    private Revision? OnDisk()
    {
        if (Current() is not { } head || files.Before(head.Files).Before is not { } before)
        {
            return null;
        }

        var content = before.Where(b => b.Content is not null).ToDictionary(b => b.Path, b => b, StringComparer.Ordinal);
        return head with
        {
            Files =
            [
                .. files
                    .Here(head.Files)
                    .OrderBy(f => f.Path, StringComparer.Ordinal)
                    .Where(f => content.ContainsKey(f.Path) || f.Absent)
                    .Select(f => content.TryGetValue(f.Path, out var disk) ? AsOnDisk(f, disk) : f),
            ],
        };
    }

    /// <summary>What the revision leaves open (no mode, no owner) is no difference.</summary>
    private static ManagedFile AsOnDisk(ManagedFile file, FileBefore disk) =>
        file with
        {
            Content = disk.Content!,
            Absent = false,
            Mode = file.Mode is null ? null : disk.Mode,
            Owner = file.Owner is null ? null : disk.Owner,
        };

    private UnitAnswer Yes() => new(unit, true, null, null);

    private UnitAnswer No(string? why) => new(unit, false, why, null);

    private UnitAnswer Answer(FilesOutcome outcome) =>
        new(unit, outcome.Why is null, outcome.Why, outcome.Output.Length == 0 ? null : outcome.Output);

    private Task<UnitAnswer> AnswerAloneAsync(Func<Task<UnitAnswer>> work, CancellationToken cancel) =>
        AloneAsync(
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
            cancel
        );

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
