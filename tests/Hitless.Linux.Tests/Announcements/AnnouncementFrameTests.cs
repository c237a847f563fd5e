using System.Net;
using Hitless.Core.Cluster;
using Hitless.Linux.Announcements;

namespace Hitless.Linux.Tests.Announcements;

public sealed class AnnouncementFrameTests
{
    private static readonly MacAddress Mac = VirtualMac.For(7, 0);

    [Fact]
    public void A_gratuitous_request_is_what_rfc_5944_says() =>
        Assert.Equal(
            "ffffffffffff02484c000700" + "0806" + "0001080006040001" + "02484c000700" + "0a4d0101" + "000000000000" + "0a4d0101",
            Convert.ToHexStringLower(AnnouncementFrame.GratuitousArp(Mac, IPAddress.Parse("10.77.1.1"), AnnouncementFrame.ArpRequest))
        );

    [Fact]
    public void An_advertisement_carries_a_checksum_that_sums_to_nothing()
    {
        var frame = AnnouncementFrame.NeighbourAdvertisement(Mac, IPAddress.Parse("fd77:1::1"));

        Assert.Equal(86, frame.Length);
        Assert.Equal(0, AnnouncementFrame.Checksum(frame.AsSpan(22), frame.AsSpan(54)));
    }
}
