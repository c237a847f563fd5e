using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;

namespace Hitless.Lab.Machines;

/// <summary>A whole lab whose units are emulated machines.</summary>
public static class MachineSite
{
    /// <summary>Makes the disks and cables and boots the machines; returns when each of them lets somebody in (a minute or two).</summary>
    public static void Up(LabPlan plan, Action<string> say)
    {
        MachineStore.Prepare(plan.Kernel, say);
        UnitFiles.Write(plan);
        Topology.Create(plan);
        foreach (var unit in LabSite.UnitsOf(plan))
        {
            MachineDisk.Make(unit);
            MachinePower.Plug(unit);
            MachinePower.On(unit);
        }

        foreach (var unit in LabSite.UnitsOf(plan))
        {
            say($"{unit.Name} boots, kernel {plan.Kernel}");
            MachinePower.UntilEntered(unit);
        }
    }

    /// <summary>Writes what Hitless has logged on each machine into a folder: its journal is on the machine's own disk.</summary>
    public static void KeepLogs(LabPlan plan, string target)
    {
        foreach (var unit in LabSite.UnitsOf(plan).Where(unit => unit.Running))
        {
            var journal = unit.Inside("journalctl", "-u", "hitless", "--no-pager", "-o", "short-iso");
            var log = Tool.Try("ip", journal, limit: TimeSpan.FromMinutes(2));
            Directory.CreateDirectory(Path.Combine(target, unit.Name));
            File.WriteAllText(Path.Combine(target, unit.Name, "hitless.log"), log.Output + log.Errors);
        }
    }

    /// <summary>Carries a file to a machine, into root's folder there; gives back its path on the machine.</summary>
    public static string Carry(LabUnit unit, string file)
    {
        var place = $"/root/{Path.GetFileName(file)}";
        var write = MachinePower.Enter(unit, ["dd", $"of={place}", "status=none"]);
        Tool.Run("sh", ["-c", "file=$1; shift; exec ip \"$@\" < \"$file\"", "carry", file, .. write]);
        return place;
    }
}
