using Hitless.Core.Cluster;
using Hitless.Core.Firmware;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Simulator.Faults;
using Hitless.Simulator.Time;
using Hitless.Simulator.Units.Buckets;
using Hitless.Simulator.Units.Runs;

namespace Hitless.Simulator.Units;

/// <summary>
/// One run of a unit's daemon: the real cluster machine, and around it what the control loop would do. It can stall (not
/// scheduled), and end at any effect, as a killed process does.
/// </summary>
internal sealed partial class UnitProcess : IClusterEffects
{
    private readonly ClusterOptions options;
    private readonly Simulation world;
    private readonly Chance chance;
    private readonly TimeSpan clockOffset;
    private readonly ClusterMachine machine = null!;
    private readonly HeartbeatPort heartbeats;
    private readonly Queue<Action> waiting = new();
    private TimeSpan wakeAt = TimeSpan.MaxValue;
    private TimeSpan stalledUntil;
    private Action<bool, string>? requested;
    private bool exitsForRun;
    private UnitRole toldRole;
    private long toldEpoch = -1;
    private int effectsLeft = -1;
    private bool heartbeatDue;
    private bool claimLost;

    public UnitProcess(Simulation world, SimulatedUnit unit, Slot slot, SemanticVersion version)
    {
        this.world = world;
        Unit = unit;
        Slot = slot;
        Version = unit.LastVersion = version;
        chance = world.Chance.Fork();
        Tag = new IncarnationTag(chance.Bits() | 1);
        clockOffset = chance.Milliseconds(0, 1e6);
        Sessions = new SessionLoop(world, this, chance.Fork());
        heartbeats = new HeartbeatPort(world, this);
        unit.Process = this;
        unit.Powered = true;
        unit.ToldEnd = false;
        options = new ClusterOptions(unit.Serial, Tag, unit.Name, version.ToString(), FirmwareVersions.WireMinorOf(version))
        {
            Priority = unit.Priority,
            Override = unit.Overrides,
            PortCount = SimulatedUnit.PortCount,
            Margin = world.Margin,
            EpochNumber = Math.Max(unit.DurableEpoch, RunJournal.EpochOf(unit.Journals.Last)),
            HasWitness = world.HasWitness,
            AdoptClaim = unit.Traffic == TrafficState.Claimed,
            KernelIsUsed = unit.KernelIsUsed,
            ActiveActive = world.SharesFlows,
            UnitCount = world.Units.Count,
            Hold = unit.Hold,
        };
        options = world.Plant == Plant.ForgetsSilences ? options with { SilenceMemory = TimeSpan.FromMilliseconds(1) } : options;
        unit.KernelIsUsed = true;
        machine = new ClusterMachine(options, LocalNow, this);
        Speak();
        Steps = new UnitSteps(world, this, chance.Fork());
        Runs = new RunHost(world, this, chance.Fork());
        Buckets = world.SharesFlows ? new BucketHost(world, this, new Chance(world.Seed + Tag.Bits)) : null;
        Take(ClusterInput.PortsChanged(unit.PortsUp));
        AskWitness();
        if (Ails(Firmware.Unhealthy))
        {
            Take(ClusterInput.ProbesChanged(1));
        }
    }

    public SimulatedUnit Unit { get; }

    public Slot Slot { get; }

    public SemanticVersion Version { get; }

    public IncarnationTag Tag { get; }

    public UnitSteps Steps { get; }

    public RunHost Runs { get; }

    /// <summary>Its load balancing; null: the cluster is active-passive.</summary>
    public BucketHost? Buckets { get; }

    public SessionLoop Sessions { get; }

    public ClusterMachine Machine => machine;

    /// <summary>The process runs.</summary>
    public bool Alive { get; private set; } = true;

    /// <summary>It was asked to stop, and when.</summary>
    public TimeSpan? StopAskedAt { get; private set; }

    /// <summary>Requests for a switchover that were not answered yet, and since when the oldest waits.</summary>
    public int OpenRequests { get; private set; }

    /// <summary>The last answer to a request.</summary>
    public string LastAnswer { get; private set; } = "";

    /// <summary>This boot's monotonic clock.</summary>
    public TimeSpan LocalNow => world.Timeline.Now + clockOffset;

    /// <summary>The process is not scheduled for a while; what comes meanwhile waits.</summary>
    public void Stall(TimeSpan duration)
    {
        var until = world.Timeline.Now + duration;
        stalledUntil = until > stalledUntil ? until : stalledUntil;
    }

    /// <summary>The process will end in the middle of a step, when this many more effects have been carried out.</summary>
    public void EndAtEffect(int effects) => effectsLeft = effects;

