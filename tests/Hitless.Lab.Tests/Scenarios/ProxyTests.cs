using System.Text.RegularExpressions;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>Gateways that answer on behalf of others (docs/decisions/0075).</summary>
public sealed partial class ProxyTests
{
    /// <summary>
    /// The client believes the server to be on its own network. Who answers for it must be the primary, with the virtual MAC, before a
    /// switch and after it, also when the other unit has just restarted.
    /// </summary>
    [Scenario]
    public async Task A_standby_does_not_answer_for_others()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var client = cluster.Plan.NamespaceOf(LabPlan.Client);
        Tool.Run("ip", ["-n", client, "route", "add", Addresses.Server, "dev", "eth0"]);
        foreach (var unit in cluster.Plan.Units)
        {
            Tool.Run("ip", ["netns", "exec", cluster.Plan.NamespaceOf(unit), "sysctl", "-qw", "net.ipv4.conf.lan0.proxy_arp=1"]);
        }

        var before = await cluster.UntilReadyAsync();
        await LabCluster.UntilAsync("one MAC answers", () =>
            Answers(client) is [var one] && one.StartsWith("02:48:4C", StringComparison.Ordinal)
        );
        var mac = Assert.Single(Answers(client));

        Tool.Run("ip", ["netns", "exec", client, "ping", "-q", "-c", "1", "-W", "2", Addresses.Server]);
        var switched = cluster.Watch.Cli(before.Primary!).Run("switchover", "--wait");
        Assert.True(switched.ExitCode == 0, switched.Errors);
        Tool.Run("ip", ["netns", "exec", client, "ping", "-q", "-c", "1", "-W", "2", Addresses.Server]);
        Assert.Equal(mac, Assert.Single(Answers(client)));

        Faults.Kill(cluster.Unit(before.Primary!));
        await cluster.UntilReadyAsync();
        Assert.Equal(mac, Assert.Single(Answers(client)));
    }

    // Each MAC that has answered for the server within three seconds.
    private static string[] Answers(string client) =>
        [
            .. Mac()
                .Matches(Tool.Run("ip", ["netns", "exec", client, "arping", "-c", "3", "-w", "3", "-i", "eth0", Addresses.Server]))
                .Select(match => match.Value.ToUpperInvariant())
                .Distinct(),
        ];

    [GeneratedRegex("([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")]
    private static partial Regex Mac();
}
