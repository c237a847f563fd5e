using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Api;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Daemon.Upgrade;

namespace Hitless.Daemon;

/// <content>Configuration: revisions, the sync report, backups.</content>
public sealed partial class Unit
{
    private static readonly TimeSpan FactsEvery = TimeSpan.FromSeconds(1);
    private string? lastFollowed;

    /// <inheritdoc/>
    public async Task<Revision> ConfigurationAsync(long? number, CancellationToken cancel) =>
        await configuration.Local.FindAsync(number is null ? "head" : $"{number}", cancel)
        ?? throw new RefusedException(number is null ? "there is no revision yet" : $"there is no revision {number}", "hitless config history lists them");

    /// <inheritdoc/>
    public async Task<ConfigurationDifference> CompareConfigurationAsync(long? from, long? to, CancellationToken cancel)
    {
        var (a, b) = (from is null ? "head" : $"{from}", to is null ? "disk" : $"{to}");
        return new ConfigurationDifference(
            from is null ? $"revision {configuration.Current?.Number}" : $"revision {from}",
            to is null ? "disk" : $"revision {to}",
            RevisionDiff.Files(
                await configuration.Local.FindAsync(a, cancel) ?? throw new RefusedException($"there is no revision {a}", "hitless config history lists them"),
                await configuration.Local.FindAsync(b, cancel) ?? throw new RefusedException($"there is no revision {b}", "hitless config history lists them")));
    }

    /// <inheritdoc/>
    public Task<CommitResult> CommitConfigurationAsync(CommitRequest request, CancellationToken cancel) =>
        OnPrimaryAsync(ConfigurationCalls.Commit, request, cancel, async (epoch, units) => await configuration.CommitAsync(request, epoch, units, cancel));

    /// <inheritdoc/>
    public Task<CommitResult> ConfirmConfigurationAsync(CancellationToken cancel) =>
        OnPrimaryAsync(ConfigurationCalls.Confirm, new StepRequest("", "", "", "", Name), cancel, async (epoch, units) => await configuration.ConfirmAsync(Name, epoch, units, cancel));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RevisionInfo>> ConfigurationHistoryAsync(CancellationToken cancel) => (await configuration.HistoryAsync(cancel)).Revisions;

    /// <inheritdoc/>
    public Task<CommitResult> RollBackConfigurationAsync(RollbackRequest request, CancellationToken cancel) =>
        OnPrimaryAsync(ConfigurationCalls.RollBack, request, cancel, async (epoch, units) => await configuration.RollbackAsync($"{request.Number}", request.Author, epoch, units, cancel));

    /// <inheritdoc/>
    public async Task<SyncReport> ConfigurationReportAsync(CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        return await configuration.ReportAsync(view.Primary?.Name, PeersIn(view), cancel);
    }

    /// <inheritdoc/>
    public async Task<SyncReport> SyncConfigurationAsync(CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        var units = PeersIn(view);
        if (view.Primary?.Name == Name)
        {
            await configuration.Local.RepairAsync(cancel);
            foreach (var peer in units.Names)
            {
                await peers.CallAsync(peer, ConfigurationCalls.Follow, new StepRequest("", "", "", "", Name), ConfigurationPeers.CallTimeout, cancel);
            }
        }
        else
        {
            await configuration.SyncFromAsync(PrimaryOf(view).Name, units, cancel);
            await configuration.Local.RepairAsync(cancel);
        }

        return await ConfigurationReportAsync(cancel);
    }

    /// <inheritdoc/>
    public async Task BackUpConfigurationAsync(Stream destination, CancellationToken cancel)
    {
        var path = Path.Combine(stateFolder, "backups", ".download");
        await BackUpAsync(path, cancel);
        await using var file = File.OpenRead(path);
        await file.CopyToAsync(destination, cancel);
    }

    /// <inheritdoc/>
    public async Task<CommitResult> RestoreConfigurationAsync(Stream source, string author, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        if (PrimaryOf(view).Name != Name)
        {
            throw new RefusedException($"{Name} is not the primary", $"restore on {view.Primary!.Name}");
        }

        RefuseWhileFrozen();

        Directory.CreateDirectory(Path.Combine(stateFolder, "backups"));
        var path = Path.Combine(stateFolder, "backups", ".upload");
        await using (var file = File.Create(path))
        {
            await source.CopyToAsync(file, cancel);
        }

        return ResultOf(await configuration.RestoreAsync(path, author, view.Epoch.Number, PeersIn(view), cancel));
    }

    private ConfigurationService OpenConfiguration(string unitFile) => new(settings, unitFile, stateFolder, TimeProvider.System);

    private ConfigurationPeers PeersIn(ClusterView view) => new(
        Name,
        [.. view.Peers.Where(p => p.Present).Select(p => p.Name)],
        [.. view.Peers.Where(p => !p.Present).Select(p => p.Name)],
        peers);

    private async Task<string> BackUpForRunAsync(string run, CancellationToken cancel) =>
        await BackUpAsync(Path.Combine(stateFolder, "backups", $"{run}.backup"), cancel);

    private async Task<string> BackUpAsync(string path, CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var (info, refusal) = await configuration.BackupAsync(path, BuildVersion.Text, cancel);
        return refusal is null ? $"{info!.Revisions} revisions, {info.SizeBytes} bytes" : throw new RefusedException(refusal.Error, refusal.Remedy);
    }

