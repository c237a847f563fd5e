using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Simulator.Faults;
using Hitless.Simulator.Network;
using Hitless.Simulator.Rules;
using Hitless.Simulator.Time;
using Hitless.Simulator.Units;
using Hitless.Simulator.Units.Runs;

namespace Hitless.Simulator;

/// <summary>
/// One cluster's life in virtual time, made from one seed: a stormy time in which everything may fail, a calm in which it
/// must come to rest, and a planned switch that must then go without a gap. The same seed gives the same life.
/// </summary>
internal sealed class Simulation
{
    private static readonly TimeSpan CalmToRest = TimeSpan.FromSeconds(14);
    private static readonly TimeSpan SwitchToRest = TimeSpan.FromSeconds(8);

    private readonly List<RuleBreach> breaches = [];
    private readonly Storm storm;
    private readonly Dictionary<SimulatedUnit, BootSupervisor> supervisors;
    private int nextSession;
    private UpgradePlan? foretold;

    public Simulation(ulong seed, int? unitCount, Plant plant, TextWriter? trace)
    {
        Seed = seed;
        Plant = plant;
        Timeline = new Timeline();
        Trace = new Trace(trace, Timeline);
        Chance = new Chance(seed);
        var count = unitCount ?? (Chance.Happens(0.5) ? 2 : 3 + Chance.Below(2));
        HasRun = Chance.Happens(0.5);
        Quiet = HasRun && Chance.Happens(0.2);
        var overrides = Chance.Happens(0.3);
        Units =
        [
            .. Enumerable
                .Range(0, count)
                .Select(index => new SimulatedUnit(
                    index,
                    (byte)(100 + (50 * Chance.Below(3))),
                    overrides && (Quiet || Chance.Happens(0.7))
                )),
        ];
        supervisors = Units.ToDictionary(unit => unit, unit => new BootSupervisor(this, unit));
        Fabric = new Fabric(Timeline, Chance.Fork(), count, linkCount: 1 + Chance.Below(2));
        HasWitness = Chance.Happens(0.2);
        Margin =
            !Quiet ? TimeSpan.FromSeconds(5)
            : Chance.Happens(0.5) ? TimeSpan.FromMilliseconds(200)
            : TimeSpan.FromMinutes(5);
        Image = Quiet || Chance.Happens(0.6) ? Firmware.Good : (Firmware)Chance.Below(4);
        Calls = new PeerCalls(this, Chance.Fork());
        Rules = new ClusterRules(this);
        storm = new Storm(this, Chance.Fork());
        LosesUnit = HasRun && !Quiet && Chance.Happens(0.15);
        SharesFlows =
            plant is Plant.BucketBeforeSessions or Plant.BucketsOfTheDead or Plant.TableOutlivesDaemon
            || (plant == Plant.None && seed % 4 == 1);
        IsOverloaded = !HasRun && plant is (Plant.None or Plant.ForgetsSilences) && Chance.Happens(0.15);
    }

    public ulong Seed { get; }

    public Plant Plant { get; }

    public Timeline Timeline { get; }

    public Trace Trace { get; }

    public Chance Chance { get; }

    public IReadOnlyList<SimulatedUnit> Units { get; }

    /// <summary>The units but the one that has lost its power for ever.</summary>
    public IEnumerable<SimulatedUnit> Living => Units.Where(unit => !unit.Lost);

    public Fabric Fabric { get; }

    public ClusterRules Rules { get; }

    public PeerCalls Calls { get; }

    /// <summary>An upgrade run is begun in this life.</summary>
    public bool HasRun { get; }

    /// <summary>An address behind the ports arbitrates.</summary>
    public bool HasWitness { get; }

    /// <summary>It answers.</summary>
    public bool WitnessUp { get; set; } = true;

    /// <summary>Nothing fails in this life, but more is asked of its machines than they can do, for minutes.</summary>
    public bool IsOverloaded { get; }

    /// <summary>Nothing fails in this life: its run must go as its plan said.</summary>
    public bool Quiet { get; }

    /// <summary>The standbys carry flows too (mode active-active).</summary>
    public bool SharesFlows { get; }

    /// <summary>A unit loses its power during the run and never comes back.</summary>
    public bool LosesUnit { get; }

    /// <summary>Ages closer than this are equal.</summary>
    public TimeSpan Margin { get; }

    /// <summary>How good the new firmware is.</summary>
    public Firmware Image { get; }