    /// <summary>The process is no more; what the kernel has, stays.</summary>
    public void End()
    {
        Alive = false;
        Unit.Table = world.Plant == Plant.TableOutlivesDaemon ? Unit.Table : null;
        if (Unit.Process == this)
        {
            Unit.Process = null;
        }
    }

    /// <summary>
    /// Asks for a switchover (null: to the best standby), unless one is under way; <paramref name="end"/> gets the answer.
    /// </summary>
    public void RequestSwitchover(UnitId? target, Action<bool, string>? end = null, bool evenIfWorse = false) =>
        Request(ClusterInput.SwitchoverRequested(target, "asked for", evenIfWorse), end);

    /// <summary>As after an upgrade, the rules are to choose anew.</summary>
    public void Renegotiate(Action<bool, string>? end = null) => Request(ClusterInput.Renegotiate("renegotiation"), end);

    /// <summary>The service manager asks the process to stop.</summary>
    public void AskToStop()
    {
        StopAskedAt ??= world.Timeline.Now;
        Take(ClusterInput.StopRequested);
    }

    /// <summary>Promises that this standby becomes primary no more until it has restarted; false if it is none.</summary>
    public bool StandAside() => Guard(() => Step(ClusterInput.StandAside(true))) && Alive && machine.StandsAside;

    /// <summary>Takes that promise back.</summary>
    public void TakePart() => Guard(() => Step(ClusterInput.StandAside(false)));

    /// <summary>
    /// A step of a run wants the daemon started anew; the answer to who asked goes out first. <paramref name="inService"/>: its kernel
    /// carries the traffic meanwhile.
    /// </summary>
    public void ExitForRun(bool inService)
    {
        exitsForRun = !inService;
        world.Timeline.After(TimeSpan.FromMilliseconds(100), inService ? EndInService : AskToStop);
    }

    private void EndInService() => WhenScheduled(() => world.Killed(this));

    /// <summary>The new version ails so.</summary>
    public bool Ails(Firmware how) => Version == FirmwareVersions.New && world.Image == how;

    /// <summary>How long a write to this unit's disk takes now.</summary>
    public TimeSpan DiskDelay() => Unit.Slow ? chance.Milliseconds(50, 2000) : chance.Milliseconds(1, 10);

    /// <summary>A heartbeat has arrived at the socket.</summary>
    public void TakeHeartbeat(in HeartbeatDatagram datagram, bool overTraffic = false, int link = 0)
    {
        var copy = datagram;
        WhenScheduled(() =>
        {
            if (!heartbeats.TryRead(copy, out var heartbeat))
            {
                return;
            }

            var wasPrimary = machine.Role == UnitRole.Primary;
            var own = machine.Epoch;
            var heard = heartbeat.Epoch;
            var fromPrimary = heartbeat is { Role: UnitRole.Primary, State: not UnitState.Leaving };
            if (world.Plant == Plant.DeafToHigherEpoch && wasPrimary && fromPrimary)
            {
                heartbeat.Role = UnitRole.Standby;
            }

            if (world.Plant == Plant.EpochWithoutClaimant)
            {
                heartbeat.Epoch = new Epoch(heard.Number, UnitId.None);
            }

            Step(ClusterInput.HeartbeatReceived(copy.Unit, copy.Tag, copy.Sequence, heartbeat, overTraffic, link));
            world.Rules.HeartbeatTaken(this, copy, wasPrimary, own, heard, fromPrimary);
        });
    }

    /// <summary>The kernel of another unit has told that no daemon runs there.</summary>
    public void TakeEnd(SimulatedUnit other) =>
        WhenScheduled(() =>
            Step(
                ClusterInput.DaemonEnded(
                    machine.Peers.Any(peer => peer.Unit == other.Serial && peer.Tag != IncarnationTag.None) ? other.Serial : UnitId.None
                )
            )
        );

    /// <summary>
    /// A kernel answers without its daemon, on the way that it was asked on, unless a firewall is there, or the machine itself stands
    /// still.
    /// </summary>
    private void AnswerOf(SimulatedUnit other, uint question, int link)
    {
        var overTraffic = link == world.Fabric.Traffic;
        if (other.Powered && !other.DropsEcho && (!overTraffic || (other.PortsUp != 0 && Unit.PortsUp != 0)))
        {
            other.WhenKernelRuns(world.Timeline, () =>
                world.Fabric.Send(link, other.Index, Unit.Index, () =>
                    Take(ClusterInput.KernelAnswered(other.Serial, question, overTraffic, overTraffic ? 0 : link))
                )
            );
        }
    }

