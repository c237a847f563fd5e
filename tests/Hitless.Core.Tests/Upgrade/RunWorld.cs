using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

/// <summary>
/// Two or more units in virtual time, each with the real <see cref="RunMachine"/>, a disk, slots and an API that answers at once. Elections
/// are as simple as can be:
/// the first present unit takes over when the primary is gone.
/// </summary>
internal sealed class RunWorld : IRunEffects
{
    public const string Old = "1.0.0",
        New = "1.1.0";
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);
    private readonly Queue<Action> soon = new();
    private readonly List<(TimeSpan At, Action Work)> later = [];
    private long epoch;
    private RunUnit acting = null!;

    public RunWorld(params string[] names)
    {
        Units = [.. names.Select(name => new RunUnit(name))];
        Elect("start");
        Beats(2);
    }

    public IReadOnlyList<RunUnit> Units { get; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(100);

    /// <summary>What the new version does after its trial has begun.</summary>
    public Func<RunUnit, string> TrialBecomes { get; set; } = _ => New;

    /// <summary>Called for each entry when it is about to be written.</summary>
    public Action<JournalEntry>? BeforeEntry { get; set; }

    /// <summary>Called for each entry when it is on every disk.</summary>
    public Action<JournalEntry>? AfterEntry { get; set; }

    /// <summary>What the primary complains about while it carries the traffic.</summary>
    public Func<RunUnit, string?> Breach { get; set; } = _ => null;

    /// <summary>Whom the cluster's rules choose in the end; null: whoever is primary stays.</summary>
    public string? Chosen { get; set; }

    /// <summary>Units that cannot tell yet whether they forward.</summary>
    public Func<RunUnit, bool> Judging { get; set; } = _ => false;

    /// <summary>What the pages of alerts show.</summary>
    public IReadOnlyList<GateSight> Sights { get; set; } = [];

    /// <summary>What a service check on the unit finds: sessions, and the gap in milliseconds.</summary>
    public Func<RunUnit, (RunSessions? Sessions, double? GapMs)> Served { get; set; } = _ => (null, null);

    /// <summary>How long it takes until a unit claims, in milliseconds; null: it does not say.</summary>
    public double? ClaimGapMs { get; set; }

    /// <summary>Units are told twice that they have become primary.</summary>
    public bool DrivesTwice { get; set; }

    public RunUnit? Primary => Units.FirstOrDefault(u => u.Primary);

    /// <summary>Seconds after which a new primary's engine hears that it is one; the former's hears of it after twice as many.</summary>
    public double RolesAreHeardAfter { get; set; }

    /// <summary>Every act that reached a unit, as <c>step unit</c>.</summary>
    public List<string> Acts { get; } = [];

    /// <summary>A slot was touched on a unit that carried the traffic.</summary>
    public List<string> Wrongs { get; } = [];

    public IReadOnlyList<JournalEntry> Journal => JournalReplication.Furthest(Units.Select(u => u.Disk));

    public string? Verdict => Journal is [.., { Kind: JournalEntryKind.End } end] ? end.Detail : null;

    public RunUnit this[string name] => Units.Single(u => u.Name == name);

    public static RunHeader Header(RunWorld world, bool guided = false) =>
        new(
            "run-1",
            "image",
            Old,
            New,
            guided,
            KeepPrimary: false,
            world.Primary!.Name,
            [.. world.Units.Select((u, i) => new RunMember(u.Name, u.Version, "a", 200 - i) { Serial = new UnitId((ulong)i) })],
            DateTimeOffset.UnixEpoch,
            SoakMs: 2000,
            RejoinTimeoutMs: 20000
        );

    public void Start(RunHeader header) => Primary!.Machine.Step(new RunInput.Start(header), Now, Wall, As(Primary!));

    public void Say(RunCommand word) => Primary!.Machine.Step(new RunInput.Command(word), Now, Wall, As(Primary!));

    public void Say(GateWord word) => Primary!.Machine.Step(new RunInput.Gate(word), Now, Wall, As(Primary!));

    /// <summary>Lives until the run has ended, or for so long.</summary>
    public string? Finish(int seconds = 300)
    {
        for (var until = Now + TimeSpan.FromSeconds(seconds); Now < until && !(Verdict is not null && Units.All(u => u.Present)); )
        {
            Beats(1);
        }

        return Verdict;
    }

    /// <summary>Lives until something is so, or for so long; false: it never was.</summary>
    public bool Until(Func<bool> so, int seconds = 120)
    {
        for (var until = Now + TimeSpan.FromSeconds(seconds); Now < until && !so(); )
        {
            Beats(1);
        }

        return so();
    }

    public void Beats(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Now += Beat;
            foreach (var due in later.Where(w => w.At <= Now).ToArray())
            {
                later.Remove(due);
                due.Work();
            }

            WorkOff();

            Elect("the former primary is gone");
            foreach (var unit in Units.Where(u => u.Present && u.Machine.Header is not null))
            {
                unit.Machine.Step(
                    new RunInput.Tick(Facts(), Breach(unit), DropShare: 0.01)
                    {
                        Traffic = TrafficOf(unit),
                        Judging = Judging(unit),
                        Gates = Sights,
                    },
                    Now,
                    Wall,
                    As(unit)
                );
            }

            WorkOff();
        }
    }

    private void WorkOff()
    {
        for (var worked = 0; soon.TryDequeue(out var work); worked++)
        {
            Assert.True(worked < 10_000, $"the run goes round in circles after {Journal.Count} entries");
            work();
        }
    }

    /// <summary>
    /// The power of a unit goes, and comes back after some seconds, or never (infinity). Its slot is chosen as hitless-boot would.
    /// </summary>
    public void CutPower(string name, double seconds = 3)
    {
        var unit = this[name];
        if (unit.Present)
        {
            Stop(unit);
            if (double.IsFinite(seconds))
            {
                After(seconds, () => Boot(unit));
            }
        }
    }

    /// <summary>A unit hears of a higher epoch although it thinks that it is primary.</summary>
    public void Depose(string heir)
    {
        epoch++;
        this[heir].Primary = true;
        Drive(this[heir], "split");
    }

    void IRunEffects.Append(RequestId request, JournalEntry entry)
    {
        var (unit, machine) = (acting, acting.Machine);
        IReadOnlyList<JournalEntry> journal = [.. machine.Journal, entry];
        BeforeEntry?.Invoke(entry);
        Soon(unit, machine, () =>
        {
            var ok = JournalReplication.IsDurable(Units.Where(u => u.Present && (u == unit || !u.ApiDead)).Select(u => u.Take(journal)));
            if (ok)
            {
                AfterEntry?.Invoke(entry);
            }

            Tell(unit, machine, new RunInput.Appended(request, ok));
        });
    }

    void IRunEffects.Load(RequestId request)
    {
        var (unit, machine) = (acting, acting.Machine);
        Soon(unit, machine, () =>
        {
            var best = JournalReplication.Furthest(Units.Where(u => u.Present && (u == unit || !u.ApiDead)).Select(u => u.Disk));
            _ = unit.Take(best);
            Tell(unit, machine, new RunInput.Loaded(request, best));
        });
    }

    void IRunEffects.Act(RequestId request, RunStep step, RunHeader header)
    {
        var (unit, machine) = (acting, acting.Machine);
        Soon(unit, machine, () =>
        {
            foreach (var target in step.Targets.DefaultIfEmpty(unit.Name).Select(name => this[name]))
            {
                if (!target.Present || (target != unit && target.ApiDead))
                {
                    Tell(unit, machine, new RunInput.Replied(request, Ok: false, Retry: true, "unreachable", null, null));
                    return;
                }

                Acts.Add($"{step.Name} {target.Name}");
                Do(step, header, target);
            }

            var (sessions, gap) = step.Name == RunStep.ServiceCheck ? Served(unit) : (null, null);
            Tell(unit, machine, new RunInput.Replied(request, Ok: true, Retry: false, null, sessions, gap));
        });
    }

    void IRunEffects.Ended(RunHeader header, RunState verdict, IReadOnlyList<JournalEntry> journal) { }

    private ReportTraffic TrafficOf(RunUnit unit) =>
        Breach(unit) is { } why
            ? new ReportTraffic(TrafficVerdict.NothingForwarded, why, unit.Name, null, null)
            : new ReportTraffic(TrafficVerdict.Forwards, $"{unit.Name} forwards", unit.Name, null, null);

    private void Do(RunStep step, RunHeader header, RunUnit target)
    {
        if (
            step.Name is RunStep.Install or RunStep.Trial or RunStep.Revert
            && target.Primary
            && !(header.Simultaneous && step.Name != RunStep.Revert)
        )
        {
            Wrongs.Add($"{step} while it carries the traffic");
            return;
        }

        switch (step.Name)
        {
            case RunStep.Trial when target.Version != header.To:
                target.OnTrial = TrialBecomes(target);
                Restart(target);
                break;
            case RunStep.Confirm when target.OnTrial is not null:
                (target.Good, target.OnTrial) = (target.Version, null);
                break;
            case RunStep.Revert when target.OnTrial is not null:
                target.OnTrial = null;
                Restart(target);
                break;
            case RunStep.Revert:
                target.Good = target.Version == Old ? New : Old;
                Restart(target);
                break;
            case RunStep.FinalPrimary when Chosen is { } chosen && !this[chosen].Primary:
                Do(new RunStep(RunStep.Switchover, chosen), header, this[chosen]);
                break;
            case RunStep.Switchover or RunStep.TrialSwitchover when !target.Primary:
                var former = Primary!;
                former.Primary = false;
                Heard(2, former, "handed over");
                epoch++;
                target.Primary = true;
                Heard(1, target, "switchover");
                break;
            default:
                break;
        }
    }

    private void Restart(RunUnit unit) => Later(0.2, unit, () =>
        {
            Stop(unit);
            After(1.5, () => Boot(unit));
        });

    private void Stop(RunUnit unit)
    {
        unit.Present = unit.Primary = false;
        unit.Machine = new RunMachine(unit.Name);
    }

    private void Boot(RunUnit unit)
    {
        unit.Starts++;
        unit.Present = true;
        unit.Version = unit.OnTrial ?? unit.Good;
        if (unit.OnTrial == Old)
        {
            unit.OnTrial = null;
        }
    }

    private void Elect(string why)
    {
        if (Primary is null && Units.FirstOrDefault(u => u.Present) is { } heir)
        {
            epoch++;
            heir.Primary = true;
            if (heir.OnTrial is not null)
            {
                (heir.Good, heir.OnTrial) = (heir.Version, null);
            }

            Drive(heir, why);
        }
    }

    private void Heard(int times, RunUnit unit, string why)
    {
        if (RolesAreHeardAfter == 0)
        {
            Drive(unit, why);
            return;
        }

        After(times * RolesAreHeardAfter, () => Drive(unit, why));
    }

    private void Drive(RunUnit unit, string why)
    {
        var (machine, primary, number) = (unit.Machine, unit.Primary, epoch);
        Soon(unit, machine, () => Tell(unit, machine, new RunInput.Drive(primary, number, why) { GapMs = primary ? ClaimGapMs : null }));
        if (DrivesTwice && primary)
        {
            Soon(unit, machine, () =>
                Tell(unit, machine, new RunInput.Drive(primary, number, why) { GapMs = primary ? ClaimGapMs : null })
            );
        }
    }

    private UnitFacts[] Facts() =>
        [
            .. Units.Select(u => new UnitFacts(
                u.Name,
                u.Present,
                u.Primary,
                u.Present && u.Ready,
                u.Version,
                u.Failures,
                new IncarnationTag(u.Starts)
            )),
        ];

    private void Tell(RunUnit unit, RunMachine machine, RunInput input)
    {
        if (unit.Machine == machine)
        {
            machine.Step(input, Now, Wall, As(unit));
        }
    }

    private RunWorld As(RunUnit unit)
    {
        acting = unit;
        return this;
    }

    private void Soon(RunUnit unit, RunMachine machine, Action work) =>
        soon.Enqueue(() =>
        {
            if (unit.Present && unit.Machine == machine)
            {
                work();
            }
        });

    private void Later(double seconds, RunUnit unit, Action work)
    {
        var machine = unit.Machine;
        After(seconds, () =>
        {
            if (unit.Machine == machine)
            {
                work();
            }
        });
    }

    private void After(double seconds, Action work) => later.Add((Now + TimeSpan.FromSeconds(seconds), work));

    private DateTimeOffset Wall => DateTimeOffset.UnixEpoch + Now;
}

