using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Balance;
using Hitless.Daemon.Common;
using Hitless.Daemon.Forwarding;
using Hitless.Daemon.Neighbours;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Recovery;
using Hitless.Daemon.Upgrade;
using Hitless.Firmware.Files;
using Hitless.Firmware.Images;

namespace Hitless.Daemon;

/// <content>Runs.</content>
public sealed partial class Unit
{
    private const int AnswerLooks = 40;
    private static readonly TimeSpan ClockMargin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GateLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan JudgementTimeout = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan GiveBackTimeout = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public async Task<UpgradeCheck> CheckUpgradeAsync(UpgradeRequest request, CancellationToken cancel) =>
        await preflight.CheckAsync(await HeaderAsync(request, Name, cancel), duringRun: false, cancel);

    /// <inheritdoc/>
    public async Task<UpgradePlan> PlanUpgradeAsync(UpgradeRequest request, CancellationToken cancel)
    {
        var header = await HeaderAsync(request, Name, cancel);
        var view = await control.ViewAsync();
        return RunPlan.Describe(
            header,
            view.Units.DistinctBy(u => u.Name).ToDictionary(u => u.Name, u => u.Age, StringComparer.Ordinal),
            settings.Upgrade.UptimeMargin,
            view.Units.Any(u => u.Override)
        );
    }

    /// <inheritdoc/>
    public Task<RunStatus> StartUpgradeAsync(UpgradeRequest request, CancellationToken cancel) =>
        request.At > DateTimeOffset.UtcNow + ClockMargin
            ? throw new RefusedException(
                $"a unit begins a run when it is asked to, and it is not {request.At.Value.UtcDateTime:u} yet",
                "ask then; hitless upgrade start --at waits until then"
            )
            : StartUpgradeAsync(request, Name, cancel);

    /// <inheritdoc/>
    public async Task<RunStatus> TakeBackRunAsync(string run, CancellationToken cancel)
    {
        var primary = PrimaryOf(await control.ViewAsync());
        if (primary.Name != Name)
        {
            return await KnownHereAsync(
                await ForwardAsync(primary.Name, UpgradeCalls.TakeBack, new TakeBackRequest(run, Name), cancel),
                cancel
            );
        }

        var journal = journals.Read(run);
        if (journal.Count == 0)
        {
            throw NoSuchRun($"there is no run \"{run}\"", RunsHere());
        }

        if (RunJournal.IsOpen(journal))
        {
            return await CommandAsync(RunCommand.Rollback, cancel);
        }

        return RunPlanner.TryTakeBack(await OccasionAsync(cancel), journal[0].Header!, out var header, out var why)
            ? await BeginAsync(header, cancel)
            : throw new RefusedException(why);
    }

    private async Task<RunStatus> StartUpgradeAsync(UpgradeRequest request, string from, CancellationToken cancel)
    {
        var primary = PrimaryOf(await control.ViewAsync());
        return primary.Name == Name
            ? await BeginAsync(await HeaderAsync(request, from, cancel), cancel)
            : await KnownHereAsync(
                await ForwardAsync(primary.Name, UpgradeCalls.Start, new ForwardedStart(Whole(request), Name), cancel),
                cancel
            );
    }

    /// <summary>
    /// What the primary has answered, once this unit's journal is as far: who goes on by this unit is not to hear that there is no such
    /// run, or that it waits at the gate that was just opened. After <see cref="StartLimit"/> as it is: the run does not depend on this
    /// unit.
    /// </summary>
    private async Task<RunStatus> KnownHereAsync(RunStatus answered, CancellationToken cancel)
    {
        _ = await UntilWrittenAsync(
            () =>
                journals.Read(answered.Run) is { Count: > 0 } journal
                && (answered.Gate is not null || RunView.Status(journal, DateTimeOffset.UtcNow).Gate is null),
            StartLimit,
            cancel
        );
        return answered;
    }

    private async Task<RunStatus> BeginAsync(RunHeader header, CancellationToken cancel)
    {
        if (Keys.IsRotating)
        {
            throw new RefusedException("the cluster key is being rotated", "let it end: hitless status shows how far it is");
        }

        RefuseOpenRun();
        var check = await preflight.CheckAsync(header, duringRun: false, cancel);
        if (check.Checks.FirstOrDefault(c => c.Result == CheckOutcome.Fail) is { } failed)
        {
            throw new RefusedException(
                ProblemTypes.CheckFailed.Refuse($"{failed.Id}: {failed.Text}", failed.Remedy ?? "hitless upgrade check tells more")
            );
        }

        engine.Start(header);
        _ = await UntilWrittenAsync(() => RunJournal.IsOpen(journals.Last()) || IsWritten(), StartLimit, cancel);
        if (!IsWritten())
        {
            // Of two that begin at once the engine takes one.
            RefuseOpenRun();
            throw new RefusedException("the journal of the run could not be written", "look at the disks of the units: hitless events");
        }

        return RunNow()!;

        bool IsWritten() => journals.Read(header.Run) is [{ Header: { } begun }, ..] && begun.StartedAt == header.StartedAt;
    }

