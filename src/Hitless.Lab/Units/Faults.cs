using System.Text;
using Hitless.Lab.Machines;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Units;

/// <summary>What can happen to a unit. Everything is done from outside; the unit is not asked.</summary>
public static class Faults
{
    /// <summary>kill -9 of the daemon alone; hitless-boot and the kernel's state stay.</summary>
    public static void Kill(LabUnit unit)
    {
        if (unit.Plan.Machines)
        {
            Tool.Run("ip", unit.Inside("sh", "-c", "kill -9 $(pidof hitlessd)"));
            return;
        }

        var daemons = Namespaces.Processes(unit.Namespace).Where(IsDaemon).ToArray();
        if (daemons.Length == 0)
        {
            throw new LabException($"no hitlessd runs in {unit.Name}", $"look at {unit.Log}");
        }

        UnitPower.Note(unit, $"kill -9 {string.Join(' ', daemons)}");
        Namespaces.Signal(daemons, "KILL");
    }

    /// <summary>
    /// The power goes: every cable is dead at the same instant, by one transaction on the switch and, where one is a direct cable, by a second program that is told in the same moment; the other
    /// heartbeat links die just before, for who sees a direct cable fall asks on them at once. Then every process ends, the switch sees the carriers fall, and the kernel has forgotten.
    /// </summary>
    public static void PowerOff(LabUnit unit)
    {
        if (unit.Plan.Machines)
        {
            MachinePower.Off(unit);
            return;
        }

        var ends = unit.Plan.UnitPorts.Where(port => !unit.Plan.IsDirect(port)).ToLookup(unit.Plan.LinkPorts.Contains, port => $"\"{LabPlan.SwitchPort(port, unit.Name)}\"");
        var table = $"off-{unit.Name}";
        string Drop(string chain, IEnumerable<string> names) => $$"""
            table bridge {{table}} {
              chain {{chain}} {
                type filter hook forward priority 0; policy accept;
                iifname { {{string.Join(", ", names)}} } drop
                oifname { {{string.Join(", ", names)}} } drop
              }
            }

            """;

        string[] onSwitch = [.. Tool.Urgent, "ip", "netns", "exec", unit.Plan.NamespaceOf(LabPlan.Switch), "nft"];
        var direct = unit.Plan.UnitPorts.Where(unit.Plan.IsDirect).ToArray();
        using var switches = new PrimedTool([.. onSwitch, "-f", "-"]);
        using var cable = new PrimedTool([.. Tool.Urgent, "ip", "-n", unit.Namespace, "-batch", "-"]);
        PrimedTool.Settle(switches, cable);
        if (direct.Length > 0)
        {
            Tool.Run(onSwitch[0], onSwitch[1..].Append(Drop("links", ends[true])));
        }

        switches.Tell(Drop("traffic", direct.Length > 0 ? ends[false] : ends.SelectMany(group => group)));
        cable.Tell(string.Concat(direct.Select(port => $"link set {port} down\n")));
        switches.Wait();
        cable.Wait();
        Namespaces.KillAll(unit.Namespace);
        UnitPower.Note(unit, "power off");
        SetCables(unit, unit.Plan.UnitPorts, up: false);
        Tool.Run(onSwitch[0], [.. onSwitch[1..], "delete", "table", "bridge", table]);
        UnitPower.Reset(unit);
    }

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
        var signal = frozen ? "STOP" : "CONT";
        if (unit.Plan.Machines)
        {
            Namespaces.Signal(MachinePower.Process(unit) is { } emulator ? [emulator] : [], signal);
            return;
        }

        Namespaces.Signal(unit.Namespace, signal);
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

    /// <summary>Drops a part of the frames that the switch takes from a unit's port (<paramref name="fromUnit"/>) or gives to it. 0 percent ends it.</summary>
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

    /// <summary>No unit hears another one, on no heartbeat link and through no port, while all of them reach the hosts: a split that only heartbeats could have told of.</summary>
    public static void Deafen(LabPlan plan, bool deaf)
    {
        var links = string.Join(", ", plan.HeartbeatPorts.SelectMany(port => plan.Units.Select(unit => $"\"{LabPlan.SwitchPort(port, unit)}\"")));
        var rules = $"table bridge deaf\ndelete table bridge deaf\n{(deaf ? $"table bridge deaf {{\nchain forward {{ type filter hook forward priority 0; policy accept;\nether type 0x88b5 drop\niifname {{ {links} }} drop\n}}\n}}\n" : "")}";
        Tool.Run("ip", ["netns", "exec", plan.NamespaceOf(LabPlan.Switch), "nft", "-f", "-"], rules);
    }

    private static void RequirePort(LabUnit unit, string port)
    {
        if (!unit.Plan.UnitPorts.Contains(port, StringComparer.Ordinal))
        {
            throw new LabException($"{unit.Name} has no port {port}", $"its ports are {string.Join(", ", unit.Plan.UnitPorts)}");
        }
    }

    // Whatever hitless-boot has started is the daemon, also when an image's hitlessd is a script.
    private static bool IsDaemon(int pid) => Read(pid, "comm").StartsWith("hitlessd", StringComparison.Ordinal) || Read(ParentOf(pid), "comm").StartsWith("hitless-boot", StringComparison.Ordinal);

    private static int ParentOf(int pid)
    {
        // proc(5): pid (comm) state ppid …; comm may hold spaces.
        var words = Read(pid, "stat").Split(") ") is [_, .., var rest] ? rest.Split(' ') : [];
        return words.Length > 1 ? int.Parse(words[1]) : 0;
    }

    private static string Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
