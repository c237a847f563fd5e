using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// The configuration of the cluster as this unit runs it: commits (on the primary), following the primary (on a standby), history,
/// report, backup. It knows nothing of HTTP: the other units are an <see cref="IConfigurationPeers"/>. All methods may be called
/// from any thread; commits run one after the other. Nothing here runs on the control loop.
/// </summary>
public sealed partial class ConfigurationService : IDisposable
{
    /// <summary>How long a unit may take for one phase of a commit.</summary>
    public static readonly TimeSpan PhaseTimeMax = TimeSpan.FromSeconds(60);

    private readonly UnitSettings _settings;
    private readonly string _unitFilePath;
    private readonly RevisionStore _store;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _phaseTimeMax;
    private readonly int _schema;
    private readonly ClusterFileHere _clusterFile;
    private readonly byte[]? _startedWith;
    private readonly SemaphoreSlim _oneCommit = new(1, 1);
    private volatile RevisionInfo? _committing;
    private SyncReport? _lastReport;

    /// <summary>Opens what is under <paramref name="stateFolder"/>/configuration.</summary>
    /// <param name="settings">unit.yaml as read.</param>
    /// <param name="unitFilePath">Where it was read from; its text goes into backups.</param>
    /// <param name="stateFolder">The state directory.</param>
    /// <param name="clock">Wall clock for revisions, timers for commits.</param>
    /// <param name="phaseTimeMax">Default <see cref="PhaseTimeMax"/>.</param>
    /// <param name="store">Default: the one under <paramref name="stateFolder"/>; tests give one with power cuts.</param>
    /// <param name="files">Default: those of this unit; tests give some under a root of their own.</param>
    /// <param name="schema">The newest configuration schema that the running image says it knows.</param>
    public ConfigurationService(
        UnitSettings settings,
        string unitFilePath,
        string stateFolder,
        TimeProvider clock,
        TimeSpan? phaseTimeMax = null,
        RevisionStore? store = null,
        ManagedFiles? files = null,
        int schema = RevisionSchema.Newest
    )
    {
        var folder = Path.Combine(stateFolder, "configuration");
        _settings = settings;
        _unitFilePath = unitFilePath;
        _clock = clock;
        _phaseTimeMax = phaseTimeMax ?? PhaseTimeMax;
        _schema = schema;
        _store = store ?? new RevisionStore(folder, keep: settings.Keep.Revisions);
        _clusterFile = new ClusterFileHere(unitFilePath, stateFolder);
        _startedWith = ReadClusterFile();
        files ??= new ManagedFiles(
            new OwnRootWork(stateFolder, settings),
            CommandTimeMax,
            Template.ValuesOf(settings),
            clusterFile: _clusterFile
        );
        Local = new LocalConfiguration(settings.Unit.Name, _store, files, clock, new ManagedList(settings, _clusterFile), schema);
    }

    /// <summary>How long one command of a managed file may take.</summary>
    public static TimeSpan CommandTimeMax { get; } = TimeSpan.FromSeconds(10);

    /// <summary>This unit alone: what the units' API answers with.</summary>
    public LocalConfiguration Local { get; }

    /// <summary>The current revision; null before the first.</summary>
    public RevisionInfo? Current => _store.Head;

    /// <summary>What of the revisions was found damaged at the start, a line each.</summary>
    public IReadOnlyList<string> Damage => _store.Problems;

    /// <summary>A commit was applied here and neither stands nor was taken back yet: <see cref="SyncFromAsync"/> ends it.</summary>
    public bool IsOnTrial => _store.Pending is not null;

    /// <summary>
    /// Who has to be able to read the configuration beside the units themselves: while a run is on, its image and the one that it would go
    /// back to.
    /// </summary>
    public Func<IReadOnlyList<SchemaLimit>>? RunLimits { get; set; }

    /// <summary>A run is open: daemons restart in its order only, so cluster.yaml stays as it is.</summary>
    public Func<bool>? RunIsOpen { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Local.Dispose();
        _oneCommit.Dispose();
    }

    /// <summary>
    /// The facts of this unit. A commit that it drives counts as pending, so that a standby that asks meanwhile leaves its trial alone.
    /// </summary>
    public async Task<UnitConfiguration> ReadLocalAsync(CancellationToken cancel)
    {
        var committing = _committing;
        var facts = await Local.ReadAsync(cancel);
        return facts with { Pending = facts.Pending ?? committing, RestartDue = await IsRestartDueAsync(cancel) };
    }

    /// <summary>The current revision's cluster.yaml lies on disk, and is not what this process has started with.</summary>
    public async Task<bool> IsRestartDueAsync(CancellationToken cancel)
    {
        // What somebody wrote over it by hand is drift, which no restart cures.
        var now = ReadClusterFile();
        return !IsOnTrial && !Same(now, _startedWith) && Same(now, ClusterFile.ContentOf(await ShowAsync(cancel)));
    }