    /// <summary>Gives the machine an input, now or when the process is scheduled again.</summary>
    public void Take(ClusterInput input) => WhenScheduled(() => Step(input));

    private void AnswerForAddresses(SimulatedUnit other, int way)
    {
        if (other.Powered && other.Traffic == TrafficState.Claimed)
        {
            other.WhenKernelRuns(world.Timeline, () =>
                world.Fabric.Send(way, other.Index, Unit.Index, () => Take(ClusterInput.AddressesAnswered))
            );
        }
    }

    /// <summary>One effect has been asked for; it may be the one at which the process ends.</summary>
    public void Effect()
    {
        if (effectsLeft > 0 && --effectsLeft == 0)
        {
            throw new ProcessEndedException();
        }
    }

    /// <summary>
    /// Does something in this process, now or when it is scheduled again, each thing after what came before it; never if it has ended.
    /// </summary>
    public void WhenScheduled(Action work)
    {
        if (world.Timeline.Now >= stalledUntil && waiting.Count == 0 && Unit.Overload?.Delay(chance) is { } delay)
        {
            Stall(delay);
        }

        if (world.Timeline.Now >= stalledUntil && waiting.Count == 0)
        {
            DoIfAlive(work);
            return;
        }

        waiting.Enqueue(work);
        if (waiting.Count == 1)
        {
            world.Timeline.At(stalledUntil, CatchUp);
        }
    }

    private void CatchUp()
    {
        if (world.Timeline.Now < stalledUntil)
        {
            world.Timeline.At(stalledUntil, CatchUp);
            return;
        }

        // What is being done stays first in the queue, so that what it leads to comes last.
        while (waiting.TryPeek(out var work))
        {
            DoIfAlive(work);
            waiting.Dequeue();
        }
    }

    private void DoIfAlive(Action work)
    {
        if (Alive)
        {
            work();
        }
    }

    /// <summary>Runs a machine's step, which the end of the process may cut short.</summary>
    public bool Guard(Action step)
    {
        try
        {
            step();
            return true;
        }
        catch (ProcessEndedException)
        {
            world.Trace.Line(Unit.Name, $"the process ends in the middle of a step");
            world.Killed(this);
            return false;
        }
    }

    /// <summary>Ten times a second; it stands behind the first port.</summary>
    private void AskWitness()
    {
        if (!Alive || !world.HasWitness)
        {
            return;
        }

        if (world.WitnessUp && (Unit.PortsUp & 1) != 0)
        {
            Take(ClusterInput.WitnessAnswered);
        }

        world.Timeline.After(TimeSpan.FromMilliseconds(100), AskWitness);
    }

    private void Request(ClusterInput input, Action<bool, string>? end)
    {
        if (OpenRequests > 0)
        {
            end?.Invoke(false, "a switchover is under way");
            return;
        }

        OpenRequests++;
        requested = end;
        Take(input);
    }

    private void Step(ClusterInput input)
    {
        if (!Guard(() => machine.Step(input, LocalNow, this)))
        {
            return;
        }

        if (claimLost)
        {
            claimLost = false;
            if (!Guard(() => machine.Step(ClusterInput.ClaimLost, LocalNow, this)))
            {
                return;
            }
        }

        Speak();
        if (Runs is not null && (machine.Role != toldRole || (machine.Role == UnitRole.Primary && machine.Epoch.Number != toldEpoch)))
        {
            toldRole = machine.Role;
            toldEpoch = machine.Epoch.Number;
            world.Rules.Raised(this);
            Runs.RoleChanged(toldRole == UnitRole.Primary, toldEpoch, machine.Reason);
        }

        PlanWake(input.Kind);
    }

    /// <summary>However often a step asked for it, one heartbeat leaves after it, as from the control loop.</summary>
    private void Speak()
    {
        if (heartbeatDue)
        {
            heartbeatDue = false;
            heartbeats.Send(machine);
        }
    }

    private void PlanWake(ClusterInputKind last)
    {
        var deadline = machine.NextDeadline;
        if (deadline == TimeSpan.MaxValue)
        {
            return;
        }

        if (deadline <= LocalNow)
        {
            world.Rules.DeadlinePassed(this, last, LocalNow - deadline);
            deadline = LocalNow + TimeSpan.FromMilliseconds(1);
        }

        var at = deadline - clockOffset;
        if (at < wakeAt || wakeAt <= world.Timeline.Now)
        {
            wakeAt = at;
            world.Timeline.At(at, () =>
            {
                if (wakeAt == at)
                {
                    Take(ClusterInput.Tick);
                }
            });
        }
    }
}
