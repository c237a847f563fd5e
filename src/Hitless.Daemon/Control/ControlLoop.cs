using System.Runtime;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Core.Keys;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Gateway;
using Hitless.Daemon.Health;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Sessions;
using Hitless.Firmware.Images;
using Hitless.Linux.Links;
using Hitless.Linux.Polling;
using Hitless.Linux.Processes;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Control;

/// <summary>
/// The one thread that owns the <see cref="ClusterMachine"/>: real-time scheduled, waits in one place, allocates nothing in steady state.
/// Turns datagrams, link changes and posted inputs into steps, and the machine's effects into system calls. Decides nothing.
/// </summary>
public sealed partial class ControlLoop : IClusterEffects, IDisposable
{
    private const int RealTimePriority = 20;

    // More than a socket's buffer holds (some 300 small datagrams): what lay there has been read before the deadlines are looked at.
    private const int ReadsPerTurn = 1024;
    private static readonly TimeSpan AppliedTimeout = TimeSpan.FromMilliseconds(500);
    private readonly UnitSettings settings;
    private readonly string stateFolder;
    private readonly UnitIdentity identity;
    private readonly EventLog events;
    private readonly PeerDirectory directory;
    private readonly ClusterOptions options;
    private readonly SysctlKeeper sysctls;
    private readonly SilenceKeeper silence;
    private readonly VirtualMacWatch virtualMacs;
    private readonly InBandHearing hearing;
    private readonly Func<EventLog, GatewayKernel> openKernel;
    private readonly Func<HeartbeatLinks> openLinks;
    private readonly Poller poller = new();
    private readonly Inbox<ClusterInput> inputs = new();
    private readonly Inbox<Action> questions = new();
    private readonly WorkThread errands = new("control errands");
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread thread;
    private readonly HeardUnits heard = new();
    private readonly SessionOrders sessions = new();
    private ClusterMachine machine = null!;
    private GatewayKernel kernel = null!;
    private HeartbeatLinks links = null!;
    private TaskCompletionSource<string>? switchover;
    private bool heartbeatDue;
    private bool claimLost;
    private bool leaving;
    private bool restarting;
    private volatile bool withdrawing;
    private volatile GatewayWatch? watch;
    private bool? anyWindow;
    private volatile ForwardingState? forwarding;
    private bool prepared;
    private UnitRole toldRole;
    private bool linksUsable = true;
    private long toldEpoch = -1;
    private ulong toldChange;

