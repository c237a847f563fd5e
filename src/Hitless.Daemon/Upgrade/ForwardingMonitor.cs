using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Upgrade;
using Hitless.Core.Upgrade.Forwarding;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Sessions;
using Hitless.Linux.Counters;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// While this unit is primary: reads what its kernel forwards and drops, tells its standbys (every five seconds, and right before a planned
/// switch), and after a claim asks <see cref="ForwardingJudge"/> whether
/// it forwards as the former primary did. If it does not after a switchover that an operator asked for, the former primary gets the traffic
/// back; within a run the run goes back. A standby only keeps what it is
/// told. It lives in the network namespace of the thread that makes it. Decides nothing about packets.
/// </summary>
public sealed class ForwardingMonitor(
    string self,
    IReadOnlyList<string> interfaces,
    ControlLoop control,
    PeerClient peers,
    AnswerCount answers,
    JournalStore journals,
    EventLog events
) : IDisposable
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan JudgedInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LateInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan JudgedTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TellTimeout = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan PlannedMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ToldMax = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan OwnMin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan JudgementMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReturnTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ReturnRetry = TimeSpan.FromMilliseconds(100);
    private readonly ForwardingReader reader = new(interfaces);
    private readonly Lock gate = new();
    private readonly ForwardingHistory history = new();
    private readonly ChangeSignal wake = new();
    private readonly ChangeSignal decided = new();
    private (ForwardingTelling Telling, TimeSpan At)? told;
    private ForwardingJudge? judge;
    private ForwardingFigures? before;
    private string? giver;
    private TimeSpan claimedAt;
    private bool primary;
    private bool over;
    private bool returning;

    /// <summary>A run is driven here: the judge goes on until it ends.</summary>
    public bool RunDriven { get; set; }

    /// <summary>
    /// The judgement since this unit became primary, and whether it is decided; null while it is none, or was one when the process began.
    /// </summary>
    public (ReportTraffic Traffic, bool Decided, double? DropShare)? Judged(double allowedShare)
    {
        lock (gate)
        {
            if (judge is null)
            {
                return null;
            }

            judge.AllowedShare = allowedShare;
            return (judge.Judgement, judge.Decided, judge.DropShare);
        }
    }

    /// <summary>This unit has become primary, or is no longer. Returns at once.</summary>
    public void OnRole(bool nowPrimary)
    {
        lock (gate)
        {
            if (primary == nowPrimary)
            {
                return;
            }

            primary = nowPrimary;
            history.Clear();
            returning = false;
            judge = null;
            if (nowPrimary)
            {
                claimedAt = MonotonicClock.Now;
                var last = told is { } kept && claimedAt - kept.At <= ToldMax ? kept.Telling : null;
                before = last?.Figures;
                giver = last is { Planned: true, MayReturn: true } && claimedAt - told!.Value.At <= PlannedMax ? last.Unit : null;
                judge = new ForwardingJudge(self, before, claimedAt);
                over = false;
            }
        }

        wake.Raise();
    }

    /// <summary>A primary's figures.</summary>
    public Task<StepAnswer> TakeAsync(ForwardingTelling telling, CancellationToken cancel)
    {
        lock (gate)
        {
            told = (telling, MonotonicClock.Now);
        }

        return Task.FromResult(new StepAnswer(null));
    }

    /// <summary>The judgement since this unit became primary, once it is decided.</summary>
    public async Task<ReportTraffic> JudgementAsync(CancellationToken cancel)
    {
        for (var until = MonotonicClock.Now + JudgementMax; MonotonicClock.Now < until; )
        {
            var change = decided.Next;
            if (Judged(0) is { Decided: true } judged)
            {
                return judged.Traffic;
            }

            await ChangeSignal.WaitAsync(change, ReturnRetry, cancel);
        }

        return new ReportTraffic(TrafficVerdict.NotKnown, $"{self} is not primary, or could not tell in time", self, null, null);
    }

    /// <summary>Samples, judges and tells, until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var toldAt = TimeSpan.MinValue;
        while (true)
        {
            var change = wake.Next;
            var (wait, breach) = Look();
            if (breach is not null)
            {
                decided.Raise();
                _ = Task.Run(() => OnBreachAsync(breach, cancel), cancel);
            }

            if (wait != Timeout.InfiniteTimeSpan && MonotonicClock.Now - TellInterval >= toldAt)
            {
                toldAt = MonotonicClock.Now;
                await TellAsync(planned: false, cancel);
            }

            await ChangeSignal.WaitAsync(change, wait, cancel);
        }
    }

    /// <summary>
    /// While this unit is primary: tells every unit that is there what it forwards. <paramref name="planned"/>: a switchover begins now.
    /// </summary>
    public async Task TellAsync(bool planned, CancellationToken cancel)
    {
        ForwardingTelling telling;
        lock (gate)
        {
            if (!primary)
            {
                return;
            }

            telling = new ForwardingTelling(self, FiguresToHand(), planned, planned && !returning);
        }

        var view = await control.ViewAsync();
        await Task.WhenAll(
            view.Peers.Where(peer => peer.Present)
                .Select(async peer =>
                {
                    try
                    {
                        await peers.CallAsync(peer.Name, ForwardingCalls.Tell, telling, TellTimeout, cancel);
                    }
                    catch (PeerException)
                    {
                        // An older version, or not there: its successor's judge says that nothing is known.
                    }
                })
        );
    }

    /// <summary>The share of the routed packets that this unit's rules drop; null while it is not primary.</summary>
    public double? RefusedShare()
    {
        lock (gate)
        {
            return primary ? FiguresToHand().Losses.FirstOrDefault(loss => loss.Cause == LossCauses.Refused)?.Share ?? 0 : null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => reader.Dispose();

    /// <summary>One sample, if there is something to be seen; how long until the next one, and a breach that is new.</summary>
    private (TimeSpan Wait, string? Breach) Look()
    {
        lock (gate)
        {
            if (!primary)
            {
                return (Timeout.InfiniteTimeSpan, null);
            }

            var sample = reader.Read(MonotonicClock.Now, answers.Made, answers.Answered);
            history.Add(sample);
            if (judge is null || over)
            {
                return (SampleInterval, null);
            }

            var (was, known) = (judge.Breach, judge.Decided);
            judge.Step(sample);
            over = sample.At - claimedAt >= JudgedTime && !RunDriven;
            if (judge.Decided && !known)
            {
                decided.Raise();
            }

            return (
                over ? SampleInterval
                : sample.At - claimedAt < JudgedTime ? JudgedInterval
                : LateInterval,
                was is null ? judge.Breach : null
            );
        }
    }

    /// <summary>Who has been primary for too short a time to know, or does not forward, hands on what it was told itself.</summary>
    private ForwardingFigures FiguresToHand() =>
        before is not null && (history.Covered < OwnMin || (judge?.Breach is not null && !over)) ? before : history.Figures(self);

    private async Task OnBreachAsync(string breach, CancellationToken cancel)
    {
        events.Add(EventKinds.Role, breach);
        string? to;
        lock (gate)
        {
            to = RunJournal.IsOpen(journals.Last()) ? null : giver;
            returning = to is not null;
        }

        for (var until = MonotonicClock.Now + ReturnTimeout; to is not null && MonotonicClock.Now < until; )
        {
            try
            {
                var view = await control.ViewAsync();
                if (view.Self.Role != UnitRole.Primary)
                {
                    return;
                }

                if (view.Peers.FirstOrDefault(peer => peer.Name == to && peer.Ready) is { } former)
                {
                    await control.SwitchOverAsync(former.Id, "the traffic does not go on here", evenIfWorse: true);
                    return;
                }
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                events.Add(EventKinds.Role, $"the traffic could not be handed back to {to} yet: {e.Message}");
            }

            await Task.Delay(ReturnRetry, cancel);
        }

        if (to is not null)
        {
            events.Add(
                EventKinds.Role,
                $"the traffic was not handed back: {to} did not become ready within {ReturnTimeout.TotalSeconds:F0} s"
            );
        }
    }
}
