namespace Hitless.Core.Cluster.Membership;

/// <summary>
/// Whether another unit is there, judged by its heartbeats and by its kernel's answers to ICMP echo, with limits that go by what was seen
/// of it (docs/decisions/0027, 0039).
/// <code>
///   heard ──heartbeat is late──▶ its kernel is asked ──answers──▶ stalled: has StallLimit
///                                        │ nothing, for EchoLimit, and it is known to answer ──▶ gone
///                                        └ nothing, for SilenceLimit ──▶ gone
/// </code>
/// Time in which this unit itself was not scheduled proves nothing, and counts for nobody. Allocates nothing.
/// </summary>
public sealed class Liveness(ClusterOptions options)
{
    /// <summary>A way is known to answer after so many calibrating questions in a row.</summary>
    private const int CalibrationsMin = 3;

    /// <summary>Fewer unanswered questions prove nothing: each of them can be lost.</summary>
    private const int QuestionsMin = 3;
    private const int QuestionsPerLimit = 5;
    private const double Margin = 1.5;
    private const double WrongMargin = 4.0 / 3;
    private const double JitterGain = 1.0 / 16;
    private static readonly TimeSpan QuestionSpacingMin = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan PortMemory = TimeSpan.FromSeconds(3);

    private LearnedPeak quiet = new(options);
    private LearnedPeak stall = new(options);
    private TimeSpan told;
    private TimeSpan jitter;
    private TimeSpan ownLateness;
    private TimeSpan? unansweredSince;
    private TimeSpan unansweredVoid;
    private int unanswered;
    private uint waysHeard;
    private uint waysAnswered;
    private int calibrations;
    private TimeSpan portHeardAt = TimeSpan.MinValue;
    private TimeSpan portAnsweredAt = TimeSpan.MinValue;

    /// <summary>When its last heartbeat came.</summary>
    public TimeSpan HeardAt { get; private set; }

    /// <summary>When its kernel was asked what it has answered last.</summary>
    public TimeSpan KernelAt { get; private set; } = TimeSpan.MinValue;

    /// <summary>
    /// Its kernel answers on every heartbeat link that its heartbeats come on: when it is silent there, it is not a firewall.
    /// </summary>
    public bool EchoKnown => calibrations >= CalibrationsMin;

    /// <summary>The time between heartbeats that is usual here is over: ask.</summary>
    public TimeSpan LateAt => HeardAt + options.Interval + Limit(jitter * 4, options.Interval / 4, options.Interval);

    /// <summary>Its kernel has answered since its last heartbeat.</summary>
    public bool KernelAnswered => KernelAt > HeardAt;

    /// <summary>
    /// A heartbeat came on a link (<paramref name="way"/> is its number), or through a port (null). <paramref name="same"/>: of the
    /// incarnation that was heard before; <paramref name="absent"/>: which counted as gone.
    /// </summary>
    public void Heard(int? way, bool same, bool absent, TimeSpan now)
    {
        if (same)
        {
            Learn(absent, now);
        }
        else
        {
            ForgetEcho();
            unansweredSince = null;
            quiet.Begin(now);
            stall.Begin(now);
        }

        HeardAt = now;
        ownLateness = TimeSpan.Zero;
        HeardLate(way, now);
    }

    /// <summary>A heartbeat came on a way after a newer one on another: the way works, and that is all it tells.</summary>
    public void HeardLate(int? way, TimeSpan now)
    {
        if (way is { } link)
        {
            waysHeard |= Bit(link);
        }
        else
        {
            portHeardAt = now;
        }
    }

    /// <summary>Its kernel was asked on every way. Only what was asked while it was late, and not answered, tells something.</summary>
    public void Asked(TimeSpan now)
    {
        if (now < LateAt)
        {
            return;
        }

        if (unansweredSince is null)
        {
            (unansweredSince, unansweredVoid, unanswered) = (now, TimeSpan.Zero, 0);
        }

        unanswered++;
    }

