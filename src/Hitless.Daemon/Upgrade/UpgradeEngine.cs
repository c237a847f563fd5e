using System.Threading.Channels;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Units;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// Runs the <see cref="ManagementMachine"/> of this unit: one task owns it; what it wants done is done by tasks that answer into its inbox.
/// Decides nothing.
/// </summary>
public sealed class UpgradeEngine : IManagementEffects, IAsyncDisposable
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan JournalTimeout = TimeSpan.FromSeconds(2);
    private readonly Channel<ManagementInput> inbox = Channel.CreateUnbounded<ManagementInput>(
        new UnboundedChannelOptions { SingleReader = true }
    );
    private readonly CancellationTokenSource ending = new();
    private readonly string self;
    private readonly ManagementMachine machine;
    private readonly ControlLoop control;
    private readonly JournalStore store;
    private readonly PeerClient peers;
    private readonly StepActs acts;
    private readonly EventLog events;
    private readonly RunSight sight;
    private readonly Action<IReadOnlyList<JournalEntry>> ended;
    private readonly Task[] tasks;
    private CancellationTokenSource acting = new();
    private readonly ChangeSignal turned = new();
    private Turn turn = new(Driving: false, Waiting: false, LookAgainAt: null, AllowedDropShare: 0);

    /// <summary>Starts at once; drives nothing until <see cref="DriveAsync"/> says that this unit is primary.</summary>
    public UpgradeEngine(
        string self,
        ControlLoop control,
        JournalStore store,
        PeerClient peers,
        StepActs acts,
        RunSight sight,
        EventLog events,
        Action<IReadOnlyList<JournalEntry>> ended
    )
    {
        this.self = self;
        this.control = control;
        this.store = store;
        this.peers = peers;
        this.acts = acts;
        this.sight = sight;
        this.events = events;
        this.ended = ended;
        machine = new ManagementMachine(self);
        control.SetHold(RunJournal.IsOpen(store.Last()));
        tasks =
        [
            StandingTask.Run("the driver of runs", RunAsync, events, ending.Token),
            StandingTask.Run("the clock of runs", LookAsync, events, ending.Token),
            StandingTask.Run("the watch on alerts", () => sight.RunAsync(ending.Token), events, ending.Token),
        ];
    }

    /// <summary>Whether the run that this unit drives waits at a gate.</summary>
    public bool Waiting => Volatile.Read(ref turn).Waiting;

    /// <summary>This unit has become primary, after a gap of <paramref name="gapMs"/> milliseconds, or is no longer.</summary>
    public async Task DriveAsync(bool primary, long epoch, string reason, double? gapMs)
    {
        Post(SeenIn(await control.ViewAsync()));
        Post(new ManagementInput.Role(new RunInput.Drive(primary, epoch, reason) { GapMs = gapMs }));
    }

    /// <summary>Begins a run.</summary>
    public void Start(RunHeader header) => Post(new ManagementInput.Passed(new RunInput.Start(header)));

    /// <summary>Passes an operator's word on.</summary>
    public void Command(RunCommand word) => Post(new ManagementInput.Passed(new RunInput.Command(word)));

    /// <summary>Passes on somebody's word for a gate.</summary>
    public void Say(GateWord word) => Post(new ManagementInput.Passed(new RunInput.Gate(word)));

    /// <summary>A journal from the unit that drives; the answer says whether the one here is further.</summary>
    /// <exception cref="RefusedException">It is not on this unit's disk now.</exception>
    public JournalAnswer Receive(IReadOnlyList<JournalEntry> journal)
    {
        if (store.Put(journal))
        {
            AfterPut(journal);
        }

        return (journal.Count > 0 ? JournalReplication.CopyIn(store.Read(journal[0].Run), journal) : JournalCopy.None) switch
        {
            JournalCopy.None => throw new RefusedException(
                $"{self} did not write the journal of the run: it is not whole, or cannot be read again",
                $"look at the events of {self}"
            ),
            var copy => new JournalAnswer(copy == JournalCopy.Further),
        };
    }

    void IManagementEffects.Write(RequestId round, string unit, IReadOnlyList<JournalEntry> journal) =>
        Answer(
            async () =>
            {
                var copy = unit == self ? WriteHere(journal) : await CopyToAsync(unit, journal);
                return new ManagementInput.Written(round, unit, copy);
            },
            _ => new ManagementInput.Written(round, unit, JournalCopy.None)
        );

    void IManagementEffects.Read(RequestId round, string unit) =>
        Answer(
            async () => new ManagementInput.Found(round, unit, unit == self ? store.Last() : await FetchAsync(unit)),
            _ => new ManagementInput.Found(round, unit, null)
        );

    void IManagementEffects.Act(RequestId request, RunStep step, RunHeader header)
    {
        acting.Cancel();
        acting.Dispose();
        acting = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        var cancel = acting.Token;
        Answer(
            async () =>
            {
                var (detail, sessions, gap) = await acts.ActAsync(step, header, cancel);
                return Passed(new RunInput.Replied(request, Ok: true, Retry: false, detail, sessions, gap));
            },
            e =>
            {
                var failed = e as ServiceCheckException;
                var retry =
                    e is PeerException { Kind: PeerFailureKind.Unreachable or PeerFailureKind.Failed } or OperationCanceledException;
                return Passed(new RunInput.Replied(request, Ok: false, retry, e.Message, failed?.Sessions, failed?.GapMs));
            }
        );

        static ManagementInput Passed(RunInput.Replied reply) => new ManagementInput.Passed(reply);
    }

    void IManagementEffects.CancelAct() => acting.Cancel();

    void IManagementEffects.Announce(JournalEntry entry) =>
        events.Add(
            EventKinds.Upgrade,
            $"{entry.Run} {entry.Kind} {new RunStep(entry.Step, entry.Target)}{(entry.Detail is null ? "" : ": " + entry.Detail)}",
            entry.Epoch
        );

    void IManagementEffects.Ended(RunHeader header, RunState verdict) =>
        events.Add(EventKinds.Upgrade, $"{header.Run} has ended: {verdict}");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        inbox.Writer.TryComplete();
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        acting.Dispose();
        sight.Dispose();
        ending.Dispose();
    }

    private void Post(ManagementInput input) => inbox.Writer.TryWrite(input);

    private async Task RunAsync()
    {
        await foreach (var input in inbox.Reader.ReadAllAsync(ending.Token))
        {
            machine.Step(input, MonotonicClock.Now, DateTimeOffset.UtcNow, this);
            var now = new Turn(machine.Header is not null, machine.Waiting, machine.LookAgainAt, machine.Baseline?.DropShare ?? 0);
            if (now != turn)
            {
                Volatile.Write(ref turn, now);
                sight.Follow(machine.Header);
                turned.Raise();
            }
        }
    }

    /// <summary>Shows the cluster to the machine: ten times a second while it drives a run, else after each change.</summary>
    private async Task LookAsync()
    {
        while (true)
        {
            var (turning, cluster, journal) = (turned.Next, control.Changes.Next, store.Changes.Next);
            var known = Volatile.Read(ref turn);
            Post(SeenIn(await control.ViewAsync()));
            var wait =
                known.Driving ? TickInterval
                : known.LookAgainAt is { } at ? Max(at - MonotonicClock.Now, TickInterval)
                : Timeout.InfiniteTimeSpan;
            await ChangeSignal.WaitAsync(known.Driving ? turning : Task.WhenAny(turning, cluster, journal), wait, ending.Token);
        }
    }

    private ManagementInput.Seen SeenIn(ClusterView view)
    {
        var units = FactsOf(view);
        var run = Volatile.Read(ref turn) is { Driving: true } driven ? sight.Tick(units, driven.AllowedDropShare) : null;
        return new ManagementInput.Seen(view.Epoch.Number, view.Reason, units, run);
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private void AfterPut(IReadOnlyList<JournalEntry> journal)
    {
        control.SetHold(RunJournal.IsOpen(journal));
        if (!RunJournal.IsOpen(journal))
        {
            ended(journal);
        }
    }

    private JournalCopy WriteHere(IReadOnlyList<JournalEntry> journal)
    {
        try
        {
            if (store.Put(journal))
            {
                AfterPut(journal);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            events.Add(EventKinds.Upgrade, $"the journal cannot be written here: {e.Message}");
        }

        return JournalReplication.CopyIn(store.Read(journal[0].Run), journal);
    }

    /// <summary>Where the journal does not reach the unit's disk, it will when the unit is back and the next entry is written.</summary>
    private async Task<JournalCopy> CopyToAsync(string unit, IReadOnlyList<JournalEntry> journal)
    {
        try
        {
            var answer = await peers.CallAsync(unit, UpgradeCalls.PutJournal, new JournalDocument(journal), JournalTimeout, ending.Token);
            return answer.Further ? JournalCopy.Further : JournalCopy.Written;
        }
        catch (PeerException e)
        {
            events.Add(EventKinds.Upgrade, $"the journal did not reach {unit}: {e.Message}");
            return JournalCopy.None;
        }
    }

    /// <summary>The journal of a unit's last run; null: it does not answer, being just started or gone.</summary>
    private async Task<IReadOnlyList<JournalEntry>?> FetchAsync(string unit)
    {
        try
        {
            var request = new PeerQuestion(self);
            return (await peers.CallAsync(unit, UpgradeCalls.GetJournal, request, JournalTimeout, ending.Token)).Entries;
        }
        catch (PeerException e)
        {
            if ((await control.ViewAsync()).Self.Role == UnitRole.Primary)
            {
                events.Add(EventKinds.Upgrade, $"the journal of {unit} could not be read: {e.Message}");
            }

            return null;
        }
    }

    /// <summary>Does something slow outside the machine's task and puts the answer into its inbox.</summary>
    private void Answer(Func<Task<ManagementInput>> work, Func<Exception, ManagementInput> failed) =>
        _ = Task.Run(async () =>
        {
            ManagementInput answer;
            try
            {
                answer = await work();
            }
            catch (Exception e)
            {
                answer = failed(e);
            }

            Post(answer);
        });

    private UnitFacts[] FactsOf(ClusterView view) =>
        [
            .. view.Units.Select(u => new UnitFacts(
                u.Name,
                u.Present,
                u.Role == UnitRole.Primary,
                u.Ready,
                u.Version,
                u.Failures,
                u.Tag,
                u.Id == view.Self.Id ? RunJournal.IsOpen(store.Last()) : u.Upgrading,
                acts.Balance?.Carries(u.Id) == true
            )),
        ];

    /// <summary>What the machine's task tells the others after an input.</summary>
    private sealed record Turn(bool Driving, bool Waiting, TimeSpan? LookAgainAt, double AllowedDropShare);
}
