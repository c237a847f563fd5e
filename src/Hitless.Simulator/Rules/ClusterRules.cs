using Hitless.Core.Cluster;
using Hitless.Simulator.Units;

namespace Hitless.Simulator.Rules;

/// <summary>
/// design.md's rules 1 to 3, watched from outside: from what units do to the wire and the kernel, not from what their
/// machines believe. Also that a machine's deadlines lie ahead, since a deadline that has passed is a loop without rest.
/// </summary>
internal sealed class ClusterRules(Simulation world)
{
    private static readonly TimeSpan HeardOf = TimeSpan.FromSeconds(3);
    private readonly Dictionary<Epoch, SimulatedUnit> claims = [];
    private readonly Dictionary<SimulatedUnit, Claim> lastClaims = [];

    /// <summary>The rules about how often the primary changes.</summary>
    public UnrestRules Unrest { get; } = new(world);

    /// <summary>The rules about load balancing.</summary>
    public BucketRules Buckets { get; } = new(world);

    /// <summary>The rules about runs.</summary>
    public RunRules Runs { get; } = new(world);

    private sealed record Claim(Epoch Epoch, UnitProcess By)
    {
        public bool Announced { get; set; }
    }

    /// <summary>When no unit forwarded, last.</summary>
    public TimeSpan LastGapAt { get; private set; }

    /// <summary>A unit has made its kernel answer for the virtual addresses.</summary>
    public void Claimed(UnitProcess process)
    {
        var epoch = process.Machine.Epoch;
        if (claims.TryGetValue(epoch, out var other) && other != process.Unit)
        {
            world.Breach("rule 1, at most one primary per epoch", $"{process.Unit} claims epoch {epoch.Number}, which {other} had claimed");
        }

        if (epoch.Number <= process.Unit.DurableEpoch)
        {
            world.Breach(
                "rule 1, every change of primary opens a new epoch",
                $"{process.Unit} claims epoch {epoch.Number} and had written down {process.Unit.DurableEpoch}"
            );
        }

        if (process.Unit is { SessionsWentOn: true, TakesAnyWindow: false })
        {
            world.Breach(
                "rule 2, commit before claim",
                $"{process.Unit} claims with sessions that went on elsewhere, and its kernel still goes by the windows of before"
            );
        }

        if (process.Machine.OperatorHold.Stands && world.Units.FirstOrDefault(IsFree) is { } free)
        {
            world.Breach("who is held claims only if every unit is held", $"{process.Unit} claims while {free} is not held");
        }

        claims[epoch] = process.Unit;
        Unrest.Claimed(process.Unit);
        lastClaims[process.Unit] = new Claim(epoch, process);
        CheckCommit(process);
        process.Sessions.ForgetPromise();
    }

    /// <summary>It is not held, and was not of late: what another one has heard of it may be as old.</summary>
    private bool IsFree(SimulatedUnit unit) => unit.Hold is null && world.Timeline.Now - unit.ReleasedAt > HeardOf;

    /// <summary>A primary has raised its epoch: its claim is of that epoch from now on.</summary>
    public void Raised(UnitProcess process)
    {
        if (lastClaims.TryGetValue(process.Unit, out var claim) && claim.By == process && process.Machine.Role == UnitRole.Primary)
        {
            lastClaims[process.Unit] = claim with { Epoch = process.Machine.Epoch };
        }
    }

    /// <summary>A unit has told the switches that it has the virtual MAC.</summary>
    public void Announced(UnitProcess process)
    {
        if (lastClaims.TryGetValue(process.Unit, out var claim))
        {
            claim.Announced = true;
        }
    }

    /// <summary>A machine has taken a heartbeat: rule 1 says what it must have done if that was of a higher epoch.</summary>
    public void HeartbeatTaken(
        UnitProcess process,
        in HeartbeatDatagram datagram,
        bool wasPrimary,
        Epoch own,
        Epoch heard,
        bool fromPrimary
    )
    {
        if (!process.Alive || process.Machine.State == UnitState.Leaving || !wasPrimary || !fromPrimary || heard <= own)
        {
            return;
        }

        foreach (var peer in process.Machine.Peers)
        {
            // A recording from before the unit's start is not to be believed, and one that a newer word came before says nothing more.
            var counts = peer.Tag == datagram.Tag && peer.Sequence <= datagram.Sequence;
            if (peer.Unit == datagram.Unit && counts && process.Machine.Role == UnitRole.Primary)
            {
                world.Breach(
                    "rule 1, who hears a higher epoch steps down",
                    $"{process.Unit} stays primary in epoch {own.Number} of {own.Claimant:x} after hearing {heard.Number} of "
                        + $"{heard.Claimant:x}"
                );
            }
        }
    }