    /// <summary>A loop that is not yet started.</summary>
    public ControlLoop(
        UnitSettings settings,
        string stateFolder,
        UnitIdentity identity,
        ClusterKeys keys,
        string version,
        long epochNumber,
        EventLog events,
        PeerDirectory directory
    )
    {
        this.settings = settings;
        this.stateFolder = stateFolder;
        this.identity = identity;
        this.events = events;
        this.directory = directory;
        options = new ClusterOptions(identity.Id, identity.Tag, settings.Unit.Name, version, RunningRelease.WireMinor)
        {
            Priority = (byte)settings.Unit.Priority,
            Override = settings.Unit.Override,
            Interval = settings.Heartbeat.Interval,
            LostThreshold = settings.Heartbeat.LostThreshold,
            Margin = settings.Upgrade.UptimeMargin,
            ActiveActive = settings.Cluster.ActiveActive,
            UnitCount = 1 + settings.Heartbeat.Links.Max(link => link.Peers.Count),
            PortCount = settings.Interfaces.Count(p => p.Monitor),
            ProbeSettle = settings.Health.Select(p => ProbeLoop.PatienceOf(p) + p.Interval).DefaultIfEmpty().Max(),
            FlipGuard = settings.Election.FlipGuard,
            Start = ProcessAge.OfThisProcess(),
            CanAskForAddresses = settings.Interfaces.Any(p =>
                p.VirtualAddresses.Any(a => a.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            ),
            HasWitness = settings.Election.Witness is not null,
            EpochNumber = epochNumber,
        };
        sysctls = new SysctlKeeper(stateFolder, [.. settings.Interfaces.Select(port => port.Name)], events);
        var ports = TrafficPort.From(settings.Cluster.Group, settings.Interfaces);
        silence = new SilenceKeeper(ports, events);
        hearing = new InBandHearing(ports.Count);
        virtualMacs = new VirtualMacWatch(ports, hearing, events);
        openKernel = log => new GatewayKernel(settings, sysctls, silence, options.ClaimTimes, log);
        openLinks = () => new HeartbeatLinks(settings, identity, keys, events, poller);
        thread = new Thread(Run) { Name = "control", IsBackground = true };
    }

    /// <summary>
    /// Called when the unit has become primary or ceased to be, or learned of a new epoch: not on the loop's thread, and in this order.
    /// </summary>
    public event Action<bool, long, string>? RoleChanged;

    /// <summary>
    /// Called after a split, not on the loop's thread: this unit's own sessions are to be given to the unit with that id, then
    /// <see cref="ClusterInput.SessionsMerged"/> posted.
    /// </summary>
    public event Action<UnitId>? MergeWanted;

    /// <summary>
    /// Called when an operator's hold has begun or ended, and once a minute while it stands, with what is left of it: not on the loop's
    /// thread, and in this order.
    /// </summary>
    public event Action<UnitHold?>? HoldKept;

    /// <summary>
    /// Called once, not on the loop's thread, when this machine was set back to an earlier moment, with the name of the unit that shows it.
    /// </summary>
    public event Action<string>? SetBack;

    /// <summary>The hold that a daemon before this one had kept; null: none.</summary>
    public UnitHold? Hold { private get; init; }

    /// <summary>Awaited before a switchover that somebody asks for begins: what the other units should be told first.</summary>
    public Func<Task> Preparing { get; set; } = () => Task.CompletedTask;

    /// <summary>What this unit forwards by; null: not yet read.</summary>
    public ForwardingState? Forwarding
    {
        get => forwarding;
        private set
        {
            forwarding = value;
            Post(ClusterInput.ForwardingKnown(value?.Digest ?? 0));
        }
    }

    /// <summary>
    /// Something of the cluster has changed that does not change with each heartbeat: who is there, roles, states, versions, runs,
    /// configurations.
    /// </summary>
    public ChangeSignal Changes { get; } = new();

    /// <summary>Ends when the unit has left the cluster.</summary>
    public Task Stopped => stopped.Task;

    /// <summary>The longest that the loop came late to a deadline since the start: the margin that heartbeats have left.</summary>
    public TimeSpan Lateness { get; private set; }

    /// <summary>
    /// Starts the thread: heartbeats begin. What the machine wants of the sessions waits for <see cref="Attach"/>, so this unit claims
    /// nothing before.
    /// </summary>
    public void Start()
    {
        // The whole heap is collected in the background only: where that stops everything, a full machine takes a quarter of a second for
        // it.
        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        thread.Start();
    }

    /// <summary>The session loop takes orders from now on.</summary>
    public void Attach(SessionLoop sessionLoop)
    {
        questions.Put(() => sessions.Attach(sessionLoop));
        poller.WakeUp();
    }

    /// <summary>Hands the machine an input; from any thread.</summary>
    public void Post(in ClusterInput input)
    {
        inputs.Put(input);
        poller.WakeUp();
    }

    /// <summary>The cluster as this unit sees it now.</summary>
    public Task<ClusterView> ViewAsync() => AskAsync(View);

    /// <summary>Heartbeats are sealed and opened with these keys once the task has ended.</summary>
    public Task UseAsync(ClusterKeys keys) =>
        AskAsync(() =>
        {
            links.Use(keys);
            return true;
        });

    /// <summary>What of the declared routes and rules cannot stand, and why.</summary>
    public IReadOnlyList<string> RoutingProblems => watch?.RoutingProblems ?? [];

    /// <summary>The sysctls that get their former values when the unit leaves, as sysctl writes them.</summary>
    public IReadOnlyList<string> SysctlsToRestore() => sysctls.ToRestore();

    /// <summary>
    /// Stop: hand over first. <paramref name="leave"/>: for good, so that the virtual addresses and everything else of Hitless is taken out
    /// of the kernel; else they stay, muted.
    /// </summary>
    public void RequestStop(bool leave = false)
    {
        withdrawing |= leave;
        Post(ClusterInput.StopRequested);
    }

    /// <summary>Ends the loop without a word to the others: their heartbeats will be answered by the kernel, as after a crash.</summary>
    public void EndForRestart()
    {
        events.Add(EventKinds.Unit, "the daemon restarts in service");
        questions.Put(() => leaving = restarting = true);
        poller.WakeUp();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        errands.Dispose();
        poller.Dispose();
    }

    void IClusterEffects.SetTraffic(TrafficState state) => kernel.SetTraffic(state);

    void IClusterEffects.RenewClaim(ClaimTerm term) => claimLost |= !kernel.RenewClaim(term);

    void IClusterEffects.TakeAnyWindow(bool any)
    {
        // Where flows go from unit to unit and back, a kernel's own windows stand still meanwhile.
        var takes = any || settings.Cluster.ActiveActive;

        // Sysctls are one thread's until the kernel is prepared.
        anyWindow = takes;
        if (prepared)
        {
            errands.Do(() => sysctls.TakeAnyWindow(takes));
        }
    }

    void IClusterEffects.Announce() => kernel.Announce();

    void IClusterEffects.SendHeartbeat() => heartbeatDue = true;

    void IClusterEffects.AskKernels(uint question) => links.AskKernels(question);

    void IClusterEffects.LookForVirtualMac()
    {
        if (kernel.PortsWithForeignSpeaker() is not 0 and var heard)
        {
            inputs.Put(ClusterInput.VirtualMacHeard(heard));
        }
    }

    void IClusterEffects.AskForAddresses() => links.AskForAddresses();

    void IClusterEffects.MergeSessions(UnitId primary) => errands.Do(() => MergeWanted?.Invoke(primary));

    void IClusterEffects.SetSessionRole(bool sending, UnitId? syncFrom) => sessions.Give(each => each.SetRole(sending, syncFrom));

    void IClusterEffects.Barrier(RequestId request) => sessions.Give(each => each.Barrier(request));

    void IClusterEffects.AwaitApplied(RequestId request, UnitId peer, ulong sequence) =>
        sessions.Give(each => each.AwaitApplied(request, peer, sequence, AppliedTimeout));

    void IClusterEffects.Drain(RequestId request) => sessions.Give(each => each.Drain(request));

    void IClusterEffects.KeepHold(UnitHold? hold) => errands.Do(() => HoldKept?.Invoke(hold));

    void IClusterEffects.Record(string kind, string text) => events.Add(kind, text, machine?.Epoch.Number);

    void IClusterEffects.SwitchoverEnded(bool done, string text)
    {
        if (switchover is { } asked)
        {
            errands.Do(() =>
                _ = done
                    ? asked.TrySetResult(text)
                    : asked.TrySetException(new RefusedException(text, "hitless status tells the state of every unit"))
            );
        }

        switchover = null;
    }

    void IClusterEffects.Stopped() => leaving = true;

    private ClusterView View() =>
        ClusterView.Of(machine, identity, [.. links.Complaints, .. silence.Problems, .. virtualMacs.Problems], MonotonicClock.Now);

    private void Ask(Action question)
    {
        questions.Put(question);
        poller.WakeUp();
    }

    private Task<T> AskAsync<T>(Func<T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        questions.Put(() =>
        {
            var value = question();
            errands.Do(() => answer.TrySetResult(value));
        });
        poller.WakeUp();
        return UnlessStoppedAsync(answer.Task);
    }

    /// <summary>Nobody answers once the loop has ended: who asks then must not wait, or the process would never end.</summary>
    private async Task<T> UnlessStoppedAsync<T>(Task<T> answer) =>
        await Task.WhenAny(answer, stopped.Task) == answer
            ? await answer
            : throw new OperationCanceledException("this unit has left the cluster");

    private void Run()
    {
        try
        {
            if (RealTime.TryEnter(RealTimePriority) is { } why)
            {
                events.Add(EventKinds.Unit, why);
            }

            kernel = openKernel(events);
            links = openLinks();

            // The kernel is muted (or its claim adopted) by the machine's first word, and the first heartbeat goes out; then the addresses,
            // which the mute rules keep silent.
            machine = new ClusterMachine(OptionsAtStart(), MonotonicClock.Now, this);
            Step(ClusterInput.PortsChanged(kernel.PortsUp));
            NoteLinks();
            kernel.Prepare();
            Prepared();
            var proxies = new ProxyWatch([.. settings.Interfaces.Select(port => port.Name)]);
            proxies.Changed += answering => Ask(() => kernel.Use(answering));
            watch = new GatewayWatch(
                settings,
                Path.Combine(stateFolder, "routes"),
                kernel.RoutesBefore,
                [sysctls, silence, virtualMacs, proxies],
                events,
                kernel.TablePersists ? null : () => Ask(() => kernel.RestoreTable()),
                state => Forwarding = state
            );
            links.OpenPorts(kernel.IndexOf);
            poller.Add(kernel.Monitor.Handle, links.Count);
            Loop();
            if (!restarting)
            {
                links.Send(machine.Outgoing, machine.AgreedWireMinor, machine.SpeaksOverTraffic);
            }

            if (withdrawing)
            {
                watch.Dispose();
                watch = null;
                RoutingKeeper.Withdraw();
                kernel.Withdraw();
            }

            errands.Do(() => stopped.TrySetResult());
        }
        catch (Exception e)
        {
            errands.Do(() => stopped.TrySetException(e));
        }
        finally
        {
            watch?.Dispose();
            links?.Dispose();
            kernel?.Dispose();
        }
    }

    private ClusterOptions OptionsAtStart() => options with { AdoptClaim = kernel.WasClaimed, KernelIsUsed = kernel.WasUsed, Hold = Hold };

    private void Prepared()
    {
        prepared = true;
        if ((anyWindow ?? (settings.Cluster.ActiveActive ? true : null)) is { } any)
        {
            errands.Do(() => sysctls.TakeAnyWindow(any));
        }
    }

    private void Loop()
    {
        Span<int> ready = stackalloc int[16];
        var budget = ReadsPerTurn;
        while (!leaving)
        {
            var deadline = machine.NextDeadline;
            var count = poller.Wait(deadline - MonotonicClock.Now, ready);
            var late = MonotonicClock.Now - deadline;
            Lateness = late > Lateness ? late : Lateness;

            // First everything that arrived, then the deadlines: what lay in a buffer was not silence. One heartbeat of each link at a
            // time: the next wait tells whether there are more, so
            // no call has to find out that there are none.
            budget = count == 0 ? ReadsPerTurn : budget - 1;
            for (var i = 0; i < count; i++)
            {
                Read(ready[i], poller.HasError(i), ref budget);
            }

            while (inputs.TryTake(out var input))
            {
                Step(input);
            }

            while (questions.TryTake(out var question))
            {
                question();
            }

            if (count == 0 || budget <= 0)
            {
                Step(ClusterInput.Tick);
                links.Retry(MonotonicClock.Now);
                NoteLinks();
                budget = ReadsPerTurn;
            }

            TellChange();
        }
    }

    private void TellChange()
    {
        if (ClusterFingerprint.Of(machine) is var print && print != toldChange)
        {
            toldChange = print;
            errands.Do(Changes.Raise);
        }
    }

    private void Step(in ClusterInput input)
    {
        machine.Step(input, MonotonicClock.Now, this);
        if (claimLost)
        {
            claimLost = false;
            machine.Step(ClusterInput.ClaimLost, MonotonicClock.Now, this);
        }

        if (heartbeatDue)
        {
            heartbeatDue = false;
            links.Send(machine.Outgoing, machine.AgreedWireMinor, machine.SpeaksOverTraffic);
        }

        if (machine.Role != toldRole || machine.Epoch.Number != toldEpoch)
        {
            toldRole = machine.Role;
            toldEpoch = machine.Epoch.Number;
            var (primary, epoch, reason) = (toldRole == UnitRole.Primary, toldEpoch, machine.Reason);
            errands.Do(() => RoleChanged?.Invoke(primary, epoch, reason));
        }
    }
}