    /// <summary>The first rule that did not hold, or null.</summary>
    public RuleBreach? Breached => breaches.Count > 0 ? breaches[0] : null;

    /// <summary>Lives the life to its end, or to the first breach.</summary>
    public void Run()
    {
        Trace.Line(
            "",
            $"seed {Seed}: {Units.Count} units, {Fabric.LinkCount} links, {(HasRun ? $"a run to {Image} firmware" : "no run")}, "
                + $"plant {Plant}"
        );
        foreach (var unit in Units)
        {
            Timeline.After(Chance.Milliseconds(0, 2500), () => Start(unit));
        }

        BearSession();
        if (IsOverloaded)
        {
            new OverloadedTime(this, Chance.Fork()).Pass();
        }
        else
        {
            storm.Rage(Quiet ? TimeSpan.Zero : TimeSpan.FromSeconds(Chance.Below(HasRun ? 20 : 12)));
        }

        if (HasRun)
        {
            Timeline.After(TimeSpan.FromSeconds(5), BeginRun);
        }

        if (LosesUnit)
        {
            Timeline.After(Chance.Milliseconds(5000, 25000), () => Lose(Chance.Of(Units)));
        }

        RunFor(storm.End);
        storm.Calm();
        Trace.Line("", $"calm");
        RunFor(CalmToRest);
        FinishRun();
        Check("at rest");
        if (Breached is null && !LosesUnit && !IsOverloaded && Chance.Happens(0.2))
        {
            EveryoneHeld.Pass(this, Chance.Fork());
            Check("released");
        }

        PlannedSwitch();
        Trace.Line("", $"end after {Timeline.EventCount} events: {SettledRules.Describe(this)}");
    }

    /// <summary>A rule did not hold; the life ends here.</summary>
    public void Breach(string rule, string text)
    {
        breaches.Add(new RuleBreach(rule, Timeline.Now, text));
        Trace.Line("", $"BREACH {breaches[^1]}");
    }

    /// <summary>A daemon begins on a unit, from the slot that its supervisor chooses.</summary>
    public void Start(SimulatedUnit unit) => supervisors[unit].Start();

    /// <summary>The unit with this id.</summary>
    public SimulatedUnit UnitOf(UnitId serial) => Units.Single(unit => unit.Serial == serial);

    /// <summary>A daemon has been killed: its kernel goes on as it is, and its supervisor starts it again.</summary>
    public void Killed(UnitProcess process)
    {
        process.End();
        Timeline.After(Chance.Milliseconds(100, 1500), () => Start(process.Unit));
    }

    /// <summary>A unit lost its power: nothing but the disk is left.</summary>
    public void PowerOff(SimulatedUnit unit, TimeSpan off)
    {
        Trace.Line(unit.Name, $"power off for {off.TotalMilliseconds:F0} ms");
        unit.Process?.End();
        unit.Sessions.Clear();
        unit.Table = null;
        unit.Powered = false;
        SetTraffic(unit, TrafficState.Muted, starting: true);
        unit.KernelIsUsed = unit.SessionsWentOn = unit.TakesAnyWindow = false;
        unit.StandsStillUntil = TimeSpan.Zero;
        Timeline.After(off, () => Start(unit));
    }

    private void Lose(SimulatedUnit unit)
    {
        PowerOff(unit, TimeSpan.Zero);
        unit.Lost = true;
    }

    /// <summary>A daemon has left in good order: it is started again later.</summary>
    public void Stopped(UnitProcess process)
    {
        if (process.Alive)
        {
            process.End();

            // A primary that found nobody to hand over to leaves its kernel forwarding.
            if (process.Machine.Role != UnitRole.Primary)
            {
                SetTraffic(process.Unit, TrafficState.Muted, starting: true);
            }

            Timeline.After(Chance.Milliseconds(200, 1000), () => Start(process.Unit));
        }
    }

    /// <summary>The kernel of a unit changes what it does with the virtual addresses.</summary>
    public void SetTraffic(SimulatedUnit unit, TrafficState state, bool starting)
    {
        var before = unit.Traffic;
        unit.ClaimUntil = TimeSpan.MaxValue;
        unit.ClaimOver = false;
        if (before != state)
        {
            unit.Traffic = state;
            unit.SessionsWentOn |= before == TrafficState.Claimed;
            unit.LastClaimedAt = state == TrafficState.Claimed || before == TrafficState.Claimed ? Timeline.Now : unit.LastClaimedAt;
            Trace.Line(unit.Name, $"kernel {before} -> {state}");
            Rules.TrafficChanged(unit, before, starting);
        }
    }