    private async Task<CommitResult> OnPrimaryAsync<TRequest>(
        Peers.PeerCall<TRequest, CommitResult> call, TRequest request, CancellationToken cancel, Func<long, ConfigurationPeers, Task<CommitOutcome>> commit)
    {
        var view = await control.ViewAsync();
        var primary = PrimaryOf(view);
        if (primary.Name != Name)
        {
            return await ForwardAsync(primary.Name, call, request, cancel);
        }

        RefuseWhileFrozen();
        var outcome = ResultOf(await commit(view.Epoch.Number, PeersIn(view)));
        await TellFactsAsync();
        return outcome;
    }

    private void RefuseWhileFrozen()
    {
        if (RunJournal.IsOpen(journals.Last()))
        {
            throw new RefusedException("the configuration is frozen while an upgrade runs", "commit again when the run has ended: hitless upgrade status");
        }
    }

    private static CommitResult ResultOf(CommitOutcome outcome) => outcome.Revision is { } revision
        ? new CommitResult(revision, [.. outcome.Answers.Select(a => new CommitUnit(a.Unit, a.Ok ? "applied" : "refused", a.Why ?? a.Output))], null)
        : throw new RefusedException(outcome.Refusal!.Error, outcome.Refusal.Remedy);

    private void MapConfigurationCalls()
    {
        peerServer.Map(ConfigurationCalls.Ask, (ask, cancel) => configuration.Local.AnswerAsync(ask.Phase, ask.Revision, cancel));
        peerServer.Map(ConfigurationCalls.Read, (_, cancel) => configuration.ReadLocalAsync(cancel));
        peerServer.Map(ConfigurationCalls.Fetch, async (request, cancel) => new FetchedRevision(await configuration.Local.FetchAsync(request.Step, cancel)));
        peerServer.Map(ConfigurationCalls.Commit, CommitConfigurationAsync);
        peerServer.Map(ConfigurationCalls.RollBack, RollBackConfigurationAsync);
        peerServer.Map(ConfigurationCalls.Confirm, (_, cancel) => ConfirmConfigurationAsync(cancel));
        peerServer.Map(ConfigurationCalls.Follow, async (request, cancel) =>
        {
            await configuration.SyncFromAsync(request.From, PeersIn(await control.ViewAsync()), cancel);
            var answer = await configuration.Local.RepairAsync(cancel);
            await TellFactsAsync();
            return answer;
        });
    }

    /// <summary>Once a second: what heartbeats tell of this unit, and following the primary's revision.</summary>
    private async Task WatchFactsAsync()
    {
        using var timer = new PeriodicTimer(FactsEvery);
        var wasPrimary = false;
        while (await timer.WaitForNextTickAsync(ending.Token))
        {
            try
            {
                var view = await control.ViewAsync();
                var isPrimary = view.Primary?.Name == Name;
                if (isPrimary && !wasPrimary)
                {
                    await configuration.BecomePrimaryAsync(view.Epoch.Number, PeersIn(view), ending.Token);
                }
                else if (isPrimary)
                {
                    await KeepAsPrimaryAsync(view);
                }
                else if (view.Primary is { } primary && (primary.RevisionTag != TagOf(configuration.Current) || configuration.IsOnTrial))
                {
                    await FollowAsync(primary.Name, view);
                }

                wasPrimary = isPrimary;
                await TellFactsAsync();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                events.Add(EventKinds.Configuration, e.Message);
            }
        }
    }

    /// <summary>A unit that was primary elsewhere (a split) may hold the revision that wins; and what nobody confirmed in time is undone.</summary>
    private async Task KeepAsPrimaryAsync(ClusterView view)
    {
        foreach (var peer in view.Peers.Where(p => p.Present && p.RevisionTag != TagOf(configuration.Current)))
        {
            await FollowAsync(peer.Name, view);
        }

        if (!RunJournal.IsOpen(journals.Last()) && await configuration.UndoUnconfirmedAsync(view.Epoch.Number, PeersIn(view), ending.Token) is { } undone)
        {
            events.Add(EventKinds.Configuration, undone.Refusal?.Error ?? $"{undone.Revision!.Message}: undone by revision {undone.Revision.Number}");
        }
    }

    private async Task FollowAsync(string unit, ClusterView view)
    {
        var before = configuration.Current;
        var answer = await configuration.SyncFromAsync(unit, PeersIn(view), ending.Token);
        var text = !answer.Ok ? $"cannot follow {unit}: {answer.Why}" : configuration.Current != before ? $"follows {unit}: revision {configuration.Current?.Number}" : null;
        if (text is not null && text != lastFollowed)
        {
            events.Add(EventKinds.Configuration, text);
        }

        lastFollowed = text ?? lastFollowed;
    }

    private async Task TellFactsAsync()
    {
        var head = configuration.Current;
        control.Post(ClusterInput.FactsChanged((uint)(await sessions.StatusAsync()).Sessions, head?.Number ?? 0, TagOf(head)));
    }

    private static ulong TagOf(RevisionInfo? head) => head is null ? 0 : Convert.ToUInt64(head.Hash[..16], 16);
}
