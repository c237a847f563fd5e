using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <content>
/// Asking before counting a unit as gone. Whose heartbeat is late may just not be scheduled: its kernel is asked, and while that answers,
/// the unit forwards and has some time more (docs/decisions/0027). A primary's kernel that is known to answer and does not is gone, long
/// before the threshold is over (0039). A heartbeat link that loses its carrier is no proof that the primary is gone, but a reason to ask:
/// a burst of heartbeats that want an answer on the other links. Who does not answer within <see cref="ClusterOptions.AskPatience"/> is
/// gone (docs/decisions/0022). What is heard before the second question may have been on its way when the link fell.
/// </summary>
public sealed partial class ClusterMachine
{
    /// <summary>
    /// A link fell; <paramref name="others"/> tells whether another one still has carrier. Without one, and without a way through the
    /// ports, nobody can be asked, and the threshold decides.
    /// </summary>
    private void OnCableLost(bool others, TimeSpan now, IClusterEffects effects)
    {
        if (!others)
        {
            // Whose own last cable is dead can ask no kernel, and hears of nobody's end.
            foreach (var peer in peers)
            {
                peer.Liveness.ForgetEcho();
            }
        }

        if (
            phase == Phase.Standby
            && !carrier.IsOpen
            && peers.Primary is { Last.AnswersAtOnce: true } primary
            && now >= primary.HeldUntil
            && (others || HearsOverTraffic(primary, now))
        )
        {
            carrier.Begin(primary.Unit, now);
            effects.Record(EventKinds.Unit, $"a heartbeat link lost its carrier: is {primary.Last.Name} there?");
        }
    }

    private void KeepAsking(TimeSpan now, IClusterEffects effects)
    {
        if (!carrier.IsOpen)
        {
            return;
        }

        var peer = peers.FindOrAdd(carrier.Unit);
        if (peer.Absent || peer.HeardAt > carrier.ProofAfter || peer.Liveness.KernelAt >= carrier.ProofAfter)
        {
            carrier.End();
        }
        else if (now - carrier.Since >= AskPatience(peer, now))
        {
            carrier.End();
            peersLostAt = now;
            MarkAbsent(peer, $"its link fell and it did not answer for {(now - carrier.Since).TotalMilliseconds:F0} ms", effects);
        }
        else if (now >= carrier.Next)
        {
            carrier.Ask(now);
            AskKernels(now, effects);
            AskAtOnce(now, effects);
        }
    }

    /// <summary>Where silences were seen that ended by themselves, who asks because of a cable waits for them too.</summary>
    private TimeSpan AskPatience(Peer peer, TimeSpan now) => Later(options.AskPatience, peer.Liveness.Noise(now));

    /// <summary>
    /// The primary that this unit may have to replace, or a standby that this primary hands flows on to: traffic waits for the verdict. One
    /// that answers heartbeats at once, so that it can be asked through the ports too.
    /// </summary>
    private bool IsUrgent(Peer peer) =>
        peer.Last.AnswersAtOnce && (Role == UnitRole.Primary ? options.ActiveActive : peer.Last.Role == UnitRole.Primary);

    /// <summary>When the kernel of a unit that is present is to be asked next. One whose daemon has ended has told so itself.</summary>
    private TimeSpan AskAt(Peer peer, TimeSpan now) => Later(peer.Liveness.AskAt(questions.LastAt, IsUrgent(peer), now), peer.HeldUntil);

    /// <summary>
    /// Who is late is asked: its kernel, and the primary itself on every way until its kernel has answered, for a heartbeat can be lost,
    /// and a heartbeat cable cut.
    /// </summary>
    private void AskTheSilent(TimeSpan now, IClusterEffects effects)
    {
        foreach (var peer in peers)
        {
            if (peer.Absent || now < AskAt(peer, now))
            {
                continue;
            }

            AskKernels(now, effects);
            if (IsUrgent(peer) && !peer.Liveness.KernelAnswered)
            {
                AskAtOnce(now, effects);
            }

            return;
        }
    }

    /// <summary>A heartbeat out of turn that wants an answer.</summary>
    private void AskAtOnce(TimeSpan now, IClusterEffects effects)
    {
        greetAt = now;
        outgoing.WantsAnswer = true;
        Tell(now, effects);
    }

    /// <summary>Once a second, and some times when a unit has come: which kernels answer, on which ways, and how soon.</summary>
    private void Calibrate(TimeSpan now, IClusterEffects effects)
    {
        if (peers.AllAbsent || !questions.TakeCalibration(now))
        {
            return;
        }

        foreach (var peer in peers)
        {
            peer.Liveness.Calibrate();
        }

        AskKernels(now, effects);
    }

    private void AskKernels(TimeSpan now, IClusterEffects effects)
    {
        var question = questions.Ask(now, pace.Lateness);
        foreach (var peer in peers)
        {
            peer.Liveness.Asked(now);
        }

        effects.AskKernels(question);
    }

    /// <summary>An answer says of its question's moment that the kernel was there: what was asked later is still open.</summary>
    private void OnKernelAnswered(in ClusterInput input, TimeSpan now)
    {
        if (questions.TryFind(input.Count, out var at, out var lateness, out var later) && peers.Find(input.Unit) is { } peer)
        {
            peer.Liveness.Answered(input.Flag ? null : input.Link, at, later, pace.Lateness - lateness, now);
        }
    }
}
