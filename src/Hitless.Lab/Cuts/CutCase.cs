using Hitless.Lab.Network;
using Hitless.Lab.Units;

namespace Hitless.Lab.Cuts;

/// <summary>What the cluster should make of a cut.</summary>
public enum CutExpectation
{
    /// <summary>The primary stays: nobody needs to notice.</summary>
    Stays,

    /// <summary>The other unit takes the traffic.</summary>
    Moves,

    /// <summary>The standby is cut off from everything: whatever it thinks reaches nobody, and the primary stays.</summary>
    StandbyAlone,

    /// <summary>Neither hears the other although both reach the hosts: both carry traffic until it heals.</summary>
    Splits,
}

/// <summary>One row of the matrix of cuts: which cables or directions fail, seen from the primary, and how they are mended.</summary>
public sealed record CutCase(string Name, CutExpectation Expected, Action<LabUnit, LabUnit> Cut, Action<LabUnit, LabUnit> Heal)
{
    /// <summary>Every row.</summary>
    public static IReadOnlyList<CutCase> All { get; } =
    [
        Cables("heartbeat links", CutExpectation.Stays, plan => plan.HeartbeatPorts, ofPrimary: true),
        OneWay("heartbeat links: the primary is not heard", CutExpectation.Stays, plan => plan.HeartbeatPorts, fromUnit: true),
        OneWay("heartbeat links: the primary hears nothing", CutExpectation.Stays, plan => plan.HeartbeatPorts, fromUnit: false),
        Cables("lan cable of the primary", CutExpectation.Moves, _ => ["lan0"], ofPrimary: true),
        Cables("wan cable of the primary", CutExpectation.Moves, _ => ["wan0"], ofPrimary: true),
        Cables("lan cable of the standby", CutExpectation.Stays, _ => ["lan0"], ofPrimary: false),
        OneWay("wan: nothing leaves the primary", CutExpectation.Moves, _ => ["wan0"], fromUnit: true),
        OneWay("wan: nothing reaches the primary", CutExpectation.Moves, _ => ["wan0"], fromUnit: false),
        Cables("all cables of the primary", CutExpectation.Moves, plan => plan.UnitPorts, ofPrimary: true),
        Cables("all cables of the standby", CutExpectation.StandbyAlone, plan => plan.UnitPorts, ofPrimary: false),
        new(
            "heartbeats everywhere, both reach the hosts",
            CutExpectation.Splits,
            (primary, _) => Faults.Deafen(primary.Plan, deaf: true),
            (primary, _) => Faults.Deafen(primary.Plan, deaf: false)
        ),
    ];

    private static CutCase Cables(string name, CutExpectation expected, Func<LabPlan, IEnumerable<string>> ports, bool ofPrimary) =>
        new(
            name,
            expected,
            (primary, standby) => Faults.SetCables(ofPrimary ? primary : standby, ports(primary.Plan), up: false),
            (primary, standby) => Faults.SetCables(ofPrimary ? primary : standby, ports(primary.Plan), up: true)
        );

    private static CutCase OneWay(string name, CutExpectation expected, Func<LabPlan, IEnumerable<string>> ports, bool fromUnit) =>
        new(
            name,
            expected,
            (primary, _) => Drop(primary, ports(primary.Plan), 100, fromUnit),
            (primary, _) => Drop(primary, ports(primary.Plan), 0, fromUnit)
        );

    private static void Drop(LabUnit unit, IEnumerable<string> ports, int percent, bool fromUnit)
    {
        foreach (var port in ports)
        {
            Faults.Drop(unit, port, percent, fromUnit, !fromUnit);
        }
    }
}
