using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <content>Becoming primary and ceasing to be.</content>
public sealed partial class ClusterMachine
{
    private TimeSpan drainTime;
    private bool everDecided;
    private RequestId request;
    private string takeoverReason = "";

    /// <summary>
    /// At the last claim: the longest that the virtual addresses can have been without a primary. Planned: from the offer to the claim,
    /// while the offering unit forwarded on. Unplanned: since the former primary's last heartbeat.
    /// </summary>
    public TimeSpan LastGap { get; private set; }

    private void ConsiderTakeover(TimeSpan now, IClusterEffects effects)
    {
        if (peers.Primary is not null)
        {
            noPrimarySince = TimeSpan.MaxValue;
            return;
        }

        noPrimarySince = noPrimarySince > now ? now : noPrimarySince;
        if (WaitsForRelease(now, effects))
        {
            return;
        }

        if (
            StandsAside
            || now < listenUntil
            || !witness.Allows(noPrimarySince, now)
            || WaitsForLinks(now, effects)
            || AddressesAreTaken(now, effects)
        )
        {
            return;
        }

        var candidates = Candidates(now, readyOnly: false);
        var rank = Election.RankOf(options.Self, candidates, options.Margin);

        // The best goes at once (a starting one has listened for the hold already); each further one leaves the better ones time to claim.
        var patience = phase == Phase.Starting ? (rank + 1) * options.StartHold : rank * options.Silence * 2;

        // Who has opened the present epoch is there, and its own word of that is on its way: the former primary's was faster.
        patience += peers.IsPresent(epoch.Claimant) ? options.Silence : TimeSpan.Zero;
        if (now - noPrimarySince < patience + unrest.TakeoverDelayAt(now))
        {
            return;
        }

        takeoverReason = "no primary; " + Election.Explain(Myself(now), candidates, options.Margin);
        Enter(Phase.TakingOver, now);
        effects.Record(EventKinds.Role, $"{options.Name} takes over: {takeoverReason}");
        effects.Drain(++request);
    }

    /// <summary>
    /// A machine boots, and what sets its addresses has not come to the heartbeat links yet: that nobody is heard says nothing. A link that
    /// never comes must not keep a lone gateway mute.
    /// </summary>
    private bool WaitsForLinks(TimeSpan now, IClusterEffects effects)
    {
        var waits = linksMissing && phase == Phase.Starting && now - phaseSince < options.LinksTimeout;
        if (waits && !saidLinksMissing)
        {
            saidLinksMissing = true;
            effects.Record(
                EventKinds.Role,
                $"{options.Name} does not claim yet: no heartbeat link can be used; "
                    + $"it waits for one for {options.LinksTimeout.TotalSeconds:F0} s at the most"
            );
        }

        return waits;
    }

    private void OnDrained(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        if (phase == Phase.TakingOver && input.Request == request)
        {
            ClaimUnlessTaken(now, effects);
        }
    }

    private void ClaimUnlessTaken(TimeSpan now, IClusterEffects effects)
    {
        if (peers.Primary is { } primary)
        {
            BecomeStandby($"{primary.Last.Name} is primary", now, effects);
        }
        else
        {
            Claim(takeoverReason, now, effects);
        }
    }

    /// <summary>A standby hears its primary: takes up an offer, or follows.</summary>
    private void FollowPrimary(Peer primary, TimeSpan now, IClusterEffects effects)
    {
        if (phase == Phase.TakingOver)
        {
            BecomeStandby($"{primary.Last.Name} is primary", now, effects);
        }

        if (phase == Phase.Accepting && !taken.Stands(primary))
        {
            BecomeStandby($"{primary.Last.Name} withdrew its offer", now, effects);
        }

        // What the primary's former process has sent says nothing of what this one counts.
        if (
            phase == Phase.Standby
            && primary.Last.Offer is { } offer
            && offer.Target == options.Self
            && !taken.IsDeclined(offer)
            && synced
            && source.Is(primary)
            && !stopping
            && !StandsAside
            && !OperatorHold.Stands
        )
        {
            taken.Take(primary, offer);
            Enter(Phase.Accepting, now);
            effects.AwaitApplied(++request, primary.Unit, offer.Sequence);
        }
        else if (phase == Phase.Standby)
        {
            reason = reason == HeldAlone ? $"{primary.Last.Name} is primary" : reason;
            SyncFrom(primary, now, effects);
        }
    }

