using Hitless.Core.Cluster;
using Hitless.Simulator.Faults;
using Hitless.Simulator.Network;
using Hitless.Simulator.Rules;
using Hitless.Simulator.Time;
using Hitless.Simulator.Units;

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
    private int nextSession;

    public Simulation(ulong seed, int? unitCount, Plant plant, TextWriter? trace)
    {
        Seed = seed;
        Plant = plant;
        Timeline = new Timeline();
        Trace = new Trace(trace, Timeline);
        Chance = new Chance(seed);
        var count = unitCount ?? (Chance.Happens(0.5) ? 2 : 3 + Chance.Below(2));
        var overrides = Chance.Happens(0.3);
        Units = [.. Enumerable.Range(0, count).Select(index =>
            new SimulatedUnit(index, (byte)(100 + (50 * Chance.Below(3))), overrides && Chance.Happens(0.7), (byte)Chance.Below(2)))];
        Fabric = new Fabric(Timeline, Chance.Fork(), count, linkCount: 1 + Chance.Below(2));
        Rules = new ClusterRules(this);
        storm = new Storm(this, Chance.Fork());
    }

    public ulong Seed { get; }

    public Plant Plant { get; }

    public Timeline Timeline { get; }

    public Trace Trace { get; }

    public Chance Chance { get; }

    public IReadOnlyList<SimulatedUnit> Units { get; }

    public Fabric Fabric { get; }

    public ClusterRules Rules { get; }

    /// <summary>The first rule that did not hold, or null.</summary>
    public RuleBreach? Breached => breaches.Count > 0 ? breaches[0] : null;

    /// <summary>Lives the life to its end, or to the first breach.</summary>
    public void Run()
    {
        Trace.Line("", $"seed {Seed}: {Units.Count} units, {Fabric.LinkCount} links, plant {Plant}");
        foreach (var unit in Units)
        {
            Timeline.After(Chance.Milliseconds(0, 2500), () => Start(unit));
        }

        BearSession();
        storm.Rage(TimeSpan.FromSeconds(Chance.Below(12)));
        RunFor(storm.End);
        storm.Calm();
        Trace.Line("", $"calm");
        RunFor(CalmToRest);
        Check("at rest");
        PlannedSwitch();
        Trace.Line("", $"end after {Timeline.EventCount} events: {SettledRules.Describe(this)}");
    }

    /// <summary>A rule did not hold; the life ends here.</summary>
    public void Breach(string rule, string text)
    {
        breaches.Add(new RuleBreach(rule, Timeline.Now, text));
        Trace.Line("", $"BREACH {breaches[^1]}");
    }

    /// <summary>A daemon begins on a unit.</summary>
    public void Start(SimulatedUnit unit)
    {
        if (unit.Process is null)
        {
            Trace.Line(unit.Name, $"starts (epoch {unit.DurableEpoch} on disk, kernel {unit.Traffic})");
            _ = new UnitProcess(this, unit);
        }
    }

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
        SetTraffic(unit, TrafficState.Muted, starting: true);
        Timeline.After(off, () => Start(unit));
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
        if (before != state)
        {
            unit.Traffic = state;
            Trace.Line(unit.Name, $"kernel {before} -> {state}");
            Rules.TrafficChanged(unit, before, starting);
        }
    }

    private void RunFor(TimeSpan duration) => Timeline.RunUntil(Timeline.Now + duration, () => Breached is null);

    private void Check(string when)
    {
        if (Breached is null)
        {
            SettledRules.Check(this, when);
        }
    }

    /// <summary>With nothing wrong, a switch that an operator or a service manager asks for happens, and nobody notices.</summary>
    private void PlannedSwitch()
    {
        if (Breached is not null)
        {
            return;
        }

        var former = Units.Single(unit => unit.Process!.Machine.Role == UnitRole.Primary);
        var since = Timeline.Now;
        var byStop = Chance.Happens(0.4);
        var process = former.Process!;
        Trace.Line(former.Name, $"planned switch by {(byStop ? "stop" : "request")}");
        if (byStop)
        {
            process.AskToStop();
        }
        else
        {
            var target = Chance.Of([.. Units.Where(unit => unit != former)]).Serial;
            process.RequestSwitchover(Chance.Happens(0.5) ? target : null);
        }

        RunFor(SwitchToRest);
        Check("after a planned switch");
        if (Breached is null && Rules.LastGapAt >= since)
        {
            Breach("rule 3, make before break", $"nobody forwarded at {Rules.LastGapAt.TotalSeconds:F4} s, in a planned switch without faults");
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
        foreach (var unit in Units)
        {
            if (unit.Traffic == TrafficState.Claimed)
            {
                unit.Sessions.Add(session);
                unit.Process?.Sessions.Born(session);
            }
        }

        Timeline.After(Chance.Milliseconds(5, 40), BearSession);
    }
}
