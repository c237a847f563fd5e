using Hitless.Core.Api;

namespace Hitless.Core.Cluster;

/// <content>
/// Asking before counting a unit as gone. Whose heartbeat is late may just not be scheduled: its kernel is asked, and while that answers, the unit forwards and has some time more (docs/decisions/0027).
/// A heartbeat link that loses its carrier is no proof that the primary is gone, but a reason to ask: a burst of heartbeats that want an answer on the other links.
/// Who does not answer within <see cref="ClusterOptions.AskPatience"/> is gone (docs/decisions/0022). What is heard before the second question may have been on its way when the link fell.
/// </summary>
public sealed partial class ClusterMachine
{
    private ulong asked;
    private TimeSpan askedSince;
    private TimeSpan askAgain;
    private uint question;
    private TimeSpan questionAt = TimeSpan.MinValue;

    /// <summary>A link fell; <paramref name="others"/> tells whether another one still has carrier. Without one, and without a way through the ports, nobody can be asked, and the threshold decides.</summary>
    private void OnCableLost(bool others, TimeSpan now, IClusterEffects effects)
    {
        if (phase == Phase.Standby && asked == 0 && CurrentPrimary() is { Last.AnswersAtOnce: true } primary && now >= primary.HeldUntil && (others || HearsOverTraffic(primary, now)))
        {
            asked = primary.Unit;
            askedSince = askAgain = now;
            effects.Record(EventKinds.Unit, $"a heartbeat link lost its carrier: is {primary.Last.Name} there?");
        }
    }

    private void KeepAsking(TimeSpan now, IClusterEffects effects)
    {
        if (asked == 0)
        {
            return;
        }

        var peer = FindOrAdd(asked);
        if (peer.Absent || peer.HeardAt > askedSince + options.AskEvery || peer.KernelAt >= askedSince + options.AskEvery)
        {
            asked = 0;
        }
        else if (now - askedSince >= options.AskPatience)
        {
            asked = 0;
            peersLostAt = now;
            MarkAbsent(peer, $"its link fell and it did not answer for {options.AskPatience.TotalMilliseconds:F0} ms", effects);
        }
        else if (now >= askAgain)
        {
            askAgain = now + options.AskEvery;
            AskKernels(now, effects);
            outgoing.WantsAnswer = true;
            Tell(now, effects);
            return;
        }

        outgoing.WantsAnswer = false;
    }

    /// <summary>When the kernel of a unit that is present is to be asked next. One whose daemon has ended has told so itself.</summary>
    private TimeSpan AskAt(Peer peer) => Later(Later(peer.HeardAt + options.Late, peer.HeldUntil), questionAt + options.AskKernelsEvery);

    private void AskTheSilent(TimeSpan now, IClusterEffects effects)
    {
        foreach (var peer in peers)
        {
            if (!peer.Absent && now >= AskAt(peer))
            {
                AskKernels(now, effects);
                return;
            }
        }
    }

    private void AskKernels(TimeSpan now, IClusterEffects effects)
    {
        questionAt = now;
        effects.AskKernels(++question);
    }

    /// <summary>Only an answer to the last question counts: an older one may be of before the unit was gone.</summary>
    private void OnKernelAnswered(ulong unit, uint answered)
    {
        foreach (var peer in peers)
        {
            if (peer.Unit == unit && answered == question)
            {
                peer.KernelAt = questionAt;
            }
        }
    }
}
