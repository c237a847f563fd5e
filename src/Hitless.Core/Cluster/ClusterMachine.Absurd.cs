using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <content>Units that have the key and say what no unit says: not listened to, and named. The others go on.</content>
public sealed partial class ClusterMachine
{
    /// <summary>A cluster has four units; each may have got a new identity some times.</summary>
    private const int PeersMax = 16;

    private static readonly TimeSpan AbsurdMemory = TimeSpan.FromSeconds(10);

    /// <summary>Whether the sender of a heartbeat is a unit, of an incarnation, that is known to be there now.</summary>
    public bool Believes(in ClusterInput heartbeat) => peers.Find(heartbeat.Unit) is { } peer && peer.Tag == heartbeat.Tag;

    private void OnHeard(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        if ((peers.Count < PeersMax || peers.Find(input.Unit) is not null) && !IsAbsurd(input, now, effects))
        {
            OnHeartbeat(input, now, effects);
        }
    }

    /// <summary>Also of units that are gone: one whose machine was set back is not heard, and has to learn that.</summary>
    private void TellHeard()
    {
        outgoing.HeardCount = 0;
        foreach (var peer in peers)
        {
            if (peer.Tag != IncarnationTag.None && outgoing.HeardCount < Heartbeat.EchoCountMax)
            {
                outgoing.Heard[outgoing.HeardCount++] = new HeardUpTo(peer.Tag, peer.Sequence);
            }
        }
    }

    /// <summary>
    /// An epoch that is ahead by more changes of primary than a cluster sees in years would, once believed, be above every other for good.
    /// A unit that has just begun knows of none, and has to believe the first that it hears.
    /// </summary>
    private bool IsAbsurd(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        var claimed = input.Heartbeat!.Epoch.Number;
        if (epoch.Number == 0 || claimed - epoch.Number <= Epoch.LeapMax)
        {
            return false;
        }

        var peer = peers.FindOrAdd(input.Unit);
        if (IsOver(peer.AbsurdAt, AbsurdMemory, now))
        {
            peer.AbsurdName = input.Heartbeat.Name;
            effects.Record(EventKinds.Unit, DescribeAbsurd(peer));
        }

        peer.AbsurdAt = now;
        return true;
    }

    private static string DescribeAbsurd(Peer peer) =>
        $"{peer.AbsurdName} claims an epoch that is more than {Epoch.LeapMax} changes of primary ahead, and is not listened to: is it "
        + $"broken, or in other hands? Stop hitlessd there and look at its log; hitless unit remove takes it out";

    private IEnumerable<string> AbsurdProblemsAt(TimeSpan now)
    {
        foreach (var peer in peers.All.Where(peer => !IsOver(peer.AbsurdAt, AbsurdMemory, now)))
        {
            yield return DescribeAbsurd(peer);
        }

        if (peers.Count >= PeersMax)
        {
            yield return $"{PeersMax} units were heard since this one has started, more than a cluster has: no further one is listened "
                + "to; look who has the cluster key (hitless key rotate makes a new one), then restart hitlessd";
        }
    }
}
