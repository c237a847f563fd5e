using Hitless.Core.Api;

namespace Hitless.Core.Cluster;

/// <content>Hearing the others, telling them, and finding out that one is gone.</content>
public sealed partial class ClusterMachine
{
    /// <summary>The longest that a present unit let us wait for a heartbeat, since one became present last: what is left of <see cref="ClusterOptions.Silence"/> is the margin against a false takeover.</summary>
    public TimeSpan LongestSilence { get; private set; }

    private void OnHeartbeat(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        var heartbeat = input.Heartbeat!;
        var peer = FindOrAdd(input.Unit);
        var news = false;
        if (peer.Tag != input.Value)
        {
            if (!heartbeat.Hears(options.Self, options.Tag))
            {
                // It could be a recording from before our start: name it, and believe it once it names us.
                peer.PendingTag = input.Value;
                peer.PendingAt = now;
                greetAt = input.Flag ? now : greetAt;
                Tell(now, effects);
                return;
            }

            peer.Tag = input.Value;
            peer.PendingTag = 0;
            listenUntil = phase == Phase.Starting ? default : listenUntil;
            effects.Record(EventKinds.Unit, $"{heartbeat.Name} has started ({heartbeat.Version})");
            news = true;
        }

        var wasPrimary = !peer.Absent && peer.Last.Role == UnitRole.Primary;
        LongestSilence = Later(LongestSilence, peer.Absent ? TimeSpan.Zero : now - peer.HeardAt);
        peer.Last.CopyFrom(heartbeat);
        peer.HeardAt = now;
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

        AgreeOnWire();
        if (heartbeat.Epoch > epoch && heartbeat.Role == UnitRole.Primary)
        {
            StepDown(peer, now, effects);
            epoch = heartbeat.Epoch;
        }
        else if (heartbeat.Epoch.Number > epoch.Number && Role != UnitRole.Primary)
        {
            epoch = heartbeat.Epoch;
        }
        else if (heartbeat.Epoch.Number > epoch.Number && heartbeat.Role != UnitRole.Primary && phase == Phase.Primary && now >= raiseAfter)
        {
            RaiseEpoch(peer, now, effects);
        }
        else if (wasPrimary && heartbeat.Role != UnitRole.Primary && Role == UnitRole.Primary)
        {
            // The other side of a split, or the former primary of our switchover, has stopped speaking for the addresses.
            AnnounceAnew(now, effects);
        }

        // Not only a primary of the highest epoch: whoever opened that may be gone, and then the one that is there counts.
        if (heartbeat.Role == UnitRole.Primary && CurrentPrimary() == peer)
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

    private void FindSilentPeers(TimeSpan now, IClusterEffects effects)
    {
        foreach (var peer in peers)
        {
            if (!peer.Absent && now >= SilentAt(peer))
            {
                peersLostAt = now;
                var stalled = peer.KernelAt > peer.HeardAt ? ", though its kernel answered" : "";
                MarkAbsent(peer, $"silent for {(now - peer.HeardAt).TotalMilliseconds:F0} ms{stalled}", effects);
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

        AgreeOnWire();
    }

    /// <summary>A unit that was not scheduled for a while has missed heartbeats for a reason of its own: it grants everybody one more interval.</summary>
    private void DoubtOneself(TimeSpan now)
    {
        if (now - lastStep > options.Silence / 2)
        {
            graceUntil = now + options.Interval;
        }
    }

    private TimeSpan SilentAt(Peer peer)
    {
        var silent = Later(peer.HeardAt + options.Silence, Earlier(peer.KernelAt + options.Interval, peer.HeardAt + options.StallPatience));
        return Later(Later(silent, peer.HeldUntil), graceUntil);
    }

    private void Tell(TimeSpan now, IClusterEffects effects)
    {
        outgoing.Role = Role;
        outgoing.State = State;
        outgoing.Epoch = epoch;
        outgoing.Override = overrideOn;
        outgoing.Age = AgeAt(now);
        outgoing.Failures = (ushort)Math.Min(Failures, ushort.MaxValue);
        outgoing.PortsUp = portsUp;
        outgoing.EchoCount = 0;
        foreach (var peer in peers)
        {
            AddEcho(peer.Unit, peer.Tag, now - peer.HeardAt);
            AddEcho(peer.Unit, peer.PendingTag, now - peer.PendingAt);
        }

        ChooseWays(now, effects);
        nextHeartbeat = now + options.Interval;
        RenewClaim(now, effects);
        effects.SendHeartbeat();
    }

    private void AddEcho(ulong unit, ulong tag, TimeSpan heardAgo)
    {
        if (tag != 0 && heardAgo < options.Silence && outgoing.EchoCount < Heartbeat.EchoCountMax)
        {
            outgoing.Echoes[outgoing.EchoCount++] = new Echo(unit, tag);
        }
    }

    private void AgreeOnWire()
    {
        var agreed = options.WireMinor;
        foreach (var peer in peers)
        {
            agreed = peer.Absent ? agreed : Math.Min(agreed, peer.Last.WireMinor);
        }

        AgreedWireMinor = agreed;
    }

    private Peer? CurrentPrimary()
    {
        Peer? best = null;
        foreach (var peer in peers)
        {
            if (!peer.Absent && peer.Last.Role == UnitRole.Primary && (best is null || peer.Last.Epoch > best.Last.Epoch))
            {
                best = peer;
            }
        }

        return best;
    }

    private Peer FindOrAdd(ulong unit)
    {
        foreach (var peer in peers)
        {
            if (peer.Unit == unit)
            {
                return peer;
            }
        }

        var added = new Peer(unit);
        peers.Add(added);
        return added;
    }
}