    /// <summary>
    /// Its kernel answers on a link (or through a port: null) what it was asked at <paramref name="askedAt"/>, with
    /// <paramref name="later"/> questions since then. <paramref name="lateness"/>: of this unit itself meanwhile.
    /// </summary>
    public void Answered(int? way, TimeSpan askedAt, int later, TimeSpan lateness, TimeSpan now)
    {
        EndSilence(1, now);
        if (later > 0 && now >= LateAt)
        {
            (unansweredSince, unansweredVoid, unanswered) = (now, TimeSpan.Zero, later);
        }

        KernelAt = askedAt > KernelAt ? askedAt : KernelAt;
        Learn(now - askedAt - lateness, now);
        if (way is { } link)
        {
            waysAnswered |= Bit(link);
        }
        else
        {
            portAnsweredAt = now;
        }
    }

    /// <summary>
    /// A question that every kernel should answer, whether or not a heartbeat is late, is about to be asked: the answers to the one before
    /// are in.
    /// </summary>
    public void Calibrate()
    {
        calibrations = waysAnswered != 0 && (waysHeard & ~waysAnswered) == 0 ? Math.Min(calibrations + 1, CalibrationsMin) : 0;
        waysHeard = waysAnswered = 0;
    }

    /// <summary>Whether its kernel answers is not known, or no more.</summary>
    public void ForgetEcho() => calibrations = 0;

    /// <summary>This unit itself was not scheduled in time: what it did not hear meanwhile proves nothing.</summary>
    public void OwnStall(TimeSpan lateness)
    {
        ownLateness += lateness;
        unansweredVoid += lateness;
        if (lateness >= options.EchoLimitMin)
        {
            unansweredSince = null;
        }
    }

    /// <summary>A silence of its kernel as this cluster has seen it elsewhere.</summary>
    public void Learn(TimeSpan silence, TimeSpan now) => quiet.Note(Limit(silence, TimeSpan.Zero, LimitMax), now);

    /// <summary>
    /// It says how late its own loop came (docs/decisions/0049): who has just started knows by that what the others have learned. It
    /// counts for as long as it is said; how it fades is the sender's to know.
    /// </summary>
    public void Told(TimeSpan lateness) => told = lateness;

    /// <summary>
    /// When its kernel is to be asked next, if the last question was at <paramref name="askedAt"/>. <paramref name="urgent"/>: it is the
    /// primary, and its traffic waits.
    /// </summary>
    public TimeSpan AskAt(TimeSpan askedAt, bool urgent, TimeSpan now) =>
        Later(LateAt, askedAt + (urgent && !KernelAnswered ? QuestionSpacing(now) : options.Interval / 2));

    /// <summary>
    /// When it counts as gone because nothing at all was heard, neither a heartbeat nor an answer. <paramref name="patient"/>: while its
    /// kernel answers, it is borne for as long as any limit may grow.
    /// </summary>
    public TimeSpan SilentAt(bool patient, TimeSpan now)
    {
        var silent = HeardAt + SilenceLimit(now);
        var stalled = HeardAt + (patient ? LimitMax : StallLimit(now));
        return KernelAnswered ? Later(silent, Earlier(KernelAt + Later(options.Interval, EchoLimit(now)), stalled)) : silent;
    }

    /// <summary>
    /// When it counts as gone because its kernel, which is known to answer, does not. <see cref="TimeSpan.MaxValue"/>: that is not proved
    /// yet.
    /// </summary>
    public TimeSpan KernelGoneAt(TimeSpan now) =>
        EchoKnown && unansweredSince is { } since && unanswered >= QuestionsMin
            ? since + unansweredVoid + EchoLimit(now)
            : TimeSpan.MaxValue;

