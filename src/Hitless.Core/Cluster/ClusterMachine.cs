using Hitless.Core.Api;
using Hitless.Core.Cluster.Claims;
using Hitless.Core.Cluster.Membership;
using Hitless.Core.Cluster.Splits;
using Hitless.Core.Cluster.Switching;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <summary>
/// Who is primary: one unit's view, and its part in deciding.
/// <code>
///              nobody else claims,            Drained
///   Starting ──I am the best──▶ TakingOver ───────────▶ Primary ──switchover──▶ Handing
///      │ a primary is heard         ▲                    ▲   │ higher epoch         │ the target's
///      ▼                            │ primary silent,    │   │ heard                │ higher epoch heard
///   Standby ────────────────────────┘ I am the best      │   ▼                      ▼
///      │  ▲                                              │ Draining ◀───────────────┘
///      │  └──────────── after DrainTime ─────────────────┼───┘
///      └── primary offers ──▶ Accepting ── Applied ──────┘
/// </code>
/// | invariant (design.md) | where |
/// | 1 a higher epoch steps one down | <see cref="TakeEpoch"/> |
/// | 2 commit before claim | <see cref="Claim"/> is reached from Drained and Applied only |
/// | 3 make before break | Handing forwards on; Draining forwards for DrainTime more |
/// </summary>
public sealed partial class ClusterMachine
{
    private readonly ClusterOptions options;
    private readonly PeerTable peers;
    private readonly Heartbeat outgoing = new();
    private readonly TwinGuard twin;
    private readonly AddressGuard addresses;
    private readonly OwnPace pace;
    private readonly OwnHealth health;
    private readonly KernelQuestions questions = new();
    private readonly CarrierQuestion carrier;
    private readonly Unrest unrest = new();
    private readonly ClaimLease lease;
    private readonly AnnouncementTimes announcements = new();
    private readonly SessionSource source = new();
    private readonly TakenOffer taken = new();
    private readonly Handover handover = new();
    private readonly SwitchPauses pauses;
    private readonly Witness witness;
    private readonly DuplicateMac duplicateMac = new();
    private readonly MergeGate merge = new();

    private Phase phase = Phase.Starting;
    private TimeSpan phaseSince;
    private TimeSpan ageSince;
    private TimeSpan lastPrimaryHeard;
    private TimeSpan nextHeartbeat;
    private TimeSpan noPrimarySince;
    private Epoch epoch;
    private bool synced;
    private bool hold;
    private bool stopping;
    private bool stopped;
    private bool linksMissing;
    private bool saidLinksMissing;
    private bool overrideOn;
    private string reason = "starting: listening for a primary";

    private enum Phase
    {
        Starting,
        Standby,
        TakingOver,
        Accepting,
        Primary,
        Handing,
        Draining,
    }

    /// <summary>A unit that starts at <paramref name="now"/>.</summary>
    public ClusterMachine(ClusterOptions options, TimeSpan now, IClusterEffects effects)
    {
        this.options = options;
        twin = new TwinGuard(options.Tag);
        addresses = new AddressGuard(options.Self, options.CanAskForAddresses);
        peers = new PeerTable(options);
        pace = new OwnPace(options, now);
        health = new OwnHealth(options);
        carrier = new CarrierQuestion(options);
        lease = new ClaimLease(options);
        pauses = new SwitchPauses(options);
        witness = new Witness(options);
        phaseSince = ageSince = nextHeartbeat = noPrimarySince = now;
        epoch = new Epoch(options.EpochNumber, UnitId.None);
        overrideOn = options.Override;
        outgoing.Name = options.Name;
        outgoing.Version = options.Version;
        outgoing.WireMinor = options.WireMinor;
        outgoing.Priority = options.Priority;
        outgoing.Start = options.Start;
        outgoing.AnswersAtOnce = true;
        if (options.Hold is { } kept)
        {
            OperatorHold.Begin(kept, now);
        }

        if (options.AdoptClaim)
        {
            Resume(now, effects);
        }
        else if (options.KernelIsUsed)
        {
            effects.TakeAnyWindow(any: true);
        }

        effects.SetTraffic(options.AdoptClaim ? TrafficState.Claimed : TrafficState.Muted);
        effects.SetSessionRole(sending: options.AdoptClaim, syncFrom: null);
        Tell(now, effects);
    }

