using System.Net;
using Hitless.Core.Forwarding;
using Xunit;

namespace Hitless.Core.Tests.Forwarding;

public sealed class HangingRoutesTests
{
    private static readonly (string, AddressPrefix)[] Virtual = [("wan0", Prefix("10.10.2.1/24")), ("lan0", Prefix("fd00:1::1/64"))];

    [Theory]
    [InlineData("0.0.0.0/0", "10.10.2.10", "10.10.2.1", true)]
    [InlineData("10.9.0.0/16", "10.10.2.10", null, false)]
    [InlineData("0.0.0.0/0", "192.0.2.1", "192.0.2.9", false)]
    public void A_route_hangs_on_the_virtual_address_that_is_its_source(string to, string via, string? source, bool hangs)
    {
        var route = Route(to, via, source);

        Assert.Equal(hangs, HangingRoutes.Among([route], Virtual, [("wan0", Prefix("10.10.2.11/24"))]).Any());
    }

    [Fact]
    public void Where_the_virtual_address_is_the_only_one_the_way_to_a_gateway_hangs_on_it()
    {
        var route = Route("0.0.0.0/0", "10.10.2.10", source: null);

        Assert.Equal([route], HangingRoutes.Among([route], Virtual, [("lan0", Prefix("10.10.1.11/24"))]));
    }

    [Fact]
    public void What_the_kernel_set_for_an_address_comes_back_by_itself()
    {
        var route = Route("10.10.2.0/24", null, "10.10.2.1") with { Protocol = 2 };

        Assert.Empty(HangingRoutes.Among([route], Virtual, []));
    }

    [Fact]
    public void Only_what_is_gone_is_put_back_and_not_over_what_somebody_set_in_its_place()
    {
        var gone = Route("0.0.0.0/0", "10.10.2.10", "10.10.2.1");
        var there = Route("10.1.0.0/16", "10.10.2.10", "10.10.2.1");
        var replaced = Route("10.2.0.0/16", "10.10.2.10", "10.10.2.1");
        var now = Route("10.2.0.0/16", "10.10.2.99", null);

        Assert.Equal([gone], HangingRoutes.Missing([gone, there, replaced], [there, now]));
    }

    [Fact]
    public void A_route_of_ipv6_that_only_lost_its_source_gets_it_again()
    {
        var before = Route("::/0", "fd00:1::10", "fd00:1::1");

        Assert.Equal([before], HangingRoutes.Missing([before], [before with { Source = null }]));
        Assert.Empty(HangingRoutes.Missing([before], [before with { Source = IPAddress.Parse("fd00:1::2") }]));
    }

    [Theory]
    [InlineData("10.10.2.1/24", "10.10.2.255", true)]
    [InlineData("10.10.2.1/23", "10.10.3.1", true)]
    [InlineData("10.10.2.1/24", "10.10.3.1", false)]
    [InlineData("10.10.2.1/32", "10.10.2.1", true)]
    [InlineData("10.10.2.1/0", "192.0.2.1", true)]
    [InlineData("10.10.2.1/24", "fd00::1", false)]
    [InlineData("fd00:1::1/61", "fd00:1:0:7::9", true)]
    [InlineData("fd00:1::1/61", "fd00:1:0:8::9", false)]
    public void An_address_is_in_a_network_or_not(string network, string address, bool expected) =>
        Assert.Equal(expected, Prefix(network).Contains(IPAddress.Parse(address)));

    private static AddressPrefix Prefix(string text) => new(IPAddress.Parse(text.Split('/')[0]), int.Parse(text.Split('/')[1]));

    private static Route Route(string to, string? via, string? source) =>
        new(
            Prefix(to),
            Core.Forwarding.Route.MainTable,
            0,
            RouteKind.Unicast,
            3,
            source is null ? null : IPAddress.Parse(source),
            [new RouteHop("wan0", via is null ? null : IPAddress.Parse(via))]
        );
}
