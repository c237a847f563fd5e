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

    /// <summary>Carries a file to a machine, into root's folder there; gives back its path on the machine.</summary>
    public static string Carry(LabUnit unit, string file)
    {
        var place = $"/root/{Path.GetFileName(file)}";
        var write = MachinePower.Enter(unit, ["dd", $"of={place}", "status=none"]);
        Tool.Run("sh", ["-c", "file=$1; shift; exec ip \"$@\" < \"$file\"", "carry", file, .. write]);
        return place;
    }
}
