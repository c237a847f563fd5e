using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Firmware;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Firmware.Files;
using Hitless.Firmware.Images;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Hitless.Daemon;

/// <content>Configuration: revisions, the sync report, backups.</content>
public sealed partial class Unit
{
    private static readonly TimeSpan FactsEvery = TimeSpan.FromSeconds(1);
    private string? lastFollowed;
    private string? lastFailure;
    private long? restartDueSince;
    private (uint Sessions, long Revision, ulong Tag) toldFacts;
    private BackupSchedule? backupSchedule;

    /// <inheritdoc/>
    public async Task<Revision> ConfigurationAsync(string? reference, CancellationToken cancel) =>
        await configuration.FindAsync(reference ?? "head", forRuns.PeersIn(await control.ViewAsync()), cancel)
        ?? throw new RefusedException(
            reference is null ? "there is no revision yet" : $"there is no revision {reference}",
            "hitless config history lists them"
        );

    /// <inheritdoc/>
    public async Task<ConfigurationSettings> ConfigurationSettingsAsync(CancellationToken cancel)
    {
        var (read, problem) = await configuration.ReadSettingsAsync(cancel);
        return read ?? throw new RefusedException($"{problem}", "mend it; hitlessd would not start with it");
    }

    /// <inheritdoc/>
    public async Task<ConfigurationDifference> CompareConfigurationAsync(string? from, string? to, CancellationToken cancel)
    {
        var (files, refusal) = await configuration.DiffAsync(
            from ?? "head",
            to ?? "disk",
            forRuns.PeersIn(await control.ViewAsync()),
            cancel
        );
        return new ConfigurationDifference(Words(from ?? "head"), Words(to ?? "disk"), files ?? throw new RefusedException(refusal!));
        string Words(string reference) =>
            reference switch
            {
                "head" => $"revision {configuration.Current?.Number ?? 0}",
                "disk" => "disk",
                _ when long.TryParse(reference, out var number) => $"revision {number}",
                _ => reference,
            };
    }

    /// <inheritdoc/>
    public Task<CommitResult> CommitConfigurationAsync(CommitRequest request, CancellationToken cancel) =>
        OnPrimaryAsync(ConfigurationCalls.Commit, request, cancel, async (epoch, units) =>
            await configuration.CommitAsync(request, epoch, units, cancel)
        );

    /// <inheritdoc/>
    public Task<CommitResult> ConfirmConfigurationAsync(string author, CancellationToken cancel) =>
        OnPrimaryAsync(ConfigurationCalls.Confirm, new ConfirmRequest(author), cancel, async (epoch, units) =>
            await configuration.ConfirmAsync(author, epoch, units, cancel)
        );

    /// <inheritdoc/>
    public async Task<ConfigurationHistory> ConfigurationHistoryAsync(CancellationToken cancel) =>
        await configuration.HistoryAsync(forRuns.PeersIn(await control.ViewAsync()), cancel);

    /// <inheritdoc/>
    public Task<CommitResult> RollBackConfigurationAsync(RollbackRequest request, CancellationToken cancel) =>
        OnPrimaryAsync(ConfigurationCalls.RollBack, request, cancel, async (epoch, units) =>
            await configuration.RollbackAsync(request, epoch, units, cancel)
        );

    /// <inheritdoc/>
    public Task<SyncReport> ConfigurationReportAsync(CancellationToken cancel) => forRuns.ReportAsync(cancel);