    /// <summary>
    /// The kernel's claim, if it still stands, ends by itself after <paramref name="lease"/> (null: it does not). False if the claim was
    /// over already.
    /// </summary>
    public bool RenewClaim(SimulatedUnit unit, TimeSpan? lease, TimeSpan fresh = default)
    {
        if (unit.Traffic != TrafficState.Claimed)
        {
            return !unit.ClaimOver;
        }

        unit.FreshUntil = fresh > TimeSpan.Zero ? Timeline.Now + fresh : unit.FreshUntil;

        unit.ClaimUntil = lease is { } time ? Timeline.Now + time : TimeSpan.MaxValue;
        if (lease is not null)
        {
            Timeline.At(unit.ClaimUntil, () => ExpireClaim(unit));
        }

        return true;
    }

    /// <summary>
    /// The kernel tells that its daemon ended, and gives its claim the time of a restart, once; false if it tells nobody, since its claim
    /// is over.
    /// </summary>
    public bool TellEnd(SimulatedUnit unit)
    {
        if (!unit.ToldEnd)
        {
            unit.ToldEnd = true;
            RenewClaim(unit, TimeSpan.FromSeconds(5));
        }

        return !unit.ClaimOver;
    }

    /// <summary>
    /// A unit speaks with the virtual MAC: a kernel that hears it, and whose claim was not renewed of late, has a successor.
    /// </summary>
    public void Announce(SimulatedUnit speaker)
    {
        foreach (var other in Units)
        {
            if (other != speaker && speaker.PortsUp != 0)
            {
                Fabric.Send(Fabric.Traffic, speaker.Index, other.Index, () => Hear(other));
            }
        }
    }

    private void Hear(SimulatedUnit unit)
    {
        unit.WhenKernelRuns(Timeline, () =>
        {
            if (unit.PortsUp != 0 && Timeline.Now >= unit.FreshUntil)
            {
                EndClaim(unit, "has a successor");
            }
        });
    }

    private void ExpireClaim(SimulatedUnit unit)
    {
        if (Timeline.Now >= unit.ClaimUntil)
        {
            EndClaim(unit, "expires");
        }
    }

    private void EndClaim(SimulatedUnit unit, string why)
    {
        if (unit.Traffic == TrafficState.Claimed)
        {
            Trace.Line(unit.Name, $"the claim {why}");
            SetTraffic(unit, TrafficState.Muted, starting: true);
            unit.ClaimOver = true;
        }
    }

    /// <summary>An operator has uploaded an image to the primary and starts a run.</summary>
    private void BeginRun()
    {
        if (Units.FirstOrDefault(unit => unit.Process?.Machine.Role == UnitRole.Primary) is not { Process: { } primary } first)
        {
            return;
        }

        first.HasImage = true;
        RunMember[] members =
        [
            .. Units.Select(unit => new RunMember(unit.Name, FirmwareVersions.Old.ToString(), "a", unit.Priority) { Serial = unit.Serial }),
        ];
        var plan = Plant == Plant.InstallAnywhere ? Units.First(unit => unit != first) : first;
        var header = new RunHeader(
            "run-1",
            FirmwareVersions.NewImage,
            FirmwareVersions.Old.ToString(),
            FirmwareVersions.New.ToString(),
            Guided: false,
            KeepPrimary: Chance.Happens(0.3),
            plan.Name,
            members,
            DateTimeOffset.UnixEpoch,
            SoakMs: 1000,
            RejoinTimeoutMs: 8000
        )
        {
            // Units that start at once have ages that no plan can tell apart by a short margin.
            Balanced = SharesFlows,
            Gates = GateKeeper.Of(this),
            Simultaneous = Plant == Plant.None && Chance.Happens(0.1) && !(Quiet && Margin < TimeSpan.FromSeconds(2)),
        };
        header = header with
        {
            KeepRedundancy = Units.Count >= Redundancy.UnitsMin && !header.Simultaneous && Plant == Plant.None && Seed % 3 == 0,
        };
        if (Quiet && Plant == Plant.None)
        {
            var ages = Units.ToDictionary(
                unit => unit.Name,
                unit => unit.Process?.Machine.AgeAt(unit.Process.LocalNow) ?? TimeSpan.Zero,
                StringComparer.Ordinal
            );
            foretold = RunPlan.Describe(header, ages, Margin, Units.Any(unit => unit.Overrides));
            Rules.Runs.Planned(foretold);
        }

        primary.Runs.Start(header);
    }

