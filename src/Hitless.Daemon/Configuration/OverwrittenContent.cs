using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <summary>Nothing that someone wrote is lost: what a new head overwrites on this unit becomes a branch.</summary>
internal sealed class OverwrittenContent(string unit, RevisionStore store, ManagedFiles files, TimeProvider clock)
{
    /// <summary>The head, when <paramref name="winner"/> does not go on from it.</summary>
    public IReadOnlyList<RevisionBranch> Head(Revision winner) =>
        store.Head is { } loser && !store.LeadsTo(loser, winner.Info.Hash)
            ?
            [
                new(
                    RevisionMerge.BranchName(loser),
                    loser,
                    $"lost against revision {winner.Info.Number} of epoch {winner.Info.Epoch} by {winner.Info.Author}",
                    clock.GetUtcNow()
                ),
            ]
            : [];

    /// <summary>
    /// A revision that was taken back, when its content had been edited in place here: putting back has replaced the edit.
    /// </summary>
    public IReadOnlyList<RevisionBranch> Commit(PendingRevision pending) =>
        pending.Edited
            ?
            [
                new(
                    RevisionMerge.BranchName(pending.Revision, "refused"),
                    pending.Revision,
                    "was edited in place, committed and taken back",
                    clock.GetUtcNow()
                ),
            ]
            : [];

    /// <summary>Hand edits that <paramref name="revision"/> has overwritten, as a revision beside the trunk.</summary>
    public IReadOnlyList<RevisionBranch> Edits(IReadOnlyList<FileBefore> before, Revision revision)
    {
        if (store.Head is not { } info || store.Read(info.Hash) is not { } head)
        {
            return [];
        }

        var edited = head
            .Files.Select(f => (File: f, Disk: before.FirstOrDefault(b => b.Path == f.Path)?.Content))
            .Where(e => e.Disk is not null && !Holds(head, e.File.Path, e.Disk) && !Holds(revision, e.File.Path, e.Disk))
            .ToDictionary(e => e.File.Path, e => e.Disk!, StringComparer.Ordinal);
        if (edited.Count == 0)
        {
            return [];
        }

        var now = clock.GetUtcNow();
        var kept = head.Files.Select(f =>
            edited.TryGetValue(f.Path, out var disk) ? f with { Content = disk, Template = false, Absent = false } : f
        );
        var drift = RevisionIdentity.Next(
            head.Info,
            head.Info.Epoch,
            kept,
            "drift",
            $"edited by hand on {unit}: {string.Join(", ", edited.Keys)}",
            now
        );
        store.Add(drift);
        return [new RevisionBranch(RevisionMerge.BranchName(drift.Info, "drift"), drift.Info, drift.Info.Message, now)];
    }

    /// <summary>Whether the file has this content on this unit by the revision.</summary>
    public bool Holds(Revision revision, string path, byte[] content) =>
        files.Here(revision.Files.Where(f => f.Path == path)) is [{ Absent: false } file] && file.Content.AsSpan().SequenceEqual(content);
}