    /// <inheritdoc/>
    public async Task<SyncReport> SyncConfigurationAsync(CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        var units = forRuns.PeersIn(view);
        if (view.Primary?.Name == Name)
        {
            await configuration.Local.RepairAsync(cancel);
            foreach (var peer in units.Names)
            {
                try
                {
                    await units.FollowAsync(peer, cancel);
                    await units.RepairAsync(peer, cancel);
                }
                catch (IOException)
                {
                    // The report says that it is not reachable.
                }
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
    public async Task BackUpConfigurationAsync(Stream destination, bool secrets, CancellationToken cancel)
    {
        var path = Backups.Temporary();
        try
        {
            await forRuns.BackUpAsync(path, secrets, cancel);
            await using var file = File.OpenRead(path);
            await file.CopyToAsync(destination, cancel);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <inheritdoc/>
    public async Task<CommitResult> RestoreConfigurationAsync(Stream source, string author, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        if (PrimaryOf(view).Name != Name)
        {
            throw new RefusedException($"{Name} is not the primary", $"restore on {view.Primary!.Name}");
        }

        var path = Backups.Temporary();
        try
        {
            var mine = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = DurableFile.OwnerOnly,
            };
            await using (var file = new FileStream(path, mine))
            {
                await CopyAsync(source, file, cancel);
            }

            return ResultOf(await configuration.RestoreAsync(path, author, view.Epoch.Number, forRuns.PeersIn(view), cancel));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>What is sent must not fill the disk.</summary>
    private static async Task CopyAsync(Stream source, FileStream file, CancellationToken cancel)
    {
        var buffer = new byte[128 << 10];
        for (int count; (count = await source.ReadAsync(buffer, cancel)) > 0; )
        {
            if (file.Length + count > BackupFile.TotalMaxBytes)
            {
                throw new RefusedException(
                    $"what was sent is larger than {BackupFile.TotalMaxBytes >> 20} MiB, so it is no backup of Hitless",
                    "give a file that hitless config backup wrote"
                );
            }

            await file.WriteAsync(buffer.AsMemory(0, count), cancel);
        }
    }

    private ConfigurationService OpenConfiguration(string unitFile)
    {
        var said = slots.Running is { } slot ? slots.ManifestIn(slot)?.Configuration.Max : null;
        var schema = Math.Min(said ?? RevisionSchema.Newest, RevisionSchema.Newest);
        var files = new ManagedFiles(
            Root.Work,
            ConfigurationService.CommandTimeMax,
            Template.ValuesOf(settings),
            clusterFile: new ClusterFileHere(unitFile, stateFolder)
        );
        var service = new ConfigurationService(settings, unitFile, stateFolder, TimeProvider.System, files: files, schema: schema)
        {
            RunLimits = SchemasOfRun,
            RunIsOpen = () => RunJournal.IsOpen(journals.Last()),
        };
        foreach (var damage in DescribeDamage(service))
        {
            disk.NoteDamage(damage);
        }

        return service;
    }

    private static IReadOnlyList<string> DescribeDamage(ConfigurationService service) =>
        [.. service.Damage.Select(damage => $"{damage}: what is missing is fetched from the other units")];

    private BackupFolder Backups => new(Path.Combine(stateFolder, "backups"), settings.Keep);

    private async Task<CommitResult> OnPrimaryAsync<TRequest>(
        Peers.PeerCall<TRequest, CommitResult> call,
        TRequest request,
        CancellationToken cancel,
        Func<long, ConfigurationPeers, Task<CommitOutcome>> commit
    )
    {
        var view = await control.ViewAsync();
        var primary = PrimaryOf(view);
        if (primary.Name != Name)
        {
            return await ForwardAsync(primary.Name, call, request, cancel);
        }

        var outcome = ResultOf(await commit(view.Epoch.Number, forRuns.PeersIn(view)));
        await TellFactsAsync();
        return outcome;
    }

    /// <summary>
    /// An edit during a run has to be readable by both versions: the one that is being installed, and the one that a rollback goes back to.
    /// </summary>
    private IReadOnlyList<SchemaLimit> SchemasOfRun()
    {
        var journal = journals.Last();
        if (!RunJournal.IsOpen(journal))
        {
            return [];
        }

        var header = journal[0].Header!;
        List<SchemaLimit> limits = [];
        if (images.TryFind(header.Image, out _, out var path, out _) && ImageFile.TryOpen(path, out var image, out _))
        {
            using (image)
            {
                limits.Add(
                    new SchemaLimit($"version {image.Manifest.Version}, which is being installed,", image.Manifest.Configuration.Max)
                );
            }
        }

        if (slots.Running is { } running && slots.ManifestIn(BootState.Other(running)) is { } other)
        {
            limits.Add(new SchemaLimit($"version {other.Version} in the other slot", other.Configuration.Max));
        }

        return limits;
    }

    private static CommitResult ResultOf(CommitOutcome outcome) =>
        outcome.Revision is { } revision
            ? new CommitResult(
                revision,
                [.. outcome.Answers.Select(a => new CommitUnit(a.Unit, a.Ok ? "applied" : "later", a.Why ?? a.Output))],
                revision.ConfirmBy,
                outcome.Notes
            )
            : throw new RefusedException(outcome.Refusal!);

    private void MapConfigurationCalls()
    {
        peerServer.Map(ConfigurationCalls.Ask, async (ask, cancel) =>
        {
            var answer = await configuration.Local.AnswerAsync(ask.Phase, ask.Revision, cancel);
            if (!answer.Ok && ask.Phase == CommitPhase.Check)
            {
                events.Add(EventKinds.Configuration, $"a commit that another unit drives is refused here: {answer.Why}");
            }

            return answer;
        });
        peerServer.Map(ConfigurationCalls.Read, (_, cancel) => configuration.ReadLocalAsync(cancel));
        peerServer.Map(ConfigurationCalls.Fetch, async (request, cancel) =>
            new FetchedRevision(await configuration.Local.FetchAsync(request.Reference, cancel))
        );
        peerServer.Map(ConfigurationCalls.Commit, CommitConfigurationAsync);
        peerServer.Map(ConfigurationCalls.RollBack, RollBackConfigurationAsync);
        peerServer.Map(ConfigurationCalls.Confirm, (request, cancel) => ConfirmConfigurationAsync(request.Author, cancel));
        peerServer.Map(ConfigurationCalls.Find, async (request, cancel) =>
            new FetchedRevision(await configuration.Local.FindAsync(request.Reference, cancel))
        );
        peerServer.Map(ConfigurationCalls.Describe, (_, cancel) => configuration.DescribeUnitAsync(RunningRelease.Version, cancel));
        peerServer.Map(ConfigurationCalls.Repair, (_, cancel) => configuration.Local.RepairAsync(cancel));
        peerServer.Map(ConfigurationCalls.Follow, async (request, cancel) =>
        {
            var answer = await configuration.SyncFromAsync(request.From, forRuns.PeersIn(await control.ViewAsync()), cancel);
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
                    await configuration.BecomePrimaryAsync(view.Epoch.Number, forRuns.PeersIn(view), ending.Token);
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
                await RestartInTurnAsync(view);
                await BackUpByScheduleAsync();
                lastFailure = null;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // It is tried again each second, and said once (a full disk lasts).
                if (e.Message != lastFailure)
                {
                    events.Add(EventKinds.Configuration, e.Message);
                }

                lastFailure = e.Message;
            }
        }
    }

    /// <summary>
    /// A unit that was primary elsewhere (a split) may hold the revision that wins; and what nobody confirmed in time is undone.
    /// </summary>
    private async Task KeepAsPrimaryAsync(ClusterView view)
    {
        foreach (var peer in view.Peers.Where(p => p.Present && p.RevisionTag != TagOf(configuration.Current)))
        {
            await FollowAsync(peer.Name, view);
        }

        if (await configuration.UndoUnconfirmedAsync(view.Epoch.Number, forRuns.PeersIn(view), ending.Token) is { } undone)
        {
            events.Add(
                EventKinds.Configuration,
                undone.Refusal?.Error ?? $"{undone.Revision!.Message}: undone by revision {undone.Revision.Number}"
            );
        }
    }

    /// <summary>The backup that is due by the clock, if one is and there is something to keep.</summary>
    private async Task BackUpByScheduleAsync()
    {
        backupSchedule ??= new BackupSchedule(settings.Keep.BackupEvery, TimeProvider.System);
        if (configuration.Current is null || !backupSchedule.IsDue(Backups))
        {
            return;
        }

        backupSchedule.Note(failed: true);
        await forRuns.BackUpAsync(Backups.Scheduled(TimeProvider.System.GetUtcNow()), secrets: true, ending.Token);
        backupSchedule.Note();
    }

    /// <summary>
    /// A new cluster.yaml takes effect when the daemon restarts in service, which hitless-boot does (docs/decisions/0021).
    /// </summary>
    private async Task RestartInTurnAsync(ClusterView view)
    {
        if (RunJournal.IsOpen(journals.Last()) || !await configuration.IsRestartDueAsync(ending.Token))
        {
            restartDueSince = null;
            return;
        }

        if (restartDueSince is null)
        {
            restartDueSince = Stopwatch.GetTimestamp();
            events.Add(
                EventKinds.Configuration,
                $"cluster.yaml of revision {configuration.Current!.Number} takes effect when this daemon "
                    + $"restarts{(slots.Running is null ? "; nobody does that, it was not started by hitless-boot" : "")}"
            );
        }

        var units = await Task.WhenAll(
            view.Peers.Select(async peer => new RestartCandidate(
                peer.Name,
                peer.Ready,
                peer.Present && await IsRestartDueAsync(peer.Name, view)
            ))
        );
        if (
            slots.Running is not null
            && RestartTurn.IsMine(
                Name,
                view.Primary?.Name,
                [new(Name, true, true), .. units],
                Stopwatch.GetElapsedTime(restartDueSince.Value)
            )
        )
        {
            RequestRestart();
        }
    }

    private async Task<bool> IsRestartDueAsync(string peer, ClusterView view)
    {
        try
        {
            return (await forRuns.PeersIn(view).ReadAsync(peer, ending.Token)).RestartDue;
        }
        catch (IOException)
        {
            // It does not answer, so its turn cannot be waited for.
            return false;
        }
    }

    private async Task FollowAsync(string unit, ClusterView view)
    {
        var before = configuration.Current;
        var answer = await configuration.SyncFromAsync(unit, forRuns.PeersIn(view), ending.Token);
        var text =
            !answer.Ok ? $"cannot follow {unit}: {answer.Why}"
            : configuration.Current != before ? $"follows {unit}: revision {configuration.Current?.Number}"
            : null;
        if (text is not null && text != lastFollowed)
        {
            events.Add(EventKinds.Configuration, text);
        }

        lastFollowed = text ?? lastFollowed;
    }

    private async Task TellFactsAsync()
    {
        var head = configuration.Current;
        var facts = ((uint)(await sessions.StatusAsync()).Sessions, head?.Number ?? 0, TagOf(head));
        if (facts != toldFacts)
        {
            toldFacts = facts;
            control.Post(ClusterInput.FactsChanged(facts.Item1, facts.Item2, facts.Item3));
        }
    }

    private static ulong TagOf(RevisionInfo? head) => head is null ? 0 : Convert.ToUInt64(head.Hash[..16], 16);
}