    /// <summary>With the faults gone, a run that was begun goes on to its end.</summary>
    private void FinishRun()
    {
        // A paused run waits for its operator, who comes now.
        foreach (var unit in Living)
        {
            unit.Process?.Runs.Command(RunCommand.Resume);
        }

        var until = Timeline.Now + TimeSpan.FromSeconds(150);
        while (Breached is null && Timeline.Now < until && !Rules.Runs.AllEnded)
        {
            RunFor(TimeSpan.FromSeconds(1));
        }

        if (HasRun)
        {
            RunFor(TimeSpan.FromSeconds(8));
        }

        if (Breached is null)
        {
            Rules.Runs.CheckEnd();
        }

        if (
            Breached is null
            && Rules.Runs.Completed
            && foretold is { FinalPrimary: var expected }
            && Units.FirstOrDefault(unit => unit.Process?.Machine.Role == UnitRole.Primary) is { } primary
            && primary.Name != expected
        )
        {
            Breach("the plan's predicted primary is the outcome", $"the plan said {expected}; {SettledRules.Describe(this)}");
        }
    }

    /// <summary>Lives on for a while, or to the first breach.</summary>
    public void RunFor(TimeSpan duration) => Timeline.RunUntil(Timeline.Now + duration, () => Breached is null);

    private void Check(string when)
    {
        if (Breached is null)
        {
            SettledRules.Check(this, when);
            Rules.Buckets.CheckSettled(when);
        }
    }

    /// <summary>With nothing wrong, a switch that an operator or a service manager asks for happens, and nobody notices.</summary>
    private void PlannedSwitch()
    {
        if (Breached is not null)
        {
            return;
        }

        // Who was left by a run on firmware that never holds the sessions can take over from nobody.
        var former = Living.Single(unit => unit.Process!.Machine.Role == UnitRole.Primary);
        var standbys = Living.Where(unit => unit != former && !unit.Process!.Ails(Firmware.NeverReady)).ToArray();
        if (standbys.Length == 0)
        {
            return;
        }

        var since = Timeline.Now;

        // A unit that kept a dead port is no target: a switch never goes to one that is worse.
        var targets = standbys
            .Where(unit => unit.Process!.Machine.Outgoing.Failures <= former.Process!.Machine.Outgoing.Failures)
            .ToArray();
        var byStop = targets.Length == 0 || Chance.Happens(0.4);
        var process = former.Process!;
        Trace.Line(former.Name, $"planned switch by {(byStop ? "stop" : "request")}");
        if (byStop)
        {
            process.AskToStop();
        }
        else
        {
            process.RequestSwitchover(Chance.Happens(0.5) ? Chance.Of(targets).Serial : null);
        }

        RunFor(SwitchToRest);
        Check("after a planned switch");
        if (Breached is null && Rules.LastGapAt >= since)
        {
            Breach(
                "rule 3, make before break",
                $"nobody forwarded at {Rules.LastGapAt.TotalSeconds:F4} s, in a planned switch without faults"
            );
        }

        if (Breached is null && byStop == process.Alive)
        {
            Breach("a planned switch is carried out", byStop ? $"{former} has not stopped" : $"the daemon of {former} has ended");
        }

        if (Breached is null && !byStop && !process.LastAnswer.StartsWith("done", StringComparison.Ordinal))
        {
            Breach("a planned switch is carried out", $"{former} answers: {process.LastAnswer}");
        }
    }

    /// <summary>A new connection appears about every 20 ms at whichever unit the traffic goes to.</summary>
    private void BearSession()
    {
        var session = nextSession++;
        Rules.Buckets.Born();
        foreach (var unit in Units.Where(unit => unit.Traffic == TrafficState.Claimed))
        {
            var owner = UnitOf(BucketRules.OwnerOf(unit, session));
            if (owner == unit)
            {
                unit.Sessions.Add(session);
                unit.Process?.Sessions.Born(session);
            }
            else if (owner.Powered)
            {
                owner.Sessions.Add(session);
                owner.Process?.Buckets?.Born(session);
            }
        }

        Timeline.After(Chance.Milliseconds(5, 40), BearSession);
    }
}
