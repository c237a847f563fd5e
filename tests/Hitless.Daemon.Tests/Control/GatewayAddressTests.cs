using System.Text;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Daemon.Gateway;
using Hitless.Daemon.Tests.Sessions;
using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;
using Xunit;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Hitless.Daemon.Tests.Control;

/// <summary>Virtual and own addresses in a kernel, when the configuration or another program changes them (docs/decisions/0040).</summary>
public sealed class GatewayAddressTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);
    private readonly string space = $"ha-{Environment.ProcessId}-{Random.Shared.Next(10_000)}";
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-test-").FullName;
    private readonly EventLog events;
    private GatewayKernel? kernel;

    public GatewayAddressTests()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for a network namespace");
        events = new EventLog(folder, "gw1");
        GatewayPair.Shell(
            $"""
            set -e
            ip netns add {space}
            ip -n {space} link set lo up
            for port in lan0 wan0 hb0; do
              ip -n {space} link add $port type veth peer name $port-far
              ip -n {space} link set $port-far up; ip -n {space} link set $port up
            done
            ip -n {space} address add 10.95.1.2/24 dev lan0
            ip -n {space} address add 10.95.2.2/24 dev wan0
            ip -n {space} address add fd00:95::2/64 dev wan0 nodad
            """
        );
    }

    [Theory]
    [InlineData("lan0: 10.95.1.1/24 10.95.1.7/24", "lan0: 10.95.1.1/24", "lan0 10.95.1.1/24")]
    [InlineData("lan0: 10.95.1.1/24 fd00:96::1/64", "lan0: 10.95.1.1/28 fd00:96::1/56", "lan0 10.95.1.1/28,lan0 fd00:96::1/56")]
    [InlineData(
        "lan0: 10.95.7.1/24; wan0: fd00:96::1/64",
        "wan0: 10.95.7.1/24; lan0: fd00:96::1/64",
        "lan0 fd00:96::1/64,wan0 10.95.7.1/24"
    )]
    [InlineData("lan0: 10.95.1.1/24; wan0: 10.95.2.1/24", "wan0: 10.95.2.1/24", "wan0 10.95.2.1/24")]
    public void What_is_no_longer_configured_stands_no_more_and_own_addresses_stay(string before, string after, string standing)
    {
        Start(before, TrafficState.Claimed);
        Assert.NotEqual(standing, Virtual());

        Start(after, TrafficState.Claimed);

        Assert.Equal(standing, Virtual());
        Assert.Equal("10.95.1.2 10.95.2.2 fd00:95::2", string.Join(' ', Own()));
    }

    [Theory]
    [InlineData("lan0: fe80::1/64; wan0: fe80::1/64")]
    [InlineData("lan0: fe80::1/64; wan0: fe80::1/10 10.95.2.1/24")]
    [InlineData("lan0: fe80::1/64 fd00:96::1/64; wan0: fe80::1/128 fe80::2/64")]
    public void Each_interface_has_its_own_link_local_addresses(string ports)
    {
        foreach (var state in new[] { TrafficState.Muted, TrafficState.Claimed, TrafficState.Draining, TrafficState.Muted })
        {
            if (kernel is null)
            {
                Start(ports, state);
            }
            else
            {
                NetworkNamespace.Run(space, () => kernel.SetTraffic(state));
            }

            var wanted = ports.Split("; ").SelectMany(port => port.Split(' ')[1..].Select(address => $"{port.Split(':')[0]} {address}"));
            Assert.Equal(string.Join(',', wanted.Order(StringComparer.Ordinal)), Virtual());
        }
    }

    [Theory]
    [InlineData("ip -n {0} address del 10.95.2.2/24 dev wan0; ip -n {0} address add 10.95.2.2/24 dev wan0")]
    [InlineData(
        "ip -n {0} address del 10.95.2.2/24 dev wan0; " + "ip -n {0} address add 10.95.2.2/24 dev wan0 valid_lft 3600 preferred_lft 1800"
    )]
    [InlineData(
        "ip -n {0} address del fd00:95::2/64 dev wan0; " + "ip -n {0} address add fd00:95::2/64 dev wan0 valid_lft 3600 preferred_lft 1800"
    )]
    [InlineData(
        "ip -n {0} address flush dev wan0; ip -n {0} address add 10.95.2.2/24 dev wan0; " + "ip -n {0} address add fd00:95::2/64 dev wan0"
    )]
    [InlineData(
        "ip -n {0} address flush dev wan0",
        "ip -n {0} address add fd00:95::2/64 dev wan0; ip -n {0} address add 10.95.2.2/24 dev wan0"
    )]
    [InlineData(
        "ip -n {0} link set wan0 down; ip -n {0} address flush dev wan0; ip -n {0} link set wan0 up",
        "ip -n {0} address add fd00:95::2/64 dev wan0; ip -n {0} address add 10.95.2.2/24 dev wan0"
    )]
    public void The_own_address_is_the_source_again_whatever_became_of_it(params string[] commands)
    {
        foreach (var (role, later) in new[] { (TrafficState.Muted, TrafficState.Muted), (TrafficState.Claimed, TrafficState.Muted) })
        {
            Start("wan0: 10.95.2.1/24 fd00:95::1/64", role);
            foreach (var command in commands)
            {
                GatewayPair.Shell(string.Format(command, space));
                Until("the virtual addresses stand", () => Virtual() == "wan0 10.95.2.1/24,wan0 fd00:95::1/64");
            }

            // Whoever is primary lets it be: its packets would miss their way for a moment.
            NetworkNamespace.Run(space, () => kernel!.SetTraffic(later));
            Until("the own addresses are the source", () => Source("10.95.2.9") == "10.95.2.2" && Source("fd00:95::9") == "fd00:95::2");
            Assert.Equal("wan0 10.95.2.1/24,wan0 fd00:95::1/64", Virtual());
        }
    }

    public void Dispose()
    {
        kernel?.Dispose();
        events?.Dispose();
        GatewayPair.Shell($"ip netns del {space}");
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A process in the place of the one before, which ended without a word.</summary>
    private void Start(string ports, TrafficState state)
    {
        var interfaces = ports
            .Split("; ")
            .Select(port => (Name: port.Split(':')[0], Addresses: port.Split(' ')[1..].Select(each => $"\"{each}\"")))
            .Select(port => $"{{ name: {port.Name}, virtual-addresses: [{string.Join(", ", port.Addresses)}] }}");
        var text = $$"""
            cluster: { name: edge }
            unit: { name: gw1 }
            heartbeat: { links: [{ interface: hb0, address: 10.95.9.1, peers: [10.95.9.2] }] }
            interfaces: [{{string.Join(", ", interfaces)}}]
            """;
        Assert.True(
            UnitFile.TryParse(Encoding.UTF8.GetBytes(text), "/unit.yaml", null, out var settings, out var problems),
            string.Join("\n", problems)
        );
        kernel?.Dispose();
        kernel = NetworkNamespace.Run(space, () =>
        {
            var keeper = new SysctlKeeper(folder, [.. settings!.Interfaces.Select(port => port.Name)], events);
            var times = new ClaimTimes(Lease, Lease, Lease, Lease, Lease);
            var made = new GatewayKernel(settings, keeper, new SilenceKeeper([], events), times, events);
            made.SetTraffic(state);
            made.Prepare();
            return made;
        });
    }

    private void Until(string goal, Func<bool> reached)
    {
        for (var since = Stopwatch.StartNew(); !reached(); )
        {
            Assert.True(since.Elapsed < Patience, $"{goal}: {Addresses()}");
            NetworkNamespace.Run(space, kernel!.ReadChanges);
        }
    }

    private string Virtual() => string.Join(',', Standing(ofHitless: true).Order(StringComparer.Ordinal));

    private IEnumerable<string> Own() =>
        Standing(ofHitless: false)
            .Where(each => !each.Contains("fe80:", StringComparison.Ordinal) && !each.StartsWith("lo ", StringComparison.Ordinal))
            .Select(each => each.Split(' ')[1].Split('/')[0])
            .Order(StringComparer.Ordinal);

    /// <summary>By their mark, which older versions of <c>ip</c> do not show.</summary>
    private string[] Standing(bool ofHitless) => NetworkNamespace.Run(space, () =>
        {
            using var links = new LinkTable();
            using var addresses = new AddressTable();
            var names = links.Read().ToDictionary(link => link.Index, link => link.Name);
            return addresses
                .Read()
                .Where(each => each.OfHitless == ofHitless)
                .Select(each => $"{names[each.LinkIndex]} {each.Prefix}")
                .ToArray();
        });

    private string Addresses() => GatewayPair.Shell($"ip -o -n {space} address show");

    private string Source(string destination) =>
        GatewayPair
            .Shell($"ip -n {space} route get {destination} || true")
            .Split(' ')
            .SkipWhile(word => word != "src")
            .ElementAtOrDefault(1)
        ?? "";
}