    private void OnApplied(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        if (phase != Phase.Accepting || input.Request != request)
        {
            return;
        }

        if (!input.Flag || peers.Primary is not { } primary || !taken.IsMadeBy(primary))
        {
            Decline("did not get all sessions of the offer in time", now, effects);
            return;
        }

        if (primary.Last.OfferForProbes)
        {
            pauses.TakenForProbes(now);
        }

        Claim($"switchover from {primary.Last.Name}", now, effects);
    }

    private void Decline(string why, TimeSpan now, IClusterEffects effects)
    {
        taken.Decline();
        BecomeStandby(why, now, effects);
    }

    private void Claim(string why, TimeSpan now, IClusterEffects effects)
    {
        NoteChange(planned: phase == Phase.Accepting, now);
        LastGap =
            phase == Phase.Accepting ? now - phaseSince
            : everDecided ? now - lastPrimaryHeard
            : TimeSpan.Zero;
        epoch = epoch.Next(options.Self);
        lease.Begin();
        Enter(Phase.Primary, now);
        everDecided = true;
        synced = true;
        reason = why;
        pauses.Claimed(now, unrest.HoldAt(options.RetryDelay, now));
        effects.SetTraffic(TrafficState.Claimed);
        AnnounceAnew(now, effects);
        Tell(now, effects);
        effects.SetSessionRole(sending: true, syncFrom: null);
        effects.Record(EventKinds.Role, $"{options.Name} is primary, epoch {epoch.Number}: {why}");
    }

    /// <summary>
    /// Somebody gone had opened a higher epoch that this primary never heard; it goes above it, so that epochs only grow. Not again at
    /// once: while
    /// the other claimant lives and is heard by others only, both would race.
    /// </summary>
    private void RaiseEpoch(Peer witness, TimeSpan now, IClusterEffects effects)
    {
        epoch = witness.Last.Epoch.Next(options.Self);
        pauses.EpochRaised(now);
        reason = $"stays primary above epoch {witness.Last.Epoch.Number}, which {witness.Last.Name} knew of";
        Tell(now, effects);
        effects.Record(EventKinds.Role, $"{options.Name} is primary, epoch {epoch.Number}: {reason}");
    }

    /// <summary>Whoever learned something else meanwhile is told again and again.</summary>
    private void AnnounceAnew(TimeSpan now, IClusterEffects effects)
    {
        announcements.Restart();
        Announce(now, effects);
    }

    private void Announce(TimeSpan now, IClusterEffects effects)
    {
        effects.Announce();
        announcements.Made(now);
    }

    /// <summary>A higher epoch is heard: whoever held the addresses here gives them up at once.</summary>
    private void StepDown(Peer newPrimary, TimeSpan now, IClusterEffects effects)
    {
        var was = phase;
        outgoing.Offer = null;
        if (was is Phase.Primary or Phase.Handing)
        {
            Unclaim(TrafficState.Draining, effects);
            Enter(Phase.Draining, now);
            drainTime = options.DrainTimeOf(pace.LatenessAt(now));
            announcements.End();
            synced = false;
            merge.Note(unmerged: was == Phase.Primary);
            LearnFromBeingReplaced(now);
            reason =
                was == Phase.Handing
                    ? $"handed over to {newPrimary.Last.Name}: {handover.Reason}"
                    : $"{newPrimary.Last.Name} claimed epoch {newPrimary.Last.Epoch.Number}";
            Tell(now, effects);
            effects.Record(EventKinds.Role, $"{options.Name} steps down: {reason}");
            if (was == Phase.Handing && handover.ForOperator)
            {
                effects.SwitchoverEnded(done: true, $"{newPrimary.Last.Name} is primary, epoch {newPrimary.Last.Epoch.Number}");
            }
        }
        else if (was is Phase.TakingOver or Phase.Accepting)
        {
            BecomeStandby($"{newPrimary.Last.Name} is primary", now, effects);
        }
    }
}
