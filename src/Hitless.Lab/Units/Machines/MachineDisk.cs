using System.Text;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;

namespace Hitless.Lab.Units.Machines;

/// <summary>
/// The disk of an emulated machine: the common system, and over it what the machine's operator would have written. Ports are named by
/// Ethernet address, addresses are set by ifupdown, the firewall by nftables.service, Hitless by its own service: all as on Debian.
/// </summary>
public static class MachineDisk
{
    private const int Gigabytes = 4;

    // Where the machine's part of the disk is put together: root's files, with root's rights.
    private const string Build = """
        set -e; folder=$1 system=$2 image=$3 size=$4
        mkdir -p "$folder/work" "$folder/whole"
        mount -t overlay overlay -o "lowerdir=$system,upperdir=$folder/own,workdir=$folder/work" "$folder/whole"
        trap 'cd /; umount "$folder/whole"; rm -rf "$folder"' EXIT
        cd "$folder/whole"
        sed -i 's/^root:[^:]*:/root::/' etc/shadow
        for service in ssh nftables hitless; do
            unit=lib/systemd/system/$service.service; [ -e "$unit" ] || unit=etc/systemd/system/$service.service
            mkdir -p etc/systemd/system/multi-user.target.wants
            ln -sf "/$unit" "etc/systemd/system/multi-user.target.wants/$service.service"
        done
        usr/local/sbin/hitless-boot --state var/lib/hitless --install "root/$5" --trust etc/hitless/trust.pem >&2
        id=$(cat /proc/sys/kernel/random/uuid)
        [ -z "$6" ] || sh -c "$6" menu "$id" >&2
        rm -f "$image"; truncate -s "$size" "$image"; mkfs.ext4 -q -F -U "$id" -d . "$image"
        """;

    /// <summary>Makes the disk anew. What stood on it is gone.</summary>
    public static void Make(LabUnit unit)
    {
        var folder = Path.Combine(unit.Folder, "disk.new");
        var own = Path.Combine(folder, "own");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        void Write(string path, string text)
        {
            var file = Path.Combine(own, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }

        void Copy(string source, string path)
        {
            var file = Path.Combine(own, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.Copy(source, file);
        }

        Write("etc/hostname", unit.Name + "\n");
        Write("etc/hosts", $"127.0.0.1 localhost\n127.0.1.1 {unit.Name}\n");
        Write("etc/fstab", "/dev/vda / ext4 defaults 0 1\n");
        Write("etc/network/interfaces", Interfaces(unit));
        foreach (var (port, number) in Ports(unit))
        {
            Write($"etc/systemd/network/10-{port}.link", $"[Match]\nMACAddress={HardwareAddress(unit, number)}\n[Link]\nName={port}\n");
        }

        Write("etc/nftables.conf", Firewall.Text(unit.Plan.Masquerade, ManagementPort));
        Write("etc/sysctl.d/90-gateway.conf", string.Concat(Firewall.Sysctls.Select(line => line + "\n")));
        Write("etc/modules-load.d/gateway.conf", "nf_conntrack\n");

        // Who cannot get in over the network reads and writes on the socket `console` of the unit's folder.
        Write(
            "etc/systemd/system/serial-getty@ttyS0.service.d/autologin.conf",
            "[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root --noclear -L 115200 %I vt102\n"
        );
        foreach (var file in Directory.EnumerateFiles(Path.Combine(unit.Folder, "etc")))
        {
            Copy(file, Path.Combine("etc/hitless", Path.GetFileName(file)));
        }

        File.SetUnixFileMode(Path.Combine(own, "etc/hitless/cluster.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        foreach (var program in (string[])["hitless", "hitlessd", "hitless-boot"])
        {
            Copy(unit.Plan.Program(program), Path.Combine("usr/local/sbin", program));
        }

        foreach (var file in (string[])["hitless.service", "hitless-primary.target", "hitless-standby.target"])
        {
            Copy(unit.Plan.Program(file), Path.Combine("etc/systemd/system", file));
        }

        // The images that a run may bring: to carry one by ssh costs the machine minutes.
        foreach (var image in Directory.EnumerateFiles(Path.GetDirectoryName(unit.Plan.Image!)!, "*.hli"))
        {
            Copy(image, Path.Combine("root", Path.GetFileName(image)));
        }

        AddMore(unit.Plan, own);
        Copy(MachineStore.Key + ".pub", "root/.ssh/authorized_keys");
        File.SetUnixFileMode(Path.Combine(own, "root"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        PutTogether(unit, folder);
    }

    private static void PutTogether(LabUnit unit, string folder) =>
        Tool.Run(
            "bash",
            [
                "-c",
                Build,
                "disk",
                folder,
                MachineStore.System,
                Image(unit),
                $"{Gigabytes}G",
                Path.GetFileName(unit.Plan.Image!),
                unit.Plan.BootLoader ? MachineBootLoader.MakeMenu : "",
            ]
        );

    private static void AddMore(LabPlan plan, string own)
    {
        if (plan.MachineFiles is { } more)
        {
            foreach (var source in Directory.EnumerateFiles(more, "*", SearchOption.AllDirectories))
            {
                var file = Path.Combine(own, Path.GetRelativePath(more, source));
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.Copy(source, file);
            }
        }

        if (plan.BootLoader)
        {
            Directory.CreateDirectory(Path.Combine(own, "etc/default"));
            File.WriteAllText(Path.Combine(own, "etc/default/grub"), MachineBootLoader.Settings);
        }
    }

    /// <summary>The disk's file.</summary>
    public static string Image(LabUnit unit) => Path.Combine(unit.Folder, "disk.img");

    /// <summary>The port that the lab enters a machine by; no traffic and no heartbeat goes there.</summary>
    public const string ManagementPort = "mgmt0";

    /// <summary>A machine's ports in the order of their cards.</summary>
    public static IEnumerable<(string Port, int Number)> Ports(LabUnit unit) =>
        ((IEnumerable<string>)[ManagementPort, .. unit.Plan.UnitPorts]).Select((port, number) => (port, number));

    /// <summary>The Ethernet address of a card. 52:54:00 is QEMU's own range.</summary>
    public static string HardwareAddress(LabUnit unit, int number) => $"52:54:00:00:0{unit.Number}:0{number}";

    private static string Interfaces(LabUnit unit)
    {
        var text = new StringBuilder("auto lo\niface lo inet loopback\n");
        void Port(string port, IEnumerable<string> addresses)
        {
            text.AppendLine($"auto {port}");
            foreach (var address in addresses)
            {
                text.AppendLine($"iface {port} {(address.Contains(':') ? "inet6" : "inet")} static\n    address {address}");
            }
        }

        Port(ManagementPort, [$"{Addresses.Management(unit.Number)}/24"]);
        foreach (var port in unit.Plan.UnitPorts)
        {
            Port(port, Addresses.Own(port, unit.Number));
        }

        return text.ToString();
    }
}