    /// <summary>A switch that nobody planned makes a run go back: while one acts, an operator has to mean it.</summary>
    private void RefuseDuringRun(bool force)
    {
        var open = journals.Last();
        if (!force && RunJournal.IsOpen(open) && !RunJournal.IsPaused(open) && RunView.Status(open, DateTimeOffset.UtcNow).Gate is null)
        {
            throw new RefusedException(
                $"run {open[0].Run} is under way, and switches by itself; a switch in between may send it back",
                "let it end (hitless upgrade watch), pause or abort it; --force switches all the same"
            );
        }
    }

    private void RefuseOpenRun()
    {
        if (journals.Last() is var open && RunJournal.IsOpen(open))
        {
            throw new RefusedException(
                $"no-open-run: run {open[0].Run} is under way",
                "hitless upgrade watch follows it, hitless upgrade abort ends it"
            );
        }
    }

    /// <summary>Waits until an entry of a journal has made something so; false: not within <paramref name="limit"/>.</summary>
    private async Task<bool> UntilWrittenAsync(Func<bool> so, TimeSpan limit, CancellationToken cancel)
    {
        for (var begun = Stopwatch.GetTimestamp(); ; )
        {
            var change = journals.Changes.Next;
            if (so())
            {
                return true;
            }

            var left = limit - Stopwatch.GetElapsedTime(begun);
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            await ChangeSignal.WaitAsync(change, left, cancel);
        }
    }

    /// <inheritdoc/>
    public Task<RunStatus?> RunAsync(CancellationToken cancel) => Task.FromResult(RunNow());

    /// <inheritdoc/>
    public async IAsyncEnumerable<RunStatus> WatchRunAsync(string? run, [EnumeratorCancellation] CancellationToken cancel)
    {
        var name = run
            ?? (
                journals.Runs() is [.., var last] ? last : throw NoSuchRun("there was no run yet", "hitless upgrade start IMAGE begins one")
            );
        var shown = 0;
        while (true)
        {
            var change = journals.Changes.Next;
            var journal = journals.Read(name);
            if (journal.Count == 0)
            {
                throw NoSuchRun($"there is no run \"{name}\"", "hitless upgrade report lists the last one");
            }

            if (journal.Count != shown)
            {
                shown = journal.Count;
                yield return RunView.Status(journal, DateTimeOffset.UtcNow);
            }

            if (!RunJournal.IsOpen(journal))
            {
                yield break;
            }

            await ChangeSignal.WaitAsync(change, Timeout.InfiniteTimeSpan, cancel);
        }
    }

    /// <inheritdoc/>
    public Task<RunStatus> OpenGateAsync(bool rehearse, CancellationToken cancel) =>
        CommandAsync(rehearse ? RunCommand.Rehearse : RunCommand.Next, cancel);

    /// <inheritdoc/>
    public Task<RunStatus> PauseRunAsync(CancellationToken cancel) => CommandAsync(RunCommand.Pause, cancel);

    /// <inheritdoc/>
    public Task<RunStatus> ResumeRunAsync(CancellationToken cancel) => CommandAsync(RunCommand.Resume, cancel);

    /// <inheritdoc/>
    public Task<RunStatus> AbortRunAsync(CancellationToken cancel) => CommandAsync(RunCommand.Abort, cancel);

    /// <inheritdoc/>
    public Task<RunStatus> RollBackRunAsync(CancellationToken cancel) => CommandAsync(RunCommand.Rollback, cancel);

    /// <inheritdoc/>
    public async Task<RunReport> RunReportAsync(string? run, CancellationToken cancel)
    {
        var name = run
            ?? (
                journals.Runs() is [.., var last] ? last : throw NoSuchRun("there was no run yet", "hitless upgrade start IMAGE begins one")
            );
        var journal = journals.Read(name);
        if (journal.Count == 0)
        {
            throw NoSuchRun($"there is no run \"{name}\"", RunsHere());
        }

        return await Reports.ReadAsync(journal, UnitsNowAsync, cancel);
    }

