using System.Globalization;
using Hitless.Core.Api;
using Hitless.Core.Balance;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Balance;

/// <summary>Two units in active-active under real traffic: who forwards what is read from the units' own kernels.</summary>
public sealed class BalanceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario]
    public async Task Both_units_forward_each_flow_meets_one_of_them_and_no_connection_waits_for_a_lost_answer()
    {
        using var cluster = await Shares.UpAsync();
        foreach (var unit in cluster.Plan.Units)
        {
            Count(cluster.Unit(unit));
        }

        using var traffic = await cluster.FlowingAsync(connections: 300, ratePerSecond: 200);
        await Task.Delay(TimeSpan.FromSeconds(10), Cancellation);
        var report = await traffic.FinishAsync();

        LabCluster.Say($"{report.Short.Opened} new connections, slowest {report.Short.SlowestMs} ms");
        Assert.True(report.Clean, report.Losses);
        var counts = cluster.Plan.Units.ToDictionary(unit => unit, unit => Counts(cluster.Unit(unit)));
        foreach (var (unit, of) in counts)
        {
            LabCluster.Say($"{unit}: {string.Join(' ', of.Select(each => $"{each.Key}={each.Value}"))}");
        }

        foreach (var address in Addresses.PlainSources)
        {
            string[] seen =
            [
                .. counts.Where(each => each.Value[$"from-{address}"] + each.Value[$"to-{address}"] > 0).Select(each => each.Key),
            ];
            Assert.True(seen.Length == 1, $"packets of {address} were forwarded by {string.Join(" and ", seen)}");
        }

        Assert.All(counts.Values, of => Assert.True(of.Values.Sum() > 500, "a unit forwarded next to nothing"));

        // What the firewall translates is the primary's alone.
        var standby = Standby(cluster, out _);
        Assert.All(Addresses.HiddenSources, address => Assert.Equal(0, counts[standby][$"from-{address}"]));
    }

    [Scenario]
    public async Task A_standby_that_carries_half_loses_power_and_no_connection_is_lost()
    {
        using var cluster = await Shares.UpAsync();
        var standby = Standby(cluster, out var primary);
        using var traffic = await cluster.FlowingAsync(connections: 500);
        await Task.Delay(TimeSpan.FromSeconds(2), Cancellation);

        Faults.PowerOff(cluster.Unit(standby));
        await Task.Delay(TimeSpan.FromSeconds(5), Cancellation);
        var report = await traffic.FinishAsync();

        LabCluster.Say($"longest stall {report.Long.LongestStallMs} ms");
        Assert.Equal(0, report.ConnectionsLost);
        Assert.Equal(BucketHash.Buckets, Shares.Buckets(new Shares(cluster).Status(), primary));
        Faults.PowerOn(cluster.Unit(standby));
        await new Shares(cluster).UntilSharedAsync();
    }

    /// <summary>Translated by DNAT in both families, and by masquerade on whoever forwards.</summary>
    [Scenario]
    public async Task Hosts_that_are_translated_and_not_listed_are_kept_on_the_primary_and_named()
    {
        using var cluster = await Shares.UpAsync();
        var shares = new Shares(cluster);
        var primary = shares.Primary;
        using var traffic = await cluster.FlowingAsync(connections: 100);
        foreach (var unit in cluster.Plan.Units)
        {
            var rules = $"ip saddr {Addresses.PlainSources[7]} masquerade";
            Load(cluster.Unit(unit), $"table ip extra {{\nchain post {{\ntype nat hook postrouting priority 90;\n{rules}\n}}\n}}\n");
        }

        string[] served = [.. Addresses.PlainSources.Take(7), .. Addresses.PlainSources6];
        FetchAll(cluster, served, seconds: "5");
        Fetch(cluster, Addresses.PlainSources[7], Addresses.Server, seconds: "5");
        await shares.UntilAsync("every host is known", balance => balance.UnlistedHosts == 16);

        // Now they are forwarded from the first packet on.
        FetchAll(cluster, served, seconds: "0.9");
        var report = await traffic.SnapshotAsync();
        Assert.True(report.Clean, report.Losses);
        var status = cluster.Watch.Status(primary, out _)!;
        var named = Assert.Single(status.Problems, problem => problem.Contains("on-primary does not list", StringComparison.Ordinal));
        Assert.Contains($", {shares.Status().Unlisted[0]} among them", named, StringComparison.Ordinal);
        await shares.UntilSharedAsync();

        // The next primary finds them in its table before it shares anything out.
        var switched = cluster.Watch.Cli(primary).Run("switchover", "--wait");
        Assert.True(switched.Ok, switched.Output + switched.Errors);
        await shares.UntilSharedAsync();
        FetchAll(cluster, served, seconds: "0.9");
        _ = await traffic.FinishAsync();
    }

    [Scenario]
    public async Task The_primary_loses_power_and_no_connection_is_lost()
    {
        using var cluster = await Shares.UpAsync();
        var standby = Standby(cluster, out var primary);
        using var traffic = await cluster.FlowingAsync(connections: 500);
        await Task.Delay(TimeSpan.FromSeconds(2), Cancellation);

        Faults.PowerOff(cluster.Unit(primary));
        await Task.Delay(TimeSpan.FromSeconds(5), Cancellation);
        var report = await traffic.FinishAsync();

        LabCluster.Say($"longest stall {report.Long.LongestStallMs} ms, {report.PacketsLost} packets lost");
        Assert.Equal(0, report.Long.Lost);
        Assert.Equal(standby, cluster.Watch.Status(standby, out _)!.Primary);
    }

    [Scenario(Explicit = true)] // Two minutes: ./dev test lab -- -explicit only
    public async Task Twenty_moves_of_all_that_a_standby_carries_lose_nothing()
    {
        using var cluster = await Shares.UpAsync();
        var standby = Standby(cluster, out var primary);
        var shares = new Shares(cluster);
        using var traffic = await cluster.FlowingAsync(connections: 500, ratePerSecond: 100);
        for (var round = 0; round < 10; round++)
        {
            Assert.True(cluster.Watch.Cli(primary).Run("unit", "hold", standby).Ok);
            await shares.UntilBucketsAsync(standby, 0);
            Assert.True(cluster.Watch.Cli(primary).Run("unit", "release", standby).Ok);
            await shares.UntilBucketsAsync(standby, BucketHash.Buckets / 2);
        }

        var report = await traffic.FinishAsync();
        LabCluster.Say($"{report.Short.Opened} new connections, slowest {report.Short.SlowestMs} ms, gap {report.LongestGapMs} ms");
        Assert.True(report.Clean, report.Losses);
    }

    [Scenario]
    public async Task An_upgrade_turns_load_balancing_off_first_and_on_at_the_end_and_loses_nothing()
    {
        using var cluster = await Shares.UpAsync();

        var report = await cluster.UpgradeAsync(Prerequisites.SecondImage, RunState.Completed);

        Assert.Equal(0, report.Traffic!.ConnectionsLost);
        Assert.Equal(0, report.Traffic!.PacketsLost);
        var run = cluster.Watch.Cli("gw1").Ask<RunReport>(out _, "upgrade", "report")!;
        string[] steps = [.. run.Steps.Select(step => step.Name)];
        var off = Assert.Single(run.Steps, step => step.Name == "load-balancing-off");
        Assert.Contains("forwarded no packet", off.Detail);
        Assert.True(Array.IndexOf(steps, "load-balancing-off") < Array.IndexOf(steps, "install"));
        Assert.Equal("load-balancing-on", steps[^1]);
        await new Shares(cluster).UntilSharedAsync();
    }

    private static string Standby(LabCluster cluster, out string primary)
    {
        var name = cluster.Watch.Status("gw1", out _)!.Primary!;
        primary = name;
        return cluster.Plan.Units.Single(unit => unit != name);
    }

    private static void FetchAll(LabCluster cluster, string[] sources, string seconds)
    {
        foreach (var source in sources)
        {
            Fetch(cluster, source, source.Contains(':') ? $"[{Addresses.VirtualLan6}]" : Addresses.VirtualLan, seconds);
        }
    }

    /// <summary>Connects, and asks for what is not there.</summary>
    private static void Fetch(LabCluster cluster, string source, string host, string seconds)
    {
        string[] curl = ["curl", "-s", "-o", "/dev/null", "--connect-timeout", seconds, "--interface", source];
        Tool.Run("ip", ["netns", "exec", cluster.Plan.NamespaceOf(LabPlan.Client), .. curl, $"http://{host}:{Ports.Http}/none"]);
    }

    /// <summary>Lets a unit count what it forwards from and to each address of the client.</summary>
    private static void Count(LabUnit unit)
    {
        var rules = Sources()
            .Select(address =>
                $"ip saddr {address} counter comment \"from-{address}\"\nip daddr {address} counter comment \"to-{address}\"\n"
            );
        Load(unit, $"table ip watch {{\nchain forward {{\ntype filter hook forward priority -10;\n{string.Concat(rules)}}}\n}}\n");
    }

    private static void Load(LabUnit unit, string rules)
    {
        var file = Path.Combine(unit.Plan.Folder, $"rules-{unit.Name}.nft");
        File.WriteAllText(file, rules);
        Tool.Run("ip", ["netns", "exec", unit.Namespace, "nft", "-f", file]);
    }

    private static Dictionary<string, long> Counts(LabUnit unit)
    {
        var listed = Tool.Run("ip", ["netns", "exec", unit.Namespace, "nft", "list", "table", "ip", "watch"]);
        return listed
            .Split('\n')
            .Where(line => line.Contains("comment", StringComparison.Ordinal))
            .ToDictionary(
                line => line.Split('"')[1],
                line => long.Parse(line.Split("packets ")[1].Split(' ')[0], CultureInfo.InvariantCulture),
                StringComparer.Ordinal
            );
    }

    private static IEnumerable<string> Sources() => [.. Addresses.PlainSources, .. Addresses.HiddenSources];
}
