using Hitless.Core.Api;
using Hitless.Core.Cluster.Membership;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <content>Hearing the others, telling them, and finding out that one is gone.</content>
public sealed partial class ClusterMachine
{
    /// <summary>
    /// The longest that a present unit let us wait for a heartbeat, since one became present last: what is left of
    /// <see cref="ClusterOptions.Silence"/> is the margin against a false takeover.
    /// </summary>
    public TimeSpan LongestSilence { get; private set; }

    private void OnHeartbeat(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        var heartbeat = input.Heartbeat!;
        var peer = peers.FindOrAdd(input.Unit);
        var news = peer.Tag != input.Tag;
        if (news && !Meets(peer, input, now, effects))
        {
            return;
        }

        if (input.Sequence < peer.Sequence)
        {
            // One way was read before another, or is slower: newer word of it is known.
            peer.Liveness.HeardLate(input.Flag ? null : input.Link, now);
            NoteWay(peer, input.Flag, now);
            return;
        }

        peer.Sequence = input.Sequence;
        var wasPrimary = !peer.Absent && peer.Last.Role == UnitRole.Primary;
        var planned = IsOffered(input.Unit);
        LongestSilence = Later(LongestSilence, peer.Absent ? TimeSpan.Zero : now - peer.HeardAt);
        peer.Last.CopyFrom(heartbeat);
        peer.Liveness.Told(heartbeat.Lateness);
        peer.Liveness.Heard(input.Flag ? null : input.Link, same: !news && peer.HeldTag != peer.Tag, peer.Absent, now);
        if (news)
        {
            questions.Learn(now);
        }

        NoteWay(peer, input.Flag, now);
        peersLostAt = TimeSpan.MinValue;
        if (heartbeat.State == UnitState.Leaving)
        {
            MarkAbsent(peer, "left", effects);
            return;
        }

        if (peer.Absent)
        {
            // Which of its first heartbeats comes first says nothing about the links.
            peer.LinkHeardAt = now;
            LongestSilence = TimeSpan.Zero;
            peer.Absent = false;
            effects.Record(EventKinds.Unit, $"{heartbeat.Name} is present ({heartbeat.Version})");
        }

        peers.AgreeOnWire();
        TakeEpoch(peer, wasPrimary, planned, now, effects);

        // Not only a primary of the highest epoch: whoever opened that may be gone, and then the one that is there counts.
        if (heartbeat.Role == UnitRole.Primary && peers.Primary == peer)
        {
            lastPrimaryHeard = now;
            FollowPrimary(peer, now, effects);
        }

        if (news || heartbeat.WantsAnswer)
        {
            greetAt = input.Flag ? now : greetAt;
            Tell(now, effects);
        }
    }

    /// <summary>Another incarnation speaks than the one that is believed; whether it is believed from now on.</summary>
    private bool Meets(Peer peer, in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        var heartbeat = input.Heartbeat!;
        if (!heartbeat.Hears(options.Self, options.Tag))
        {
            // It could be a recording from before our start: name it, and believe it once it names us.
            peer.PendingTag = input.Tag;
            peer.PendingAt = now;
            greetAt = input.Flag ? now : greetAt;
            Tell(now, effects);
            return false;
        }

        if (IsRival(peer, heartbeat.Name, now))
        {
            (peer.PendingTag, peer.PendingAt) = (input.Tag, now);
            return false;
        }

        (peer.Tag, peer.Sequence) = (input.Tag, 0);
        peer.PendingTag = IncarnationTag.None;
        listenUntil = phase == Phase.Starting ? default : listenUntil;
        effects.Record(EventKinds.Unit, $"{heartbeat.Name} has started ({heartbeat.Version})");
        return true;
    }

    /// <summary>What the epoch that a unit names means for this one's.</summary>
    private void TakeEpoch(Peer peer, bool wasPrimary, bool planned, TimeSpan now, IClusterEffects effects)
    {
        var heartbeat = peer.Last;
        if (heartbeat.Epoch > epoch && heartbeat.Role == UnitRole.Primary)
        {
            NoteChange(planned || wasPrimary, now);
            StepDown(peer, now, effects);
            epoch = heartbeat.Epoch;
        }
        else if (heartbeat.Epoch.Number > epoch.Number && Role != UnitRole.Primary)
        {
            epoch = heartbeat.Epoch;
        }
        else if (
            heartbeat.Epoch.Number > epoch.Number
            && heartbeat.Role != UnitRole.Primary
            && phase == Phase.Primary
            && pauses.MayRaise(now)
        )
        {
            RaiseEpoch(peer, now, effects);
        }
        else if (wasPrimary && heartbeat.Role != UnitRole.Primary && Role == UnitRole.Primary)
        {
            // The other side of a split, or the former primary of our switchover, has stopped speaking for the addresses.
            AnnounceAnew(now, effects);
        }
    }

