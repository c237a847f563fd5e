using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Units;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Simulator.Faults;
using Hitless.Simulator.Time;

namespace Hitless.Simulator.Units.Runs;

/// <summary>
/// A daemon's upgrade engine: the real <see cref="ManagementMachine"/>, with disk, calls and time as the daemon would give them to it.
/// </summary>
internal sealed class RunHost : IManagementEffects
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);
    private readonly Simulation world;
    private readonly UnitProcess process;
    private readonly RunActs acts;
    private readonly ManagementMachine machine;
    private TimeSpan rolesHandledAt;

    public RunHost(Simulation world, UnitProcess process, Chance chance)
    {
        this.world = world;
        this.process = process;
        acts = new RunActs(world, process, chance);
        machine = new ManagementMachine(process.Unit.Name);
        process.Take(ClusterInput.HoldChanged(RunJournal.IsOpen(process.Unit.Journals.Last)));
        world.Timeline.After(LookInterval, Look);
    }

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

            Take(Seen());
            Take(new ManagementInput.Role(new RunInput.Drive(primary, epoch, reason)));
        });
    }

    /// <summary>An operator starts a run.</summary>
    public void Start(RunHeader header) => Take(new ManagementInput.Passed(new RunInput.Start(header)));

    /// <summary>An operator's word.</summary>
    public void Command(RunCommand word) => Take(new ManagementInput.Passed(new RunInput.Command(word)));

    /// <summary>Somebody's word for a gate.</summary>
    public void Say(GateWord word) => Take(new ManagementInput.Passed(new RunInput.Gate(word)));

    void IManagementEffects.Announce(JournalEntry entry)
    {
        world.Trace.Line(process.Unit.Name, $"run: {entry.Kind} {new RunStep(entry.Step, entry.Target)}: {entry.Detail}");
        world.Rules.Runs.Noted(entry);
        GateKeeper.Noted(world, entry);
    }

    void IManagementEffects.Write(RequestId round, string unit, IReadOnlyList<JournalEntry> journal)
    {
        process.Effect();
        void Written(JournalCopy copy) => Take(new ManagementInput.Written(round, unit, copy));
        if (world.Plant == Plant.JournalAfterEffect)
        {
            Written(JournalCopy.Written);
        }

        if (unit != process.Unit.Name)
        {
            Send(unit, journal, Written);
            return;
        }

        world.Timeline.After(process.DiskDelay(), () =>
        {
            if (process.Alive)
            {
                Put(process, journal);
                Written(JournalReplication.CopyIn(process.Unit.Journals.Of(journal[0].Run), journal));
            }
        });
    }

    void IManagementEffects.Read(RequestId round, string unit)
    {
        process.Effect();
        if (unit == process.Unit.Name)
        {
            Take(new ManagementInput.Found(round, unit, process.Unit.Journals.Last));
            return;
        }

        IReadOnlyList<JournalEntry> theirs = [];
        world.Calls.Call(
            process,
            Named(unit),
            (served, answer) =>
            {
                theirs = served.Unit.Journals.Last;
                answer(true, "");
            },
            reply => Take(new ManagementInput.Found(round, unit, reply.Ok ? theirs : null))
        );
    }

    void IManagementEffects.Act(RequestId request, RunStep step, RunHeader header)
    {
        process.Effect();
        acts.Begin(step, header, (ok, retry, text) =>
            Take(new ManagementInput.Passed(new RunInput.Replied(request, ok, retry, text, null, null)))
        );
    }

    void IManagementEffects.CancelAct() { }

    void IManagementEffects.Ended(RunHeader header, RunState verdict) =>
        world.Trace.Line(process.Unit.Name, $"run {header.Run} has ended: {verdict}");

    private void Put(UnitProcess where, IReadOnlyList<JournalEntry> journal)
    {
        if (!where.Unit.DiskFull && where.Unit.Journals.Put(journal))
        {
            world.Rules.Runs.Written(where.Unit, journal);
            where.Take(ClusterInput.HoldChanged(RunJournal.IsOpen(journal)));
        }
    }

    /// <summary>Gives another unit the journal; <paramref name="done"/> gets what its disk has of it then.</summary>
    private void Send(string unit, IReadOnlyList<JournalEntry> journal, Action<JournalCopy> done)
    {
        var copy = JournalCopy.None;
        world.Calls.Call(process, Named(unit), (served, answer) => world.Timeline.After(served.DiskDelay(), () =>
                {
                    if (served.Alive)
                    {
                        Put(served, journal);
                        copy = JournalReplication.CopyIn(served.Unit.Journals.Of(journal[0].Run), journal);
                        answer(true, "");
                    }
                }), answer => done(answer.Ok ? copy : JournalCopy.None));
    }

    private SimulatedUnit Named(string name) => world.Units.Single(unit => unit.Name == name);

    private void Look()
    {
        if (process.Alive)
        {
            var own = process.Machine;
            process.Unit.Look(IsReady(own.Role, own.State), own.Outgoing.Failures, world.Timeline.Now);
            Take(Seen());
            world.Timeline.After(LookInterval, Look);
        }
    }

    private ManagementInput.Seen Seen()
    {
        var units = Facts();
        return new ManagementInput.Seen(process.Machine.Epoch.Number, process.Machine.Reason, units, new RunInput.Tick(units));
    }

    private void Take(ManagementInput input) =>
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
                process.Tag,
                RunJournal.IsOpen(process.Unit.Journals.Last)
            ),
            .. own
                .Peers.Where(peer => peer.Tag != IncarnationTag.None)
                .Select(peer => new UnitFacts(
                    peer.Last.Name,
                    !peer.Absent,
                    !HidesPrimary && !peer.Absent && peer.Last.Role == UnitRole.Primary,
                    !peer.Absent && IsReady(peer.Last.Role, peer.Last.State),
                    peer.Last.Version,
                    peer.Last.Failures,
                    peer.Tag,
                    peer.Last.Upgrading,
                    process.Buckets?.Carries(peer.Unit) == true
                )),
        ];
    }

    private bool HidesPrimary => world.Plant == Plant.InstallAnywhere;

    private static bool IsReady(UnitRole role, UnitState state) =>
        role == UnitRole.Primary || (role == UnitRole.Standby && state is UnitState.Ready or UnitState.Fault);
}
