using Hitless.Lab.Tools;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>
/// A small Debian package and an archive with it, made on this machine. Version 3 is one that nobody wants: it stops forwarding.
/// </summary>
internal sealed class EdgePackage : IDisposable
{
    private const string Script = """
        cd "$1"
        for version in 1 2 3; do
            mkdir -p tree/DEBIAN tree/usr/share/edge-demo
            echo "version $version" >tree/usr/share/edge-demo/version
            printf '%s\n' 'Package: edge-demo' "Version: $version" 'Architecture: all' 'Maintainer: Test <test@example.org>' \
                'Description: test' >tree/DEBIAN/control
            if [ $version = 3 ]; then
                chain='add chain inet edge forward { type filter hook forward priority 10; policy drop; }'
                printf '%s\n' '#!/bin/sh' 'nft add table inet edge' "nft '$chain'" >tree/DEBIAN/postinst
                printf '%s\n' '#!/bin/sh' 'nft delete table inet edge || true' >tree/DEBIAN/prerm
                chmod 755 tree/DEBIAN/postinst tree/DEBIAN/prerm
            fi
            dpkg-deb --root-owner-group -b tree edge-demo_${version}_all.deb >/dev/null
        done
        """;

    /// <summary>Where it is made; gone with this.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("hitless-edge").FullName;

    public EdgePackage() => Tool.Run("sh", ["-ec", Script, "edge", Folder]);

    /// <summary>Installs version 1 on all machines; no other archive is known to them.</summary>
    public void InstallFirst(SystemdSite site)
    {
        foreach (var version in (int[])[1, 2, 3])
        {
            site.Bring(Path.Combine(Folder, $"edge-demo_{version}_all.deb"));
        }

        foreach (var unit in site.Plan.Units)
        {
            site[Lab.Network.LabPlan.NumberOf(unit) - 1]
                .Type(
                    "rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*; "
                        + "DEBIAN_FRONTEND=noninteractive apt-get install -y ./edge-demo_1_all.deb"
                );
        }
    }

    /// <summary>The machine's archive has these versions from now on.</summary>
    public void Offer(SystemdMachine machine, params int[] versions)
    {
        var chosen = Path.Combine(Folder, "archive");
        Directory.CreateDirectory(chosen);
        foreach (var old in Directory.GetFiles(chosen))
        {
            File.Delete(old);
        }

        foreach (var version in versions)
        {
            File.Copy(Path.Combine(Folder, $"edge-demo_{version}_all.deb"), Path.Combine(chosen, $"edge-demo_{version}_all.deb"));
        }

        var packages = Tool.Run("sh", ["-ec", "cd \"$1\" && dpkg-scanpackages --multiversion . 2>/dev/null", "scan", chosen]);
        machine.Type("mkdir -p /srv/archive; rm -f /srv/archive/* /var/cache/apt/archives/*.deb; cat > /srv/archive/Packages", packages);
        machine.Type(
            string.Join("; ", versions.Select(version => $"cp /root/edge-demo_{version}_all.deb /srv/archive/"))
                + "; echo 'deb [trusted=yes] file:/srv/archive ./' > /etc/apt/sources.list"
        );
    }

    /// <summary>The version that is installed.</summary>
    public static string On(SystemdMachine machine) => machine.Type("dpkg-query -W -f '${db:Status-Status} ${Version}' edge-demo");

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
