using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <content>Becoming primary and ceasing to be.</content>
public sealed partial class ClusterMachine
{
    /// <summary>
    /// After a claim the announcement is repeated at these distances, then each <see cref="AnnounceEvery"/> to keep the switches' entries
    /// alive.
    /// </summary>
    private static readonly TimeSpan[] AnnounceAgain = [.. new[] { 5, 20, 75, 400, 1500 }.Select(ms => TimeSpan.FromMilliseconds(ms))];
    private static readonly TimeSpan AnnounceEvery = TimeSpan.FromSeconds(10);

    private TimeSpan nextAnnouncement = TimeSpan.MaxValue;
    private int announcements;
    private TimeSpan drainTime;
    private TimeSpan raiseAfter;
    private bool everDecided;
    private RequestId request;
    private UnitId acceptingFrom;
    private RequestId accepting;
    private RequestId declined;
    private string takeoverReason = "";

    /// <summary>
    /// At the last claim: the longest that the virtual addresses can have been without a primary. Planned: from the offer to the claim,
    /// while the offering unit forwarded on. Unplanned: since the former primary's last heartbeat.
    /// </summary>
    public TimeSpan LastGap { get; private set; }

    private void ConsiderTakeover(TimeSpan now, IClusterEffects effects)
    {
        if (CurrentPrimary() is not null)
        {
            noPrimarySince = TimeSpan.MaxValue;
            return;
        }

        noPrimarySince = noPrimarySince > now ? now : noPrimarySince;
        if (WaitsForRelease(now, effects))
        {
            return;
        }

        if (StandsAside || now < listenUntil || !WitnessAllows(now) || WaitsForLinks(now, effects) || AddressesAreTaken(now, effects))
        {
            return;
        }

        var candidates = Candidates(now, readyOnly: false);
        var rank = Election.RankOf(options.Self, candidates, options.Margin);

        // The best goes at once (a starting one has listened for the hold already); each further one leaves the better ones time to claim.
        var patience = phase == Phase.Starting ? (rank + 1) * options.StartHold : rank * options.Silence * 2;

        // Who has opened the present epoch is there, and its own word of that is on its way: the former primary's was faster.
        patience += peers.Exists(peer => !peer.Absent && peer.Unit == epoch.Claimant) ? options.Silence : TimeSpan.Zero;
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
        if (CurrentPrimary() is { } primary)
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

        if (phase == Phase.Accepting && primary.Last.Offer?.Request != accepting)
        {
            BecomeStandby($"{primary.Last.Name} withdrew its offer", now, effects);
        }

        // What the primary's former process has sent says nothing of what this one counts.
        if (
            phase == Phase.Standby
            && primary.Last.Offer is { } offer
            && offer.Target == options.Self
            && offer.Request != declined
            && synced
            && Follows(primary)
            && !stopping
            && !StandsAside
            && !OperatorHold.Stands
        )
        {
            acceptingFrom = primary.Unit;
            accepting = offer.Request;
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

        if (!input.Flag || CurrentPrimary() is not { } primary || primary.Unit != acceptingFrom || primary.Last.Offer?.Request != accepting)
        {
            Decline("did not get all sessions of the offer in time", now, effects);
            return;
        }

        flipUntil = primary.Last.OfferForProbes ? now + options.FlipGuard : flipUntil;
        Claim($"switchover from {primary.Last.Name}", now, effects);
    }

    private void Decline(string why, TimeSpan now, IClusterEffects effects)
    {
        declined = accepting;
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
        freshUntil = TimeSpan.MaxValue;
        Enter(Phase.Primary, now);
        everDecided = true;
        synced = true;
        reason = why;
        quietUntil = now + options.RetryDelay;
        calmUntil = now + unrest.HoldAt(options.RetryDelay, now);
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
        raiseAfter = now + options.RetryDelay;
        reason = $"stays primary above epoch {witness.Last.Epoch.Number}, which {witness.Last.Name} knew of";
        Tell(now, effects);
        effects.Record(EventKinds.Role, $"{options.Name} is primary, epoch {epoch.Number}: {reason}");
    }

    /// <summary>Whoever learned something else meanwhile is told again and again.</summary>
    private void AnnounceAnew(TimeSpan now, IClusterEffects effects)
    {
        announcements = 0;
        Announce(now, effects);
    }

    private void Announce(TimeSpan now, IClusterEffects effects)
    {
        effects.Announce();
        nextAnnouncement = now + (announcements < AnnounceAgain.Length ? AnnounceAgain[announcements] : AnnounceEvery);
        announcements++;
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
            drainTime = options.DrainTimeOf(lateness.At(now));
            nextAnnouncement = TimeSpan.MaxValue;
            synced = false;
            unmerged = was == Phase.Primary;
            LearnFromBeingReplaced(now);
            reason =
                was == Phase.Handing
                    ? $"handed over to {newPrimary.Last.Name}: {handingReason}"
                    : $"{newPrimary.Last.Name} claimed epoch {newPrimary.Last.Epoch.Number}";
            Tell(now, effects);
            effects.Record(EventKinds.Role, $"{options.Name} steps down: {reason}");
            if (was == Phase.Handing && handingForOperator)
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
