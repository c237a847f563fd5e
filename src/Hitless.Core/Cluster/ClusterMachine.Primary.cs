using Hitless.Core.Api;

namespace Hitless.Core.Cluster;

/// <content>Becoming primary, being primary, handing over.</content>
public sealed partial class ClusterMachine
{
    /// <summary>After a claim the announcement is repeated at these distances, then each <see cref="AnnounceEvery"/> to keep the switches' entries alive.</summary>
    private static readonly TimeSpan[] AnnounceAgain = [.. new[] { 5, 20, 75, 400, 1500 }.Select(ms => TimeSpan.FromMilliseconds(ms))];
    private static readonly TimeSpan AnnounceEvery = TimeSpan.FromSeconds(10);

    private TimeSpan nextAnnouncement = TimeSpan.MaxValue;
    private int announcements;
    private TimeSpan raiseAfter;
    private bool everDecided;
    private uint ticket;
    private ulong acceptingFrom;
    private uint acceptingToken;
    private uint declinedToken;
    private ulong handingTo;
    private string handingReason = "";
    private bool handingForOperator;
    private string takeoverReason = "";

    /// <summary>At the last claim: the longest that the virtual addresses can have been without a primary. Planned: from the offer to the claim, while the offering unit forwarded on. Unplanned: since the former primary's last heartbeat.</summary>
    public TimeSpan LastGap { get; private set; }

    private void ConsiderTakeover(TimeSpan now, IClusterEffects effects)
    {
        if (CurrentPrimary() is not null)
        {
            noPrimarySince = TimeSpan.MaxValue;
            return;
        }

        noPrimarySince = noPrimarySince > now ? now : noPrimarySince;
        if (StandsAside || now < listenUntil)
        {
            return;
        }

        var candidates = Candidates(now, readyOnly: false);
        var rank = Election.RankOf(options.Self, candidates, options.Margin);

        // The best goes at once (a starting one has listened for the hold already); each further one leaves the better ones time to claim.
        var patience = phase == Phase.Starting ? (rank + 1) * options.StartHold : rank * options.Silence * 2;
        if (now - noPrimarySince < patience)
        {
            return;
        }

        takeoverReason = "no primary; " + Election.Explain(Myself(now), candidates, options.Margin);
        Enter(Phase.TakingOver, now);
        effects.Record(EventKinds.Role, $"{options.Name} takes over: {takeoverReason}");
        effects.Drain(++ticket);
    }

    private void OnDrained(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        if (phase != Phase.TakingOver || input.Ticket != ticket)
        {
            return;
        }

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

        if (phase == Phase.Accepting && primary.Last.Offer?.Token != acceptingToken)
        {
            BecomeStandby($"{primary.Last.Name} withdrew its offer", now, effects);
        }

        if (phase == Phase.Standby && primary.Last.Offer is { } offer && offer.Target == options.Self && offer.Token != declinedToken && synced && !stopping && !StandsAside)
        {
            acceptingFrom = primary.Unit;
            acceptingToken = offer.Token;
            Enter(Phase.Accepting, now);
            effects.AwaitApplied(++ticket, primary.Unit, offer.Sequence);
        }
        else if (phase == Phase.Standby)
        {
            SyncFrom(primary, effects);
        }
    }

    private void OnApplied(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        if (phase != Phase.Accepting || input.Ticket != ticket)
        {
            return;
        }

        if (!input.Flag || CurrentPrimary() is not { } primary || primary.Unit != acceptingFrom || primary.Last.Offer?.Token != acceptingToken)
        {
            declinedToken = acceptingToken;
            BecomeStandby("did not get all sessions of the offer in time", now, effects);
            return;
        }

        Claim($"switchover from {primary.Last.Name}", now, effects);
    }

    private void Claim(string why, TimeSpan now, IClusterEffects effects)
    {
        LastGap = phase == Phase.Accepting ? now - phaseSince : everDecided ? now - lastPrimaryHeard : TimeSpan.Zero;
        epoch = epoch.Next(options.Self);
        Enter(Phase.Primary, now);
        everDecided = true;
        synced = true;
        reason = why;
        quietUntil = now + options.RetryDelay;
        effects.SetTraffic(TrafficState.Claimed);
        announcements = 0;
        Announce(now, effects);
        Tell(now, effects);
        effects.SetSessionRole(sending: true, syncFrom: null);
        effects.Record(EventKinds.Role, $"{options.Name} is primary, epoch {epoch.Number}: {why}");
    }

    /// <summary>
    /// Somebody gone had opened a higher epoch that this primary never heard; it goes above it, so that epochs only grow. Not again at once: while
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

    private void Announce(TimeSpan now, IClusterEffects effects)
    {
        effects.Announce();
        nextAnnouncement = now + (announcements < AnnounceAgain.Length ? AnnounceAgain[announcements] : AnnounceEvery);
        announcements++;
    }

