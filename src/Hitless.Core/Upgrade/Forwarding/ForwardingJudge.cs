using Hitless.Core.Api;

namespace Hitless.Core.Upgrade.Forwarding;

/// <summary>
/// Does the new primary forward as the former one did? Samples of the kernel's counters go in (ten a second, from the claim on), a verdict
/// comes out, with the cause that the kernel names.
/// <code>
///   Undecided ──as much leaves and comes in as before──▶ Forwards ─┐
/// │ the former primary forwarded next to nothing ├─ a breach, as long as samples come ──▶ NothingForwarded, NoRoute, Unreachable,
/// NoAnswer, Drops (final)
///       ├──▶ NotEnoughTraffic ─────────────────────────────────────┘
///       └──▶ NotKnown: the former primary left no figures; no breach is ever found
/// </code>
/// It is only ever held against what the former primary did: against its least second where silence is a sign, against its worst second
/// where drops are. What each rule can see, and what nobody can, stands in
/// docs/decisions/0043.
/// </summary>
public sealed class ForwardingJudge(string unit, ForwardingFigures? before, TimeSpan claimedAt)
{
    /// <summary>Fewer packets a second say nothing when they stop.</summary>
    internal const double SteadyMin = 20;

    private const int SamplesMax = 240;
    private static readonly TimeSpan Early = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan DecidedAfter = TimeSpan.FromSeconds(2);

    // Little arrives, and none of it leaves: it may take longer to tell an outage from a stray packet.
    private static readonly TimeSpan SuspectedUntil = TimeSpan.FromSeconds(4);
    private readonly List<ForwardingSample> samples = [];
    private readonly HashSet<string> alive = new(StringComparer.Ordinal);
    private TrafficVerdict verdict = TrafficVerdict.Undecided;
    private string text = "not yet known";
    private bool carried;

    /// <summary>The verdict is not <see cref="TrafficVerdict.Undecided"/>; it may still become a breach.</summary>
    public bool Decided => verdict != TrafficVerdict.Undecided;

    /// <summary>What is wrong, in one sentence; null: nothing is known to be.</summary>
    public string? Breach => verdict.IsBreach ? text : null;

    /// <summary>A share of dropped packets that is normal here, as a rehearsal has measured it.</summary>
    public double AllowedShare { get; set; }

    /// <summary>The share of the routed packets that rules have dropped since the switch; null: too few to say.</summary>
    public double? DropShare =>
        samples.Count >= 2 && new ForwardingInterval(samples[0], samples[^1]) is { Wanted: >= 200 } all
            ? (double)all.Refused / all.Wanted
            : null;

    /// <summary>The verdict so far, with both units' figures.</summary>
    public ReportTraffic Judgement => new(verdict, text, unit, before, After());

    private TimeSpan Age => samples[^1].At - claimedAt;

    /// <summary>Takes a sample; samples follow each other, the first at the claim.</summary>
    public void Step(ForwardingSample sample)
    {
        samples.Add(sample);
        if (samples.Count > SamplesMax)
        {
            samples.RemoveAt(1);
        }

        if (before is null)
        {
            Decide(TrafficVerdict.NotKnown, "the figures of the former primary are not known: nothing can be said about the traffic");
            return;
        }

        if (samples.Count < 2 || verdict.IsBreach)
        {
            return;
        }

        NoteLife(new ForwardingInterval(samples[^2], sample));
        var found = OutageRules.Find(new OutageRules.Facts(unit, before, OutageWindow(), Since(TimeSpan.Zero), Age, carried, alive))
            ?? LossRules.Find(unit, before, AllowedShare, Windows());
        if (found is { } breach)
        {
            Decide(breach.Verdict, breach.Text);
        }
        else if (verdict == TrafficVerdict.Undecided || verdict == TrafficVerdict.NotEnoughTraffic)
        {
            DecideWithoutBreach(before);
        }
        else if (verdict == TrafficVerdict.Forwards)
        {
            text = Forwarding(before);
        }
    }

    private void DecideWithoutBreach(ForwardingFigures former)
    {
        var all = Since(TimeSpan.Zero)!;
        if (former.ForwardedPerSecond < 1)
        {
            Decide(
                TrafficVerdict.NotEnoughTraffic,
                $"{former.Unit} forwarded {LossRules.Rate(former.ForwardedPerSecond)} before the switch: not enough traffic to tell"
            );
        }
        else if (Age >= Early && IsAsBefore(former, all))
        {
            Decide(TrafficVerdict.Forwards, Forwarding(former));
        }
        else if (Age >= (all.Left == 0 && all.Wanted >= 3 ? SuspectedUntil : DecidedAfter))
        {
            var tells = all.Left >= 5;
            Decide(
                tells ? TrafficVerdict.Forwards : TrafficVerdict.NotEnoughTraffic,
                tells
                    ? Forwarding(former)
                    : $"{all.Left} packets in {all.Seconds:F1} s, {LossRules.Rate(former.ForwardedPerSecond)} before the switch: not "
                        + $"enough traffic to tell"
            );
        }
    }