    /// <summary>
    /// To be called when this unit has become primary: ends a trial that the former primary cut off, takes over a newer revision
    /// that another unit holds, and makes the first revision from the files on disk if no unit has one.
    /// </summary>
    public async Task<UnitAnswer> BecomePrimaryAsync(long epoch, IConfigurationPeers peers, CancellationToken cancel)
    {
        await EndTrialAsync(cancel);
        foreach (var unit in peers.Names)
        {
            await SyncFromAsync(unit, peers, cancel);
        }

        return await Local.ImportAsync(_settings.Files, epoch, cancel);
    }

    /// <summary>
    /// What the former primary had on trial stands. A commit that this unit drives meanwhile, being primary, ends its own trial.
    /// </summary>
    private async Task EndTrialAsync(CancellationToken cancel)
    {
        await _oneCommit.WaitAsync(cancel);
        try
        {
            if (await Local.ResolvePendingAsync(stands: true, cancel) is { Ok: false })
            {
                await Local.ResolvePendingAsync(stands: false, cancel);
            }
        }
        finally
        {
            _oneCommit.Release();
        }
    }

    /// <summary>
    /// Takes another unit's head if it wins: a standby calls it for the primary (when it joins, after each commit, and every few
    /// seconds), a primary for each unit that joins. <c>Ok</c> when afterwards this unit holds the other's head or the other is the one who
    /// has to follow.
    /// </summary>
    public async Task<UnitAnswer> SyncFromAsync(string unit, IConfigurationPeers peers, CancellationToken cancel)
    {
        try
        {
            var theirs = await peers.ReadAsync(unit, cancel);
            if (_store.Pending?.Revision.Hash is { } pending)
            {
                if (theirs.Pending?.Hash == pending || _committing is not null)
                {
                    return new UnitAnswer(Local.Unit, true, null, "a commit is under way");
                }

                var resolved = await Local.ResolvePendingAsync(theirs.Trunk.Any(r => r.Hash == pending), cancel);
                if (!resolved.Ok)
                {
                    return resolved;
                }
            }

            if (RevisionMerge.Compare(_store.Trunk, theirs.Trunk) is not (MergeVerdict.FastForward or MergeVerdict.TheirsWins))
            {
                return await Local.AcceptAsync(theirs.Trunk, [], cancel);
            }

            var missing = new List<Revision>();
            foreach (var hash in await Local.MissingAsync(theirs.Trunk, cancel))
            {
                if (await peers.FetchAsync(unit, hash, cancel) is { } revision)
                {
                    missing.Add(revision);
                }
            }

            return await Local.AcceptAsync(theirs.Trunk, missing, cancel);
        }
        catch (Exception e) when (IsUnreachable(e, cancel))
        {
            return new UnitAnswer(Local.Unit, false, $"{unit} is not reachable: {e.Message}", null);
        }
    }

    /// <summary>Revisions that the current one goes on from are not on this unit's disk any more.</summary>
    public bool IsBroken => _store.IsBroken;

    /// <summary>
    /// Fetches revisions that the current one goes on from, and that are gone or damaged here, from a unit that has them.
    /// </summary>
    /// <returns>The unit that had them; null: none that answers.</returns>
    public async Task<string?> MendAsync(IConfigurationPeers peers, CancellationToken cancel)
    {
        foreach (var unit in peers.Names)
        {
            if (
                await TryAsync(() => peers.ReadAsync(unit, cancel), cancel) is not { } theirs
                || _store.Head is not { } head
                || theirs.Trunk.All(revision => revision.Hash != head.Hash)
            )
            {
                continue;
            }

            var missing = new List<Revision>();
            foreach (var hash in await Local.MissingAsync(theirs.Trunk, cancel))
            {
                if (
                    await TryAsync(async () => new FetchedRevision(await peers.FetchAsync(unit, hash, cancel)), cancel) is
                    { Revision: { } one }
                )
                {
                    missing.Add(one);
                }
            }

            if ((await Local.MendAsync(theirs.Trunk, missing, cancel)).Ok)
            {
                return unit;
            }
        }

        return null;
    }

