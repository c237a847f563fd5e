using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Daemon.Common;
using Hitless.Daemon.Gateway;
using Hitless.Daemon.Tests.Sessions;
using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;
using Xunit;

namespace Hitless.Daemon.Tests.Control;

/// <summary>What keeps a unit mute without nftables, against other programs (docs/decisions/0045).</summary>
public sealed class SilenceKeeperTests
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Filters_that_somebody_removed_come_back_at_the_second_look_and_not_after_the_unit_has_left() =>
        await InAsync("back", (space, keeper) =>
        {
            keeper.Apply();
            Assert.Empty(keeper.Problems);
            Assert.Contains("bpf", Filters(space));
            GatewayPair.Shell($"tc -n {space} qdisc del dev lan0 clsact");

            keeper.Tick(Look);
            Assert.DoesNotContain("bpf", Filters(space));
            keeper.Tick(1.5 * Look);
            Assert.DoesNotContain("bpf", Filters(space));
            keeper.Tick(2 * Look);
            Assert.Contains("bpf", Filters(space));

            keeper.Withdraw();
            keeper.Tick(3 * Look);
            keeper.Tick(4 * Look);
            Assert.DoesNotContain("clsact", GatewayPair.Shell($"tc -n {space} qdisc show dev lan0"));
        });

    [Fact]
    public async Task An_interface_with_a_discipline_in_that_place_is_a_problem_until_it_is_gone_and_is_told_once()
    {
        var events = await InAsync("place", (space, keeper) =>
        {
            GatewayPair.Shell($"tc -n {space} qdisc add dev lan0 ingress");

            keeper.Apply();
            keeper.Tick(Look);
            keeper.Tick(2 * Look);

            Assert.StartsWith("lan0 ", Assert.Single(keeper.Problems), StringComparison.Ordinal);
            GatewayPair.Shell($"tc -n {space} qdisc del dev lan0 ingress");
            keeper.Tick(3 * Look);
            Assert.Empty(keeper.Problems);
            Assert.Contains("bpf", Filters(space));
        });

        Assert.Single(events, each => each.Text.StartsWith("lan0 ", StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyList<ClusterEvent>> InAsync(string name, Action<string, SilenceKeeper> test)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for a network namespace");
        var space = $"hk-{Environment.ProcessId}-{name}";
        GatewayPair.Shell($"set -e; ip netns add {space}; ip -n {space} link add lan0 up type veth peer name lan0-far");
        var folder = Directory.CreateTempSubdirectory("hitless-test-").FullName;
        try
        {
            using var events = new EventLog(folder, "gw1");
            var address = new AddressPrefix(System.Net.IPAddress.Parse("10.95.1.1"), 24);
            var ports = TrafficPort.From(7, [new PortSettings("lan0", [address], Monitor: true)]);
            NetworkNamespace.Run(space, () => test(space, new SilenceKeeper(ports, events)));
            return await events.LastAsync(null, 100, TestContext.Current.CancellationToken);
        }
        finally
        {
            GatewayPair.Shell($"ip netns del {space}");
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Filters(string space) => GatewayPair.Shell($"tc -n {space} filter show dev lan0 egress");
}
