using System.Threading.Channels;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Api;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// Runs the <see cref="RunMachine"/> of this unit: one task owns it; what it wants done is done by tasks that answer into its inbox.
/// Decides nothing.
/// </summary>
public sealed class UpgradeEngine : IRunEffects, IAsyncDisposable
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan JournalTimeout = TimeSpan.FromSeconds(2);
    private readonly Channel<RunInput> inbox = Channel.CreateUnbounded<RunInput>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource ending = new();
    private readonly string self;
    private readonly RunMachine machine;
    private readonly ControlLoop control;
    private readonly JournalStore store;
    private readonly PeerClient peers;
    private readonly StepActs acts;
    private readonly EventLog events;
    private readonly ForwardingMonitor forwarding;
    private readonly Action<IReadOnlyList<JournalEntry>> ended;
    private readonly Task[] tasks;
    private CancellationTokenSource acting = new();
    private readonly ChangeSignal turned = new();
    private volatile bool idle = true;

    /// <summary>Starts at once; drives nothing until <see cref="Drive"/> says that this unit is primary.</summary>
    public UpgradeEngine(
        string self,
        ControlLoop control,
        JournalStore store,
        PeerClient peers,
        StepActs acts,
        ForwardingMonitor forwarding,
        EventLog events,
        Action<IReadOnlyList<JournalEntry>> ended
    )
    {
        this.self = self;
        this.control = control;
        this.store = store;
        this.peers = peers;
        this.acts = acts;
        this.forwarding = forwarding;
        this.events = events;
        this.ended = ended;
        machine = new RunMachine(self);
        control.SetHold(RunJournal.IsOpen(store.Last()));
        tasks =
        [
            StandingTask.Run("the driver of runs", RunAsync, events, ending.Token),
            StandingTask.Run("the clock of runs", TickAsync, events, ending.Token),
        ];
    }

    /// <summary>Whether the run that this unit drives waits at a gate.</summary>
    public bool Waiting { get; private set; }

    /// <summary>Whether this unit drives a run now.</summary>
    public bool Driving { get; private set; }

    /// <summary>This unit has become primary, after a gap of <paramref name="gapMs"/> milliseconds, or is no longer.</summary>
    public void Drive(bool primary, long epoch, string reason, double? gapMs) =>
        inbox.Writer.TryWrite(new RunInput.Drive(primary, epoch, reason) { GapMs = gapMs });

    /// <summary>Begins a run.</summary>
    public void Start(RunHeader header) => inbox.Writer.TryWrite(new RunInput.Start(header));

    /// <summary>Passes an operator's word on.</summary>
    public void Command(RunCommand word) => inbox.Writer.TryWrite(new RunInput.Command(word));

    /// <summary>Keeps a journal if it is further than the one here.</summary>
    public void Learn(IReadOnlyList<JournalEntry> journal)
    {
        if (store.Put(journal))
        {
            AfterPut(journal);
        }
    }

    /// <summary>A journal from the unit that drives; the answer says whether the one here is further.</summary>
    /// <exception cref="RefusedException">It is not on this unit's disk now.</exception>
    public JournalAnswer Receive(IReadOnlyList<JournalEntry> journal)
    {
        Learn(journal);
        return (journal.Count > 0 ? JournalReplication.CopyIn(store.Read(journal[0].Run), journal) : JournalCopy.None) switch
        {
            JournalCopy.None => throw new RefusedException(
                $"{self} did not write the journal of the run: it is not whole, or cannot be read again",
                $"look at the events of {self}"
            ),
            var copy => new JournalAnswer(copy == JournalCopy.Further),
        };
    }

    void IRunEffects.Append(uint ticket, JournalEntry entry)
    {
        JournalEntry[] journal = [.. machine.Journal, entry];
        Answer(
            async () => new RunInput.Appended(ticket, await WriteEverywhereAsync(journal)),
            _ => new RunInput.Appended(ticket, Ok: false)
        );
        events.Add(
            EventKinds.Upgrade,
            $"{entry.Run} {entry.Kind} {new RunStep(entry.Step, entry.Target)}{(entry.Detail is null ? "" : ": " + entry.Detail)}",
            entry.Epoch
        );
    }

    void IRunEffects.Act(uint ticket, RunStep step, RunHeader header)
    {
        acting.Cancel();
        acting = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        var cancel = acting.Token;
        Answer(
            async () =>
            {
                var (detail, sessions, gap) = await acts.ActAsync(step, header, cancel);
                return new RunInput.Replied(ticket, Ok: true, Retry: false, detail, sessions, gap);
            },
            e =>
            {
                var failed = e as ServiceCheckException;
                var retry =
                    e is PeerException { Kind: PeerFailureKind.Unreachable or PeerFailureKind.Failed } or OperationCanceledException;
                return new RunInput.Replied(ticket, Ok: false, retry, e.Message, failed?.Sessions, failed?.GapMs);
            }
        );
    }

    void IRunEffects.Load(uint ticket) =>
        Answer(
            async () =>
            {
                List<(string Name, IReadOnlyList<JournalEntry> Journal)> others = [];
                var view = await control.ViewAsync();
                foreach (var peer in view.Peers.Where(p => p.Present))
                {
                    try
                    {
                        var theirs = (
                            await peers.CallAsync(
                                peer.Name,
                                UpgradeCalls.GetJournal,
                                new StepRequest("", "", "", "", self),
                                JournalTimeout,
                                ending.Token
                            )
                        ).Entries;
                        others.Add((peer.Name, theirs));
                    }
                    catch (PeerException e)
                    {
                        events.Add(EventKinds.Upgrade, $"the journal of {peer.Name} could not be read: {e.Message}");
                    }
                }

                var best = JournalReplication.Furthest([store.Last(), .. others.Select(other => other.Journal)]);
                if (TryPut(best))
                {
                    AfterPut(best);
                }

                var behind = others.Where(other => JournalReplication.MustLearnEnd(best, other.Journal));
                await Task.WhenAll(behind.Select(other => CopyToAsync(other.Name, new JournalDocument(best))));

                return new RunInput.Loaded(ticket, RunJournal.IsOpen(best) ? best : []);
            },
            _ => new RunInput.Loaded(ticket, [])
        );

    void IRunEffects.Ended(RunHeader header, string verdict, IReadOnlyList<JournalEntry> journal) =>
        events.Add(EventKinds.Upgrade, $"{header.Run} has ended: {verdict}");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        inbox.Writer.TryComplete();
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        acting.Dispose();
        ending.Dispose();
    }

    private async Task RunAsync()
    {
        await foreach (var input in inbox.Reader.ReadAllAsync(ending.Token))
        {
            if (input is RunInput.Drive drive && !(drive.Primary && machine.Drives(drive.Epoch)))
            {
                // What the unit did as driver of another term ends here; a successor finds it done or not.
                await acting.CancelAsync();
            }

            machine.Step(input, Stopwatch.GetElapsedTime(0), DateTimeOffset.UtcNow, this);
            Waiting = machine.Waiting;
            var (driving, nowIdle) = (machine.Header is not null, machine.Idle);
            var news = driving != Driving || nowIdle != idle;
            (Driving, idle, forwarding.RunDriven) = (driving, nowIdle, driving);
            if (news)
            {
                turned.Raise();
            }
        }
    }

    /// <summary>The machine's clock while it drives a run; else there is nothing to do until the cluster changes.</summary>
    private async Task TickAsync()
    {
        var askedAt = 0L;
        while (true)
        {
            var (turn, change) = (turned.Next, control.Changes.Next);
            var view = await control.ViewAsync();
            if (Driving)
            {
                var judged = forwarding.Judged(machine.Baseline?.DropShare ?? 0);
                inbox.Writer.TryWrite(
                    new RunInput.Tick(FactsOf(view), judged?.Traffic.Breach, judged?.DropShare)
                    {
                        Traffic = judged?.Traffic,
                        Judging = judged is { Decided: false },
                    }
                );
                await ChangeSignal.WaitAsync(turn, TickEvery, ending.Token);
                continue;
            }

            // A unit has (come back with) a run that is open for it, and nobody drives one.
            var orphaned = idle && view.Self.Role == UnitRole.Primary && view.Peers.Any(p => p.Present && p.Upgrading);
            if (orphaned && Stopwatch.GetElapsedTime(askedAt) >= AskAgain)
            {
                askedAt = Stopwatch.GetTimestamp();
                inbox.Writer.TryWrite(new RunInput.Drive(Primary: true, view.Epoch.Number, view.Reason));
            }

            await ChangeSignal.WaitAsync(Task.WhenAny(turn, change), orphaned ? AskAgain : Timeout.InfiniteTimeSpan, ending.Token);
        }
    }

    private void AfterPut(IReadOnlyList<JournalEntry> journal)
    {
        control.SetHold(RunJournal.IsOpen(journal));
        if (!RunJournal.IsOpen(journal))
        {
            ended(journal);
        }
    }

    private async Task<bool> WriteEverywhereAsync(JournalEntry[] journal)
    {
        if (TryPut(journal))
        {
            AfterPut(journal);
        }

        var document = new JournalDocument(journal);
        var view = await control.ViewAsync();
        var copies = await Task.WhenAll(view.Peers.Where(p => p.Present).Select(peer => CopyToAsync(peer.Name, document)));
        return JournalReplication.IsDurable([JournalReplication.CopyIn(store.Read(journal[0].Run), journal), .. copies]);
    }

    private bool TryPut(IReadOnlyList<JournalEntry> journal)
    {
        try
        {
            return store.Put(journal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            events.Add(EventKinds.Upgrade, $"the journal cannot be written here: {e.Message}");
            return false;
        }
    }

    /// <summary>Where the journal does not reach the unit's disk, it will when the unit is back and the next entry is written.</summary>
    private async Task<JournalCopy> CopyToAsync(string unit, JournalDocument document)
    {
        try
        {
            var answer = await peers.CallAsync(unit, UpgradeCalls.PutJournal, document, JournalTimeout, ending.Token);
            return answer.Further ? JournalCopy.Further : JournalCopy.Written;
        }
        catch (PeerException e)
        {
            events.Add(EventKinds.Upgrade, $"the journal did not reach {unit}: {e.Message}");
            return JournalCopy.None;
        }
    }

    /// <summary>Does something slow outside the machine's task and puts the answer into its inbox.</summary>
    private void Answer(Func<Task<RunInput>> work, Func<Exception, RunInput> failed) =>
        _ = Task.Run(async () =>
        {
            RunInput answer;
            try
            {
                answer = await work();
            }
            catch (Exception e)
            {
                answer = failed(e);
            }

            inbox.Writer.TryWrite(answer);
        });

    private static UnitFacts[] FactsOf(ClusterView view) =>
        [.. view.Units.Select(u => new UnitFacts(u.Name, u.Present, u.Role == UnitRole.Primary, u.Ready, u.Version, u.Failures, u.Tag))];
}
