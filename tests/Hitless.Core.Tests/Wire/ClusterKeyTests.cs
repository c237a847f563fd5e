using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Wire;

public sealed class ClusterKeyTests
{
    [Fact]
    public void A_key_file_is_read_back()
    {
        var text = new ClusterKey([.. Enumerable.Range(1, 32).Select(i => (byte)i)]).ToFileText();
        Assert.Equal("hitless-key-1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n", text);
        Assert.True(ClusterKey.TryParse(text, out var key, out _));
        Assert.Equal(text, key.ToFileText());
    }

    [Theory]
    [InlineData("", "hitless key generate")]
    [InlineData("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=", "hitless key generate")]
    [InlineData("hitless-key-1:AQID", "base64 of 32 bytes")]
    [InlineData("hitless-key-1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIg==", "base64 of 32 bytes")]
    [InlineData("hitless-key-1:***", "base64 of 32 bytes")]
    public void A_wrong_key_file_gets_a_remedy(string text, string expected)
    {
        Assert.False(ClusterKey.TryParse(text, out _, out var error));
        Assert.Contains(expected, error);
    }

    [Fact]
    public void A_key_does_not_print_itself() => Assert.Equal("cluster key", $"{new ClusterKey(new byte[32])}");
}