    /// <summary>Half of the least that there was, everywhere: nobody has to wait for more.</summary>
    private bool IsAsBefore(ForwardingFigures former, ForwardingInterval all)
    {
        var enough = Math.Max(5, 0.5 * former.SteadyPerSecond * all.Seconds);
        return all.Left >= enough
            && all.Left >= 0.5 * all.Wanted * (former.ForwardedShare ?? 0)
            && former.Interfaces.All(was =>
                all.Interfaces.FirstOrDefault(now => now.Name == was.Name) is { Name: not null } now
                    ? now.Received >= 0.25 * was.ReceivedSteady * all.Seconds && now.Sent >= 0.25 * was.SentSteady * all.Seconds
                    : was.ReceivedSteady < SteadyMin && was.SentSteady < SteadyMin
            );
    }

    private string Forwarding(ForwardingFigures former)
    {
        var last = Since(Age - TimeSpan.FromSeconds(2)) ?? Since(TimeSpan.Zero)!;
        return $"{unit} forwards {LossRules.Rate(last.Left / Math.Max(0.001, last.Seconds))}; {former.Unit} forwarded "
            + $"{LossRules.Rate(former.ForwardedPerSecond)}";
    }

    /// <summary>What has been seen going on since the switch can only stop; what has not may never have begun.</summary>
    private void NoteLife(ForwardingInterval step)
    {
        carried |= step.Left > 0 && step.Left >= 0.25 * before!.SteadyPerSecond * step.Seconds;
        foreach (var was in before!.Interfaces)
        {
            if (
                step.Interfaces.FirstOrDefault(each => each.Name == was.Name) is { Name: not null } now
                && now.Received > 0
                && now.Received >= 0.25 * was.ReceivedSteady * step.Seconds
            )
            {
                alive.Add(was.Name);
            }
        }
    }

    /// <summary>
    /// The last moments, if they were watched without a pause: a machine that stood still has counted nothing, and says nothing. Short
    /// right after the switch, when the former primary is ready to go on; longer later.
    /// </summary>
    private ForwardingInterval? OutageWindow()
    {
        var length = Age < TimeSpan.FromSeconds(5) ? OutageRules.Window : OutageRules.LateWindow;
        var first = samples.Count - 1;
        while (first > 0 && samples[^1].At - samples[first].At < length)
        {
            if (samples[first].At - samples[first - 1].At > OutageRules.PauseMax)
            {
                return null;
            }

            first--;
        }

        return samples[^1].At - samples[first].At >= length ? new ForwardingInterval(samples[first], samples[^1]) : null;
    }

    /// <summary>From an age on until now; null: nothing was seen since.</summary>
    private ForwardingInterval? Since(TimeSpan age)
    {
        var first = samples.FindIndex(sample => sample.At - claimedAt >= age);
        return first >= 0 && first < samples.Count - 1 ? new ForwardingInterval(samples[first], samples[^1]) : null;
    }

    /// <summary>The last 2, 5 and 10 s, in halves; what is dropped in the very moment of the switch is no sign.</summary>
    private List<(ForwardingInterval First, ForwardingInterval Second)> Windows()
    {
        List<(ForwardingInterval First, ForwardingInterval Second)> found = [];
        foreach (var seconds in (ReadOnlySpan<int>)[2, 5, 10])
        {
            var from = Age - TimeSpan.FromSeconds(seconds);
            if (from < LossRules.Settled)
            {
                return found;
            }

            var (start, middle) = (IndexAt(from), IndexAt(from + TimeSpan.FromSeconds(seconds / 2.0)));
            if (start < middle && middle < samples.Count - 1)
            {
                found.Add((new ForwardingInterval(samples[start], samples[middle]), new ForwardingInterval(samples[middle], samples[^1])));
            }
        }

        return found;
    }

    private int IndexAt(TimeSpan age) => samples.FindIndex(sample => sample.At - claimedAt >= age);

    private ForwardingFigures? After()
    {
        if (samples.Count < 2)
        {
            return null;
        }

        ForwardingInterval[] whole = [Since(TimeSpan.Zero) ?? new ForwardingInterval(samples[0], samples[^1])];
        return ForwardingHistory.Of(unit, whole, whole);
    }

    private void Decide(TrafficVerdict decided, string why) => (verdict, text) = (decided, why);
}
