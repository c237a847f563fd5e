using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Units.Machines;

/// <summary>
/// What all emulated machines begin with, made once and kept between labs: a Debian 12 system with systemd and its kernel 6.1, as a small
/// gateway would have it; beside it the kernel of Ubuntu 24.04 where a lab asks for one; and the key that the lab enters machines with.
/// </summary>
public static class MachineStore
{
    private const string Release = "bookworm";

    // What an operator installs on a gateway, and what looks at it. No fsck, no documentation: the machines live for minutes.
    // python3-apt: Ansible installs packages by it.
    private const string Packages =
        "systemd-sysv,udev,dbus,kmod,iproute2,iputils-ping,nftables,conntrack,procps,openssh-server,ifupdown,ca-certificates,libssl3,"
        + "linux-image-amd64,initramfs-tools,tcpdump,arping,netcat-openbsd,curl,systemd-timesyncd,python3-apt";

    private const string Ubuntu = "http://archive.ubuntu.com/ubuntu/";
    private static readonly TimeSpan DownloadLimit = TimeSpan.FromMinutes(20);

    /// <summary>Where it lies: beside the labs. The dot keeps it apart from a lab's folder.</summary>
    public static string Folder { get; } = Path.Combine(LabPlan.DefaultRoot, ".machines");

    /// <summary>The system that each machine's disk is a copy of.</summary>
    public static string System => Path.Combine(Folder, "system");

    /// <summary>The private key of who enters a machine as root.</summary>
    public static string Key => Path.Combine(Folder, "id");

    /// <summary>Makes what is missing. Minutes the first time (the distribution's archive is asked), nothing later.</summary>
    public static void Prepare(string kernel, Action<string> say)
    {
        Directory.CreateDirectory(Folder);
        if (!File.Exists(Key))
        {
            Tool.Run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "hitless-lab", "-f", Key]);
        }

        if (!Directory.Exists(System))
        {
            say($"making a Debian 12 system in {System} (some minutes, once)");
            var begun = System + ".new";
            if (Directory.Exists(begun))
            {
                Directory.Delete(begun, recursive: true);
            }

            Tool.Run("debootstrap", ["--variant=minbase", $"--include={Packages}", Release, begun], limit: DownloadLimit);
            Directory.Move(begun, System);
        }

        if (FindKernel(kernel) is null)
        {
            say($"adding kernel {kernel} of Ubuntu 24.04");
            AddUbuntuKernel(kernel);
        }
    }

    /// <summary>The kernel's file and its initial file system.</summary>
    public static (string Kernel, string Initial) KernelFiles(string kernel) =>
        FindKernel(kernel) is { } file
            ? (file, file.Replace("vmlinuz-", "initrd.img-", StringComparison.Ordinal))
            : throw new LabException(
                $"there is no kernel {kernel} in {System}/boot",
                "give --kernel 6.1 (Debian 12) or 6.8 (Ubuntu 24.04)"
            );

    private static string? FindKernel(string kernel) =>
        Directory.EnumerateFiles(Path.Combine(System, "boot"), $"vmlinuz-{kernel}.*").Order(StringComparer.Ordinal).LastOrDefault();

    // The first kernel of the release never vanishes from the archive.
    private static void AddUbuntuKernel(string kernel)
    {
        const string install = """
            set -e; cd "$1"; base=$2 kernel=$3 target=$4
            rm -rf unpacked
            curl -fsS -m 120 -o packages.gz "${base}dists/noble/main/binary-amd64/Packages.gz"
            for name in image modules; do
                file=$(zcat packages.gz |
                    awk -v p="^Package: linux-$name-$kernel.*-generic$" '$0 ~ p {found=1} /^Filename/ && found {print $2; exit}')
                [ -n "$file" ] || { echo "no linux-$name-$kernel in $base" >&2; exit 1; }
                curl -fsS -m 900 -o package.deb "$base$file"
                dpkg -x package.deb unpacked
            done
            cp -a unpacked/boot/. "$target/boot/"
            cp -a unpacked/lib/modules/. "$target/lib/modules/"
            rm -rf unpacked packages.gz package.deb
            version=$(basename "$target"/boot/vmlinuz-"$kernel".*); version=${version#vmlinuz-}
            chroot "$target" depmod "$version"
            chroot "$target" update-initramfs -c -k "$version" >&2
            """;
        Tool.Run("bash", ["-c", install, "kernel", Folder, Ubuntu, kernel, System], limit: DownloadLimit);
        _ = KernelFiles(kernel);
    }
}
