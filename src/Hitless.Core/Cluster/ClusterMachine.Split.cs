using System.Numerics;
using Hitless.Core.Api;
using Hitless.Core.Cluster.Splits;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <content>
/// What keeps a split from happening, and mends it: heartbeats through the ports as the last resort (docs/decisions/0023), a witness
/// (0024), somebody else who speaks with our
/// virtual MAC, and the sessions of both sides.
/// </content>
public sealed partial class ClusterMachine
{
    /// <summary>
    /// Each second a heartbeat goes through the ports whatever the links do: so others know the way, and two clusters of one group find
    /// each other.
    /// </summary>
    private static readonly TimeSpan GreetEvery = TimeSpan.FromSeconds(1);

    /// <summary>So long a unit is heard through the ports alone before its links count as cut.</summary>
    private static readonly TimeSpan CutAfter = TimeSpan.FromMilliseconds(500);

    private TimeSpan greetAt;
    private TimeSpan peersLostAt = TimeSpan.MinValue;

    /// <summary>The heartbeat that is to be sent now goes through the ports too.</summary>
    public bool SpeaksOverTraffic { get; private set; }

    /// <summary>What an operator should mend, in words; empty while all is well.</summary>
    public IEnumerable<string> ProblemsAt(TimeSpan now)
    {
        foreach (var peer in peers.All.Where(peer => !peer.Absent && peer.LinksCut))
        {
            yield return $"{peer.Last.Name} is heard through the ports only: sessions do not reach it until a heartbeat link works again";
        }

        foreach (var problem in IdentityProblemsAt(now))
        {
            yield return problem;
        }

        if (duplicateMac.IsHeard(now))
        {
            yield return "somebody else speaks with our virtual MAC: hitless history tells where";
        }
    }

    /// <summary>Which ways the next heartbeat goes.</summary>
    private void ChooseWays(TimeSpan now, IClusterEffects effects)
    {
        var missed = false;
        var wanted = carrier.IsOpen;
        foreach (var peer in peers)
        {
            missed |= !peer.Absent && IsOver(peer.LinkHeardAt, options.Interval * 2, now);
            wanted |= !peer.Absent && peer.Last.MissesLinks;
            NoteCut(peer, now, effects);
        }

        outgoing.MissesLinks = missed;
        SpeaksOverTraffic = missed || wanted || now >= greetAt;
        if (now >= greetAt)
        {
            greetAt = now + GreetEvery;
            if (Role == UnitRole.Primary)
            {
                effects.LookForVirtualMac();
            }
        }
    }

    private static void NoteWay(Peer peer, bool overTraffic, TimeSpan now)
    {
        if (overTraffic)
        {
            peer.TrafficHeardAt = now;
        }
        else
        {
            peer.LinkHeardAt = now;
        }
    }

    private void NoteCut(Peer peer, TimeSpan now, IClusterEffects effects)
    {
        // Who is silent everywhere only stalls; and a unit that stalled itself hears in any order what has come meanwhile.
        var silent = IsOver(peer.LinkHeardAt, options.Silence, now);
        var only = peer.TrafficHeardAt != TimeSpan.MinValue && IsOver(peer.LinkHeardAt, CutAfter, peer.TrafficHeardAt);
        var cut = silent && (peer.LinksCut || only);
        if (!peer.Absent && cut != peer.LinksCut)
        {
            peer.LinksCut = cut;
            effects.Record(
                EventKinds.Unit,
                cut
                    ? $"{peer.Last.Name} is heard through the ports only: every heartbeat link to it is silent"
                    : $"{peer.Last.Name} is heard on a heartbeat link again"
            );
        }
    }

    private bool HearsOverTraffic(Peer peer, TimeSpan now) => !IsOver(peer.TrafficHeardAt, GreetEvery * 3, now);

    private static bool IsOver(TimeSpan since, TimeSpan patience, TimeSpan now) => since == TimeSpan.MinValue || now - since >= patience;

    /// <summary>A primary that lost every other unit, and in the same moment the witness, is the one that is cut off.</summary>
    private bool IsCutOff(TimeSpan now) => witness.IsLostToo(peersLostAt, now) && peers.AllAbsent;

    private void GiveUp(TimeSpan now, IClusterEffects effects)
    {
        merge.Note(unmerged: true);
        Unclaim(TrafficState.Muted, effects);
        effects.Record(EventKinds.Role, $"{options.Name} is primary no more: it hears no other unit, and the witness does not answer");
        BecomeStandby("it hears no other unit, and the witness does not answer", now, effects);
        noPrimarySince = peersLostAt;
    }

    private void OnVirtualMacHeard(ulong ports, TimeSpan now, IClusterEffects effects)
    {
        if (Role != UnitRole.Primary || now - phaseSince < DuplicateMac.OwnEcho)
        {
            return;
        }

        if (duplicateMac.Heard(now))
        {
            effects.Record(
                EventKinds.Unit,
                $"somebody else speaks with the virtual MAC of {BitOperations.PopCount(ports)} ports: another cluster of the same "
                    + $"group, a primary that is not heard, or a loop in the network"
            );
        }

        AnnounceAnew(now, effects);
    }

    /// <summary>
    /// True while this unit's own sessions of a split are on their way to the primary: its table must not be taken before, since what the
    /// primary does not know is removed then.
    /// </summary>
    private bool Merging(Peer primary, TimeSpan now, IClusterEffects effects)
    {
        if (merge.TakeStart(now))
        {
            synced = false;
            effects.MergeSessions(primary.Unit);
        }

        return merge.IsOpen(now);
    }

    private void OnMerged(string text, IClusterEffects effects)
    {
        if (merge.Unmerged)
        {
            merge.Note(unmerged: false);
            effects.Record(EventKinds.Sessions, text);
        }
    }
}