    /// <summary>What this unit says of itself now: to be sent when <see cref="IClusterEffects.SendHeartbeat"/> asks for it.</summary>
    public Heartbeat Outgoing => outgoing;

    /// <summary>The wire minor version that every unit present speaks.</summary>
    public byte AgreedWireMinor => peers.AgreedWireMinor;

    /// <summary>The unit's role.</summary>
    public UnitRole Role =>
        phase switch
        {
            Phase.Primary or Phase.Handing => UnitRole.Primary,
            Phase.Starting => UnitRole.None,
            Phase.TakingOver when !everDecided => UnitRole.None,
            _ => UnitRole.Standby,
        };

    /// <summary>The unit's state.</summary>
    public UnitState State =>
        phase switch
        {
            _ when stopped => UnitState.Leaving,
            Phase.Draining => UnitState.Draining,
            Phase.Starting => UnitState.Starting,
            _ when OperatorHold.Stands => UnitState.Held,
            Phase.Primary or Phase.Handing => Failures > 0 ? UnitState.Fault : UnitState.Ready,
            _ when !synced || StandsAside => UnitState.Syncing,
            _ => Failures > 0 ? UnitState.Fault : UnitState.Ready,
        };

    /// <summary>The highest epoch known; our own while primary.</summary>
    public Epoch Epoch => epoch;

    /// <summary>Why the unit has its role, in words.</summary>
    public string Reason => reason;

    /// <summary>All sessions of the primary are held.</summary>
    public bool Synced => synced;

    /// <summary>The unit is standby and stays so until it has restarted: its slot may be switched.</summary>
    public bool StandsAside { get; private set; }

    /// <summary>Preemption as in force now.</summary>
    public bool Override => overrideOn;

    /// <summary>Everyone heard since the start, present or absent.</summary>
    public IReadOnlyList<Peer> Peers => peers.All;

    /// <summary>The unit that is primary as far as this one knows; 0: nobody.</summary>
    public UnitId Primary => Role == UnitRole.Primary ? options.Self : peers.Primary?.Unit ?? UnitId.None;

    /// <summary>Time in the cluster.</summary>
    public TimeSpan AgeAt(TimeSpan now) => now - ageSince;

    private int Failures => health.Failures(Role);

    /// <summary>When <see cref="Step"/> wants to be called at the latest, if nothing happens before.</summary>
    public TimeSpan NextDeadline
    {
        get
        {
            if (stopped)
            {
                return TimeSpan.MaxValue;
            }

            var next = nextHeartbeat;

            // What the last questions of a step made due, or its change of role, is judged by the next step, at once.
            var soon = pace.LastStep + TimeSpan.FromTicks(1);
            foreach (var peer in peers)
            {
                next = peer.Absent ? next : Earlier(next, Later(soon, Earlier(GoneAt(peer, pace.LastStep), AskAt(peer, pace.LastStep))));
            }

            next = Earlier(next, Later(soon, OperatorHold.NextDeadline));
            next = Role == UnitRole.Primary ? Earlier(next, announcements.Next) : next;
            next = carrier.IsOpen
                ? Earlier(next, Earlier(carrier.Next, carrier.Since + AskPatience(peers.FindOrAdd(carrier.Unit), pace.LastStep)))
                : next;
            return Earlier(
                next,
                phase switch
                {
                    Phase.Starting when pace.LastStep < phaseSince + options.StartHold => phaseSince + options.StartHold,
                    Phase.TakingOver => phaseSince + options.TakeoverDrainMax,
                    Phase.Draining => phaseSince + drainTime,
                    Phase.Handing => phaseSince + options.OfferTimeout,
                    _ => TimeSpan.MaxValue,
                }
            );
        }
    }

