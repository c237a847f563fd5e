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
    private const int QuestionsKept = 64;

    /// <summary>Questions that only measure. Not more often: a wake a second is what knowing costs.</summary>
    private static readonly TimeSpan CalibrateEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LearnEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LearnTime = TimeSpan.FromSeconds(2);

    private UnitId asked;
    private TimeSpan askedSince;
    private TimeSpan askAgain;
    private uint question;
    private TimeSpan questionAt = TimeSpan.MinValue;
    private readonly (TimeSpan At, TimeSpan OwnLateness)[] questions = new (TimeSpan, TimeSpan)[QuestionsKept];
    private TimeSpan calibrateAt;
    private TimeSpan learnUntil;

    /// <summary>
    /// A link fell; <paramref name="others"/> tells whether another one still has carrier. Without one, and without a way through the
    /// ports, nobody can be asked, and the threshold decides.
    /// </summary>
    private void OnCableLost(bool others, TimeSpan now, IClusterEffects effects)
    {
        if (!others)
        {
            // Whose own last cable is dead can ask no kernel, and hears of nobody's end.
            peers.ForEach(static peer => peer.Liveness.ForgetEcho());
        }

        if (
            phase == Phase.Standby
            && asked == UnitId.None
            && CurrentPrimary() is { Last.AnswersAtOnce: true } primary
            && now >= primary.HeldUntil
            && (others || HearsOverTraffic(primary, now))
        )
        {
            asked = primary.Unit;
            askedSince = askAgain = now;
            effects.Record(EventKinds.Unit, $"a heartbeat link lost its carrier: is {primary.Last.Name} there?");
        }
    }

    private void KeepAsking(TimeSpan now, IClusterEffects effects)
    {
        if (asked == UnitId.None)
        {
            return;
        }

        var peer = FindOrAdd(asked);
        if (peer.Absent || peer.HeardAt > askedSince + options.AskEvery || peer.Liveness.KernelAt >= askedSince + options.AskEvery)
        {
            asked = UnitId.None;
        }
        else if (now - askedSince >= AskPatience(peer, now))
        {
            asked = UnitId.None;
            peersLostAt = now;
            MarkAbsent(peer, $"its link fell and it did not answer for {(now - askedSince).TotalMilliseconds:F0} ms", effects);
        }
        else if (now >= askAgain)
        {
            askAgain = now + options.AskEvery;
            AskKernels(now, effects);
            AskAtOnce(now, effects);
        }
    }

    /// <summary>Where silences were seen that ended by themselves, who asks because of a cable waits for them too.</summary>
    private TimeSpan AskPatience(Peer peer, TimeSpan now) => Later(options.AskPatience, peer.Liveness.Noise(now));

    /// <summary>
    /// The primary that this unit may have to replace: the traffic waits for the verdict. One that answers heartbeats at once, so that it
    /// can be asked through the ports too.
    /// </summary>
    private bool IsUrgent(Peer peer) => Role != UnitRole.Primary && peer.Last is { Role: UnitRole.Primary, AnswersAtOnce: true };

    /// <summary>When the kernel of a unit that is present is to be asked next. One whose daemon has ended has told so itself.</summary>
    private TimeSpan AskAt(Peer peer, TimeSpan now) => Later(peer.Liveness.AskAt(questionAt, IsUrgent(peer), now), peer.HeldUntil);

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
        if (now < calibrateAt || peers.TrueForAll(static peer => peer.Absent))
        {
            return;
        }

        calibrateAt = now + (now < learnUntil ? LearnEvery : CalibrateEvery);
        foreach (var peer in peers)
        {
            peer.Liveness.Calibrate();
        }

        AskKernels(now, effects);
    }

    private void AskKernels(TimeSpan now, IClusterEffects effects)
    {
        questionAt = now;
        questions[++question % (uint)questions.Length] = (now, ownLateness);
        foreach (var peer in peers)
        {
            peer.Liveness.Asked(now);
        }

        effects.AskKernels(question);
    }

    /// <summary>An answer says of its question's moment that the kernel was there: what was asked later is still open.</summary>
    private void OnKernelAnswered(in ClusterInput input, TimeSpan now)
    {
        var later = question - input.Count;
        foreach (var peer in peers)
        {
            if (peer.Unit == input.Unit && later < Math.Min(question, (uint)questions.Length))
            {
                var (at, lateness) = questions[input.Count % (uint)questions.Length];
                peer.Liveness.Answered(input.Flag ? null : input.Link, at, (int)later, ownLateness - lateness, now);
            }
        }
    }
}