    private void FindSilentPeers(TimeSpan now, IClusterEffects effects)
    {
        foreach (var peer in peers)
        {
            if (!peer.Absent && now >= GoneAt(peer, now))
            {
                peersLostAt = now;
                var kernel =
                    peer.Liveness.KernelAnswered ? ", though its kernel answered"
                    : now >= peer.Liveness.KernelGoneAt(now) ? ", and its kernel does not answer"
                    : "";
                MarkAbsent(peer, $"silent for {(now - peer.HeardAt).TotalMilliseconds:F0} ms{kernel}", effects);
            }
        }
    }

    private void MarkAbsent(Peer peer, string why, IClusterEffects effects)
    {
        if (!peer.Absent)
        {
            peer.Absent = true;
            effects.Record(EventKinds.Unit, $"{peer.Last.Name} is absent: {why}");
        }

        peers.AgreeOnWire();
    }

    /// <summary>What this unit did not hear while it stood still proves nothing.</summary>
    private void DoubtOneself(TimeSpan now)
    {
        if (!pace.Wake(now, out var late))
        {
            return;
        }

        carrier.Delay(late);
        foreach (var peer in peers)
        {
            peer.Liveness.OwnStall(late);
        }
    }

    /// <summary>
    /// Who was replaced because its kernel was silent for a moment knows what the others do not: the machines of this cluster stand still
    /// for so long.
    /// </summary>
    private void LearnFromBeingReplaced(TimeSpan now)
    {
        if (pace.StallAt(now) is { } stall)
        {
            foreach (var peer in peers)
            {
                peer.Liveness.Learn(stall, now);
            }
        }
    }

    private bool IsOffered(UnitId unit) => outgoing.Offer?.Target == unit || peers.Offers(unit);

    private void NoteChange(bool planned, TimeSpan now)
    {
        if (!planned && everDecided)
        {
            unrest.Note(now);
        }
    }

    /// <summary>When a unit counts as gone. Where traffic waits for it, it is as soon as its kernel is.</summary>
    private TimeSpan GoneAt(Peer peer, TimeSpan now)
    {
        // Who does not hold the sessions would end them all by taking over, and a kernel that answers forwards on.
        var patient = !synced && peer.Last.Role == UnitRole.Primary;
        var silent = Later(Later(peer.Liveness.SilentAt(patient, now), peer.HeldUntil), pace.GraceUntil);
        return IsUrgent(peer) ? Earlier(silent, Later(peer.Liveness.KernelGoneAt(now), peer.HeldUntil)) : silent;
    }

    private void Tell(TimeSpan now, IClusterEffects effects)
    {
        outgoing.Role = Role;
        outgoing.State = State;
        outgoing.Epoch = epoch;
        outgoing.Override = overrideOn;
        outgoing.Held = OperatorHold.Stands;
        outgoing.Age = AgeAt(now);
        outgoing.Failures = (ushort)Math.Min(Failures, ushort.MaxValue);
        outgoing.PortsUp = health.PortsUp;
        outgoing.Lateness = TimeSpan.FromMilliseconds((long)pace.LatenessAt(now).TotalMilliseconds);
        outgoing.EchoCount = 0;
        AddEcho(options.Self, twin.Tag, now - twin.HeardAt);
        foreach (var peer in peers)
        {
            AddEcho(peer.Unit, peer.Tag, now - peer.HeardAt);
            AddEcho(peer.Unit, peer.PendingTag, now - peer.PendingAt);
        }

        TellHeard();

        ChooseWays(now, effects);
        nextHeartbeat = now + options.Interval;
        RenewClaim(now, effects);
        effects.SendHeartbeat();
        Calibrate(now, effects);
    }

    private void AddEcho(UnitId unit, IncarnationTag tag, TimeSpan heardAgo)
    {
        if (tag != IncarnationTag.None && heardAgo < options.Silence && outgoing.EchoCount < Heartbeat.EchoCountMax)
        {
            outgoing.Echoes[outgoing.EchoCount++] = new Echo(unit, tag);
        }
    }
}
