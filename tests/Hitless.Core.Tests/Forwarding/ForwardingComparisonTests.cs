using System.Net;
using Hitless.Core.Forwarding;
using Xunit;

namespace Hitless.Core.Tests.Forwarding;

public sealed class ForwardingComparisonTests
{
    private static readonly ForwardingItem[] Both =
    [
        ForwardingItems.Interface("wan0", up: true, 1500),
        ForwardingItems.Sysctl("net/ipv4/ip_forward", "1"),
        ForwardingItems.Sysctl("net/netfilter/nf_conntrack_max", "262144"),
        ForwardingItems.Sysctl("net/netfilter/nf_conntrack_tcp_timeout_established", "432000"),
        ForwardingItems.Sysctl("net/ipv4/conf/lan0/proxy_arp", "1"),
        ForwardingItems.Table("inet", "gateway", 12, 4, 3, 1, drops: true),
        ForwardingItems.Table("inet", "filter", 5, 0, 2, 0, drops: false),
        ForwardingItems.Rule(ipv6: false, 100, "from 10.10.2.1/32 lookup 100"),
        new(ForwardingKind.Route, "route default", "via 10.10.2.10 dev wan0"),
    ];

    [Fact]
    public void Equal_units_have_one_digest_whatever_the_order_and_no_difference()
    {
        var (a, b) = (new ForwardingState(Both), new ForwardingState([.. Both.Reverse()]));

        Assert.Equal(a.Digest, b.Digest);
        Assert.Empty(ForwardingComparison.Compare(a, b, []));
    }

    [Theory]
    [InlineData("route default", null, true)]
    [InlineData("route default", "via 10.10.2.99 dev wan0", true)]
    [InlineData("rule IPv4 100: from 10.10.2.1/32 lookup 100", null, true)]
    [InlineData("interface wan0", "up, MTU 1400", true)]
    [InlineData("interface wan0", "down, MTU 1500", true)]
    [InlineData("sysctl net.ipv4.ip_forward", "0", true)]
    [InlineData("sysctl net.netfilter.nf_conntrack_max", "1000", false)]
    [InlineData("sysctl net.netfilter.nf_conntrack_tcp_timeout_established", "3600", true)]
    [InlineData("sysctl net.netfilter.nf_conntrack_tcp_timeout_established", "1000000", false)]
    [InlineData("sysctl net.ipv4.conf.lan0.proxy_arp", "0", true)]
    [InlineData("nftables table inet gateway", null, true)]
    [InlineData("nftables table inet gateway", ForwardingItems.Empty, true)]
    [InlineData("nftables table inet gateway", "11 rules (4 that translate), 3 hooks, 1 nat", false)]
    [InlineData("nftables table inet gateway", "12 rules (3 that translate), 3 hooks, 1 nat", true)]
    [InlineData("nftables table inet gateway", "11 rules, 3 hooks, 1 nat", false)]
    [InlineData("nftables table inet gateway", "12 rules, 2 hooks, 0 nat", true)]
    [InlineData("nftables table inet filter", null, false)]
    [InlineData("nftables table inet filter", ForwardingItems.Empty, true)]
    [InlineData("interface wan0", "up, MTU 9000", false)]
    public void What_a_standby_has_otherwise_is_named_and_weighed(string name, string? value, bool losesTraffic)
    {
        var primary = new ForwardingState(Both);
        var standby = new ForwardingState([
            .. Both.Where(item => item.Name != name),
            .. value is null ? Array.Empty<ForwardingItem>() : [Both.First(item => item.Name == name) with { Value = value }],
        ]);

        Assert.NotEqual(primary.Digest, standby.Digest);
        var difference = Assert.Single(ForwardingComparison.Compare(primary, standby, []));
        Assert.Equal((name, value, losesTraffic), (difference.Name, difference.Standby, difference.LosesTraffic));
        Assert.Contains(name, ForwardingComparison.Describe(difference, "gw1", "gw2"), StringComparison.Ordinal);
        Assert.Empty(ForwardingComparison.Compare(primary, standby, [name]));
        Assert.Empty(ForwardingComparison.Compare(primary, standby, [$"{name[..3]}*{name[^2..]}"]));
        Assert.Single(ForwardingComparison.Compare(primary, standby, ["something*else"]));
    }

