using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Keys;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Daemon.Api;
using Hitless.Daemon.Balance;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Daemon.Feeds;
using Hitless.Daemon.Forwarding;
using Hitless.Daemon.Health;
using Hitless.Daemon.Joining;
using Hitless.Daemon.Keys;
using Hitless.Daemon.Maintenance;
using Hitless.Daemon.Neighbours;
using Hitless.Daemon.Notices;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Reports;
using Hitless.Daemon.Rights;
using Hitless.Daemon.Roles;
using Hitless.Daemon.Sessions;
using Hitless.Daemon.Upgrade;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Hitless.Firmware.Slots;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Hitless.Daemon;

/// <summary>One unit, put together: the two loops, the engine, the stores, and what the API asks of them.</summary>
public sealed partial class Unit : IUnit, IInvitingUnit, IAsyncDisposable
{
    private static readonly TimeSpan PeerTimeout = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan ForwardTimeout = TimeSpan.FromSeconds(90);
    private readonly UnitSettings settings;
    private readonly string stateFolder;
    private readonly EventLog events;
    private readonly StateDisk disk;
    private readonly HoldFile holdFile;
    private readonly PeerDirectory directory;
    private readonly PeerIdentity identity;
    private readonly KeyHolder keys;
    private readonly PeerServer peerServer;
    private readonly PeerClient peers;
    private readonly ControlLoop control;
    private readonly SessionLoop sessions;
    private readonly SessionTables tables;
    private readonly ProbeLoop probes;
    private readonly NeighbourCourier neighbours;
    private readonly ForwardingWatch forwarding;
    private readonly RoleLoop roles;
    private readonly ConfigurationService configuration;
    private readonly RunConfiguration forRuns;
    private readonly ImageStore images;
    private readonly SlotStore slots;
    private readonly UnitExit exit;
    private readonly JournalStore journals;
    private readonly UnitSteps steps;
    private readonly StepActs acts;
    private readonly PreflightReader preflight;
    private readonly ForwardingMonitor traffic;
    private readonly UpgradeEngine engine;
    private readonly CancellationTokenSource ending = new();
    private readonly Task background;
    private readonly TaskCompletionSource complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task roleWork = Task.CompletedTask;
    private long writtenEpoch;
    private volatile bool lastRole;

    /// <summary>
    /// Puts the unit together and starts its loops; the kernel is touched from here on. Heartbeats come first: what they need (key,
    /// identity, epoch, kernel) is read at once, and everything else
    /// takes its time beside them. The unit claims nothing before its session loop is there (<see cref="ControlLoop.Attach"/>).
    /// </summary>
    public Unit(UnitSettings settings, string unitFile, string stateFolder, ClusterKeys keys, TrustStore trust, RootTasks root)
    {
        this.settings = settings;
        this.stateFolder = stateFolder;
        Root = root;
        Name = settings.Unit.Name;
        events = new EventLog(stateFolder, Name);
        disk = new StateDisk(stateFolder, events);
        holdFile = new HoldFile(stateFolder, disk);
        disk.Write("the directory", () => Directory.CreateDirectory(stateFolder));
        var self = UnitIdentity.Load(stateFolder, disk);
        directory = new PeerDirectory(settings.Heartbeat.Port + 2);
        journals = new JournalStore(stateFolder, disk);
        writtenEpoch = StateFile.ReadEpoch(stateFolder, disk);
        control = OpenControl(self, keys);
        exit = new UnitExit(Name, control, events);
        control.Start();
        identity = new PeerIdentity(keys);
        peers = new PeerClient(identity, directory.AddressesOf);
        peerServer = new PeerServer(identity, settings.Heartbeat.Links, settings.Heartbeat.Port + 2, Note, Name);
        images = new ImageStore(stateFolder, trust);
        slots = settings.Unit.RaucSlots
            ? new SlotStore(stateFolder, new RaucBackend(PreflightReader.RunningHere.Version, new RaucCommand("rauc")))
            : new SlotStore(stateFolder, new DirectoryBackend(stateFolder, root.Recipes));
        configuration = OpenConfiguration(unitFile);
        disk.Write("the clearing of its backups", Backups.RemoveTemporary);
        // Its arrays are large enough for a garbage collection, which stops every thread: by now the first heartbeat is out.
        sessions = OpenSessions(self, keys);
        this.keys = new KeyHolder(KeyFileHere(), keys, control, sessions, identity, peers);
        Keys = new KeyRotations(Name, 1 + settings.Heartbeat.Links.Max(l => l.Peers.Count), this.keys, control, peers, journals, events);
        control.Attach(sessions);
        neighbours = new NeighbourCourier([.. settings.Interfaces.Select(p => p.Name)], control, peers);
        forwarding = new ForwardingWatch(Name, control, peers, events, settings.Ignored);
        roles = new RoleLoop(settings, stateFolder, control, events, disk, root.Work);
        traffic = new ForwardingMonitor(
            Name,
            [.. settings.Interfaces.Select(p => p.Name)],
            control,
            peers,
            sessions.Answers,
            journals,
            events
        );
        tables = new SessionTables(settings, control, sessions, peers, new SessionAccount(sessions, settings), traffic);
        forRuns = new RunConfiguration(
            Name,
            control,
            peers,
            configuration,
            new ImageConverter(Path.GetFullPath(unitFile), root.Converter),
            slots,
            Backups
        );
        var surroundings = new RunSurroundings(settings, stateFolder, control, root.Work, disk);
        Reports = new RunReports(settings, journals, this.keys, peers, surroundings);
        steps = OpenSteps(surroundings);
        var targets = new StepTargets(Name, control, peers, steps);
        preflight = new PreflightReader(
            settings,
            control,
            journals,
            targets,
            new PreflightImages(images, slots.Backend, forRuns),
            tables,
            forRuns
        );
        acts = new StepActs(Name, settings.Upgrade, control, targets, tables, preflight, forRuns);
        control.Preparing = PrepareSwitchAsync;
        engine = new UpgradeEngine(Name, control, journals, peers, acts, new RunSight(traffic), events, ArchiveReport);
        probes = OpenProbes();
        background = StandAll(OpenBalance(self));
        complete.SetResult();
    }

