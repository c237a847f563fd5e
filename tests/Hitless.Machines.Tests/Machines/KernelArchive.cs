using Hitless.Lab.Tools;
using Hitless.Lab.Units.Machines;
using Hitless.Machines.Tests.Newcomer;
using Xunit;

namespace Hitless.Machines.Tests.Machines;

/// <summary>What is wrong with a kernel.</summary>
public enum KernelFault
{
    /// <summary>Nothing: Debian's own, of its security archive.</summary>
    None,

    /// <summary>It starts, finds no root file system and panics: nobody has made its initial one.</summary>
    Panics,

    /// <summary>GRUB cannot load it: its file is noise.</summary>
    Garbage,
}

/// <summary>
/// A local archive for emulated machines, with a kernel that is newer than theirs and a small package: the files of a machine's disk.
/// The good kernel is Debian's package with its maintainer scripts, without the modules that no emulated machine uses: an image of its
/// full size takes such machines five minutes to read.
/// </summary>
internal sealed class KernelArchive : IDisposable
{
    private static readonly TimeSpan DownloadLimit = TimeSpan.FromMinutes(15);

    // Once, beside the machines' system: $1 is the folder.
    private const string Fetch = """
        set -e; cd "$1"; base=http://deb.debian.org/debian-security/
        curl -fsS -m 120 "${base}dists/bookworm-security/main/binary-amd64/Packages.xz" | xz -d >kernel.packages
        file=$(awk '/^Package: linux-image-6\.1\.0-[0-9]+-amd64$/ { found = 1 } /^Filename: / && found { print $2; found = 0 }' \
            kernel.packages | sort -V | tail -n 1)
        curl -fsS -m 600 -o kernel.deb "$base$file"
        rm -rf kernel.tree; dpkg-deb -R kernel.deb kernel.tree
        cd kernel.tree/lib/modules/*/kernel
        find drivers -name '*.ko' | grep -vE '/virtio/|/virtio_|^drivers/net/[a-z0-9_]+[.]ko' | xargs rm -f
        rm -rf sound net/wireless net/mac80211 net/bluetooth net/can net/ceph net/sunrpc net/sctp net/tipc net/openvswitch
        find fs -name '*.ko' | grep -vE '/(ext4|jbd2|mbcache|fat|vfat|nls.*)[.]ko' | xargs rm -f
        cd "$1"; rm -rf kernel.tree/DEBIAN/md5sums kernel.tree/usr/share/doc kernel.tree/boot/System.map*
        dpkg-deb --root-owner-group -Zgzip -b kernel.tree kernel.new.deb >/dev/null
        rm -rf kernel.tree kernel.deb kernel.packages
        mv kernel.new.deb kernel.deb
        """;

    // $1 the store's folder, $2 the archive, $3 what is wrong with the kernel, $4 the kernel's meta package as it is installed.
    private const string Make = """
        set -e; store=$1 fault=$3 former=$4; cd "$2"
        meta() {
            mkdir -p meta/DEBIAN
            printf '%s\n' 'Package: linux-image-amd64' "Version: $1" 'Architecture: amd64' 'Maintainer: Test <test@example.org>' \
                "Depends: linux-image-$2" 'Description: test' >meta/DEBIAN/control
            dpkg-deb --root-owner-group -b meta "linux-image-amd64_${1}_amd64.deb" >/dev/null
        }
        present=$(basename "$store"/system/boot/vmlinuz-6.1.*-amd64); present=${present#vmlinuz-}
        new=$(dpkg-deb -f "$store/kernel.deb" Package); new=${new#linux-image-}
        if [ "$fault" = None ]; then
            cp "$store/kernel.deb" .
        else
            old=$new; new=6.1.0-99-amd64
            mkdir -p tree/DEBIAN tree/boot
            case $fault in
                Panics) dpkg-deb --fsys-tarfile "$store/kernel.deb" | tar xO "./boot/vmlinuz-$old" >tree/boot/vmlinuz-$new ;;
                *) head -c 1000000 /dev/urandom >tree/boot/vmlinuz-$new ;;
            esac
            printf '%s\n' "Package: linux-image-$new" 'Version: 6.1.999-1' 'Architecture: amd64' \
                'Maintainer: Test <test@example.org>' 'Description: test' >tree/DEBIAN/control
            printf '%s\n' '#!/bin/sh' '[ "$1" != configure ] || /etc/kernel/postinst.d/zz-update-grub' >tree/DEBIAN/postinst
            printf '%s\n' '#!/bin/sh' '[ "$1" != remove ] || /etc/kernel/postrm.d/zz-update-grub' >tree/DEBIAN/postrm
            chmod 755 tree/DEBIAN/postinst tree/DEBIAN/postrm
            dpkg-deb --root-owner-group -b tree kernel.deb >/dev/null
        fi
        meta "$former" "$present"
        meta 6.1.999-1 "$new"
        rm -rf meta tree
        dpkg-scanpackages --multiversion . 2>/dev/null >Packages
        echo "$present $new"
        """;

    private const string InstalledMeta = "dpkg-query --admindir=\"$1/system/var/lib/dpkg\" -W -f='${Version}' linux-image-amd64";

    private readonly EdgePackage edge = new();

    public KernelArchive(KernelFault fault, string signingKey)
    {
        var store = MachineStore.Folder;
        if (!File.Exists(Path.Combine(store, "kernel.deb")))
        {
            Tool.Run("sh", ["-c", Fetch, "fetch", store], limit: DownloadLimit);
        }

        var archive = Directory.CreateDirectory(Path.Combine(Folder, "srv/archive")).FullName;
        foreach (var version in (int[])[1, 2])
        {
            var name = $"edge-demo_{version}_all.deb";
            File.Copy(Path.Combine(edge.Folder, name), Path.Combine(archive, name));
        }

        var former = Tool.Run("sh", ["-c", InstalledMeta, "meta", store]);
        var kernels = Tool.Run("sh", ["-c", Make, "make", store, archive, $"{fault}", former], limit: DownloadLimit).Split(' ');
        (Present, New) = (kernels[0].Trim(), kernels[1].Trim());
        Assert.NotEqual(Present, New);

        Directory.CreateDirectory(Path.Combine(Folder, "etc/apt"));
        File.WriteAllText(Path.Combine(Folder, "etc/apt/sources.list"), "deb [trusted=yes] file:/srv/archive ./\n");
        Directory.CreateDirectory(Path.Combine(Folder, "root"));
        File.Copy(signingKey, Path.Combine(Folder, "root", Path.GetFileName(signingKey)));
    }

    /// <summary>What belongs onto a machine's disk.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("hitless-kernel").FullName;

    /// <summary>The kernel that machines have, as <c>uname -r</c> says it.</summary>
    public string Present { get; }

    /// <summary>The kernel that the archive has.</summary>
    public string New { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        edge.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