    [Fact]
    public void A_blackhole_that_only_the_standby_has_would_cost_traffic()
    {
        var extra = new ForwardingItem(ForwardingKind.Route, "route 198.51.100.0/24", "blackhole");

        Assert.True(
            Assert.Single(ForwardingComparison.Compare(new ForwardingState(Both), new ForwardingState([.. Both, extra]), [])).LosesTraffic
        );
    }

    [Theory]
    [InlineData(ForwardingKind.Route, "route 10.9.0.0/16", "via 10.10.2.10 dev wan0")]
    [InlineData(ForwardingKind.Route, "route default (IPv6)", "via fd00:2::10 dev wan0")]
    [InlineData(ForwardingKind.Firewall, "nftables table ip docker", "9 rules, 4 hooks, 2 nat")]
    public void What_only_the_primary_lacks_is_named_and_does_not_keep_the_standby_from_taking_over(
        ForwardingKind kind,
        string name,
        string value
    )
    {
        var more = new ForwardingState([.. Both, new ForwardingItem(kind, name, value)]);

        Assert.False(Assert.Single(ForwardingComparison.Compare(new ForwardingState(Both), more, [])).LosesTraffic);
    }

    [Theory]
    [InlineData("100 via a", "101 via a", false)]
    [InlineData("100 via a, 200 via b", "100 via a, 300 via b", false)]
    [InlineData("100 via a, 200 via b", "100 via a", true)]
    [InlineData("100 via a, 200 via b", "300 via a, 200 via b", true)]
    [InlineData("100 via a", "101 via b", true)]
    [InlineData("100 via a", "50 via b, 100 via a", false)]
    public void Another_metric_of_the_same_way_is_named_and_costs_no_traffic(string there, string here, bool losesTraffic)
    {
        var differences = ForwardingComparison.Compare(Ways(there), Ways(here), []);

        Assert.NotEmpty(differences);
        Assert.Equal(losesTraffic, differences.Any(each => each.LosesTraffic));

        static ForwardingState Ways(string text) =>
            new([
                .. text.Split(", ")
                    .Select(way => new ForwardingItem(
                        ForwardingKind.Route,
                        $"route default metric {way.Split(' ', 2)[0]}",
                        way.Split(' ', 2)[1]
                    )),
            ]);
    }

    [Theory]
    [InlineData("inet", 3, true)]
    [InlineData("ip", 3, false)]
    [InlineData("ip", 0, true)]
    public void A_rule_less_that_translates_costs_traffic_and_where_iptables_keeps_them_none_does(
        string family,
        int left,
        bool losesTraffic
    )
    {
        ForwardingState[] states =
        [
            new([ForwardingItems.Table(family, "nat", 9, 4, 2, 1, drops: false)]),
            new([ForwardingItems.Table(family, "nat", 9, left, 2, 1, drops: false)]),
        ];

        Assert.Equal(losesTraffic, Assert.Single(ForwardingComparison.Compare(states[0], states[1], [])).LosesTraffic);
        Assert.False(Assert.Single(ForwardingComparison.Compare(states[1], states[0], [])).LosesTraffic);
    }

    [Theory]
    [InlineData("12 rules, policy accept", "12 rules, policy drop", true)]
    [InlineData("12 rules, policy drop", "12 rules, policy accept", false)]
    [InlineData("12 rules, policy drop", "0 rules, policy drop", true)]
    [InlineData("no rules", "0 rules, policy drop", true)]
    [InlineData(null, "0 rules, policy drop", true)]
    [InlineData(null, "3 rules, policy accept", false)]
    [InlineData("12 rules", "12 rules, policy drop", false)]
    public void A_chain_that_drops_what_the_primarys_lets_pass_costs_traffic(string? there, string here, bool losesTraffic)
    {
        static ForwardingState State(string? value) =>
            new(value is null ? [] : [new ForwardingItem(ForwardingKind.Firewall, "nftables table ip filter", Whole(value))]);

        static string Whole(string value) =>
            value == ForwardingItems.Empty
                ? value
                : value.Replace(" rules", " rules (0 that translate)", StringComparison.Ordinal) + ", 2 hooks, 0 nat";

        Assert.Equal(losesTraffic, Assert.Single(ForwardingComparison.Compare(State(there), State(here), [])).LosesTraffic);
    }

