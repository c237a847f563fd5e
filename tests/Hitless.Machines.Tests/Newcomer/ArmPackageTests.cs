using System.Text.Json;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>The package for arm64, made on amd64 (docs/decisions/0107).</summary>
public sealed class ArmPackageTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    [Fact(Explicit = true)] // Ten minutes: ./dev test machines
    public void The_package_its_programs_and_its_image_are_of_arm64()
    {
        var checkout = Prerequisites.Repository();
        Tool.Run(Path.Combine(checkout, "dev"), ["package", "--arch", "arm64"], limit: Limit);
        var package = Directory.EnumerateFiles(Prerequisites.Out, "hitless_*_arm64.deb").Single();
        Assert.Equal("arm64", Tool.Run("dpkg-deb", ["-f", package, "Architecture"]).Trim());
        Assert.Matches(@"libc6 \(>= 2\.\d+\)", Tool.Run("dpkg-deb", ["-f", package, "Depends"]));
        var folder = Directory.CreateTempSubdirectory("hitless-arm64-").FullName;
        try
        {
            Tool.Run("dpkg-deb", ["-x", package, folder]);
            foreach (var program in (string[])["usr/bin/hitless", "usr/sbin/hitless-boot", "usr/lib/hitless/hitless-web"])
            {
                Assert.Contains("AArch64", Tool.Run("readelf", ["-h", Path.Combine(folder, program)]), StringComparison.Ordinal);
            }

            var image = Directory.EnumerateFiles(Path.Combine(folder, "usr/lib/hitless"), "*.hli").Single();
            var said = Tool.Run(Path.Combine(Prerequisites.Out, "hitless"), ["firmware", "inspect", image, "--json"]);
            Assert.Equal("linux-arm64", JsonDocument.Parse(said).RootElement.GetProperty("platform").GetString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
