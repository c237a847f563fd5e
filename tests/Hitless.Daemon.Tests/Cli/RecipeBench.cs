using System.Diagnostics;
using Hitless.Cli.Systems;

namespace Hitless.Daemon.Tests.Cli;

/// <summary>
/// A folder in which the scripts of a recipe run as on a Debian machine: dpkg, apt-get, GRUB's programs and uname are small scripts of its
/// own, and GRUB's files are in it. Kernel 1.0.0-1 runs; the recipe brings kernel 1.0.0-2 and a newer tool.
/// </summary>
internal sealed class RecipeBench : IDisposable
{
    public const string Former = "gnulinux-advanced-U>gnulinux-1.0.0-1-amd64-advanced-U";
    public const string New = "gnulinux-advanced-U>gnulinux-1.0.0-2-amd64-advanced-U";

    private static readonly (string Name, string Text)[] Programs =
    [
        ("uname", "cat running"),
        ("dpkg", "exit 0"),
        ("dpkg-query", "sed -n \"s/^$3 /installed /p\" installed"),
        ("grub-set-default", "grub-editenv - unset saved_entry; echo \"saved_entry=$1\" >>grubenv"),
        ("grub-reboot", "echo \"next_entry=$1\" >>grubenv"),
        ("grub-editenv", "case $2 in list) cat grubenv ;; unset) sed -i \"/^$3=/d\" grubenv ;; esac"),
        ("grub-probe", "case $1 in --target=fs) echo ext2 ;; *) cat abstraction ;; esac"),
        (
            "apt-get",
            """
            case "$*" in
                *--simulate*) exit 0 ;;
                *--allow-downgrades*) new=2 ;;
                *) new=3 ;;
            esac
            : >installed
            while read -r line; do
                set -- $line
                shift $((new - 1))
                [ "$1" = - ] || echo "${line%% *} $1" >>installed
            done <recipe/packages
            ls kernels | grep -qx 1.0.0-2-amd64 && rm kernels/1.0.0-2-amd64
            [ $new = 2 ] || touch kernels/1.0.0-2-amd64
            update-grub
            """
        ),
        (
            "update-grub",
            """
            {
                echo "   set default=\"$(cat default)\""
                echo "submenu 'Advanced' \$menuentry_id_option 'gnulinux-advanced-U' {"
                for kernel in $(ls -r kernels); do
                    for kind in advanced recovery; do
                        echo "	menuentry 'Linux $kernel' --class os \$menuentry_id_option 'gnulinux-$kernel-$kind-U' {"
                        printf '\t\tlinux\t/boot/vmlinuz-%s root=/dev/vda\n\t\tinitrd\t/boot/initrd.img-%s\n\t}\n' $kernel $kernel
                    done
                done
                echo }
                [ ! -e grub.d/42_hitless ] || sh grub.d/42_hitless
            } >boot/grub/grub.cfg
            """
        ),
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("hitless-recipe").FullName;

    public RecipeBench(params string[] without)
    {
        foreach (var part in (string[])["bin", "boot/grub", "grub.d", "kernels", "recipe/new", "recipe/old"])
        {
            Directory.CreateDirectory(Path.Combine(folder, part));
        }

        foreach (var (name, text) in Programs.Where(each => !without.Contains(each.Name)))
        {
            var file = Path.Combine(folder, "bin", name);
            File.WriteAllText(file, $"#!/bin/sh\ncd '{folder}'\n{text}\n");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        this["running"] = "1.0.0-1-amd64\n";
        this["default"] = "${saved_entry}\n";
        this["abstraction"] = "";
        this["grubenv"] = "";
        this["kernels/1.0.0-1-amd64"] = "";
        this["installed"] = "linux-image-amd64 1\ntool 1\n";
        this["recipe/packages"] = "linux-image-1.0.0-2-amd64 - 2\nlinux-image-amd64 1 2\ntool 1 2\n";
        if (!without.Contains("update-grub"))
        {
            Run("update-grub");
        }
    }

    /// <summary>A file of it.</summary>
    public string this[string name]
    {
        get => File.ReadAllText(Path.Combine(folder, name));
        set => File.WriteAllText(Path.Combine(folder, name), value);
    }

    public string Menu => this["boot/grub/grub.cfg"];

    public (int Code, string Output) Install() => Run(AptScripts.Install);

    public (int Code, string Output) Check() => Run(AptScripts.Check);

    public (int Code, string Output) Revert() => Run(AptScripts.Revert);

    /// <summary>GRUB starts what was chosen once, else the saved default: the kernel that runs then.</summary>
    public void Boot(bool starts = true)
    {
        var once = this["grubenv"].Contains("next_entry=hitless-once\n", StringComparison.Ordinal);
        this["running"] =
            (once && starts) || this["grubenv"].Contains(New, StringComparison.Ordinal) ? "1.0.0-2-amd64\n" : "1.0.0-1-amd64\n";
        Run("grub-editenv - unset next_entry");
    }

    public (int Code, string Output) Run(string script)
    {
        var here = script
            .Replace("/boot/grub", Path.Combine(folder, "boot/grub"), StringComparison.Ordinal)
            .Replace("/etc/grub.d", Path.Combine(folder, "grub.d"), StringComparison.Ordinal);
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"exec 2>&1\n{here}"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["PATH"] = $"{folder}/bin:/usr/bin:/bin";
        start.Environment["HITLESS_RECIPE"] = Path.Combine(folder, "recipe");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Replace(folder, "", StringComparison.Ordinal));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
