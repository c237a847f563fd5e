using System.Net;
using Hitless.Core.Forwarding;
using Xunit;

namespace Hitless.Core.Tests.Forwarding;

public sealed class DeclaredRoutingTests
{
    private const byte OfOperator = 4; // RTPROT_STATIC
    private static readonly Route Default = Declared(IPAddress.Any, "10.10.2.10", Route.MainTable, IPAddress.Parse("10.10.2.1"));
    private static readonly Route Default6 = Declared(IPAddress.IPv6Any, "fd00:2::10", 77, null);

    [Fact]
    public void What_is_missing_is_set_and_what_stands_is_left()
    {
        Assert.Equal([Default, Default6], DeclaredRouting.Plan([Default, Default6], []).Add);
        var none = DeclaredRouting.Plan([Default, Default6], [Default, Default6]);
        Assert.Equal((0, 0, 0), (none.Add.Count, none.Remove.Count, none.Blocked.Count));
    }

    [Fact]
    public void What_is_no_longer_declared_goes_and_only_that()
    {
        var other = Default with { Protocol = OfOperator, Table = 12 };

        var plan = DeclaredRouting.Plan([Default], [Default, Default6, other]);

        Assert.Equal([Default6], plan.Remove);
        Assert.Empty(plan.Add);
    }

    [Fact]
    public void A_declared_route_that_leads_elsewhere_by_now_is_replaced()
    {
        var before = Default with { Hops = [new RouteHop("wan0", IPAddress.Parse("10.10.2.11"))] };
        var plan = DeclaredRouting.Plan([Default], [before]);
        Assert.Equal([before, Default], [.. plan.Remove, .. plan.Add]);

        var withoutSource = Default with { Source = null };
        plan = DeclaredRouting.Plan([Default], [withoutSource]);
        Assert.Equal([withoutSource, Default], [.. plan.Remove, .. plan.Add]);
    }

    [Fact]
    public void An_operators_route_in_its_place_stays_and_counts_where_it_does_the_same()
    {
        var same = Default with { Protocol = OfOperator };
        var elsewhere = same with { Hops = [new RouteHop("lan0", IPAddress.Parse("10.10.1.9"))] };
        var withoutSource = same with { Source = null };

        Assert.Empty(DeclaredRouting.Plan([Default], [same]).Blocked);
        Assert.Empty(DeclaredRouting.Plan([Default], [same]).Add);
        foreach (var blocking in new[] { elsewhere, withoutSource })
        {
            var plan = DeclaredRouting.Plan([Default], [blocking]);
            Assert.Equal([(Default, blocking)], plan.Blocked);
            Assert.Equal((0, 0), (plan.Add.Count, plan.Remove.Count));
        }
    }

    [Fact]
    public void Declared_routes_are_not_remembered_as_hanging_ones()
    {
        (string, AddressPrefix)[] virtualAddresses = [("wan0", new AddressPrefix(IPAddress.Parse("10.10.2.1"), 24))];

        var ofOperator = Default with { Protocol = OfOperator };
        Assert.Equal([ofOperator], HangingRoutes.Among([Default, ofOperator], virtualAddresses, []));
    }

    [Fact]
    public void Ipv6_routes_without_a_metric_have_the_kernels() => Assert.Equal((0U, 1024U), (Default.Metric, Default6.Metric));

    private static Route Declared(IPAddress any, string via, uint table, IPAddress? source) =>
        new DeclaredRoute("wan0", new AddressPrefix(any, 0), IPAddress.Parse(via), table, 0, source).AsRoute();
}