    /// <summary>The unit's name.</summary>
    public string Name { get; }

    private Task StandAll(BalanceLoop balance)
    {
        var notices = Notices = new NoticeService(settings, stateFolder, events, disk);
        var feed = Feed = OpenFeed();
        return Task.WhenAll(
            settings.Election.Witness is { } address
                ? Stand("asking the witness", () =>
                    WitnessLoop.RunAsync(address, () => control.Post(ClusterInput.WitnessAnswered), ending.Token)
                )
                : Task.CompletedTask,
            Stand("the watch on the configuration", WatchFactsAsync),
            Stand("the audit of sessions", AuditSessionsAsync),
            Stand("the watch on sessions that others remove", WatchRemovedSessionsAsync),
            Stand("the watch on the disk", () => disk.RunAsync(ending.Token)),
            Stand("the return of what was lost on the disk", () => Recovery().RunAsync(ending.Token)),
            Stand("the exchange of neighbours", () => neighbours.RunAsync(ending.Token)),
            Stand("the comparison of what units forward by", () => forwarding.RunAsync(ending.Token)),
            Stand("the watch on forwarded packets", () => traffic.RunAsync(ending.Token)),
            Stand("services and hooks", roles.RunAsync),
            Stand("load balancing", () => balance.RunAsync(ending.Token)),
            Stand("the rotation of the cluster key", () => Keys.RunAsync(ending.Token)),
            Stand("the units' API on its links", () => peerServer.FollowLinksAsync(ending.Token)),
            Stand("the word that the loops turn", () => LoopPulse.RunAsync(control, sessions, ending.Token)),
            Stand("the daily look at the feed of images", () => feed.WatchAsync(control, ending.Token)),
            Stand("what systemd shows of the role", () => RoleNotice.RunAsync(control, ending.Token)),
            notices.IsIdle ? Task.CompletedTask : Stand("notices", () => notices.RunAsync(ending.Token)),
            notices.IsIdle
                ? Task.CompletedTask
                : Stand("the watch on problems", () =>
                    ProblemWatch.RunAsync(async cancel => (await StatusAsync(cancel)).Problems, events, ProblemWatch.Interval, ending.Token)
                )
        );
    }

    /// <summary>Who does what takes root's rights.</summary>
    private RootTasks Root { get; }

    private ProbeLoop OpenProbes() =>
        new(
            settings.Health,
            settings.Election.ProbeThreshold,
            settings.Interfaces.SelectMany(port => port.VirtualAddresses).Select(each => each.Address),
            penalty => control.Post(ClusterInput.ProbesChanged(penalty)),
            events,
            Root.Work
        );