    /// <summary>
    /// Commits on all units (this one is the primary): all or none. <paramref name="epoch"/> is the cluster's. With <c>ConfirmMs</c> it
    /// undoes itself unless <see cref="ConfirmAsync"/> follows in time.
    /// </summary>
    public async Task<CommitOutcome> CommitAsync(CommitRequest request, long epoch, IConfigurationPeers peers, CancellationToken cancel)
    {
        await _oneCommit.WaitAsync(cancel);
        try
        {
            var head = _store.Head is { } info ? await Local.FetchAsync(info.Hash, cancel) : null;
            var started = request.Parent is { } parent ? await Local.FetchAsync(parent, cancel) : null;
            var limits = await GatherAsync(head?.Info, peers, cancel);
            if (CommitRules.Refuse(request, head, started, _settings.Files, limits, RunIsOpen?.Invoke() == true) is { } refusal)
            {
                var changed = head is not null && started is not null && started.Info.Hash != head.Info.Hash;
                return new CommitOutcome(null, changed ? refusal with { Detail = RevisionDiff.Of(started!, head!) } : refusal, [], []);
            }

            var now = _clock.GetUtcNow();
            var revision = RevisionIdentity.Next(
                head?.Info,
                epoch,
                CommitRules.Content(request, head, _settings.Files),
                request.Author,
                request.Message,
                now,
                request.ConfirmMs is { } ms ? now.AddMilliseconds(ms) : null
            );
            _committing = revision.Info;
            return await new CommitDrive(Local, peers, _clock, _phaseTimeMax).RunAsync(revision);
        }
        finally
        {
            _committing = null;
            _oneCommit.Release();
        }
    }

    /// <summary>
    /// Lets units that are behind follow before they are asked to go on (one may just have joined), and tells what schema each can read.
    /// </summary>
    private async Task<IReadOnlyList<SchemaLimit>> GatherAsync(RevisionInfo? head, IConfigurationPeers peers, CancellationToken cancel)
    {
        var limits = new List<SchemaLimit>(RunLimits?.Invoke() ?? []) { new(Local.Unit, _schema) };
        foreach (var unit in peers.Names)
        {
            if (await TryAsync(() => peers.ReadAsync(unit, cancel), cancel) is not { } facts)
            {
                continue;
            }

            limits.Add(new SchemaLimit(unit, facts.Schema));
            if (facts.Head?.Hash != head?.Hash || facts.Pending is not null)
            {
                await TryAsync(() => peers.FollowAsync(unit, cancel), cancel);
            }
        }

        return limits;
    }

    /// <summary>
    /// A reference that this unit does not know may be a branch of another: <paramref name="reference"/> here, else there. <c>gw2:REF</c>
    /// is REF on gw2, <c>gw2</c> its disk.
    /// </summary>
    public async Task<Revision?> FindAsync(string reference, IConfigurationPeers peers, CancellationToken cancel)
    {
        var (unit, rest) = reference.Split(':', 2) is [var named, var there] ? (named, there) : (reference, "disk");
        if (unit == Local.Unit)
        {
            return await Local.FindAsync(rest, cancel);
        }

        if (peers.Names.Contains(unit, StringComparer.Ordinal))
        {
            return await TryAsync(async () => new FetchedRevision(await peers.FindAsync(unit, rest, cancel)), cancel) is { } found
                ? found.Revision
                : null;
        }

        var here = await Local.FindAsync(reference, cancel);
        for (var i = 0; here is null && i < peers.Names.Count && reference is not ("head" or "disk"); i++)
        {
            here = (
                await TryAsync(async () => new FetchedRevision(await peers.FindAsync(peers.Names[i], reference, cancel)), cancel)
            )?.Revision;
        }

        return here;
    }

    /// <summary>Keeps a commit that was made with a time limit: a revision with the same content and no limit follows it.</summary>
    public Task<CommitOutcome> ConfirmAsync(string author, long epoch, IConfigurationPeers peers, CancellationToken cancel) =>
        _store.Head is { ConfirmBy: not null } head
            ? CommitAsync(new CommitRequest([], $"confirmed revision {head.Number}", author, head.Hash, null), epoch, peers, cancel)
            : Task.FromResult(
                new CommitOutcome(
                    null,
                    new Refusal("there is no commit that waits for being confirmed", "hitless config history shows the revisions"),
                    [],
                    []
                )
            );

    /// <summary>
    /// To be called on the primary about every second: undoes a commit that was not confirmed in time, also one that a former primary made.
    /// Null if nothing was due.
    /// </summary>
    public async Task<CommitOutcome?> UndoUnconfirmedAsync(long epoch, IConfigurationPeers peers, CancellationToken cancel) =>
        Local.IsUndoDue && _store.Head is { Parent: { } parent } head && await Local.FetchAsync(parent, cancel) is { } before
            ? await CommitAsync(
                new CommitRequest(before.Files, $"revision {head.Number} was not confirmed in time", "confirm", head.Hash, null),
                epoch,
                peers,
                cancel
            )
            : null;

    /// <summary>
    /// A new revision with the content of an old one (number, beginning of a hash, name of a branch). Files that the old one does not have
    /// stay.
    /// </summary>
    public async Task<CommitOutcome> RollbackAsync(
        RollbackRequest request,
        long epoch,
        IConfigurationPeers peers,
        CancellationToken cancel
    ) =>
        await FindAsync(request.Revision, peers, cancel) is { } old
            ? await CommitAsync(
                new CommitRequest(old.Files, request.Message ?? $"rollback to {request.Revision}", request.Author, request.Parent, null),
                epoch,
                peers,
                cancel
            )
            : new CommitOutcome(null, NoSuch(request.Revision), [], []);

