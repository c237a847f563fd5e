using System.Globalization;
using System.Text.RegularExpressions;
using Hitless.Core.Api;
using Hitless.Core.Balance;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tools;
using Hitless.Lab.Traffic;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Balance;

/// <summary>
/// Who has which share of a lab's flows: by the primary's word (<c>status</c>), and by counters of each unit's own kernel.
/// </summary>
internal sealed partial class Shares(LabCluster cluster)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CountTime = TimeSpan.FromMilliseconds(600);

    // Sets whose elements count: one rule for all addresses.
    private const string Counters = """
        table inet watch {
            set from4 { type ipv4_addr; size 4096; flags dynamic; }
            set to4 { type ipv4_addr; size 4096; flags dynamic; }
            set from6 { type ipv6_addr; size 4096; flags dynamic; }
            set to6 { type ipv6_addr; size 4096; flags dynamic; }
            chain forward {
                type filter hook forward priority -10;
                update @from4 { ip saddr counter }
                update @to4 { ip daddr counter }
                update @from6 { ip6 saddr counter }
                update @to6 { ip6 daddr counter }
            }
        }

        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A lab in mode active-active whose flows are shared out.</summary>
    public static async Task<LabCluster> UpAsync(int units = 2)
    {
        var cluster = await LabCluster.ReadyAsync(units: units, activeActive: true);
        try
        {
            await new Shares(cluster).UntilSharedAsync();
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>The primary by name; the others are its standbys.</summary>
    public string Primary => cluster.Watch.Status()!.Primary!;

    /// <summary>The units but the primary.</summary>
    public IReadOnlyList<string> Standbys
    {
        get
        {
            var primary = Primary;
            return [.. cluster.Plan.Units.Where(unit => unit != primary)];
        }
    }

    /// <summary>Waits until every unit is ready and has its share of the buckets, to within one.</summary>
    public async Task UntilSharedAsync()
    {
        await cluster.UntilReadyAsync();
        await UntilAsync("every unit has its share", balance =>
        {
            var share = BucketHash.Buckets / balance.Units.Count;
            return balance.Units.Count == cluster.Plan.UnitCount
                && balance.Units.All(unit => unit.Buckets >= share && unit.Buckets <= share + 1);
        });
    }

    /// <summary>Waits until a unit has so many buckets.</summary>
    public Task UntilBucketsAsync(string unit, int count) =>
        UntilAsync($"{unit} has {count} buckets", balance => Buckets(balance, unit) == count);

    /// <summary>Waits until the shares are as they should be.</summary>
    public Task UntilAsync(string goal, Func<BalanceStatus, bool> reached) =>
        cluster.Watch.UntilAsync(
            goal,
            Limit,
            seen =>
                seen.Values.OfType<ClusterStatus>().FirstOrDefault()?.Units.Select(unit => unit.Balance).OfType<BalanceStatus>().ToArray()
                    is [var balance]
                    ? reached(balance)
                        ? null
                        : Describe(balance)
                    : "nobody shares anything out",
            Cancellation
        );

    /// <summary>What the primary says of the shares.</summary>
    public BalanceStatus Status() => cluster.Watch.Status()!.Units.Select(unit => unit.Balance).OfType<BalanceStatus>().Single();

    /// <summary>How many buckets a unit has.</summary>
    public static int Buckets(BalanceStatus? balance, string unit) =>
        balance?.Units.Where(each => each.Unit == unit).Sum(each => each.Buckets) ?? 0;

    /// <summary>The shares in a line.</summary>
    public static string Describe(BalanceStatus balance) =>
        $"{balance.Off} {string.Join(", ", balance.Units.Select(unit => $"{unit.Unit} {unit.Buckets} {unit.Obstacle}"))}";

    /// <summary>Lets every unit count what it forwards, by address.</summary>
    public void Watch()
    {
        foreach (var unit in cluster.Plan.Units.Select(cluster.Unit))
        {
            Tool.Run("ip", ["netns", "exec", unit.Namespace, "nft", "-f", "-"], Counters);
        }
    }

    /// <summary>
    /// Packets that a unit has forwarded since <see cref="Watch"/>, by address: <c>from 10.10.1.32</c>, <c>to 10.10.1.32</c>.
    /// </summary>
    public Dictionary<string, long> Counts(string unit)
    {
        var listed = Tool.Run("ip", ["netns", "exec", cluster.Plan.NamespaceOf(unit), "nft", "list", "table", "inet", "watch"]);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        var set = "";
        foreach (var line in listed.Split('\n'))
        {
            set = SetLine().Match(line) is { Success: true } named ? named.Groups[1].Value : set;
            foreach (Match match in ElementPattern().Matches(line))
            {
                counts[$"{set} {match.Groups[1].Value}"] = long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
            }
        }

        return counts;
    }

    /// <summary>Packets that a unit's kernel has forwarded since it was made, of both families.</summary>
    public long Forwarded(string unit)
    {
        var space = cluster.Plan.NamespaceOf(unit);
        var lines = Tool.Run("ip", ["netns", "exec", space, "cat", "/proc/net/snmp", "/proc/net/snmp6"]).Split('\n');
        string[] ip = [.. lines.Where(line => line.StartsWith("Ip:", StringComparison.Ordinal))];
        var column = ip[0].Split(' ').ToList().IndexOf("ForwDatagrams");
        var v6 = lines.Single(line => line.StartsWith("Ip6OutForwDatagrams", StringComparison.Ordinal)).Split(['\t', ' ']);
        return long.Parse(ip[1].Split(' ')[column], CultureInfo.InvariantCulture) + long.Parse(v6[^1], CultureInfo.InvariantCulture);
    }

    /// <summary>The units that forward packets from or to each host now, by their counters.</summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> OwnersAsync()
    {
        var before = cluster.Plan.Units.ToDictionary(unit => unit, Counts);
        await Task.Delay(CountTime, Cancellation);
        var after = cluster.Plan.Units.ToDictionary(unit => unit, Counts);
        bool Moves(string unit, string host) =>
            ((string[])[$"from {host}", $"to {host}"]).Any(way =>
                after[unit].GetValueOrDefault(way) != before[unit].GetValueOrDefault(way)
            );
        return InsideHosts.Names.ToDictionary(
            host => host,
            IReadOnlyList<string> (host) => [.. cluster.Plan.Units.Where(unit => Moves(unit, host))],
            StringComparer.Ordinal
        );
    }

    /// <summary>Nothing of the traffic was lost; else says what.</summary>
    public static void AssertClean(TrafficReport report)
    {
        IEnumerable<string> lost =
        [
            .. report.Long.Losses.Concat(report.Short.Failures).Select(each => $"{each.At:HH:mm:ss.fff} {each.Connection}: {each.Why}"),
            report.Download.Intact ? "" : $"download: {report.Download.Why}",
            .. report.Probe.ToServer.Missing.Select(each => $"probe to the server {each.First}-{each.Last}"),
            .. report.Probe.ToClient.Missing.Select(each => $"probe to the client {each.First}-{each.Last}"),
        ];
        Assert.True(
            report.Clean,
            $"{report.ConnectionsLost} connections and {report.PacketsLost} packets are lost since {report.StartedAt:HH:mm:ss.fff}: "
                + string.Join("; ", lost)
        );
    }

    [GeneratedRegex(@"^\s*set (from|to)[46] ")]
    private static partial Regex SetLine();

    [GeneratedRegex(@"([0-9a-f.:]+) (?:expires \S+ )?counter packets (\d+)")]
    private static partial Regex ElementPattern();
}
