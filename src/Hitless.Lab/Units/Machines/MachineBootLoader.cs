using Hitless.Lab.Tools;

namespace Hitless.Lab.Units.Machines;

/// <summary>
/// GRUB for emulated machines. QEMU loads it as if it were a Linux kernel (GRUB's own lnxboot.img stands before it), so that the disk needs
/// no partition table and no boot sector; from there on all is as on a gateway: /boot/grub/grub.cfg and grubenv of the machine's disk say
/// which kernel starts.
/// </summary>
public static class MachineBootLoader
{
    /// <summary>What the kernels of all machines are told.</summary>
    public const string KernelWords = "console=ttyS0 mitigations=off";

    /// <summary>The machine's <c>/etc/default/grub</c>.</summary>
    public const string Settings = $"""
        GRUB_DEFAULT=saved
        GRUB_TIMEOUT=1
        GRUB_CMDLINE_LINUX="{KernelWords}"
        GRUB_TERMINAL=serial
        GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
        GRUB_DISABLE_OS_PROBER=true

        """;

    /// <summary>
    /// Makes the first menu, in the machine's root folder: $1 is the id of its file system. The machine's own update-grub does it;
    /// grub-probe, which would look at the disk, is answered for, as there is no disk yet.
    /// </summary>
    internal const string MakeMenu = """
        set -e
        probe=$(mktemp)
        cat >"$probe" <<END
        #!/bin/sh
        case "\$*" in
            *target=device*) echo /dev/vda ;;
            *target=fs_uuid*) echo $1 ;;
            *target=fs*) echo ext2 ;;
            *compatibility_hint*) echo hd0 ;;
            *target=drive*) echo '(hd0)' ;;
        esac
        END
        chmod 755 "$probe"
        mount --bind "$probe" usr/sbin/grub-probe
        trap 'umount usr/sbin/grub-probe; rm "$probe"' EXIT
        mkdir -p boot/grub
        rm -f boot/*-generic # Ubuntu's kernel, where another lab asked for it
        chroot . update-grub
        """;

    private const string Make = """
        set -e; cd "$1"; modules=/usr/lib/grub/i386-pc
        printf '%s\n' 'set root=(hd0)' 'set prefix=(hd0)/boot/grub' 'configfile /boot/grub/grub.cfg' >grub.first
        grub-mkimage -O i386-pc -p '(hd0)/boot/grub' -c grub.first -o grub.core biosdisk ext2 normal linux configfile loadenv search \
            search_fs_uuid test echo serial terminal reboot gzio minicmd true sleep all_video boot halt
        cat $modules/lnxboot.img grub.core >grub.lnx.new
        mv grub.lnx.new grub.lnx; rm grub.core grub.first
        """;

    /// <summary>GRUB as QEMU loads it.</summary>
    public static string Program => Path.Combine(MachineStore.Folder, "grub.lnx");

    /// <summary>Makes what is missing, and brings GRUB's programs into a system that was made without.</summary>
    public static void Prepare(Action<string> say)
    {
        if (!File.Exists(Path.Combine(MachineStore.System, "usr/sbin/grub-reboot")))
        {
            say("adding GRUB's programs to the machines' system");
            Tool.Run(
                "chroot",
                [
                    MachineStore.System,
                    "sh",
                    "-c",
                    "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install grub2-common",
                ],
                limit: TimeSpan.FromMinutes(5)
            );
        }

        if (!File.Exists(Program))
        {
            Tool.Run("sh", ["-c", Make, "grub", MachineStore.Folder]);
        }
    }
}
