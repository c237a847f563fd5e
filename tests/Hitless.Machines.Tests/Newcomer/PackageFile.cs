using System.Text.RegularExpressions;
using Hitless.Lab.Matrix;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>The package, of the programs that are there.</summary>
internal static partial class PackageFile
{
    /// <summary>Builds the package, of the programs that are there.</summary>
    public static string Build()
    {
        Prerequisites.NeedBuild();
        Prerequisites.NeedPrograms("dh", "lintian");
        Tool.Run(Path.Combine(Prerequisites.Out, "..", "build", "package.sh"), [Prerequisites.Out], limit: TimeSpan.FromMinutes(10));
        return Assert.Single(Directory.GetFiles(Prerequisites.Out, "hitless_*_amd64.deb"));
    }

    /// <summary>The same content as a newer version, beside it.</summary>
    public static string Newer(string package, string folder, string version)
    {
        var newer = Path.Combine(folder, $"hitless_{version}_amd64.deb");
        Tool.Run(
            "sh",
            [
                "-ec",
                "dpkg-deb -R \"$1\" \"$2/tree\"; sed -i \"s/^Version: .*/Version: $3/\" \"$2/tree/DEBIAN/control\"; "
                    + "dpkg-deb --root-owner-group -b \"$2/tree\" \"$4\"",
                "newer",
                package,
                folder,
                version,
                newer,
            ]
        );
        return newer;
    }

    /// <summary>The same package in a folder, with another first image.</summary>
    public static string With(string package, string folder, string image)
    {
        var other = Path.Combine(folder, Path.GetFileName(package));
        Tool.Run(
            "sh",
            [
                "-ec",
                "dpkg-deb -R \"$1\" \"$2/tree\"; cp \"$3\" \"$2/tree/usr/lib/hitless/\"; dpkg-deb --root-owner-group -b \"$2/tree\" \"$4\"",
                "with",
                package,
                folder,
                image,
                other,
            ]
        );
        return other;
    }

    /// <summary>An image of this version that a restart of the daemon activates.</summary>
    public static string RestartingImage(string folder)
    {
        var image = Path.Combine(folder, "hitless-1.0.0.hli");
        var parts = Directory.CreateDirectory(Path.Combine(folder, "parts")).FullName;
        foreach (var program in (string[])["hitless", "hitlessd"])
        {
            File.Copy(Path.Combine(Prerequisites.Out, program), Path.Combine(parts, program));
        }

        Tool.Run(
            Path.Combine(Prerequisites.Out, "hitless"),
            [
                .. (string[])["firmware", "build", parts, "--version", "1.0.0", "--activation", "restart"],
                .. (string[])["--key", Path.Combine(Prerequisites.Out, "keys", "image-signing.key"), "--out", image],
            ]
        );
        return image;
    }

    /// <summary>An image of a newer version, of the programs that are there.</summary>
    public static string NewerImage(string folder) => Image(folder, "1.2.0", "exec \"$here/hitlessd.real\" \"$@\"");

    /// <summary>An image of a newer version whose hitlessd never joins.</summary>
    public static string BadImage(string folder) => Image(folder, "1.2.1", "exec sleep 86400");

    private static string Image(string folder, string version, string script)
    {
        var image = Path.Combine(folder, $"hitless-{version}.hli");
        MatrixImages.Build(
            Prerequisites.Out,
            folder,
            image,
            Path.Combine(Prerequisites.Out, "keys", "image-signing.key"),
            script,
            whole: true,
            "--activation",
            "restart",
            "--version",
            version
        );
        return image;
    }

    /// <summary>The code that <c>hitless invite</c> has printed.</summary>
    public static string CodeIn(string said)
    {
        var code = InvitationCode().Match(said);
        Assert.True(code.Success, said);
        return code.Groups[1].Value;
    }

    // The machines have no network beside the lab's: what the package needs is on them, as on a Debian that somebody uses.
    public static string Install(string line) =>
        line.Replace("apt install", "DEBIAN_FRONTEND=noninteractive apt-get install", StringComparison.Ordinal);

    [GeneratedRegex("hitless join (\\S*/\\S+)")]
    private static partial Regex InvitationCode();
}