    private async Task<RunStatus> CommandAsync(RunCommand word, CancellationToken cancel)
    {
        if (!RunJournal.IsOpen(journals.Last()))
        {
            throw NoSuchRun("no run is open", "hitless upgrade start IMAGE begins one");
        }

        var primary = PrimaryOf(await control.ViewAsync());
        if (primary.Name != Name)
        {
            return await KnownHereAsync(await ForwardAsync(primary.Name, UpgradeCalls.Command, word, cancel), cancel);
        }

        if (word == RunCommand.Next && !engine.Waiting)
        {
            throw new RefusedException("the run does not wait at a gate", "hitless upgrade status tells where it is");
        }

        if (
            word == RunCommand.Rehearse
            && journals.Last().Any(e => e.Kind == JournalEntryKind.Started && e.Step is RunStep.Copy or RunStep.Revert)
        )
        {
            throw new RefusedException("the trial switchover comes before anything is upgraded", "hitless upgrade next goes on");
        }

        engine.Command(word);
        if (word is RunCommand.Next or RunCommand.Rehearse)
        {
            // Who follows the run from here on, on whichever unit, is not to find it at the gate that was just opened.
            _ = await UntilWrittenAsync(() => RunNow()?.State != RunState.Waiting, GateLimit, cancel);
        }

        return RunNow()!;
    }

    private string RunsHere() =>
        journals.Runs() is { Count: > 0 } runs
            ? $"the runs are {string.Join(", ", runs)}"
            : "there was none yet; hitless upgrade start IMAGE begins one";

    private static RefusedException NoSuchRun(string error, string remedy) => new(ProblemTypes.NoSuchRun.Refuse(error, remedy));

    // A version or the beginning of a hash says elsewhere nothing, or something else.
    private UpgradeRequest Whole(UpgradeRequest request) =>
        images.TryFind(request.Image, out var hash, out _, out _) ? request with { Image = hash } : request;

    private async Task<RunHeader> HeaderAsync(UpgradeRequest request, string asked, CancellationToken cancel)
    {
        if (!images.TryFind(request.Image, out var hash, out _, out var problem))
        {
            throw new RefusedException(problem!.Error, problem.Remedy);
        }

        return RunPlanner.TryPlan(
            await OccasionAsync(cancel),
            request,
            asked,
            new PlannedImage(
                hash,
                images.List().First(i => i.Hash == hash).Version,
                Rehearsal.BaselineFor(hash, journals.Runs().Reverse().Select(journals.Read))
            ),
            out var header,
            out var why
        )
            ? header
            : throw new RefusedException(why);
    }

