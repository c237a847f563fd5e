using System.Text;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Units;

/// <summary>What can happen to a unit. Everything is done from outside; the unit is not asked.</summary>
public static class Faults
{
    /// <summary>kill -9 of the daemon alone; hitless-boot and the kernel's state stay.</summary>
    public static void Kill(LabUnit unit) => unit.Platform.KillDaemon(unit);

    /// <summary>The power goes: every carrier in the same instant, and then everything in the unit.</summary>
    public static void PowerOff(LabUnit unit) => unit.Platform.PowerOff(unit);

    /// <summary>The power is back.</summary>
    public static void PowerOn(LabUnit unit)
    {
        SetCables(unit, unit.Plan.UnitPorts, up: true);
        if (!unit.Running)
        {
            UnitPower.Boot(unit);
        }
    }

    /// <summary>The processes stand still and go on later; the kernel forwards meanwhile.</summary>
    public static void Freeze(LabUnit unit, bool frozen)
    {
        UnitPower.Note(unit, frozen ? "freeze" : "thaw");
        unit.Platform.Signal(unit, frozen ? "STOP" : "CONT");
    }

    /// <summary>Pulls or plugs cables at the switch.</summary>
    public static void SetCables(LabUnit unit, IEnumerable<string> ports, bool up)
    {
        var lines = new StringBuilder();
        var direct = new StringBuilder();
        foreach (var port in ports)
        {
            RequirePort(unit, port);
            if (unit.Plan.IsDirect(port))
            {
                direct.AppendLine($"link set {port} {(up ? "up" : "down")}");
                continue;
            }

            lines.AppendLine($"link set {LabPlan.SwitchPort(port, unit.Name)} {(up ? "up" : "down")}");
        }

        UnitPower.Note(unit, $"{string.Join(' ', ports)} {(up ? "up" : "down")}");
        Topology.Batch(unit.Plan.NamespaceOf(LabPlan.Switch), lines);
        if (direct.Length > 0)
        {
            Topology.Batch(unit.Namespace, direct);
        }
    }

    /// <summary>
    /// Drops a part of the frames that the switch takes from a unit's port (<paramref name="fromUnit"/>) or gives to it. 0 percent ends it.
    /// </summary>
    public static void Drop(LabUnit unit, string port, int percent, bool fromUnit, bool toUnit)
    {
        RequirePort(unit, port);
        var end = LabPlan.SwitchPort(port, unit.Name);
        var table = $"drop-{end}";
        var rules = new StringBuilder($"table bridge {table}\ndelete table bridge {table}\n");
        if (percent > 0)
        {
            var chance = percent < 100 ? $"numgen random mod 100 < {percent} " : "";
            rules.AppendLine($"table bridge {table} {{").AppendLine("chain forward { type filter hook forward priority 0; policy accept;");
            if (fromUnit)
            {
                rules.AppendLine($"iifname \"{end}\" {chance}counter drop");
            }

            if (toUnit)
            {
                rules.AppendLine($"oifname \"{end}\" {chance}counter drop");
            }

            rules.AppendLine("}").AppendLine("}");
        }

        UnitPower.Note(unit, $"drop {percent}% on {port}");
        Tool.Run("ip", ["netns", "exec", unit.Plan.NamespaceOf(LabPlan.Switch), "nft", "-f", "-"], rules.ToString());
    }

    /// <summary>
    /// No unit hears another one, on no heartbeat link and through no port, while all of them reach the hosts: a split that only heartbeats
    /// could have told of.
    /// </summary>
    public static void Deafen(LabPlan plan, bool deaf)
    {
        var links = string.Join(
            ", ",
            plan.HeartbeatPorts.SelectMany(port => plan.Units.Select(unit => $"\"{LabPlan.SwitchPort(port, unit)}\""))
        );
        const string gone = "table bridge deaf\ndelete table bridge deaf\n";
        var rules = $$"""
            table bridge deaf {
              chain forward {
                type filter hook forward priority 0; policy accept;
                ether type 0x88b5 drop
                iifname { {{links}} } drop
              }
            }

            """;
        Tool.Run("ip", ["netns", "exec", plan.NamespaceOf(LabPlan.Switch), "nft", "-f", "-"], deaf ? gone + rules : gone);
    }

    private static void RequirePort(LabUnit unit, string port)
    {
        if (!unit.Plan.UnitPorts.Contains(port, StringComparer.Ordinal))
        {
            throw new LabException($"{unit.Name} has no port {port}", $"its ports are {string.Join(", ", unit.Plan.UnitPorts)}");
        }
    }
}