    /// <summary>Takes one input at <paramref name="now"/> (monotonic) and says what to do.</summary>
    public void Step(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        if (stopped)
        {
            return;
        }

        outgoing.WantsAnswer = false;
        DoubtOneself(now);
        FindExpiredClaim(now, byKernel: false, effects);
        switch (input.Kind)
        {
            case ClusterInputKind.Heartbeat:
                OnHeard(input, now, effects);
                break;
            case ClusterInputKind.Twin:
                OnTwin(input, now, effects);
                break;
            case ClusterInputKind.Stranger:
                addresses.StrangerHeard(input.Unit, now);
                break;
            case ClusterInputKind.AddressesAnswered:
                addresses.Answered(now);
                break;
            case ClusterInputKind.DaemonEnded:
                OnDaemonEnded(input.Unit, now, effects);
                break;
            case ClusterInputKind.KernelAnswered:
                OnKernelAnswered(input, now);
                break;
            case ClusterInputKind.CableLost:
                OnCableLost(input.Flag, now, effects);
                break;
            case ClusterInputKind.AgeReset:
                OnAgeReset(now, effects);
                break;
            case ClusterInputKind.Ports:
                OnPorts(input.Value, now, effects);
                break;
            case ClusterInputKind.Links:
                OnLinks(input.Flag, now);
                break;
            case ClusterInputKind.Probes:
                OnProbes((int)input.Count, now, effects);
                break;
            case ClusterInputKind.ForwardingKnown:
                outgoing.ForwardingDigest = input.Value;
                break;
            case ClusterInputKind.ForwardingCompared:
                health.ForwardsOtherwise = !input.Flag;
                Tell(now, effects);
                break;
            case ClusterInputKind.Synced:
                OnSynced(input.Unit, input.Flag, now, effects);
                break;
            case ClusterInputKind.WindowsFree:
                OnWindowsFree(effects);
                break;
            case ClusterInputKind.SyncLost:
                synced = false;
                break;
            case ClusterInputKind.Barrier:
                OnBarrier(input, now, effects);
                break;
            case ClusterInputKind.Applied:
                OnApplied(input, now, effects);
                break;
            case ClusterInputKind.Drained:
                OnDrained(input, now, effects);
                break;
            case ClusterInputKind.Switchover:
                OnSwitchoverRequested(input, now, effects);
                break;
            case ClusterInputKind.Renegotiate:
                OnRenegotiate(input.Text ?? "renegotiation", now, effects);
                break;
            case ClusterInputKind.UnitHeld:
                OnUnitHeld(input.Hold, now, effects);
                break;
            case ClusterInputKind.UnitReleased:
                OnUnitReleased("an operator has released it", now, effects);
                break;
            case ClusterInputKind.Hold:
                outgoing.Upgrading = hold = input.Flag;
                break;
            case ClusterInputKind.Aside:
                StandsAside = input.Flag && phase == Phase.Standby;
                Tell(now, effects);
                break;
            case ClusterInputKind.VirtualMacHeard:
                OnVirtualMacHeard(input.Value, now, effects);
                break;
            case ClusterInputKind.WitnessAnswered:
                witness.Answered(now);
                break;
            case ClusterInputKind.Merged:
                OnMerged(input.Text ?? "", effects);
                break;
            case ClusterInputKind.ClaimLost:
                lease.Lose(now);
                FindExpiredClaim(now, byKernel: true, effects);
                break;
            case ClusterInputKind.Stop:
                stopping = true;
                effects.Record(EventKinds.Unit, "asked to stop");
                break;
            case ClusterInputKind.Facts:
                OnFacts(input);
                break;
            default:
                break;
        }

        twin.OnTime(now);
        KeepHold(now, effects);
        KeepAsking(now, effects);
        AskTheSilent(now, effects);
        FindSilentPeers(now, effects);
        Advance(now, effects);
        if (now >= nextHeartbeat)
        {
            Tell(now, effects);
        }
        else if (input.Kind == ClusterInputKind.Heartbeat && now >= nextHeartbeat - (options.Interval / 2))
        {
            // Awake already: what is due soon goes out now, so that two units wake three times an interval and not four. The next one waits
            // a little longer for the other's.
            Tell(now, effects);
            nextHeartbeat += options.Interval / 8;
        }

        pace.Rest(now);
        pace.Expect(NextDeadline);
    }

