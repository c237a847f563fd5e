using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Xunit;

namespace Hitless.Core.Tests.Firmware;

public sealed class UpgradePathTests
{
    private static readonly ImageInfo[] Catalogue =
    [
        Image("1.1.0", ">=1.0.0 <1.1.0"),
        Image("1.5.0", ">=1.1.0 <1.5.0"),
        Image("1.2.0", ">=1.0.0 <1.2.0"),
        Image("2.0.0", ">=1.5.0 <2.0.0"),
        Image("3.0.0", ">=2.0.0 <3.0.0", "1.2.0"),
    ];

    [Theory]
    [InlineData("1.0.0", "1.1.0", "1.1.0")]
    [InlineData("1.0.0", "2.0.0", "1.2.0 1.5.0 2.0.0")]
    [InlineData("1.0.0", "3.0.0", "1.2.0 3.0.0")]
    [InlineData("1.0.0", "1.0.0", "")]
    [InlineData("2.0.0", "1.0.0", null)]
    [InlineData("1.0.0", "4.0.0", null)]
    public void The_shortest_path_is_found_with_the_newest_versions_in_between(string from, string to, string? expected)
    {
        var path = UpgradePath.Find(Version(from), Version(to), Catalogue);
        Assert.Equal(expected, path is null ? null : string.Join(' ', path.Select(i => i.Version)));
    }

    private static SemanticVersion Version(string text) =>
        SemanticVersion.TryParse(text, out var version) ? version : throw new InvalidOperationException(text);

    private static ImageInfo Image(string version, params string[] from) =>
        new(version, "hitless", version, "linux-x64", 1, "restart", "", "", from, "1.0");
}