    private async Task<RunOccasion> OccasionAsync(CancellationToken cancel)
    {
        var status = await AnsweredStatusAsync(cancel);
        var units = (await control.ViewAsync()).Units;
        var (name, number) = journals.Next(DateTimeOffset.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
        return new RunOccasion(
            name,
            number,
            Name,
            RunningRelease.Version,
            status,
            [.. units.Select(u => (u.Name, u.Id, u.Present))],
            DateTimeOffset.UtcNow,
            settings.Upgrade.Soak,
            settings.Upgrade.RejoinTimeout
        )
        {
            Gates = settings.Upgrade.Gates,
            WindowEnd = MaintenanceWindow.OpenUntil(settings.Upgrade.Windows, DateTime.Now),
        };
    }

    private RunStatus? RunNow() => journals.Last() is { Count: > 0 } journal ? RunView.Status(journal, DateTimeOffset.UtcNow) : null;

    private void ArchiveReport(IReadOnlyList<JournalEntry> journal) => Reports.Make(journal, UnitsNowAsync);

    private async Task<IReadOnlyList<ReportUnit>> UnitsNowAsync(IReadOnlyList<JournalEntry> journal, CancellationToken cancel)
    {
        var units = (await AnsweredStatusAsync(cancel)).Units;
        var now = units.DistinctBy(u => u.Name).ToDictionary(u => u.Name, StringComparer.Ordinal);
        return
        [
            .. journal[0]
                .Header!.Members.Select(m =>
                    now.TryGetValue(m.Name, out var u) && u.State != UnitStateWord.Absent
                        ? new ReportUnit(m.Name, m.Version, u.Version, m.Slot, u.Slot)
                        : new ReportUnit(m.Name, m.Version, "", m.Slot, "")
                ),
        ];
    }

    /// <summary>
    /// The status once every unit that is present has answered, or six seconds have passed: one that is just back, or busy, may answer
    /// late, and only it knows its slot.
    /// </summary>
    private async Task<ClusterStatus> AnsweredStatusAsync(CancellationToken cancel)
    {
        var status = await StatusAsync(cancel);
        for (var looks = 0; looks < AnswerLooks && status.Units.Any(u => u.State != UnitStateWord.Absent && u.Replication is null); looks++)
        {
            await Task.Delay(LookAgain, cancel);
            status = await StatusAsync(cancel);
        }

        return status;
    }

    /// <summary>
    /// Whether the traffic goes on at the unit that has just become primary; null: it is of a version that cannot tell, or gone.
    /// </summary>
    /// <exception cref="RefusedException">It does not.</exception>
    private async Task<ReportTraffic?> TrafficAfterAsync(string successor, CancellationToken cancel)
    {
        ReportTraffic traffic;
        try
        {
            traffic = await peers.CallAsync(successor, ForwardingCalls.Judgement, new PeerQuestion(Name), JudgementTimeout, cancel);
        }
        catch (PeerException)
        {
            return null;
        }

        if (traffic.Breach is not { } breach)
        {
            return traffic;
        }

        var back = false;
        for (var waited = TimeSpan.Zero; !back && waited < GiveBackTimeout; waited += LookAgain)
        {
            await Task.Delay(LookAgain, cancel);
            back = (await control.ViewAsync()).Self.Role == UnitRole.Primary;
        }

        throw new RefusedException(
            $"{breach}; {(back ? $"{Name} carries the traffic again" : $"{Name} does not carry the traffic again yet")}",
            $"compare routes, firewall and links of {successor} with those of {Name}, then switch over again; hitless history tells "
                + $"what happened"
        );
    }

    private StateRecovery Recovery() =>
        new(
            stateFolder,
            settings.Heartbeat.Links.Max(link => link.Peers.Count),
            control,
            disk,
            new RecoverableParts(Name, images, steps, journals, peers),
            new RevisionRecovery(Name, configuration, DescribeDamage(configuration), peers, disk)
        );

    private void MapPeerCalls()
    {
        peerServer.Map(UpgradeCalls.PutJournal, (document, _) => Task.FromResult(engine.Receive(document.Entries)));
        peerServer.Map(UpgradeCalls.TakeBack, (request, cancel) => TakeBackRunAsync(request.Run, cancel));
        peerServer.Map(UpgradeCalls.GetJournal, (_, _) => Task.FromResult(new JournalDocument(journals.Last())));
        peerServer.Map(UpgradeCalls.ReadJournal, (question, _) =>
            Task.FromResult(new JournalDocument(JournalStore.IsName(question.Run) ? journals.Read(question.Run) : []))
        );
        Reports.Map(peerServer);
        peerServer.Map(UpgradeCalls.Step, steps.TakeAsync);
        peerServer.Map(UpgradeCalls.PutSnapshot, (snapshot, _) =>
        {
            acts.Keep(snapshot);
            return Task.FromResult(new StepAnswer(null));
        });
        peerServer.Map(UpgradeCalls.Start, async (forwarded, cancel) =>
        {
            if (ImageStore.IsHash(forwarded.Request.Image) && !images.TryFind(forwarded.Request.Image, out _, out _, out _))
            {
                await steps.TakeAsync(new StepRequest(RunStep.Copy, "", forwarded.Request.Image, "", forwarded.From), cancel);
            }

            return await StartUpgradeAsync(forwarded.Request, forwarded.From, cancel);
        });
        peerServer.Map(UpgradeCalls.Command, CommandAsync);
        peerServer.Map(UpgradeCalls.Gate, PassGateAsync);
        peerServer.Map(UpgradeCalls.SwitchOver, SwitchOverAsync);
        peerServer.Map(UpgradeCalls.Status, async (_, _) => await OwnStatusAsync(await control.ViewAsync()));
        peerServer.MapContent(UpgradeCalls.ImageContent, (hash, _) =>
            images.TryFind(hash, out var whole, out var path, out var problem) && whole == hash
                ? Task.FromResult<Stream>(new PacedStream(File.OpenRead(path)))
                : throw new RefusedException(problem?.Error ?? $"no image {hash}", problem?.Remedy ?? "hitless firmware list")
        );
        peerServer.Map(ForwardingWatch.Call, (_, _) =>
            control.Forwarding is { } state
                ? Task.FromResult(state)
                : throw new RefusedException($"{Name} has not read its routes and rules yet", "ask again in a second")
        );
        peerServer.Map(NeighbourCourier.Call, neighbours.TakeAsync);
        peerServer.Map(ForwardingCalls.Tell, traffic.TakeAsync);
        peerServer.Map(ForwardingCalls.Judgement, (_, cancel) => traffic.JudgementAsync(cancel));
        new BalanceMember(settings, control, sessions, forwarding, Balance!).Map(peerServer);
        Balance!.Owners.Map(peerServer);
        Maintenance().Map(peerServer);
        Keys.Map(peerServer);
        MapSessionCalls();
        MapConfigurationCalls();
    }
}
