using System.Threading.Channels;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Upgrade;
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
    private readonly Action<IReadOnlyList<JournalEntry>> ended;
    private readonly Task[] tasks;
    private volatile bool idle = true;

    /// <summary>Starts at once; drives nothing until <see cref="Drive"/> says that this unit is primary.</summary>
    public UpgradeEngine(string self, ControlLoop control, JournalStore store, PeerClient peers, StepActs acts, EventLog events, Action<IReadOnlyList<JournalEntry>> ended)
    {
        this.self = self;
        this.control = control;
        this.store = store;
        this.peers = peers;
        this.acts = acts;
        this.events = events;
        this.ended = ended;
        machine = new RunMachine(self);
        control.SetHold(RunJournal.IsOpen(store.Last()));
        tasks = [Task.Run(RunAsync), Task.Run(TickAsync)];
    }

    /// <summary>Whether the run that this unit drives waits at a gate.</summary>
    public bool Waiting { get; private set; }

    /// <summary>Whether this unit drives a run now.</summary>
    public bool Driving { get; private set; }

    /// <summary>This unit has become primary, or is no longer.</summary>
    public void Drive(bool primary, long epoch, string reason) => inbox.Writer.TryWrite(new RunInput.Drive(primary, epoch, reason));

    /// <summary>Begins a run.</summary>
    public void Start(RunHeader header) => inbox.Writer.TryWrite(new RunInput.Start(header));

    /// <summary>Passes an operator's word on.</summary>
    public void Command(RunCommand word) => inbox.Writer.TryWrite(new RunInput.Command(word));

    /// <summary>A journal from the unit that drives.</summary>
    public void Receive(IReadOnlyList<JournalEntry> journal)
    {
        if (store.Put(journal))
        {
            AfterPut(journal);
        }
    }

    void IRunEffects.Append(uint ticket, JournalEntry entry)
    {
        JournalEntry[] journal = [.. machine.Journal, entry];
        Answer(async () =>
        {
            if (store.Put(journal))
            {
                AfterPut(journal);
            }

            var document = new JournalDocument(journal);
            var view = await control.ViewAsync();
            await Task.WhenAll(view.Peers.Where(p => p.Present).Select(peer => TellAsync(peer.Name, document)));

            // A store that has a further journal of this run did not take it: another unit drives, or has driven further.
            return new RunInput.Appended(ticket, RunJournal.Compare(store.Read(entry.Run)[^1], entry) == 0);
        }, _ => new RunInput.Appended(ticket, Ok: false));
        events.Add(EventKinds.Upgrade, $"{entry.Run} {entry.Kind} {new RunStep(entry.Step, entry.Target)}{(entry.Detail is null ? "" : ": " + entry.Detail)}", entry.Epoch);
    }

    void IRunEffects.Act(uint ticket, RunStep step, RunHeader header) => Answer(
        async () =>
        {
            var (detail, sessions, gap) = await acts.ActAsync(step, header, ending.Token);
            return new RunInput.Replied(ticket, Ok: true, Retry: false, detail, sessions, gap);
        },
        e => new RunInput.Replied(ticket, Ok: false, Retry: e is PeerException { Kind: PeerFailureKind.Unreachable } or OperationCanceledException, e.Message, null, null));

    void IRunEffects.Load(uint ticket) => Answer(
        async () =>
        {
            var best = store.Last();
            List<(string Name, IReadOnlyList<JournalEntry> Journal)> behind = [];
            var view = await control.ViewAsync();
            foreach (var peer in view.Peers.Where(p => p.Present))
            {
                try
                {
                    var theirs = (await peers.CallAsync(peer.Name, UpgradeCalls.GetJournal, new StepRequest("", "", "", "", self), JournalTimeout, ending.Token)).Entries;
                    best = RunJournal.Further(best, theirs);
                    behind.Add((peer.Name, theirs));
                }
                catch (PeerException e)
                {
                    events.Add(EventKinds.Upgrade, $"the journal of {peer.Name} could not be read: {e.Message}");
                }
            }

            if (store.Put(best))
            {
                AfterPut(best);
            }

            // A unit that was away when the run ended learns it now; an open run tells everybody with its next entry.
            if (best.Count > 0 && !RunJournal.IsOpen(best))
            {
                var whole = new JournalDocument(best);
                await Task.WhenAll(behind.Where(b => RunJournal.IsOpen(b.Journal)).Select(b => TellAsync(b.Name, whole)));
            }

            return new RunInput.Loaded(ticket, RunJournal.IsOpen(best) ? best : []);
        },
        _ => new RunInput.Loaded(ticket, []));

    void IRunEffects.Ended(RunHeader header, string verdict, IReadOnlyList<JournalEntry> journal) =>
        events.Add(EventKinds.Upgrade, $"{header.Run} has ended: {verdict}");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        inbox.Writer.TryComplete();
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    private async Task RunAsync()
    {
        await foreach (var input in inbox.Reader.ReadAllAsync(ending.Token))
        {
            machine.Step(input, Stopwatch.GetElapsedTime(0), DateTimeOffset.UtcNow, this);
            Waiting = machine.Waiting;
            Driving = machine.Header is not null;
            idle = machine.Idle;
        }
    }

    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(TickEvery);
        var askedAt = 0L;
        while (await timer.WaitForNextTickAsync(ending.Token))
        {
            var view = await control.ViewAsync();
            if (Driving)
            {
                inbox.Writer.TryWrite(new RunInput.Tick(FactsOf(view)));
            }
            else if (idle && view.Self.Role == UnitRole.Primary && view.Peers.Any(p => p.Present && p.Upgrading) && Stopwatch.GetElapsedTime(askedAt) >= AskAgain)
            {
                // A unit has (come back with) a run that is open for it, and nobody drives one.
                askedAt = Stopwatch.GetTimestamp();
                inbox.Writer.TryWrite(new RunInput.Drive(Primary: true, view.Epoch.Number, view.Reason));
            }
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

    private async Task TellAsync(string unit, JournalDocument document)
    {
        try
        {
            await peers.CallAsync(unit, UpgradeCalls.PutJournal, document, JournalTimeout, ending.Token);
        }
        catch (PeerException e)
        {
            // Not reachable (any more): the journal reaches it when it is back and the next entry is written.
            events.Add(EventKinds.Upgrade, $"the journal did not reach {unit}: {e.Message}");
        }
    }

    /// <summary>Does something slow outside the machine's task and puts the answer into its inbox.</summary>
    private void Answer(Func<Task<RunInput>> work, Func<Exception, RunInput> failed) => _ = Task.Run(async () =>
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