    /// <summary>Moves that time, or the present state of the peers, asks for.</summary>
    private void Advance(TimeSpan now, IClusterEffects effects)
    {
        switch (phase)
        {
            case Phase.Starting when twin.Yields:
                reason = DescribeTwin();
                if (stopping)
                {
                    Leave(now, effects);
                }

                break;
            case Phase.Starting when peers.Primary is { } primary:
                BecomeStandby($"{primary.Last.Name} is primary", now, effects);
                break;
            case Phase.Starting when now - phaseSince < options.StartHold && !stopping:
                // Before it may claim, its question has had the time to be answered.
                _ = AddressesAreTaken(now, effects);
                break;
            case Phase.Starting when now - phaseSince >= options.StartHold:
            case Phase.Standby:
                if (stopping)
                {
                    Leave(now, effects);
                }
                else
                {
                    ConsiderTakeover(now, effects);
                }

                break;
            case Phase.Starting when stopping:
                Leave(now, effects);
                break;
            case Phase.TakingOver when now - phaseSince >= options.TakeoverDrainMax:
                effects.Record(
                    EventKinds.Role,
                    $"{options.Name} claims although not all sessions that it received are in its kernel: "
                        + $"that took longer than {options.TakeoverDrainMax.TotalMilliseconds:F0} ms"
                );
                ClaimUnlessTaken(now, effects);
                break;
            case Phase.Accepting when peers.Primary is null:
                BecomeStandby("the offering primary is gone", now, effects);
                break;
            case Phase.Primary when IsCutOff(now):
                GiveUp(now, effects);
                break;
            case Phase.Primary:
                ConsiderHandingOver(now, effects);
                break;
            case Phase.Handing when now - phaseSince >= options.OfferTimeout:
                WithdrawOffer("the target did not claim in time", now, effects);
                break;
            case Phase.Handing when IsTargetGone(now):
                WithdrawOffer("the target is gone", now, effects);
                break;
            case Phase.Draining when now - phaseSince >= drainTime:
                effects.SetTraffic(TrafficState.Muted);
                BecomeStandby(reason, now, effects);
                break;
            default:
                break;
        }

        if (Role == UnitRole.Primary && now >= announcements.Next)
        {
            Announce(now, effects);
        }
    }

    private bool IsTargetGone(TimeSpan now) =>
        peers.FindOrAdd(handover.Target) is { Absent: true } target && now - target.HeardAt >= options.OfferPatience;

    private void OnLinks(bool usable, TimeSpan now)
    {
        // Who hears for the first time listens as long as one that has just started.
        noPrimarySince = linksMissing && usable && phase == Phase.Starting ? now : noPrimarySince;
        linksMissing = !usable;
    }

    private void OnProbes(int penalty, TimeSpan now, IClusterEffects effects)
    {
        health.ProbePenalty = penalty;
        pauses.ProbesChanged(now);
        Tell(now, effects);
    }

    private void OnFacts(in ClusterInput input)
    {
        outgoing.Sessions = input.Count;
        outgoing.Revision = (long)input.Sequence;
        outgoing.RevisionTag = input.Value;
    }

    private void OnPorts(ulong up, TimeSpan now, IClusterEffects effects)
    {
        var (changed, fallen) = health.SetPorts(up);
        if (fallen)
        {
            // FortiOS: age starts again when a monitored port fails. And however lately this unit became primary, a better one goes on.
            ageSince = now;
            pauses.PortFell(now);
        }

        if (changed)
        {
            outgoing.PortsUp = up;
            Tell(now, effects);
        }

        if (fallen && phase == Phase.Accepting && peers.Primary is { } primary && Failures > primary.Last.Failures)
        {
            Decline("a port fell, the primary is better off", now, effects);
        }
    }

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TimeSpan Earlier(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
