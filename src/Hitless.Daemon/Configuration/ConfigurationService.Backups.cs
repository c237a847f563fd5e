using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <content>Backups, and restoring them.</content>
public sealed partial class ConfigurationService
{
    /// <summary>What is this unit's own in a backup.</summary>
    public async Task<UnitBackup> DescribeUnitAsync(string version, CancellationToken cancel)
    {
        var text = File.Exists(_unitFilePath) ? await File.ReadAllTextAsync(_unitFilePath, Encoding.UTF8, cancel) : "";
        return new UnitBackup(Local.Unit, version, text, _store.Head, (await Local.HistoryAsync(cancel)).Branches);
    }

    /// <summary>
    /// Writes history, managed files, branches, and what is each unit's own to one file. A refusal if that cannot be done.
    /// </summary>
    public async Task<(BackupInfo? Info, Refusal? Refusal)> BackupAsync(
        string path,
        string version,
        bool secrets,
        IConfigurationPeers peers,
        CancellationToken cancel
    )
    {
        try
        {
            var others = await Task.WhenAll(
                peers.Names.Select(async unit => (Unit: unit, Backup: await TryAsync(() => peers.DescribeUnitAsync(unit, cancel), cancel)))
            );
            List<UnitBackup> units = [await DescribeUnitAsync(version, cancel), .. others.Select(o => o.Backup).OfType<UnitBackup>()];
            var revisions = await GatherRevisionsAsync(units, peers, cancel);
            var about = new BackupInfo(
                _settings.Cluster.Name,
                Local.Unit,
                version,
                _clock.GetUtcNow(),
                _store.Head,
                revisions.Count,
                0,
                [.. units.OrderBy(u => u.Unit, StringComparer.Ordinal)],
                [.. peers.Absent.Concat(others.Where(o => o.Backup is null).Select(o => o.Unit))],
                secrets
            );
            var key = secrets ? await ReadIfThereAsync(_settings.Cluster.KeyFile, cancel) : null;
            return (
                BackupFile.Write(
                    path,
                    new BackupContent(about, revisions, key, await ReadIfThereAsync(_settings.Upgrade.TrustFile, cancel))
                ),
                null
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, new Refusal($"the backup {path} cannot be written: {e.Message}", "choose another place, or make room"));
        }
    }

    private static async Task<byte[]?> ReadIfThereAsync(string? path, CancellationToken cancel) =>
        File.Exists(path) ? await File.ReadAllBytesAsync(path, cancel) : null;

    private async Task<List<Revision>> GatherRevisionsAsync(
        IEnumerable<UnitBackup> units,
        IConfigurationPeers peers,
        CancellationToken cancel
    )
    {
        var revisions = new List<Revision>();
        var wanted = _store
            .Trunk.Select(r => (Local.Unit, r.Hash))
            .Concat(units.SelectMany(u => u.Branches.Select(b => (u.Unit, b.Head.Hash))));
        foreach (var (unit, hash) in wanted.DistinctBy(w => w.Hash))
        {
            var revision = await Local.FetchAsync(hash, cancel);
            if (revision is null && unit != Local.Unit)
            {
                revision = (await TryAsync(async () => new FetchedRevision(await peers.FetchAsync(unit, hash, cancel)), cancel))?.Revision;
            }

            revisions.AddRange(revision is null ? [] : [revision]);
        }

        return revisions;
    }

    /// <summary>
    /// Puts back a backup. On a unit without any revision: its whole history, applied here. In a running cluster: a new revision with
    /// the backup's content, committed on all units. The unit.yaml in it is only shown (<see cref="BackupFile.TryRead"/>).
    /// </summary>
    public async Task<CommitOutcome> RestoreAsync(
        string path,
        string author,
        long epoch,
        IConfigurationPeers peers,
        CancellationToken cancel
    )
    {
        if (!BackupFile.TryRead(path, out var backup, out var refusal))
        {
            return new CommitOutcome(null, refusal, [], []);
        }

        if (backup.Head is not { } head)
        {
            return new CommitOutcome(null, new Refusal($"the backup {path} holds no revision", "choose another"), [], []);
        }

        if (_store.Head?.Parent is not null || peers.Names.Count > 0 || !backup.About.Secrets)
        {
            IReadOnlyList<ManagedFile> files = [.. head.Files.Where(f => backup.About.Secrets || !f.Secret)];
            return await CommitAsync(
                new CommitRequest(
                    files,
                    $"restored from the backup of {backup.About.Unit} of {backup.About.Time:yyyy-MM-dd HH:mm}",
                    author,
                    null,
                    null
                ),
                epoch,
                peers,
                cancel
            );
        }

        // What was only found on this disk loses against a backup's history, and stays as a branch.
        var answer = await Local.AcceptAsync(backup.Trunk, backup.Revisions, cancel);
        return answer.Ok && _store.Head?.Hash == head.Info.Hash
            ? new CommitOutcome(_store.Head, null, [answer], [])
            : new CommitOutcome(
                null,
                new Refusal($"the backup was not restored: {answer.Why}", "mend what the message names and restore again"),
                [answer],
                []
            );
    }
}
