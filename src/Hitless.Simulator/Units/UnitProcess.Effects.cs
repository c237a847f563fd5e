using Hitless.Core.Cluster;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Simulator.Faults;
using Hitless.Simulator.Units.Runs;

namespace Hitless.Simulator.Units;

/// <content>What the cluster machine asks for.</content>
internal sealed partial class UnitProcess
{
    void IClusterEffects.SetTraffic(TrafficState state)
    {
        Effect();
        world.SetTraffic(Unit, state, starting: machine is null);
        if (state == TrafficState.Claimed && machine is not null)
        {
            world.Rules.Claimed(this);
        }
    }

    void IClusterEffects.RenewClaim(ClaimTerm term)
    {
        Effect();
        claimLost |= !world.RenewClaim(Unit, options.TimeOf(term), options.ClaimFresh);
    }

    void IClusterEffects.TakeAnyWindow(bool any)
    {
        Effect();
        Unit.TakesAnyWindow = any;
    }

    void IClusterEffects.Announce()
    {
        Effect();
        if (world.Plant != Plant.SilentClaim)
        {
            world.Rules.Announced(this);
            world.Announce(Unit);
        }
    }

    void IClusterEffects.SendHeartbeat() => heartbeatDue = true;

    void IClusterEffects.AskKernels(uint question)
    {
        foreach (var other in world.Units)
        {
            for (var link = 0; other != Unit && link <= world.Fabric.Traffic; link++)
            {
                var way = link;
                world.Fabric.Send(way, Unit.Index, other.Index, () => AnswerOf(other, question, way));
            }
        }
    }

    void IClusterEffects.LookForVirtualMac()
    {
        // A bridge that learned both units' frames shows each the other's: both are primary, and the ports' network is whole.
        if (
            world.Units.Any(other =>
                other != Unit
                && other.Traffic == TrafficState.Claimed
                && other.PortsUp != 0
                && world.Fabric.Between(world.Fabric.Traffic, other.Index, Unit.Index).Up
            )
        )
        {
            world.Timeline.After(TimeSpan.Zero, () => Take(ClusterInput.VirtualMacHeard(1)));
        }
    }

    void IClusterEffects.AskForAddresses()
    {
        // Every unit has the key here: who is primary and not heard answers all the same, where the ports' network is whole both ways.
        var way = world.Fabric.Traffic;
        foreach (var other in world.Units.Where(other => other != Unit))
        {
            if (other.Powered && other.PortsUp != 0 && Unit.PortsUp != 0)
            {
                world.Fabric.Send(way, Unit.Index, other.Index, () => AnswerForAddresses(other, way));
            }
        }
    }

    void IClusterEffects.MergeSessions(UnitId primary)
    {
        Effect();
        Sessions.MergeInto(world.UnitOf(primary));
    }

    void IClusterEffects.SetSessionRole(bool sending, UnitId? syncFrom)
    {
        Effect();
        Sessions.SetRole(sending, syncFrom);
    }

    void IClusterEffects.Barrier(RequestId request)
    {
        Effect();
        Sessions.Barrier(request);
        if (world.Plant == Plant.BreakBeforeMake)
        {
            world.SetTraffic(Unit, TrafficState.Muted, starting: false);
        }
    }

    void IClusterEffects.AwaitApplied(RequestId request, UnitId peer, ulong sequence)
    {
        Effect();
        Sessions.AwaitApplied(request, peer, (int)sequence);
    }

    void IClusterEffects.Drain(RequestId request)
    {
        Effect();
        Sessions.Drain(request);
    }

    void IClusterEffects.KeepHold(UnitHold? hold)
    {
        Effect();
        Unit.KeepHold(hold, world.Timeline.Now);
    }

    void IClusterEffects.Record(string kind, string text) => world.Trace.Line(Unit.Name, $"{kind}: {text}");

    void IClusterEffects.SwitchoverEnded(bool done, string text)
    {
        OpenRequests--;
        var end = requested;
        requested = null;
        end?.Invoke(done, text);
        LastAnswer = $"{(done ? "done" : "refused")}: {text}";
        world.Trace.Line(Unit.Name, $"switchover {LastAnswer}");
    }

    void IClusterEffects.Stopped()
    {
        if (exitsForRun)
        {
            world.Rules.Runs.ExitsForRun(this);
        }

        world.Timeline.After(TimeSpan.Zero, () => world.Stopped(this));
    }
}