    /// <summary>The revisions of this unit, newest first, and the branches of all units.</summary>
    public async Task<ConfigurationHistory> HistoryAsync(IConfigurationPeers peers, CancellationToken cancel)
    {
        var own = await Local.HistoryAsync(cancel);
        var others = await Task.WhenAll(peers.Names.Select(unit => TryAsync(() => peers.ReadAsync(unit, cancel), cancel)));
        return own with { Branches = [.. own.Branches.Concat(others.SelectMany(o => o?.Branches ?? [])).DistinctBy(b => b.Name)] };
    }

    /// <summary>The current revision with its files; null before the first.</summary>
    public Task<Revision?> ShowAsync(CancellationToken cancel) => Local.FindAsync("head", cancel);

    /// <summary>The configuration schema that the current revision needs.</summary>
    public async Task<int> SchemaInUseAsync(CancellationToken cancel) => RevisionSchema.Of((await ShowAsync(cancel))?.Files ?? []);

    /// <summary>
    /// What unit.yaml and cluster.yaml say on this unit now, each setting with its scope; a problem instead if one is not readable any
    /// more.
    /// </summary>
    public async Task<(ConfigurationSettings? Settings, UnitFileProblem? Problem)> ReadSettingsAsync(CancellationToken cancel)
    {
        var unitFile = await File.ReadAllBytesAsync(_unitFilePath, cancel);
        var cluster = ReadClusterFile();
        if (UnitFile.TryReadSection(unitFile, _unitFilePath, cluster, out var problems) is not { } root)
        {
            return (null, problems[0]);
        }

        var shared = UnitFile.SectionsOf(cluster, root);
        return (
            new ConfigurationSettings(
                Local.Unit,
                [
                    .. ConfigurationConverter
                        .Statements(root)
                        .Select(s => new ConfigurationSetting(
                            UnitKeys.IsUnitLocal(s.Key) ? "unit" : "cluster",
                            s.Key,
                            s.Value,
                            shared.Contains(s.Key.Split('.', '[')[0]) ? ClusterFile.Path : "unit.yaml"
                        )),
                ]
            ),
            null
        );
    }

    private byte[]? ReadClusterFile() => File.Exists(_clusterFile.RealPath) ? File.ReadAllBytes(_clusterFile.RealPath) : null;

    private static bool Same(byte[]? a, byte[]? b) => a is null == b is null && a.AsSpan().SequenceEqual(b);

    /// <summary>What differs between two references, see <see cref="FindAsync"/>; a refusal if one does not exist.</summary>
    public async Task<(IReadOnlyList<FileDifference>? Files, Refusal? Refusal)> DiffAsync(
        string from,
        string to,
        IConfigurationPeers peers,
        CancellationToken cancel
    )
    {
        var (a, b) = (await FindAsync(from, peers, cancel), await FindAsync(to, peers, cancel));
        return a is null ? (null, NoSuch(from))
            : b is null ? (null, NoSuch(to))
            : (RevisionDiff.Files(a, b), null);
    }

    /// <summary>
    /// The sync report over all units, against the head of <paramref name="primary"/> (this unit's if there is none or it does not answer).
    /// </summary>
    public async Task<SyncReport> ReportAsync(string? primary, IConfigurationPeers peers, CancellationToken cancel)
    {
        var own = await ReadLocalAsync(cancel);
        var others = await Task.WhenAll(
            peers.Names.Select(async unit => (Unit: unit, Facts: await TryAsync(() => peers.ReadAsync(unit, cancel), cancel)))
        );
        IEnumerable<(string Unit, UnitConfiguration? Facts)> all = others
            .Append((Local.Unit, own))
            .Concat(peers.Absent.Select(u => (u, (UnitConfiguration?)null)))
            .OrderBy(u => u.Item1, StringComparer.Ordinal);
        var reference = others.FirstOrDefault(o => o.Unit == primary).Facts ?? own;
        return _lastReport = SyncReports.Make(_settings.Cluster.Name, reference, all, _lastReport, _clock.GetUtcNow());
    }

    private static async Task<T?> TryAsync<T>(Func<Task<T>> call, CancellationToken cancel)
        where T : class
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (IsUnreachable(e, cancel))
        {
            return null;
        }
    }

    /// <summary>What a call to another unit throws when that unit cannot be asked.</summary>
    internal static bool IsUnreachable(Exception e, CancellationToken cancel) =>
        e is IOException or HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested);

    private static Refusal NoSuch(string reference) => new($"there is no revision {reference}", "hitless config history lists them");
}
