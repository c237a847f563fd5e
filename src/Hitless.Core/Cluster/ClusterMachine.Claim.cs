using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <content>The claim in the kernel: it expires unless renewed (docs/decisions/0020), and outlives a daemon that is started anew.</content>
public sealed partial class ClusterMachine
{
    private TimeSpan listenUntil;

    /// <summary>The kernel speaks for the addresses no more, and its sessions go on elsewhere.</summary>
    private static void Unclaim(TrafficState next, IClusterEffects effects)
    {
        effects.SetTraffic(next);
        effects.TakeAnyWindow(any: true);
    }

    private void RenewClaim(TimeSpan now, IClusterEffects effects)
    {
        if (Role == UnitRole.Primary && !stopped && lease.TryRenew(now, alone: peers.AllAbsent, pace.LatenessAt(now), out var term))
        {
            effects.RenewClaim(term);
        }
    }

    /// <summary>
    /// This unit was not scheduled for so long that its kernel has muted it. Somebody else may be primary by now: listen first.
    /// </summary>
    /// <param name="now">The machine's time.</param>
    /// <param name="byKernel">The last renewal found the claim over.</param>
    /// <param name="effects">What is done about it.</param>
    private void FindExpiredClaim(TimeSpan now, bool byKernel, IClusterEffects effects)
    {
        if (Role != UnitRole.Primary || !lease.IsOver(now))
        {
            return;
        }

        var handing = phase == Phase.Handing;
        outgoing.Offer = null;
        lease.End();
        listenUntil = now + (2 * options.Interval);
        merge.Note(unmerged: true);
        Unclaim(TrafficState.Muted, effects);
        effects.Record(
            EventKinds.Role,
            $"{options.Name} is primary no more: it did not get to renew its claim for "
                + $"{lease.SinceRenewal(now, byKernel).TotalMilliseconds:F0} ms, "
                + "and "
                + (byKernel ? "its kernel has ended it: its time was over, or another unit had announced itself" : "that has expired")
        );
        BecomeStandby("its claim expired while it was not scheduled", now, effects);
        if (handing && handover.ForOperator)
        {
            effects.SwitchoverEnded(done: false, "the primary was not scheduled in time");
        }
    }

    /// <summary>A daemon before this one left the claim standing, and it still stands: nobody else can have taken over meanwhile.</summary>
    private void Resume(TimeSpan now, IClusterEffects effects)
    {
        epoch = new Epoch(options.EpochNumber, options.Self);
        everDecided = true;
        synced = true;
        reason = "primary on after a restart of its daemon";
        pauses.Resumed(now);
        announcements.Begin(now);
        lease.Resume(now);
        Enter(Phase.Primary, now);
        effects.Record(EventKinds.Role, $"{options.Name} is primary on, epoch {epoch.Number}: its daemon was restarted");
    }

    /// <summary>Only the daemon of a primary has ended: what starts it again has some time, since the kernel forwards on.</summary>
    private void OnDaemonEnded(UnitId unit, TimeSpan now, IClusterEffects effects)
    {
        if (unit == UnitId.None)
        {
            // A unit from before our start may be forwarding without its daemon; which one, only its own heartbeat tells.
            listenUntil = phase == Phase.Starting && listenUntil == default ? now + options.RestartHold : listenUntil;
            return;
        }

        var peer = peers.FindOrAdd(unit);
        if (!peer.Absent && peer.Last.Role == UnitRole.Primary && peer.HeldTag != peer.Tag)
        {
            peer.HeldTag = peer.Tag;
            var hold = ClusterOptions.RestartHoldOf(peer.Last.Start);
            peer.HeldUntil = now + hold;
            effects.Record(
                EventKinds.Unit,
                $"the daemon of {peer.Last.Name} has ended, its kernel forwards on: {hold.TotalMilliseconds:F0} ms to come back"
            );
        }
    }
}
