using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

public sealed class VirtualMacTests
{
    [Theory]
    [InlineData(0, 0, "02:48:4c:00:00:00")]
    [InlineData(7, 1, "02:48:4c:00:07:01")]
    [InlineData(1023, 63, "02:48:4c:03:ff:3f")]
    [InlineData(1023, 256, "02:48:4c:07:ff:00")]
    [InlineData(5, 16383, "02:48:4c:fc:05:ff")]
    public void A_port_of_a_group_has_one_address_on_every_unit(int group, int port, string expected)
    {
        Assert.Equal(expected, VirtualMac.For(group, port).ToString());
        Assert.True(MacAddress.TryParse(expected, out var parsed));
        Assert.Equal(VirtualMac.For(group, port), parsed);
    }

    [Theory]
    [InlineData("02:48:4c:00:00")]
    [InlineData("02-48-4c-00-00-00")]
    [InlineData("02:48:4c:00:00:0g")]
    [InlineData("")]
    public void What_is_no_address_is_not_read(string text) => Assert.False(MacAddress.TryParse(text, out _));
}
