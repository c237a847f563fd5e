using Hitless.Core.Firmware;
using Xunit;

namespace Hitless.Core.Tests.Firmware;

public sealed class VersionTests
{
    [Fact]
    public void Versions_order_as_semver_section_11_says()
    {
        string[] ordered =
        [
            "0.9.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.10",
            "1.1.0",
            "2.0.0",
        ];
        for (var i = 0; i < ordered.Length; i++)
        {
            for (var j = 0; j < ordered.Length; j++)
            {
                Assert.Equal(Math.Sign(i.CompareTo(j)), Math.Sign(Version(ordered[i]).CompareTo(Version(ordered[j]))));
            }
        }
    }

    [Fact]
    public void Build_metadata_tells_versions_apart_and_orders_none()
    {
        var (plain, first, second) = (Version("1.0.0-rc.1"), Version("1.0.0-rc.1+system.202611301000"), Version("1.0.0-rc.1+b-2"));
        Assert.Equal((0, 0), (plain.CompareTo(first), first.CompareTo(second)));
        Assert.NotEqual(plain, first);
        Assert.NotEqual(first, second);
        Assert.Equal("1.0.0-rc.1+system.202611301000", first.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1.2")]
    [InlineData("1.2.3.4")]
    [InlineData("01.2.3")]
    [InlineData("1.2.-3")]
    [InlineData("1.2.3-")]
    [InlineData("1.2.3-a..b")]
    [InlineData("1.2.3-ä")]
    [InlineData("1.2.9999999999")]
    [InlineData("v1.2.3")]
    [InlineData("1.2.3+")]
    [InlineData("1.2.3+a b")]
    [InlineData("1.2.3+a+b")]
    public void What_is_no_version_is_refused(string text) => Assert.False(SemanticVersion.TryParse(text, out _));

    [Theory]
    [InlineData(">=1.0.0 <2.0.0", "1.0.0", true)]
    [InlineData(">=1.0.0 <2.0.0", "2.0.0", false)]
    [InlineData("1.0.0", "1.0.0", true)]
    [InlineData("1.0.0", "1.0.1", false)]
    [InlineData("*", "7.8.9", true)]
    [InlineData(">1.0.0 <=1.2.0", "1.2.0", true)]
    public void A_range_holds_when_all_its_bounds_hold(string range, string version, bool expected)
    {
        Assert.True(VersionRange.TryParse(range, out var parsed));
        Assert.Equal(expected, parsed.Contains(Version(version)));
        Assert.Equal(range, parsed.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("=> 1.0.0")]
    [InlineData(">=")]
    [InlineData("1.x")]
    [InlineData("><1.0.0")]
    public void What_is_no_range_is_refused(string text) => Assert.False(VersionRange.TryParse(text, out _));

    [Fact]
    public void Two_builds_speak_the_highest_protocol_that_both_know()
    {
        Assert.Equal(new ProtocolVersion(1, 1), Range("1.0", "1.1").HighestCommon(Range("1.1", "1.3")));
        Assert.Null(Range("1.0", "1.1").HighestCommon(Range("2.0", "2.1")));
    }

    internal static SemanticVersion Version(string text) =>
        SemanticVersion.TryParse(text, out var version) ? version : throw new ArgumentException(text);

    internal static ProtocolRange Range(string min, string max) =>
        ProtocolVersion.TryParse(min, out var from) && ProtocolVersion.TryParse(max, out var to)
            ? new ProtocolRange(from, to)
            : throw new ArgumentException(min);
}
