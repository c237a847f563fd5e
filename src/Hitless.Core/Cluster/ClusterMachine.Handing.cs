using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <content>Handing over in a planned switchover: whoever asks for it, the rules or an operator.</content>
public sealed partial class ClusterMachine
{
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

        if (!pauses.MayMove(now) || BestStandby(now) is not { } best)
        {
            return;
        }

        if (OperatorHold.Stands && best.Failures <= Failures)
        {
            BeginHanding(best, $"{options.Name} is held {OperatorHold.At(now)}", forOperator: false, now, effects);
        }
        else if (best.Failures < Failures && (health.FailedPorts > 0 || pauses.MayMoveForProbes(now)))
        {
            BeginHanding(
                best,
                $"failed ports and probes: {Failures} here, {best.Failures} on {best.Name}",
                forOperator: false,
                now,
                effects
            );
            outgoing.OfferForProbes = health.FailedPorts == 0;
        }
        else if (
            !hold
            && pauses.IsCalm(now)
            && best.Failures == Failures
            && (best.Override || overrideOn)
            && best.Priority > options.Priority
        )
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

        var wanted = input.Flag ? input.Unit : BestStandby(now)?.Serial ?? UnitId.None;
        if (wanted == options.Self)
        {
            effects.SwitchoverEnded(done: false, $"{options.Name} is primary already");
            return;
        }

        foreach (var candidate in Candidates(now, readyOnly: true))
        {
            if (candidate.Serial == wanted && candidate.Failures > Failures && input.Value == 0)
            {
                effects.SwitchoverEnded(
                    done: false,
                    $"{candidate.Name} is worse: failed ports, probes and what it would not forward: {candidate.Failures} there, "
                        + $"{Failures} on {options.Name}"
                );
                return;
            }

            if (candidate.Serial == wanted && peers.FindOrAdd(wanted).LinksCut && input.Value == 0)
            {
                effects.SwitchoverEnded(
                    done: false,
                    $"sessions do not reach {candidate.Name}: every heartbeat link to it is silent, it is heard through the ports only"
                );
                return;
            }

            if (candidate.Serial == wanted)
            {
                BeginHanding(candidate, input.Text ?? "switchover", forOperator: true, now, effects);
                return;
            }
        }

        effects.SwitchoverEnded(
            done: false,
            !input.Flag ? "no standby is ready"
                : peers.FindOrAdd(wanted) is { Absent: false, Last: { Held: true, Name: var held } } ? $"{held} is held for maintenance"
                : "the unit asked for is not a standby that is ready"
        );
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
        handover.Begin(target.Serial, why, forOperator);
        outgoing.OfferForProbes = false;
        Enter(Phase.Handing, now);
        effects.Record(EventKinds.Role, $"{options.Name} hands over to {target.Name}: {why}");
        effects.Barrier(++request);
    }

    private void OnBarrier(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        if (phase == Phase.Handing && input.Request == request)
        {
            outgoing.Offer = new Offer(handover.Target, request, input.Sequence);
            Tell(now, effects);
        }
    }

    private void WithdrawOffer(string why, TimeSpan now, IClusterEffects effects)
    {
        outgoing.Offer = null;
        pauses.OfferWithdrawn(now);
        Enter(Phase.Primary, now);
        Tell(now, effects);
        effects.Record(EventKinds.Role, $"{options.Name} stays primary: {why}");
        if (handover.ForOperator)
        {
            effects.SwitchoverEnded(done: false, why);
        }

        if (stopping)
        {
            Leave(now, effects);
        }
    }
}
