using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Nftables;
using Hitless.Linux.Routes;

namespace Hitless.Linux.Tests.Routes;

public sealed class RouteTableTests : IDisposable
{
    private readonly string space = $"linux-routes-{Environment.ProcessId}-{Guid.NewGuid():N}"[..24];

    public RouteTableTests()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for a network namespace");
        Shell.Run(
            $"""
            set -e
            ip netns add {space}
            for i in wan0 wan1; do ip -n {space} link add $i type veth peer name $i-far; ip -n {space} link set $i up
            ip -n {space} link set $i-far up; done
            ip -n {space} addr add 10.10.2.1/24 dev wan0; ip -n {space} addr add 10.10.3.1/24 dev wan1
            ip -n {space} addr add fd00:2::1/64 dev wan0 nodad
            """
        );
    }

    public void Dispose() => Shell.Run($"ip netns del {space}");

    [Theory]
    [InlineData("default via 10.10.2.10 dev wan0 src 10.10.2.1 metric 7 mtu lock 1400 onlink")]
    [InlineData("10.9.0.0/16 table 100 src 10.10.2.1 nexthop via 10.10.2.10 dev wan0 weight 3 nexthop via 10.10.3.10 dev wan1 weight 1")]
    [InlineData("blackhole 10.8.0.0/16")]
    [InlineData("-6 default via fd00:2::10 dev wan0 src fd00:2::1 metric 99")]
    [InlineData("-6 fd00:9::/48 nexthop via fd00:2::10 dev wan0 nexthop via fd00:2::11 dev wan0")]
    public void A_route_comes_back_just_as_it_was_also_from_a_file_and_on_an_interface_made_anew(string words)
    {
        var (family, route) = words.StartsWith("-6 ", StringComparison.Ordinal) ? ("-6 ", words[3..]) : ("", words);
        Shell.Run($"ip {family}-n {space} route add {route}");
        var before = Show();
        var remembered = NetworkNamespace.Run(space, () => Read().Select(each => each.ToString()).ToArray());

        Shell.Run(
            $"for f in -4 -6; do ip $f -n {space} route flush proto boot table all; done; ip -n {space} link del wan1; ip -n {space} "
                + $"link add wan1 index 4242 type veth peer name wan1-far; ip -n {space} link set wan1-far up; ip -n {space} addr "
                + $"add 10.10.3.1/24 dev wan1; ip -n {space} link set wan1 up"
        );
        Assert.NotEqual(before, Show());

        NetworkNamespace.Run(space, () =>
        {
            using var table = new RouteTable();
            using var links = new LinkTable();
            var linkOf = links.Read().ToDictionary(link => link.Name, link => link.Index);
            foreach (var line in remembered)
            {
                Assert.True(KernelRoute.TryParse(line, out var again), line);
                if (again!.Route.Protocol != 2)
                {
                    table.Restore(again, linkOf).ThrowIfFailed("restore");
                    table.Restore(again, linkOf).ThrowIfFailed("restore again");
                }
            }
        });

        Assert.Equal(before, Show());
    }

    [Fact]
    public void A_route_whose_next_hop_object_is_gone_comes_back_by_its_hops()
    {
        Shell.Run(
            $"ip -n {space} nexthop add id 10 via 10.10.2.10 dev wan0; ip -n {space} nexthop add id 11 via 10.10.3.10 dev wan1; "
                + $"ip -n {space} nexthop add id 20 group 10/11; ip -n {space} route add default nhid 20 src 10.10.2.1"
        );
        var remembered = NetworkNamespace.Run(space, () => Read().Single(each => each.Route.IsDefault));
        Shell.Run($"ip -n {space} nexthop flush");
        Assert.DoesNotContain("default", Show(), StringComparison.Ordinal);

        NetworkNamespace.Run(space, () =>
        {
            using var table = new RouteTable();
            using var links = new LinkTable();
            table.Restore(remembered, links.Read().ToDictionary(link => link.Name, link => link.Index)).ThrowIfFailed("restore");
            Assert.Equal(remembered.Route.Hops, Read().Single(each => each.Route.IsDefault).Route.Hops);
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("x y")]
    [InlineData("AAAA 3=wan0")]
    [InlineData("AAAA")]
    public void A_damaged_line_is_no_route(string line) => Assert.False(KernelRoute.TryParse(line, out _));

    [Fact]
    public void Rules_and_tables_of_nftables_are_told_in_words()
    {
        Shell.Run(
            $"ip -n {space} rule add from 10.10.2.0/24 iif wan0 fwmark 0x5 lookup 100 pref 900; ip netns exec {space} nft 'add table "
                + $"inet f; add chain inet f forward {"{"} type filter hook forward priority 0; {"}"}; add rule inet f forward drop; "
                + $"add chain inet f hide {"{"} type nat hook postrouting priority 100; {"}"}; add rule inet f hide masquerade; "
                + "add table ip empty'"
        );

        NetworkNamespace.Run(space, () =>
        {
            using var rules = new RuleTable();
            using var ruleset = new RulesetReader();
            var rule = Assert.Single(rules.Read(), each => each.Priority == 900);
            Assert.Equal((false, 100U, "from 10.10.2.0/24 iif wan0 fwmark 0x5 lookup 100"), (rule.Ipv6, rule.Table, rule.Words));
            Assert.Equal(
                ["inet f 2 1 2 1", "ip empty 0 0 0 0"],
                ruleset
                    .Read()
                    .Select(table => $"{table.Family} {table.Name} {table.Rules} {table.NatRules} {table.Hooks} {table.Nats}")
                    .Order(StringComparer.Ordinal)
            );
        });
    }

    private static IReadOnlyList<KernelRoute> Read()
    {
        using var table = new RouteTable();
        using var links = new LinkTable();
        return table.Read(links.Read().ToDictionary(link => link.Index, link => link.Name));
    }

    private string Show() =>
        string.Join(
            "\n",
            Shell
                .Run($"ip -n {space} route show table all; ip -6 -n {space} route show table all")
                .Split('\n')
                .Where(line =>
                    !line.Contains("proto kernel", StringComparison.Ordinal) && !line.Contains("table local", StringComparison.Ordinal)
                )
                .Order(StringComparer.Ordinal)
        );
}
