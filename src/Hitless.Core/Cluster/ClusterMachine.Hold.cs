using Hitless.Core.Api;
using Hitless.Core.Cluster.Membership;

namespace Hitless.Core.Cluster;

/// <content>
/// A unit that an operator holds for maintenance (docs/decisions/0070): it keeps the sessions, and does not become primary, whoever is
/// gone. A primary that is held hands over to the first standby that is no worse, and carries the traffic until there is one.
/// </content>
public sealed partial class ClusterMachine
{
    private const string HeldAlone = "no primary is heard, and this unit is held";

    /// <summary>The operator's hold of this unit.</summary>
    public HoldClock OperatorHold { get; } = new();

    /// <summary>
    /// Every unit of the cluster is heard, and held: then a hold keeps nobody from serving. While one is not heard, it may be primary.
    /// </summary>
    private bool AllAreHeld =>
        OperatorHold.Stands && peers.All.Count(static peer => !peer.Absent && peer.Last.Held) >= options.UnitCount - 1;

    /// <summary>Who is held waits for the release; what silence there was meanwhile is no reason to hurry then.</summary>
    private bool WaitsForRelease(TimeSpan now, IClusterEffects effects)
    {
        if (!OperatorHold.Stands || AllAreHeld)
        {
            return false;
        }

        noPrimarySince = now;
        if (phase == Phase.Starting && !linksMissing)
        {
            BecomeStandby(HeldAlone, now, effects);
        }

        return true;
    }

    /// <summary>During a run nobody is held: the run needs every unit.</summary>
    private void OnUnitHeld(UnitHold next, TimeSpan now, IClusterEffects effects)
    {
        if (hold)
        {
            return;
        }

        OperatorHold.Begin(next, now);
        effects.KeepHold(next);
        effects.Record(EventKinds.Unit, $"{options.Name} is held {next}");
        if (phase == Phase.Accepting)
        {
            Decline("this unit is held", now, effects);
        }
        else if (phase == Phase.TakingOver && !AllAreHeld)
        {
            BecomeStandby("this unit is held", now, effects);
        }

        Tell(now, effects);
    }

    private void OnUnitReleased(string why, TimeSpan now, IClusterEffects effects)
    {
        if (OperatorHold.Stands)
        {
            OperatorHold.End();
            effects.KeepHold(null);
            effects.Record(EventKinds.Unit, $"{options.Name} is no longer held: {why}");
            Tell(now, effects);
        }
    }

    private void KeepHold(TimeSpan now, IClusterEffects effects)
    {
        if (OperatorHold.IsOver(now))
        {
            OnUnitReleased("its time is over", now, effects);
        }
        else if (OperatorHold.TakeKeep(now))
        {
            effects.KeepHold(OperatorHold.At(now));
        }
    }
}
