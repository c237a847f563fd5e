using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Units.Machines;

/// <summary>
/// The power switch of an emulated machine, and the way into it. QEMU without hardware virtualization: every processor that runs Linux runs
/// it, ten to twenty times slower than itself. Its cards are taps in the switches' namespace, so that a cable is the same as any unit's.
/// </summary>
public static class MachinePower
{
    private const string NoDisplay = "none";
    private const int Megabytes = 1024;

    // With SMAP, native and JIT .NET programs die at random under QEMU 7.2.
    private const string Processor = "max,smap=off";
    private static readonly TimeSpan BootLimit = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    /// <summary>Makes a machine's end of its cables: one tap for each card, on the switch of that name.</summary>
    public static void Plug(LabUnit unit)
    {
        foreach (var (port, _) in MachineDisk.Ports(unit))
        {
            var end = LabPlan.SwitchPort(port, unit.Name);
            Topology.Batch(
                unit.Plan.NamespaceOf(LabPlan.Switch),
                new($"tuntap add dev {end} mode tap\nlink set {end} master {end[..end.IndexOf('-')]} up\n")
            );
        }
    }

    /// <summary>Switches the machine on. It boots for about a minute: <see cref="UntilEntered"/>.</summary>
    public static void On(LabUnit unit)
    {
        UnitPower.Note(unit, "power on");
        var cards = MachineDisk
            .Ports(unit)
            .SelectMany(card =>
                (string[])
                    [
                        "-netdev",
                        $"tap,id={card.Port},ifname={LabPlan.SwitchPort(card.Port, unit.Name)},script=no,downscript=no",
                        "-device",
                        $"virtio-net-pci,netdev={card.Port},mac={MachineDisk.HardwareAddress(unit, card.Number)},romfile=",
                    ]
            );
        Tool.Run(
            "ip",
            [
                "netns",
                "exec",
                unit.Plan.NamespaceOf(LabPlan.Switch),
                "nice",
                "-n",
                "-10",
                "qemu-system-x86_64",
                "-accel",
                "tcg,thread=multi",
                "-cpu",
                Processor,
                "-smp",
                "1",
                "-m",
                $"{Megabytes}",
                "-nodefaults",
                "-display",
                NoDisplay,
                "-no-user-config",
                .. Starts(unit.Plan),
                "-drive",
                $"file={MachineDisk.Image(unit)},format=raw,if=virtio,cache=unsafe",
                "-device",
                "virtio-rng-pci",
                "-chardev",
                $"socket,id=serial,path={Path.Combine(unit.Folder, "console")},server=on,wait=off,logfile={unit.Log},logappend=on",
                "-serial",
                "chardev:serial",
                "-pidfile",
                PidFile(unit),
                "-daemonize",
                .. cards,
            ]
        );
    }

    private static string[] Starts(LabPlan plan)
    {
        if (plan.BootLoader)
        {
            return ["-kernel", MachineBootLoader.Program];
        }

        var (kernel, initial) = MachineStore.KernelFiles(plan.Kernel ?? LabPlan.DebianKernel);
        return ["-kernel", kernel, "-initrd", initial, "-append", $"root=/dev/vda rw {MachineBootLoader.KernelWords}"];
    }

    /// <summary>Waits until the machine lets somebody in; a machine that never does is a <see cref="LabException"/>.</summary>
    public static void UntilEntered(LabUnit unit)
    {
        for (var until = DateTimeOffset.UtcNow + BootLimit; !Tool.Try("ip", Enter(unit, ["true"])).Ok; )
        {
            if (DateTimeOffset.UtcNow > until)
            {
                throw new LabException(
                    $"{unit.Name} does not answer after {BootLimit.TotalMinutes} minutes",
                    $"read its console: {unit.Log}"
                );
            }

            Thread.Sleep(LookAgain);
        }
    }

    /// <summary>Pulls the plug.</summary>
    public static void Off(LabUnit unit)
    {
        if (Process(unit) is { } pid)
        {
            UnitPower.Note(unit, "power off");
            Namespaces.Signal([pid], "KILL");
            for (var looks = 0; looks < 100 && Process(unit) is not null; looks++)
            {
                Thread.Sleep(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    /// <summary>The emulator's process while it runs.</summary>
    public static int? Process(LabUnit unit) =>
        File.Exists(PidFile(unit)) && int.TryParse(File.ReadAllText(PidFile(unit)), out var pid) && IsEmulator(pid) ? pid : null;

    /// <summary>The words, after `ip`, that run a command on the machine as root, by ssh over the management network.</summary>
    public static IEnumerable<string> Enter(LabUnit unit, IEnumerable<string> command) =>
        [
            "netns",
            "exec",
            unit.Plan.NamespaceOf(LabPlan.Switch),
            "ssh",
            "-q",
            "-i",
            MachineStore.Key,
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "ConnectTimeout=30",
            "-o",
            "ServerAliveInterval=10",
            "-o",
            "BatchMode=yes",
            $"root@{Addresses.Management(unit.Number)}",
            string.Join(' ', command.Select(Quote)),
        ];

    private static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string PidFile(LabUnit unit) => Path.Combine(unit.Folder, "pid");

    private static bool IsEmulator(int pid)
    {
        try
        {
            // Cut to 15 characters by the kernel (TASK_COMM_LEN).
            return File.ReadAllText($"/proc/{pid}/comm").StartsWith("qemu-system", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
