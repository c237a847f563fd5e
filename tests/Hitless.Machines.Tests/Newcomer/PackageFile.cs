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
    public static string NewerImage(string folder)
    {
        var image = Path.Combine(folder, "hitless-1.2.0.hli");
        MatrixImages.Build(
            Prerequisites.Out,
            folder,
            image,
            Path.Combine(Prerequisites.Out, "keys", "image-signing.key"),
            "exec \"$here/hitlessd.real\" \"$@\"",
            whole: true,
            "--activation",
            "restart",
            "--version",
            "1.2.0"
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
