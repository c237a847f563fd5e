using System.Text;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Daemon.Gateway;
using Hitless.Daemon.Tests.Sessions;
using Hitless.Linux.Namespaces;
using Xunit;

namespace Hitless.Daemon.Tests.Control;

public sealed class GatewayKernelTests
{
    private const string Settings = """
        cluster: { name: edge }
        unit: { name: gw1 }
        heartbeat: { links: [{ interface: hb0, address: 10.95.9.1, peers: [10.95.9.2] }] }
        interfaces: [{ name: lan0, virtual-addresses: [10.95.1.1/24] }]
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Lease = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_address_that_somebody_removed_comes_back_and_a_claim_that_is_over_does_not(bool over)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for a network namespace");
        var space = $"hk-{Environment.ProcessId}-{(over ? "over" : "stands")}";
        GatewayPair.Shell(
            $"set -e; ip netns add {space}; ip -n {space} link set lo up; for port in lan0 hb0; do ip -n {space} link add $port up "
                + $"type veth peer name $port-far; done"
        );
        var folder = Directory.CreateTempSubdirectory("hitless-test-").FullName;
        try
        {
            Assert.True(
                UnitFile.TryParse(Encoding.UTF8.GetBytes(Settings), "/unit.yaml", null, out var settings, out var problems),
                string.Join("\n", problems)
            );
            using var events = new EventLog(folder, "gw1");
            using var kernel = NetworkNamespace.Run(space, () =>
            {
                var made = new GatewayKernel(
                    settings!,
                    new SysctlKeeper(folder, ["lan0"], events),
                    new SilenceKeeper([], events),
                    new ClaimTimes(Lease, Lease, Lease, TimeSpan.FromSeconds(5), Lease),
                    events
                );
                made.Prepare();
                return made;
            });
            kernel.SetTraffic(TrafficState.Claimed);
            Assert.True(kernel.RenewClaim(over ? ClaimTerm.Lease : ClaimTerm.Lasting));
            await Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken);

            Assert.Contains("10.95.1.1", GatewayPair.Shell($"ip -n {space} addr show dev lan0"));
            GatewayPair.Shell($"ip -n {space} addr del 10.95.1.1/24 dev lan0");
            for (
                var since = System.Diagnostics.Stopwatch.StartNew();
                !GatewayPair.Shell($"ip -n {space} addr show dev lan0").Contains("10.95.1.1", StringComparison.Ordinal);

            )
            {
                Assert.True(since.Elapsed < Patience, "the address did not come back");
                NetworkNamespace.Run(space, kernel.ReadChanges);
            }

            Assert.Equal(!over, kernel.RenewClaim(ClaimTerm.Lasting));
        }
        finally
        {
            GatewayPair.Shell($"ip netns del {space}");
            Directory.Delete(folder, recursive: true);
        }
    }
}