    /// <summary>
    /// What is seen of its kernel's silences beyond what is usual: who asks for another reason than a late heartbeat waits as long.
    /// </summary>
    public TimeSpan Noise(TimeSpan now) => Later(Quiet(now) * Margin, PortsNoise(now));

    /// <summary>The limits now, and what raised them.</summary>
    public LivenessLimits LimitsAt(TimeSpan now)
    {
        var stalls = StallLimit(now) > options.StallPatience ? $", heartbeats late by {Stalls(now).TotalMilliseconds:F0} ms" : "";
        var reason =
            !EchoKnown ? "its kernel is not known to answer ICMP echo on every heartbeat link"
            : Noise(now) <= options.EchoLimitMin ? "as configured"
            : PortsNoise(now) >= Noise(now)
                ? $"stalls of {Stalls(now).TotalMilliseconds:F0} ms were seen, and its kernel cannot be asked through the interfaces"
            : $"its kernel was seen to answer after {Quiet(now).TotalMilliseconds:F0} ms";
        return new LivenessLimits(SilenceLimit(now), StallLimit(now), EchoKnown ? EchoLimit(now) : null, reason + stalls);
    }

    // As late as the threshold, the whole machine stood still, and its kernel with it.
    private TimeSpan Quiet(TimeSpan now) => told >= options.Silence ? Later(quiet.At(now), Earlier(told, LimitMax)) : quiet.At(now);

    private TimeSpan Stalls(TimeSpan now) => Later(stall.At(now), Earlier(told, LimitMax));

    private TimeSpan LimitMax => options.LimitMaxOf(told);

    private TimeSpan EchoLimit(TimeSpan now) => Limit(Noise(now), options.EchoLimitMin, LimitMax);

    private TimeSpan SilenceLimit(TimeSpan now) => Limit((LateAt - HeardAt) + (Quiet(now) * Margin), options.Silence, LimitMax);

    private TimeSpan StallLimit(TimeSpan now) => Limit(Stalls(now) * Margin, options.StallPatience, LimitMax);

    private TimeSpan QuestionSpacing(TimeSpan now) => Limit(EchoLimit(now) / QuestionsPerLimit, QuestionSpacingMin, options.Interval / 2);

    /// <summary>
    /// Where it is heard through the ports and its kernel cannot be asked there, a cut cable and a daemon that stalls look like a kernel
    /// that is gone: as long as it was seen to stall; then the threshold decides anyway.
    /// </summary>
    private TimeSpan PortsNoise(TimeSpan now) =>
        Within(portHeardAt, now) && !Within(portAnsweredAt, now)
            ? Earlier(Stalls(now) * Margin, options.Silence) - (LateAt - HeardAt)
            : TimeSpan.Zero;

    private static bool Within(TimeSpan since, TimeSpan now) => since != TimeSpan.MinValue && now - since < PortMemory;

    /// <summary>
    /// A silence has ended by itself: how long it was tells what is usual. One that is far beyond every limit was a cut, not a stall.
    /// </summary>
    private void Learn(bool absent, TimeSpan now)
    {
        var gap = now - HeardAt - ownLateness;
        var factor = absent ? WrongMargin : 1;
        if (KernelAnswered && gap < LimitMax * 2)
        {
            stall.Note(Limit(gap * factor, TimeSpan.Zero, LimitMax), now);
        }

        EndSilence(factor, now);
        jitter += (Limit(gap - options.Interval, TimeSpan.Zero, options.Interval) - jitter) * JitterGain;
    }

    private void EndSilence(double factor, TimeSpan now)
    {
        if (unansweredSince is { } since && now - since - unansweredVoid is var silence && silence < LimitMax * 2)
        {
            Learn(silence * factor, now);
        }

        unansweredSince = null;
    }

    private static uint Bit(int way) => 1u << (way & 31);

    private static TimeSpan Limit(TimeSpan value, TimeSpan least, TimeSpan most) =>
        value > least ? Earlier(value, Later(most, least)) : least;

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TimeSpan Earlier(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
