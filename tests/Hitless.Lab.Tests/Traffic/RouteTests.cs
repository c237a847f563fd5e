using Hitless.Lab.Traffic;
using Xunit;

namespace Hitless.Lab.Tests.Traffic;

public sealed class RouteTests
{
    [Fact]
    public void Half_of_the_connections_go_through_source_nat_and_some_are_forwarded_or_ipv6()
    {
        var routes = Enumerable.Range(0, 500).Select(number => Route.Of(number, ipv4Only: false)).ToList();
        Assert.Equal(
            (250, 100, 150),
            (routes.Count(route => route.Hidden), routes.Count(route => route.Forwarded), routes.Count(route => route.Ipv6))
        );
        Assert.All(routes, route => Assert.Equal(route.Source.AddressFamily, route.Target.AddressFamily));
    }

    [Fact]
    public void Without_ipv6_the_rest_stays_as_it_was()
    {
        var routes = Enumerable.Range(0, 500).Select(number => Route.Of(number, ipv4Only: true)).ToList();
        Assert.Equal(
            (250, 100, 0),
            (routes.Count(route => route.Hidden), routes.Count(route => route.Forwarded), routes.Count(route => route.Ipv6))
        );
    }
}