    private UnitSteps OpenSteps(RunSurroundings surroundings) =>
        new(
            new ImageCopies(images, peers),
            new SlotChanges(settings.Upgrade, control, images, slots, forRuns, exit, events),
            slots,
            forRuns,
            surroundings
        );

    private KeyRotations Keys { get; }

    private RunReports Reports { get; }

    private NoticeService? Notices { get; set; }

    private FeedService? Feed { get; set; }

    private Task Stand(string name, Func<Task> work) => StandingTask.Run(name, work, events, ending.Token);

    /// <summary>
    /// What the process is to exit with, once the unit has stopped: 0, or what asks <c>hitless-boot</c> for another start.
    /// </summary>
    public int ExitCode => exit.Code;

    /// <summary>Ends when the unit has left the cluster; fails if the control loop did.</summary>
    public Task Stopped => control.Stopped;

    /// <summary>Begins to answer the other units.</summary>
    public Task StartAsync(CancellationToken cancel)
    {
        MapPeerCalls();
        return peerServer.StartAsync(cancel);
    }

    /// <summary>Answers the other units; what is not the unit's own is mapped before <see cref="StartAsync"/>.</summary>
    public PeerServer PeerServer => peerServer;

    /// <inheritdoc/>
    public Task<TAnswer> AskAsync<TRequest, TAnswer>(
        string unit,
        PeerCall<TRequest, TAnswer> call,
        TRequest request,
        CancellationToken cancel
    ) => ForwardAsync(unit, call, request, cancel);

    /// <summary>The commands by which the cluster gets another key, or loses a unit. Before <see cref="StartAsync"/>.</summary>
    public void MapKeys(IEndpointRouteBuilder routes, SettingsFiles files)
    {
        Keys.Map(routes);
        new UnitRemovals(this, settings, files, Keys, control, peers, directory).Map(routes, peerServer);
    }

    private KeyFile KeyFileHere() => new(settings.Cluster.KeyFile, stateFolder, disk);

    /// <summary>Puts a line into the unit's events.</summary>
    public void Note(string text) => events.Add(EventKinds.Unit, text);

    /// <summary>A file that the unit needs is damaged, and it runs all the same: said in an event and in <c>status</c>.</summary>
    public void NoteDamage(string text) => disk.NoteDamage(text);

    /// <summary>Leaves the cluster: hands over first if it is primary.</summary>
    public void RequestStop()
    {
        roles.ExpectStop();
        _ = StopAsync();
    }

    /// <summary>
    /// Ends the process without leaving the cluster, so that it is started anew in service: the kernel forwards on meanwhile
    /// (docs/decisions/0021).
    /// </summary>
    public void RequestRestart()
    {
        exit.Code = SlotStore.ExitRestart;
        control.EndForRestart();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // The traffic has been handed over by now.
        if (ExitCode == 0 && control.Stopped.IsCompletedSuccessfully)
        {
            await roles.StopAsync();
        }
        else
        {
            roles.Leave();
        }

        await ending.CancelAsync();
        await probes.DisposeAsync();
        await engine.DisposeAsync();
        await background.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await peerServer.DisposeAsync();
        steps.Dispose();
        configuration.Dispose();
        forRuns.Dispose();
        neighbours.Dispose();
        Feed?.Dispose();
        Balance?.Dispose();
        roles.Dispose();
        traffic.Dispose();
        peers.Dispose();
        sessions.Dispose();
        control.Dispose();
        Keys.Dispose();
        identity.Dispose();
        events.Dispose();
        ending.Dispose();
    }

    /// <inheritdoc/>
    public async Task<SwitchoverResult> SwitchOverAsync(SwitchoverRequest request, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        var former = PrimaryOf(view);
        if (former.Name != Name)
        {
            return await ForwardAsync(former.Name, UpgradeCalls.SwitchOver, request, cancel);
        }

        RefuseDuringRun(request.Force);

        UnitId? target = null;
        if (request.To is { } to)
        {
            target = view.Units.FirstOrDefault(u => u.Name == to)?.Id
                ?? throw new RefusedException(
                    $"there is no unit \"{to}\"",
                    $"the units are {string.Join(", ", view.Units.Select(u => u.Name))}"
                );
        }

        // Tables are compared first: that also finds what programs on this unit hold in other hosts' names.
        var successor = view.Peers.FirstOrDefault(peer => peer.Ready && (request.To is null || peer.Name == request.To));
        var (missing, line) = successor is null ? (0, null) : await RequireSessionsAsync(successor.Name, request.Force, cancel);
        var (lost, warnings) = await ForecastAsync();
        (lost, warnings) = (lost + missing, line is null ? warnings : [.. warnings, line]);
        var begun = Stopwatch.GetTimestamp();
        var switched = control.SwitchOverAsync(target, "asked for by an operator", request.Force);
        if (request.Wait)
        {
            await switched;
        }

        var after = await control.ViewAsync();
        var took = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        var result = new SwitchoverResult(after.Epoch.Number, after.Primary?.Name ?? Name, Name, took)
        {
            SessionsLost = lost,
            Warnings = warnings,
        };
        return request is { Wait: true, AwaitTraffic: true } && result.Primary != Name
            ? result with
            {
                Traffic = await TrafficAfterAsync(result.Primary, cancel),
            }
            : result;
    }

