using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;

namespace Hitless.Lab.Units.Machines;

/// <summary>Units that are emulated machines: their own kernel, Debian 12 with systemd, entered by ssh.</summary>
public sealed class MachinePlatform : Platform
{
    /// <inheritdoc/>
    public override string FirewallFile => "/etc/nftables.conf";

    /// <inheritdoc/>
    public override bool ShellOutlivesRestart => false;

    /// <summary>A machine has what a newcomer's has: the defaults.</summary>
    public override string Timings(LabPlan plan) => "upgrade: { trust-file: trust.pem }\n";

    /// <summary>Returns when each machine lets somebody in (a minute or two).</summary>
    public override void Up(LabPlan plan, Action<string> say)
    {
        var kernel = plan.Kernel ?? LabPlan.DebianKernel;
        MachineStore.Prepare(kernel, say);
        if (plan.BootLoader)
        {
            MachineBootLoader.Prepare(say);
        }

        UnitFiles.Write(plan);
        Topology.Create(plan);
        Topology.AddSwitch(plan, "mgmt");
        Topology.Batch(plan.NamespaceOf(LabPlan.Switch), new($"address add {Addresses.ManagementHost} dev mgmt\n"));
        foreach (var unit in LabSite.UnitsOf(plan))
        {
            MachineDisk.Make(unit);
            MachinePower.Plug(unit);
            MachinePower.On(unit);
        }

        foreach (var unit in LabSite.UnitsOf(plan))
        {
            say($"{unit.Name} boots, kernel {kernel}");
            MachinePower.UntilEntered(unit);
        }
    }

    /// <summary>What Hitless has logged on each machine: its journal is on the machine's own disk.</summary>
    public override void KeepLogs(LabPlan plan, string target)
    {
        foreach (var unit in LabSite.UnitsOf(plan).Where(unit => unit.Running))
        {
            var journal = unit.Inside("journalctl", "-u", "hitless", "--no-pager", "-o", "short-iso");
            var log = Tool.Try("ip", journal, limit: TimeSpan.FromMinutes(2));
            Directory.CreateDirectory(Path.Combine(target, unit.Name));
            File.WriteAllText(Path.Combine(target, unit.Name, "hitless.log"), log.Output + log.Errors);
        }
    }

    /// <inheritdoc/>
    public override bool IsOn(LabUnit unit) => MachinePower.Process(unit) is not null;

    /// <inheritdoc/>
    public override IEnumerable<string> Inside(LabUnit unit, IEnumerable<string> command) => MachinePower.Enter(unit, command);

    /// <inheritdoc/>
    public override (string Program, IEnumerable<string> Arguments) Cli(LabUnit unit, IEnumerable<string> words) =>
        ("ip", unit.Inside(["hitless", .. words]));

    /// <summary>Into root's folder on the machine, unless one of that name and size is there (<see cref="MachineDisk"/>).</summary>
    public override string Carry(LabUnit unit, string file)
    {
        var place = $"/root/{Path.GetFileName(file)}";
        var there = Tool.Try("ip", MachinePower.Enter(unit, ["stat", "-c", "%s", place])).Output.Trim();
        if (there == $"{new FileInfo(file).Length}")
        {
            return place;
        }

        var write = MachinePower.Enter(unit, ["dd", $"of={place}", "status=none"]);
        Tool.Run("sh", ["-c", "file=$1; shift; exec ip \"$@\" < \"$file\"", "carry", file, .. write]);
        return place;
    }

    /// <inheritdoc/>
    public override void Boot(LabUnit unit) => MachinePower.On(unit);

    /// <inheritdoc/>
    public override void Reset(LabUnit unit) => MachinePower.Off(unit);

    /// <inheritdoc/>
    public override void PowerOff(LabUnit unit) => MachinePower.Off(unit);

    /// <inheritdoc/>
    public override void KillDaemon(LabUnit unit) => Tool.Run("ip", unit.Inside("sh", "-c", "kill -9 $(pidof hitlessd)"));

    /// <inheritdoc/>
    public override void Signal(LabUnit unit, string signal) =>
        Namespaces.Signal(MachinePower.Process(unit) is { } emulator ? [emulator] : [], signal);

    /// <inheritdoc/>
    public override string Describe(LabUnit unit) =>
        $"{unit.Name}: emulator {MachinePower.Process(unit)?.ToString() ?? "off"}, console {unit.Log}: "
        + $"hitless lab exec {unit.Name} --name {unit.Plan.Name} -- hitless status";
}