    /// <summary>
    /// The kernel of a unit was told to do something else with the virtual addresses; <paramref name="forced"/>: by a crash or a start.
    /// </summary>
    public void TrafficChanged(SimulatedUnit unit, TrafficState before, bool forced)
    {
        if (before == TrafficState.Claimed && unit.Traffic != TrafficState.Claimed && !forced)
        {
            CheckMake(unit);
        }

        if (world.Units.Any(other => other.Forwards))
        {
            return;
        }

        // A unit whose draining ends has been replaced: whatever became of its successor since is not its doing.
        LastGapAt = world.Timeline.Now;
        if (!forced && before != TrafficState.Draining && !IsGapOfAnother(unit) && !IsCutOff(unit))
        {
            world.Breach("rule 3, make before break", $"{unit} stops forwarding, and nobody else forwards");
        }
    }

    /// <summary>A machine asked to be called at a time that has passed.</summary>
    public void DeadlinePassed(UnitProcess process, ClusterInputKind last, TimeSpan ago) =>
        world.Breach(
            "deadlines lie ahead",
            $"{process.Unit} wants to be called {ago.TotalMilliseconds} ms ago, after a step ({last}); role {process.Machine.Role}, "
                + $"state {process.Machine.State}: {process.Machine.Reason}"
        );

    /// <summary>Rule 2: what had arrived, or what the offer named, is in the kernel before the addresses are claimed.</summary>
    private void CheckCommit(UnitProcess process)
    {
        if (process.Sessions.Promised is not { } position)
        {
            world.Breach("rule 2, commit before claim", $"{process.Unit} claims without having asked for its sessions");
            return;
        }

        if (process.Sessions.AppliedAtAnswer < position)
        {
            world.Breach(
                "rule 2, commit before claim",
                $"{process.Unit} claims with {process.Sessions.AppliedAtAnswer} of {position} sessions applied"
            );
        }

        foreach (var former in world.Units)
        {
            if (
                former.Serial == process.Sessions.OfferOf
                && former.Process is { } offering
                && offering.Machine.Outgoing.Offer is { } offer
                && offer.Target == process.Unit.Serial
            )
            {
                var missing = offering.Sessions.Sent.Take((int)offer.Sequence).Count(session => !process.Unit.Sessions.Contains(session));
                if (missing > 0)
                {
                    world.Breach(
                        "rule 2, commit before claim",
                        $"{process.Unit} claims without {missing} sessions that {former} had sent before its offer"
                    );
                }
            }
        }
    }

    /// <summary>Rule 3, first half: who gives the addresses up does so for one that has claimed and announced them.</summary>
    private void CheckMake(SimulatedUnit unit)
    {
        var newest = Newest();
        if (newest.Key != unit && !newest.Value.Announced && newest.Value.By.Alive)
        {
            world.Breach("rule 3, make before break", $"{unit} gives the addresses up before {newest.Key} has announced itself");
        }
    }

    /// <summary>
    /// Nobody forwards, but it is another unit's doing: one with a newer claim has gone down, or stalled until its claim was over.
    /// </summary>
    private bool IsGapOfAnother(SimulatedUnit unit)
    {
        var newest = Newest();
        return newest.Key != unit && (!newest.Value.By.Alive || newest.Key.ClaimOver);
    }

    /// <summary>The unit hears nobody, and the witness had the last word: it may be another's turn, or nobody's.</summary>
    private bool IsCutOff(SimulatedUnit unit) =>
        world.HasWitness && unit.Process is { Machine.Peers: var peers } && peers.All(peer => peer.Absent);

    private KeyValuePair<SimulatedUnit, Claim> Newest() => lastClaims.MaxBy(claim => claim.Value.Epoch);
}