/// <summary>A unit of a <see cref="RunWorld"/>.</summary>
internal sealed class RunUnit(string name)
{
    public string Name { get; } = name;

    public RunMachine Machine { get; set; } = new(name);

    public bool Present { get; set; } = true;

    public bool Primary { get; set; }

    public bool ApiDead { get; set; }

    public bool DiskFull { get; set; }

    public int Failures { get; set; }

    /// <summary>It says that it holds the sessions.</summary>
    public bool Ready { get; set; } = true;

    public ulong Starts { get; set; } = 1;

    public string Version { get; set; } = RunWorld.Old;

    /// <summary>What starts when no trial is open.</summary>
    public string Good { get; set; } = RunWorld.Old;

    /// <summary>What starts on trial.</summary>
    public string? OnTrial { get; set; }

    public IReadOnlyList<JournalEntry> Disk { get; private set; } = [];

    /// <summary>Writes it, unless the disk is full or has more of it; what the disk has of it then.</summary>
    public JournalCopy Take(IReadOnlyList<JournalEntry> journal)
    {
        if (journal.Count == 0)
        {
            return JournalCopy.None;
        }

        if (!DiskFull && JournalReplication.Replaces(Disk.Count > 0 && Disk[0].Run == journal[0].Run ? Disk : [], journal))
        {
            Disk = journal;
        }

        return JournalReplication.CopyIn(Disk, journal);
    }
}
