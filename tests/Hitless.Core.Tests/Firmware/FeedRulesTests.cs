using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Xunit;

namespace Hitless.Core.Tests.Firmware;

public sealed class FeedRulesTests
{
    private static readonly RunningFirmware Running = new(
        new SemanticVersion(1, 0, 0),
        "linux-x64",
        new ProtocolRange(new(1, 0), new(1, 1)),
        1
    );

    [Theory]
    [InlineData("", "")]
    [InlineData("0.9.0 1.0.0 1.0.0+build.7", "")]
    [InlineData("1.1.0", "1.1.0")]
    [InlineData("1.1.0 1.3.0 1.2.0 1.3.0-rc.1", "1.3.0 1.3.0-rc.1 1.2.0 1.1.0")]
    [InlineData("1.1.0/linux-arm64 1.1.0/other 1.2.0/linux-x64", "1.2.0")]
    public void Newer_images_for_this_unit_are_offered_the_newest_first(string offered, string expected)
    {
        var newer = FeedRules.Newer(Index(offered, "*"), Running, new HashSet<string>());
        Assert.Equal(expected, string.Join(' ', newer.Select(offer => offer.Image.Version)));
    }

    [Theory]
    [InlineData("2.0.0", ">=1.1.0", null)]
    [InlineData("1.1.0 2.0.0", ">=1.0.0 <2.0.0", "2.0.0")]
    [InlineData("1.1.0 2.0.0", ">=1.0.0 <1.1.0", "2.0.0")]
    public void The_files_of_a_version_are_those_that_lead_to_it(string offered, string from, string? expected)
    {
        var files = FeedRules.FilesFor(Index(offered, from), Running, new SemanticVersion(2, 0, 0));
        Assert.Equal(expected, files is null ? null : string.Join(' ', files.Select(file => file.File)));
    }

    [Fact]
    public void What_is_in_the_store_is_known_by_its_hash()
    {
        var index = Index("1.1.0 1.2.0", "*");
        var newer = FeedRules.Newer(index, Running, new HashSet<string> { index.Images[0].Image.Hash });
        Assert.Equal([("1.2.0", false), ("1.1.0", true)], newer.Select(offer => (offer.Image.Version, offer.Stored)));
    }

    private static FeedIndex Index(string offered, string from) =>
        new(
            DateTimeOffset.UnixEpoch,
            DateTimeOffset.MaxValue,
            [.. offered.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((text, i) => Offer(text, from, i))]
        );

    private static OfferedImage Offer(string text, string from, int number)
    {
        var (version, platform) = text.Split('/') is [var v, var p] ? (v, p) : (text, "linux-x64");
        return new OfferedImage(
            version,
            new ImageInfo(
                number.ToString("x64", System.Globalization.CultureInfo.InvariantCulture),
                platform == "other" ? "something" : "hitless",
                version,
                platform == "other" ? "linux-x64" : platform,
                1000,
                "restart",
                "Maker",
                "",
                [from],
                "1.0"
            )
        );
    }
}