    /// <inheritdoc/>
    public async Task<AgeResetResult> ResetAgeAsync(CancellationToken cancel)
    {
        var text = await control.ResetAgeAsync();
        return new AgeResetResult(Name, (await control.ViewAsync()).Primary?.Name, text);
    }

    /// <inheritdoc/>
    public async Task<LeaveResult> LeaveAsync(LeaveRequest request, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        var primary = view.Primary?.Name == Name;
        var successor = primary ? view.Units.FirstOrDefault(u => u.Name != Name && u.Present && u.State == UnitState.Ready)?.Name : null;
        var result = new LeaveResult(
            Name,
            !request.PlanOnly,
            successor,
            [.. settings.Interfaces.SelectMany(port => port.VirtualAddresses.Select(each => $"{each} dev {port.Name}"))],
            control.SysctlsToRestore()
        );
        if (request.PlanOnly)
        {
            return result;
        }

        if (journals.Last() is { } open && RunJournal.IsOpen(open))
        {
            throw new RefusedException("an upgrade is under way", "let it end, or end it with hitless upgrade abort");
        }

        if (primary && successor is null && !request.Force)
        {
            throw new RefusedException(
                $"{Name} is primary and no other unit is ready to take over: the virtual addresses would be gone from the network",
                "see hitless status for the other units; to leave all the same: hitless unit leave --force"
            );
        }

        events.Add(EventKinds.Unit, $"{Name} leaves the cluster, as asked for by an operator");
        _ = Task.Run(
            async () =>
            {
                // The answer to who asked goes out first.
                await Task.Delay(100, CancellationToken.None);
                roles.ExpectStop();
                control.RequestStop(leave: true);
            },
            CancellationToken.None
        );
        return result;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ClusterEvent> EventsAsync(long? after, CancellationToken cancel) => events.FollowAsync(after, cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClusterEvent>> HistoryAsync(string? kind, int limit, CancellationToken cancel) =>
        events.LastAsync(kind, limit, cancel);

    private async Task<TAnswer> ForwardAsync<TRequest, TAnswer>(
        string unit,
        PeerCall<TRequest, TAnswer> call,
        TRequest request,
        CancellationToken cancel
    )
    {
        try
        {
            return await peers.CallAsync(unit, call, request, ForwardTimeout, cancel);
        }
        catch (PeerException e)
        {
            throw new RefusedException(e.Refusal, e);
        }
    }

    /// <summary>One after the other: a disk that is slow must not let an older role overtake a newer one.</summary>
    private void OnRoleChanged(bool primary, long epoch, string reason)
    {
        lastRole = primary;
        if (complete.Task.IsCompleted)
        {
            // The first packets after a claim count: no disk comes before them.
            traffic.OnRole(primary);
        }

        var former = roleWork;
        roleWork = Task.Run(async () =>
        {
            await former.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            WriteEpoch(epoch);
            await complete.Task;
            probes.Primary = primary;
            traffic.OnRole(lastRole);
            if (primary)
            {
                steps.KeepTrialOfPrimary();
            }

            await engine.DriveAsync(primary, epoch, reason, primary ? (await control.ViewAsync()).LastGap.TotalMilliseconds : null);
        });
    }

    /// <summary>Also what others opened: a unit that restarts alone must not open an epoch that was there before.</summary>
    private void WriteEpoch(long epoch)
    {
        if (epoch > writtenEpoch)
        {
            writtenEpoch = epoch;
            StateFile.WriteEpoch(stateFolder, epoch, disk);
        }
    }

    private string BootName() => slots.Running is { } slot ? Core.Firmware.BootState.NameOf(slot) : "";
}
