using System.Text;
using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Gateway;
using Hitless.Daemon.Tests.Sessions;
using Hitless.Linux.Namespaces;
using Xunit;

namespace Hitless.Daemon.Tests.Gateway;

/// <summary>Declared routes and rules, in a kernel: what <c>ip</c> shows of them.</summary>
public sealed class RoutingKeeperTests : IDisposable
{
    private const string Ipv4 = "{ to: default, via: 10.95.2.9, source: 10.95.2.1 }, { to: 192.0.2.0/24, table: 77, metric: 5 }";
    private const string Ipv6 =
        "{ to: default, via: \"fd00:95::9\", source: \"fd00:95::1\", table: 300 }, { to: \"2001:db8::/32\", via: \"fe80::9\" }";
    private const string Rule4 = "{ priority: 100, from: 10.95.1.0/24, to: 192.0.2.0/24, incoming: wan0, mark: 7, table: 77 }";
    private const string Rule6 = "{ priority: 200, from: \"fd00:95::/64\", outgoing: wan0, table: 300 }";
    private readonly string space = $"rk-{Environment.ProcessId}-{Random.Shared.Next(10_000)}";
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-test-").FullName;
    private readonly EventLog events;
    private TimeSpan now = TimeSpan.FromMinutes(1);

    public RoutingKeeperTests()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for a network namespace");
        events = new EventLog(folder, "gw1");
        GatewayPair.Shell(
            $"""
            set -e
            ip netns add {space}
            ip -n {space} link set lo up
            ip -n {space} link add wan0 type veth peer name far
            ip -n {space} link set far up
            ip -n {space} link set wan0 up
            ip -n {space} address add 10.95.2.1/24 dev wan0
            ip -n {space} address add fd00:95::1/64 dev wan0 nodad
            """
        );
    }

    [Theory]
    [InlineData(
        Ipv4,
        "",
        "192.0.2.0/24 dev wan0 table 77 proto 72 scope link metric 5|default via 10.95.2.9 dev wan0 proto 72 src 10.95.2.1"
    )]
    [InlineData(
        Ipv6,
        "",
        "2001:db8::/32 via fe80::9 dev wan0 proto 72 metric 1024 pref medium|"
            + "default via fd00:95::9 dev wan0 table 300 proto 72 src fd00:95::1 metric 1024 pref medium"
    )]
    [InlineData("", Rule4, "100:from 10.95.1.0/24 to 192.0.2.0/24 fwmark 0x7 iif wan0 lookup 77 proto 72")]
    [InlineData("", Rule6, "200:from fd00:95::/64 oif wan0 lookup 300 proto 72")]
    [InlineData(
        "",
        "{ priority: 300, mark: 9, table: main }",
        "300:from all fwmark 0x9 lookup main proto 72|300:from all fwmark 0x9 lookup main proto 72"
    )]
    public void What_is_declared_stands_comes_back_and_goes_with_its_declaration(string routes, string rules, string shown)
    {
        var declared = Settings(routes, rules);
        var keeper = new RoutingKeeper(declared, events);
        Run(keeper);
        Assert.Equal((shown, 0), (Shown(), keeper.Problems.Count));

        // Flushed, then deleted one by one.
        GatewayPair.Shell(
            $"for f in -4 -6; do ip $f -n {space} route flush table all proto 72; ip $f -n {space} rule flush protocol 72; done"
        );
        Assert.Equal("", Shown());
        Run(keeper);
        Assert.Equal(shown, Shown());

        // The next process has the same, and one without the declaration takes all of it away.
        Run(new RoutingKeeper(declared, events));
        Assert.Equal(shown, Shown());
        Run(new RoutingKeeper(Settings("", ""), events));
        Assert.Equal("", Shown());
    }

    [Fact]
    public void What_another_program_set_is_left_alone_and_in_the_way_it_is_named()
    {
        GatewayPair.Shell($"ip -n {space} route add default via 10.95.2.8; ip -n {space} rule add pref 100 from 10.95.7.0/24 lookup 77");
        var before = All();
        var keeper = new RoutingKeeper(Settings("{ to: default, via: 10.95.2.9 }", ""), events);
        Run(keeper);

        Assert.Equal(before, All());
        Assert.Contains(
            "another one stands in its place (default via 10.95.2.8 dev wan0)",
            Assert.Single(keeper.Problems),
            StringComparison.Ordinal
        );
        Assert.NotEqual(TimeSpan.MaxValue, keeper.NextDeadline);

        GatewayPair.Shell($"ip -n {space} route del default");
        Run(keeper);
        Assert.Equal(("default via 10.95.2.9 dev wan0 proto 72", 0), (Shown(), keeper.Problems.Count));
        NetworkNamespace.Run(space, RoutingKeeper.Withdraw);
        Assert.Equal("", Shown());
        Assert.Contains("10.95.7.0/24", All(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_interface_that_is_down_or_made_anew_gets_its_routes_when_its_addresses_are_there()
    {
        GatewayPair.Shell($"ip -n {space} link set wan0 down");
        var keeper = new RoutingKeeper(Settings(Ipv4, ""), events);
        Run(keeper);
        Assert.Equal(("", 0), (Shown(), keeper.Problems.Count));

        GatewayPair.Shell(
            $"ip -n {space} link del wan0; ip -n {space} link add wan0 type veth peer name far; "
                + $"ip -n {space} link set far up; ip -n {space} link set wan0 up"
        );
        Run(keeper);
        Assert.Contains(keeper.Problems, problem => problem.Contains("could not be set", StringComparison.Ordinal));

        GatewayPair.Shell($"ip -n {space} address add 10.95.2.1/24 dev wan0");
        Run(keeper);
        Assert.Contains("src 10.95.2.1", Shown(), StringComparison.Ordinal);
        Assert.Empty(keeper.Problems);
    }

    [Fact]
    public void A_declaration_that_changed_replaces_the_route()
    {
        Run(new RoutingKeeper(Settings(Ipv4, Rule4), events));
        var routes = Ipv4.Replace("10.95.2.9", "10.95.2.8", StringComparison.Ordinal);
        Run(new RoutingKeeper(Settings(routes, Rule4.Replace("100", "101", StringComparison.Ordinal)), events));

        Assert.Equal(
            "101:from 10.95.1.0/24 to 192.0.2.0/24 fwmark 0x7 iif wan0 lookup 77 proto 72|"
                + "192.0.2.0/24 dev wan0 table 77 proto 72 scope link metric 5|"
                + "default via 10.95.2.8 dev wan0 proto 72 src 10.95.2.1",
            Shown()
        );
    }

    public void Dispose()
    {
        events?.Dispose();
        GatewayPair.Shell($"ip netns del {space}");
        Directory.Delete(folder, recursive: true);
    }

    private static UnitSettings Settings(string routes, string rules)
    {
        var text = $$"""
            cluster: { name: edge }
            unit: { name: gw1 }
            heartbeat: { links: [{ interface: hb0, address: 10.95.9.1, peers: [10.95.9.2] }] }
            interfaces: [{ name: wan0, virtual-addresses: [10.95.2.1/24, "fd00:95::1/64"], routes: [{{routes}}] }]
            forwarding: { rules: [{{rules}}] }
            """;
        Assert.True(
            UnitFile.TryParse(Encoding.UTF8.GetBytes(text), "/unit.yaml", null, out var settings, out var problems),
            string.Join("\n", problems)
        );
        return settings;
    }

    private void Run(RoutingKeeper keeper)
    {
        now += TimeSpan.FromMinutes(1);
        keeper.Take(now);
        now += TimeSpan.FromMinutes(1);
        NetworkNamespace.Run(space, () => keeper.Tick(now));
    }

    private string Shown() => string.Join('|', All().Split('\n').Where(line => line.Contains("proto 72", StringComparison.Ordinal)));

    private string All() =>
        string.Join(
            '\n',
            ((string[])["-4 -n {0} route show table all", "-6 -n {0} route show table all", "-4 -n {0} rule", "-6 -n {0} rule"])
                .SelectMany(words => GatewayPair.Shell($"ip {string.Format(words, space)}").Split('\n'))
                .Select(line => line.Replace("\t", "", StringComparison.Ordinal).Trim())
                .Where(line => line.Length > 0)
                .Order(StringComparer.Ordinal)
        );
}
