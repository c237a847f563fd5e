using Hitless.Core.Cluster;
using Hitless.Core.Upgrade;
using Hitless.Simulator.Faults;
using Hitless.Simulator.Time;
using Hitless.Simulator.Units;

namespace Hitless.Simulator.Runs;

/// <summary>
/// A daemon's upgrade engine: the real <see cref="RunMachine"/>, with disk, calls and time as the daemon would give them to it.
/// </summary>
internal sealed class RunHost : IRunEffects
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private readonly Simulation world;
    private readonly UnitProcess process;
    private readonly RunActs acts;
    private readonly RunMachine machine;
    private TimeSpan rolesHandledAt;
    private TimeSpan askedAt;

    public RunHost(Simulation world, UnitProcess process, Chance chance)
    {
        this.world = world;
        this.process = process;
        acts = new RunActs(world, process, chance);
        machine = new RunMachine(process.Unit.Name);
        process.Take(ClusterInput.HoldChanged(RunJournal.IsOpen(process.Unit.Journals.Last)));
        world.Timeline.After(TickEvery, Tick);
    }

    /// <summary>The machine that drives, or would.</summary>
    public RunMachine Machine => machine;

    /// <summary>
    /// The cluster machine of this process has another role, or opened an epoch. Handled off the control loop's thread, one after the
    /// other.
    /// </summary>
    public void RoleChanged(bool primary, long epoch, string reason)
    {
        // Who became primary writes that down first.
        var delay = primary ? process.DiskDelay() : TimeSpan.FromMilliseconds(0.1);
        rolesHandledAt = (rolesHandledAt > world.Timeline.Now ? rolesHandledAt : world.Timeline.Now) + delay;
        world.Timeline.At(rolesHandledAt, () =>
        {
            if (!process.Alive)
            {
                return;
            }

            if (primary)
            {
                process.Unit.DurableEpoch = Math.Max(process.Unit.DurableEpoch, epoch);
                process.Steps.KeepTrialOfPrimary();
            }

            Take(new RunInput.Drive(primary, epoch, reason));
        });
    }

    /// <summary>An operator starts a run.</summary>
    public void Start(RunHeader header) => Take(new RunInput.Start(header));

    /// <summary>An operator's word.</summary>
    public void Command(RunCommand word) => Take(new RunInput.Command(word));

    void IRunEffects.Append(uint ticket, JournalEntry entry)
    {
        process.Effect();
        world.Trace.Line(process.Unit.Name, $"run: {entry.Kind} {new RunStep(entry.Step, entry.Target)}: {entry.Detail}");
        JournalEntry[] journal = [.. machine.Journal, entry];
        if (world.Plant == Plant.JournalAfterEffect)
        {
            Take(new RunInput.Appended(ticket, Ok: true));
        }

        world.Timeline.After(process.DiskDelay(), () =>
        {
            if (!process.Alive)
            {
                return;
            }

            world.Rules.Runs.Noted(entry);
            Put(process, journal);
            var open = 1;
            var refused = false;
            void One(bool further)
            {
                refused |= further;
                if (--open == 0)
                {
                    Take(new RunInput.Appended(ticket, Ok: !refused && process.Unit.Journals.Last[^1] == entry));
                }
            }

            foreach (var peer in process.Machine.Peers.Where(peer => !peer.Absent))
            {
                open++;
                Tell(world.UnitOf(peer.Unit), journal, One);
            }

            One(further: false);
        });
    }

    void IRunEffects.Act(uint ticket, RunStep step, RunHeader header)
    {
        process.Effect();
        acts.Begin(step, header, (ok, retry, text) => Take(new RunInput.Replied(ticket, ok, retry, text, null, null)));
    }

    void IRunEffects.Load(uint ticket)
    {
        process.Effect();
        var best = process.Unit.Journals.Last;
        List<SimulatedUnit> behind = [];
        var open = 1;
        void One()
        {
            if (--open == 0)
            {
                Put(process, best);
                TellEnd(best, behind);
                Take(new RunInput.Loaded(ticket, RunJournal.IsOpen(best) ? best : []));
            }
        }

        foreach (var peer in process.Machine.Peers.Where(peer => !peer.Absent))
        {
            open++;
            IReadOnlyList<JournalEntry> theirs = [];
            world.Calls.Call(
                process,
                world.UnitOf(peer.Unit),
                (served, answer) =>
                {
                    theirs = served.Unit.Journals.Last;
                    answer(true, "");
                },
                reply =>
                {
                    best = reply.Ok ? RunJournal.Further(best, theirs) : best;
                    if (reply.Ok && RunJournal.IsOpen(theirs))
                    {
                        behind.Add(world.UnitOf(peer.Unit));
                    }

                    One();
                }
            );
        }

        One();
    }

    void IRunEffects.Ended(RunHeader header, string verdict, IReadOnlyList<JournalEntry> journal) =>
        world.Trace.Line(process.Unit.Name, $"run {header.Run} has ended: {verdict}");

    private void Put(UnitProcess where, IReadOnlyList<JournalEntry> journal)
    {
        if (where.Unit.Journals.Put(journal))
        {
            world.Rules.Runs.Written(where.Unit, journal);
            where.Take(ClusterInput.HoldChanged(RunJournal.IsOpen(journal)));
        }
    }

    /// <summary>Gives a unit the journal; <paramref name="done"/> gets whether that unit has one of the same run that is further.</summary>
    private void Tell(SimulatedUnit unit, IReadOnlyList<JournalEntry> journal, Action<bool> done)
    {
        var further = false;
        world.Calls.Call(process, unit, (served, answer) => world.Timeline.After(served.DiskDelay(), () =>
                {
                    if (served.Alive)
                    {
                        Put(served, journal);
                        var last = served.Unit.Journals.Last;
                        further = last.Count > 0 && last[0].Run == journal[0].Run && RunJournal.Compare(last[^1], journal[^1]) > 0;
                        answer(true, "");
                    }
                }), answer => done(answer.Ok && further));
    }

    /// <summary>Units that were away when the run ended learn it now.</summary>
    private void TellEnd(IReadOnlyList<JournalEntry> journal, List<SimulatedUnit> behind)
    {
        if (journal.Count > 0 && !RunJournal.IsOpen(journal))
        {
            behind.ForEach(unit => Tell(unit, journal, _ => { }));
        }
    }

    private void Tick()
    {
        if (!process.Alive)
        {
            return;
        }

        if (machine.Header is not null)
        {
            Take(new RunInput.Tick(Facts()));
        }
        else if (
            machine.Idle
            && process.Machine.Role == UnitRole.Primary
            && process.Machine.Peers.Any(peer => !peer.Absent && peer.Last.Upgrading)
            && world.Timeline.Now - askedAt >= AskAgain
        )
        {
            askedAt = world.Timeline.Now;
            Take(new RunInput.Drive(Primary: true, process.Machine.Epoch.Number, process.Machine.Reason));
        }

        world.Timeline.After(TickEvery, Tick);
    }

    private void Take(RunInput input) =>
        world.Timeline.After(TimeSpan.FromMilliseconds(0.1), () =>
            process.WhenScheduled(() =>
                process.Guard(() => machine.Step(input, process.LocalNow, DateTimeOffset.UnixEpoch + world.Timeline.Now, this))
            )
        );

    private UnitFacts[] Facts()
    {
        var own = process.Machine;
        return
        [
            new UnitFacts(
                process.Unit.Name,
                Present: true,
                !HidesPrimary && own.Role == UnitRole.Primary,
                IsReady(own.Role, own.State),
                process.Version.ToString(),
                own.Outgoing.Failures,
                process.Tag
            ),
            .. own
                .Peers.Where(peer => peer.Tag != 0)
                .Select(peer => new UnitFacts(
                    peer.Last.Name,
                    !peer.Absent,
                    !HidesPrimary && !peer.Absent && peer.Last.Role == UnitRole.Primary,
                    !peer.Absent && IsReady(peer.Last.Role, peer.Last.State),
                    peer.Last.Version,
                    peer.Last.Failures,
                    peer.Tag
                )),
        ];
    }

    private bool HidesPrimary => world.Plant == Plant.InstallAnywhere;

    private static bool IsReady(UnitRole role, UnitState state) =>
        role == UnitRole.Primary || (role == UnitRole.Standby && state is UnitState.Ready or UnitState.Fault);
}
