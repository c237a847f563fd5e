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
                process.Unit.DurableEpoch = process.Unit.DiskFull ? process.Unit.DurableEpoch : Math.Max(process.Unit.DurableEpoch, epoch);
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
            List<JournalCopy> copies = [];
            var open = 1;
            void One()
            {
                if (--open == 0)
                {
                    copies.Add(JournalReplication.CopyIn(process.Unit.Journals.Of(entry.Run), journal));
                    Take(new RunInput.Appended(ticket, JournalReplication.IsDurable(copies)));
                }
            }

            foreach (var peer in process.Machine.Peers.Where(peer => !peer.Absent))
            {
                open++;
                Tell(world.UnitOf(peer.Unit), journal, copy =>
                {
                    copies.Add(copy);
                    One();
                });
            }

            One();
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
        List<(SimulatedUnit Unit, IReadOnlyList<JournalEntry> Journal)> others = [];
        var open = 1;
        void One()
        {
            if (--open == 0)
            {
                var best = JournalReplication.Furthest([process.Unit.Journals.Last, .. others.Select(other => other.Journal)]);
                Put(process, best);
                foreach (var (unit, _) in others.Where(other => JournalReplication.MustLearnEnd(best, other.Journal)))
                {
                    Tell(unit, best, _ => { });
                }

                Take(new RunInput.Loaded(ticket, RunJournal.IsOpen(best) ? best : []));
            }
        }

        foreach (var peer in process.Machine.Peers.Where(peer => !peer.Absent))
        {
            open++;
            var unit = world.UnitOf(peer.Unit);
            IReadOnlyList<JournalEntry> theirs = [];
            world.Calls.Call(
                process,
                unit,
                (served, answer) =>
                {
                    theirs = served.Unit.Journals.Last;
                    answer(true, "");
                },
                reply =>
                {
                    if (reply.Ok)
                    {
                        others.Add((unit, theirs));
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
        if (!where.Unit.DiskFull && where.Unit.Journals.Put(journal))
        {
            world.Rules.Runs.Written(where.Unit, journal);
            where.Take(ClusterInput.HoldChanged(RunJournal.IsOpen(journal)));
        }
    }

    /// <summary>Gives a unit the journal; <paramref name="done"/> gets what its disk has of it then.</summary>
    private void Tell(SimulatedUnit unit, IReadOnlyList<JournalEntry> journal, Action<JournalCopy> done)
    {
        var copy = JournalCopy.None;
        world.Calls.Call(process, unit, (served, answer) => world.Timeline.After(served.DiskDelay(), () =>
                {
                    if (served.Alive)
                    {
                        Put(served, journal);
                        copy = JournalReplication.CopyIn(served.Unit.Journals.Of(journal[0].Run), journal);
                        answer(true, "");
                    }
                }), answer => done(answer.Ok ? copy : JournalCopy.None));
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
