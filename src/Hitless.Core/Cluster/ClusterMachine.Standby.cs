using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <content>Being standby, fetching the sessions, leaving.</content>
public sealed partial class ClusterMachine
{
    private readonly Candidate[] candidates = new Candidate[8];

    private void BecomeStandby(string why, TimeSpan now, IClusterEffects effects)
    {
        if (!everDecided)
        {
            effects.Record(EventKinds.Role, $"{options.Name} is standby: {why}");
        }

        everDecided = true;
        Enter(Phase.Standby, now);
        noPrimarySince = TimeSpan.MaxValue;
        reason = why;
        if (peers.Primary is { } primary)
        {
            SyncFrom(primary, now, effects);
        }

        Tell(now, effects);
    }

    /// <summary>Fetches the table when the primary, or the primary's incarnation, is another one than before.</summary>
    private void SyncFrom(Peer primary, TimeSpan now, IClusterEffects effects)
    {
        if (!source.Is(primary) && !Merging(primary, now, effects))
        {
            source.Follow(primary);
            taken.Forget();
            synced = false;
            effects.SetSessionRole(sending: false, source.Unit);
        }
    }

    private void OnSynced(UnitId unit, bool windows, TimeSpan now, IClusterEffects effects)
    {
        if (Role != UnitRole.Primary && unit == source.Unit && !synced)
        {
            synced = true;
            if (windows)
            {
                effects.TakeAnyWindow(any: false);
            }

            effects.Record(EventKinds.Sessions, $"{options.Name} holds the sessions of the primary");
            Tell(now, effects);
        }
    }

    // A unit that has become primary again meanwhile goes on taking any window until it is compared the next time: that costs nobody
    // anything.
    private void OnWindowsFree(IClusterEffects effects)
    {
        if (Role != UnitRole.Primary && synced)
        {
            effects.TakeAnyWindow(any: false);
        }
    }

    private void Leave(TimeSpan now, IClusterEffects effects)
    {
        // Who hears this takes over at once, ready or not; two must not speak. With nobody there the kernel forwards on.
        if (Role == UnitRole.Primary && !peers.AllAbsent)
        {
            effects.SetTraffic(TrafficState.Draining);
        }

        stopped = true;
        outgoing.Offer = null;
        Tell(now, effects);
        effects.Record(EventKinds.Unit, $"{options.Name} leaves the cluster");
        effects.Stopped();
    }

    private void Enter(Phase next, TimeSpan now)
    {
        // A takeover that was called off has let frames be passed over that the primary still has: what differs is asked for again.
        if (next is Phase.Primary or Phase.Draining || phase == Phase.TakingOver)
        {
            source.Forget();
        }

        if (next == Phase.Primary)
        {
            merge.End();
        }

        phase = next;
        phaseSince = now;
    }

    private Candidate Myself(TimeSpan now) =>
        new(options.Self, options.Name, Role == UnitRole.Primary || synced, Failures, AgeAt(now), options.Priority, overrideOn);

    private Candidate? BestStandby(TimeSpan now)
    {
        var standbys = Candidates(now, readyOnly: true)[1..];
        return Election.TryBest(standbys, options.Margin, out var best) ? best : null;
    }

    /// <summary>This unit, then every peer that is present; valid until the next call.</summary>
    private Span<Candidate> Candidates(TimeSpan now, bool readyOnly)
    {
        var count = 0;
        candidates[count++] = Myself(now);
        foreach (var peer in peers)
        {
            // Who is held claims only with everybody, so nobody else waits for it.
            if (peer.Absent || count == candidates.Length || (peer.Last.Held && !OperatorHold.Stands))
            {
                continue;
            }

            var last = peer.Last;
            var ready =
                last.Role == UnitRole.Primary || (last.Role == UnitRole.Standby && last.State is UnitState.Ready or UnitState.Fault);
            if (ready || !readyOnly)
            {
                candidates[count++] = new Candidate(
                    peer.Unit,
                    last.Name,
                    ready,
                    last.Failures,
                    peer.AgeAt(now),
                    last.Priority,
                    last.Override
                );
            }
        }

        return candidates.AsSpan(0, count);
    }
}