    /// <summary>What the rules, not an operator, move a primary to do.</summary>
    private void ConsiderHandingOver(TimeSpan now, IClusterEffects effects)
    {
        if (stopping)
        {
            if (BestStandby(now) is { } heir)
            {
                BeginHanding(heir, "the primary stops", forOperator: false, now, effects);
            }
            else
            {
                Leave(now, effects);
            }

            return;
        }

        if (now < quietUntil || BestStandby(now) is not { } best)
        {
            return;
        }

        if (best.Failures < Failures)
        {
            BeginHanding(best, $"failed ports and probes: {Failures} here, {best.Failures} on {best.Name}", forOperator: false, now, effects);
        }
        else if (!hold && best.Failures == Failures && (best.Override || overrideOn) && best.Priority > options.Priority)
        {
            BeginHanding(best, $"override: priority {best.Priority} > {options.Priority}", forOperator: false, now, effects);
        }
    }

    private void OnSwitchoverRequested(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        if (phase != Phase.Primary)
        {
            effects.SwitchoverEnded(done: false, phase == Phase.Handing ? "a switchover is under way" : "this unit is not the primary");
            return;
        }

        var wanted = input.Flag ? input.Unit : BestStandby(now)?.Serial ?? 0;
        if (wanted == options.Self)
        {
            effects.SwitchoverEnded(done: false, $"{options.Name} is primary already");
            return;
        }

        foreach (var candidate in Candidates(now, readyOnly: true))
        {
            if (candidate.Serial == wanted)
            {
                BeginHanding(candidate, input.Text ?? "switchover", forOperator: true, now, effects);
                return;
            }
        }

        effects.SwitchoverEnded(done: false, input.Flag ? "the unit asked for is not a standby that is ready" : "no standby is ready");
    }

    /// <summary>As after an upgrade: the rules choose among all that are ready, the present primary included.</summary>
    private void OnRenegotiate(string why, TimeSpan now, IClusterEffects effects)
    {
        var candidates = Candidates(now, readyOnly: true);
        if (phase != Phase.Primary || !Election.TryBest(candidates, options.Margin, out var best))
        {
            effects.SwitchoverEnded(done: false, "this unit is not the primary, or it is about to hand over");
            return;
        }

        var explained = Election.Explain(best, candidates, options.Margin);
        if (best.Serial == options.Self)
        {
            reason = $"{why}: {explained}";
            effects.Record(EventKinds.Role, $"{options.Name} stays primary: {explained}");
            effects.SwitchoverEnded(done: true, $"{options.Name} stays primary: {explained}");
        }
        else
        {
            BeginHanding(best, $"{why}: {explained}", forOperator: true, now, effects);
        }
    }

    /// <summary>FortiOS's <c>reset-uptime</c>: the way to move the primary without override, which leaves no flag behind.</summary>
    private void OnAgeReset(TimeSpan now, IClusterEffects effects)
    {
        if (hold)
        {
            effects.SwitchoverEnded(done: false, "an upgrade is under way");
            return;
        }

        ageSince = now;
        Tell(now, effects);
        effects.Record(EventKinds.Role, $"the age of {options.Name} begins again");
        if (phase == Phase.Primary)
        {
            OnRenegotiate("age reset", now, effects);
        }
        else
        {
            effects.SwitchoverEnded(done: true, $"the age of {options.Name} is 0");
        }
    }

    private void BeginHanding(Candidate target, string why, bool forOperator, TimeSpan now, IClusterEffects effects)
    {
        handingTo = target.Serial;
        handingReason = why;
        handingForOperator = forOperator;
        Enter(Phase.Handing, now);
        effects.Record(EventKinds.Role, $"{options.Name} hands over to {target.Name}: {why}");
        effects.Barrier(++ticket);
    }

    private void OnBarrier(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        if (phase == Phase.Handing && input.Ticket == ticket)
        {
            outgoing.Offer = new Offer(handingTo, ticket, input.Value);
            Tell(now, effects);
        }
    }

    private void WithdrawOffer(string why, TimeSpan now, IClusterEffects effects)
    {
        outgoing.Offer = null;
        quietUntil = now + options.RetryDelay;
        Enter(Phase.Primary, now);
        Tell(now, effects);
        effects.Record(EventKinds.Role, $"{options.Name} stays primary: {why}");
        if (handingForOperator)
        {
            effects.SwitchoverEnded(done: false, why);
        }

        if (stopping)
        {
            Leave(now, effects);
        }
    }

    /// <summary>A higher epoch is heard: whoever held the addresses here gives them up at once.</summary>
    private void StepDown(Peer newPrimary, TimeSpan now, IClusterEffects effects)
    {
        var was = phase;
        outgoing.Offer = null;
        if (was is Phase.Primary or Phase.Handing)
        {
            effects.SetTraffic(TrafficState.Draining);
            Enter(Phase.Draining, now);
            nextAnnouncement = TimeSpan.MaxValue;
            synced = false;
            reason = was == Phase.Handing ? $"handed over to {newPrimary.Last.Name}: {handingReason}" : $"{newPrimary.Last.Name} claimed epoch {newPrimary.Last.Epoch.Number}";
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
