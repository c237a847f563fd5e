using Hitless.Core.Api;
using Hitless.Core.Balance;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Balance;

/// <summary>Three and four units in active-active under real traffic: who forwards what is read from the units' own kernels.</summary>
public sealed class ManyUnitsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenarios]
    [InlineData(3)]
    [InlineData(4, Explicit = true)] // Two minutes: ./dev test lab -- -explicit only
    public async Task All_units_forward_and_each_flow_meets_one_of_them_both_ways(int units)
    {
        using var cluster = await Shares.UpAsync(units);
        var shares = new Shares(cluster);
        shares.Watch();
        using var hosts = new InsideHosts(cluster.Plan);
        using var traffic = await cluster.FlowingAsync(connections: 300, ratePerSecond: 100);
        await Task.Delay(TimeSpan.FromSeconds(10), Cancellation);
        var report = await traffic.FinishAsync();
        var talks = hosts.Finish();

        LabCluster.Say($"{Shares.Describe(shares.Status())}; {report.Short.Opened} new connections, slowest {report.Short.SlowestMs} ms");
        Shares.AssertClean(report);
        Assert.All(talks, talk => Assert.Equal((talk.Key, 0), (talk.Key, talk.Value.Lost)));
        var counts = cluster.Plan.Units.ToDictionary(unit => unit, shares.Counts);
        foreach (var host in InsideHosts.Names)
        {
            foreach (var way in (string[])["from", "to"])
            {
                var seen = counts.Where(each => each.Value.GetValueOrDefault($"{way} {host}") > 0).Select(each => each.Key).ToArray();
                Assert.True(seen.Length == 1, $"packets {way} {host} were forwarded by {string.Join(" and ", seen)}");
            }
        }

        var own = counts.ToDictionary(each => each.Key, each => InsideHosts.Names.Count(host => each.Value.ContainsKey($"from {host}")));
        LabCluster.Say($"hosts: {string.Join(", ", own.Select(each => $"{each.Key} {each.Value}"))}");
        Assert.All(own, each => Assert.True(each.Value > 0, $"{each.Key} forwards nothing"));
    }

    [Scenario]
    public async Task Each_unit_tells_which_unit_forwards_a_session()
    {
        using var cluster = await Shares.UpAsync(units: 3);
        var shares = new Shares(cluster);
        shares.Watch();
        using var hosts = new InsideHosts(cluster.Plan);
        await Task.Delay(TimeSpan.FromSeconds(1), Cancellation);
        var owners = await shares.OwnersAsync();

        foreach (var unit in cluster.Plan.Units)
        {
            var list = cluster.Watch.Cli(unit).Ask<SessionList>(out var why, "sessions", "list", "--filter", "udp dport 9107");
            Assert.True(list is not null, why);
            var told = list.Entries.ToDictionary(entry => SourceOf(entry), entry => entry.ForwardedBy, StringComparer.Ordinal);
            Assert.Equal(InsideHosts.Names.Order(), told.Keys.Order());
            Assert.All(told, each => Assert.Equal((each.Key, owners[each.Key].Single()), (each.Key, each.Value)));
        }

        Assert.Contains("FORWARDED BY", cluster.Watch.Cli(shares.Primary).Run("sessions", "list").Output, StringComparison.Ordinal);
    }

    [Scenario]
    public async Task A_unit_that_leaves_and_comes_back_moves_only_its_own_flows_and_loses_none()
    {
        using var cluster = await Shares.UpAsync(units: 3);
        var shares = new Shares(cluster);
        shares.Watch();
        using var hosts = new InsideHosts(cluster.Plan);
        using var traffic = await cluster.FlowingAsync(connections: 300, ratePerSecond: 100);
        var (primary, leaving) = (shares.Primary, shares.Standbys[^1]);
        var before = await shares.OwnersAsync();

        Assert.True(cluster.Watch.Cli(primary).Run("unit", "hold", leaving).Ok);
        await shares.UntilAsync($"{leaving} has none and the others share", balance =>
            Shares.Buckets(balance, leaving) == 0
            && balance.Units.All(unit => unit.Unit == leaving || unit.Buckets == BucketHash.Buckets / 2)
        );
        var meanwhile = await shares.OwnersAsync();
        AssertMoves(before, meanwhile, (from, to) => from == leaving && to != leaving);

        Assert.True(cluster.Watch.Cli(primary).Run("unit", "release", leaving).Ok);
        await shares.UntilSharedAsync();
        var after = await shares.OwnersAsync();
        AssertMoves(meanwhile, after, (from, to) => from != leaving && to == leaving);

        var report = await traffic.FinishAsync();
        var talks = hosts.Finish();
        // What the firewall translates is the primary's alone, also while buckets move.
        string[] strayed =
        [
            .. shares
                .Standbys.SelectMany(shares.Counts)
                .Select(each => each.Key)
                .Where(way => Addresses.HiddenSources.Any(host => way.EndsWith($" {host}", StringComparison.Ordinal))),
        ];
        Assert.Empty(strayed);
        LabCluster.Say($"{Shares.Describe(shares.Status())}; slowest new connection {report.Short.SlowestMs} ms");
        Assert.InRange(Shares.Buckets(shares.Status(), leaving), 1, (BucketHash.Buckets / 3) + 1);
        Shares.AssertClean(report);
        Assert.All(talks, talk => Assert.Equal((talk.Key, 0), (talk.Key, talk.Value.Lost)));
    }

    [Scenarios]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_of_three_loses_power_no_connection_is_lost_and_the_flows_of_the_others_go_on(bool primary)
    {
        using var cluster = await Shares.UpAsync(units: 3);
        var shares = new Shares(cluster);
        shares.Watch();
        using var hosts = new InsideHosts(cluster.Plan);
        using var traffic = await cluster.FlowingAsync(connections: 500);
        await Task.Delay(TimeSpan.FromSeconds(2), Cancellation);
        var before = await shares.OwnersAsync();
        var dead = primary ? shares.Primary : shares.Standbys[^1];

        Faults.PowerOff(cluster.Unit(dead));
        await Task.Delay(TimeSpan.FromSeconds(5), Cancellation);
        var report = await traffic.FinishAsync();
        var talks = hosts.Finish();

        var gap = talks.Max(talk => talk.Value.LongestGapMs);
        LabCluster.Say(
            $"longest stall {report.Long.LongestStallMs} ms, longest gap of a host {gap} ms, {talks.Values.Sum(t => t.Lost)} lost"
        );
        Assert.Equal(0, report.Long.Lost);
        if (!primary)
        {
            Assert.All(talks.Where(talk => before[talk.Key].Single() != dead), talk =>
                Assert.Equal((talk.Key, 0), (talk.Key, talk.Value.Lost))
            );
            Assert.Equal(0, Shares.Buckets(shares.Status(), dead));
        }

        Faults.PowerOn(cluster.Unit(dead));
        await shares.UntilSharedAsync();
    }

    private static void AssertMoves(
        IReadOnlyDictionary<string, IReadOnlyList<string>> before,
        IReadOnlyDictionary<string, IReadOnlyList<string>> after,
        Func<string, string, bool> allowed
    )
    {
        var moved = before.Keys.Where(host => before[host].Single() != after[host].Single()).ToArray();
        LabCluster.Say($"{moved.Length} of {before.Count} hosts moved");
        Assert.NotEmpty(moved);
        Assert.All(moved, host =>
            Assert.True(allowed(before[host].Single(), after[host].Single()), $"{host}: {before[host].Single()} → {after[host].Single()}")
        );
    }

    private static string SourceOf(SessionEntry entry)
    {
        var source = entry.Original.Split(" -> ")[0];
        return source[..source.LastIndexOf(':')].Trim('[', ']');
    }
}