    [Fact]
    public void Routes_of_an_interface_that_carries_traffic_count_whatever_it_is_called()
    {
        Route[] routes = [Route("10.9.0.0/16", "10.10.1.7", "br-lan", null), Route("172.18.0.0/16", null, "br-0a1b2c", null)];

        Assert.Equal("route 10.9.0.0/16", Assert.Single(ForwardingItems.Of(routes, ["br-lan"], [], new HashSet<IPAddress>())).Name);
    }

    [Fact]
    public void A_primary_whose_forwarding_is_off_or_that_drops_by_a_route_does_not_make_the_standby_worse()
    {
        ForwardingItem[] broken =
        [
            .. Both.Where(item => item.Kind is not (ForwardingKind.Sysctl or ForwardingKind.Interface)),
            ForwardingItems.Sysctl("net/ipv4/ip_forward", "0"),
            ForwardingItems.Sysctl("net/netfilter/nf_conntrack_max", "262144"),
            ForwardingItems.Sysctl("net/netfilter/nf_conntrack_tcp_timeout_established", "432000"),
            ForwardingItems.Sysctl("net/ipv4/conf/lan0/proxy_arp", "1"),
            ForwardingItems.Interface("wan0", up: false, 1500),
            new(ForwardingKind.Route, "route 198.51.100.0/24", "blackhole"),
            ForwardingItems.Rule(ipv6: false, 7, "from all action 7"),
        ];

        var differences = ForwardingComparison.Compare(new ForwardingState(broken), new ForwardingState(Both), []);

        Assert.Equal(4, differences.Count);
        Assert.DoesNotContain(differences, each => each.LosesTraffic);
    }

    [Fact]
    public void What_is_a_units_own_is_no_difference()
    {
        Route[] routes =
        [
            Route("0.0.0.0/0", "10.10.2.10", "wan0", "10.10.2.11"),
            Route("10.10.2.0/24", null, "wan0", "10.10.2.11") with
            {
                Protocol = 2,
            },
            Route("10.10.2.11/32", null, "wan0", null) with
            {
                Protocol = 2,
            },
            Route("10.10.9.0/24", "10.10.9.254", "hb0", null),
            Route("172.17.0.0/16", null, "docker0", null),
            Route("fe80::/64", null, "wan0", null) with
            {
                Protocol = 2,
            },
        ];

        var items = ForwardingItems
            .Of(routes, ["lan0", "wan0"], ["hb0"], new HashSet<IPAddress> { IPAddress.Parse("10.10.2.1") })
            .ToArray();

        Assert.Equal(["route default", "network 10.10.2.0/24 dev wan0"], items.Select(item => item.Name));
        Assert.Equal("via 10.10.2.10 dev wan0", items[0].Value);
        Assert.Equal(
            "via 10.10.2.10 dev wan0 src 10.10.2.1",
            ForwardingItems
                .Of(
                    [Route("0.0.0.0/0", "10.10.2.10", "wan0", "10.10.2.1")],
                    ["wan0"],
                    [],
                    new HashSet<IPAddress> { IPAddress.Parse("10.10.2.1") }
                )
                .Single()
                .Value
        );
    }

    private static Route Route(string to, string? via, string device, string? source) =>
        new(
            new AddressPrefix(IPAddress.Parse(to.Split('/')[0]), int.Parse(to.Split('/')[1])),
            Core.Forwarding.Route.MainTable,
            0,
            RouteKind.Unicast,
            3,
            source is null ? null : IPAddress.Parse(source),
            [new RouteHop(device, via is null ? null : IPAddress.Parse(via))]
        );
}
