using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Clusters;

/// <summary>
/// Two units as somebody would start them by hand, without the lab: own namespaces, the shortest unit.yaml of contract.md (no sessions,
/// configuration, health or upgrade) or another one, hitlessd started directly, and a firewall that knows nothing of Hitless but its
/// heartbeat ports.
/// </summary>
public sealed class HandMadeCluster : IDisposable
{
    private const string Firewall = """
        table inet filter {
            chain input {
                type filter hook input priority 0; policy drop;
                iifname "hb0" udp dport { 8417, 8418 } accept
                iifname "hb0" tcp dport 8419 accept
                ct state established,related accept
                ct state invalid counter drop
            }
            chain forward {
                type filter hook forward priority 0; policy drop;
                ct state established,related accept
                ct state invalid counter drop
                iifname "lan0" oifname "wan0" ct state new counter accept
            }
            chain forwarded {
                type nat hook prerouting priority dstnat;
                iifname "lan0" ip daddr 10.10.1.1 tcp dport { 7001, 7002, 7003 } dnat to 10.10.2.10
            }
            chain hidden {
                type nat hook postrouting priority srcnat;
                oifname "wan0" ip saddr 10.10.1.192/26 snat to 10.10.2.1
            }
        }

        """;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private readonly string _prefix = string.Create(CultureInfo.InvariantCulture, $"hlhand{Environment.ProcessId}");
    private readonly string _folder;
    private readonly Dictionary<string, Process> _daemons = new(StringComparer.Ordinal);

    private HandMadeCluster() => _folder = Directory.CreateDirectory($"/tmp/{_prefix}").FullName;

    /// <summary>The two units.</summary>
    public static IReadOnlyList<string> Units { get; } = ["gw1", "gw2"];

    /// <summary>The namespace of the host before and the host behind the units.</summary>
    public string Client => $"{_prefix}-client";

    /// <summary>The namespace of the host behind the units.</summary>
    public string Server => $"{_prefix}-server";

    private IEnumerable<string> Namespaces => [$"{_prefix}-switch", Client, Server, .. Units.Select(NamespaceOf)];

    /// <summary>Where its files are; gone with it.</summary>
    public string Folder => _folder;

    /// <summary>Makes the namespaces and starts both daemons.</summary>
    /// <param name="unitFile">
    /// Gives a unit's unit.yaml, once its interfaces and the cluster's key are there; null: the shortest one.
    /// </param>
    public static HandMadeCluster Start(Func<HandMadeCluster, string, string>? unitFile = null)
    {
        Prerequisites.NeedBuild();
        var cluster = new HandMadeCluster();
        try
        {
            cluster.MakeNetwork(unitFile is null ? Firewall : Firewall.Replace("\"hb0\"", "{ hb0, lan0, wan0 }", StringComparison.Ordinal));
            Tool.Run(Path.Combine(Prerequisites.Out, "hitless"), ["key", "generate", Path.Combine(cluster._folder, "cluster.key")]);
            foreach (var unit in Units)
            {
                cluster.StartUnit(unit, unitFile?.Invoke(cluster, unit) ?? ShortestFile(unit));
            }

            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>The namespace of a unit.</summary>
    public string NamespaceOf(string unit) => $"{_prefix}-{unit}";

    /// <summary>What a unit says; null when it does not answer.</summary>
    public ClusterStatus? Status(string unit)
    {
        var said = Tool.Try(Path.Combine(Prerequisites.Out, "hitless"), ["--socket", SocketOf(unit), "--json", "status"]);
        return said.Ok ? JsonSerializer.Deserialize<ClusterStatus>(said.Output, Json) : null;
    }

    /// <summary>Waits until both units are ready and <paramref name="primary"/> (null: anyone) is primary.</summary>
    public async Task UntilReadyAsync(string? primary)
    {
        for (var attempt = 0; attempt < 120; attempt++)
        {
            var seen = Units.Select(Status).ToList();
            if (
                seen.TrueForAll(status =>
                    status is { Primary: not null }
                    && status.Units.All(unit => unit.State == UnitStateWord.Ready)
                    && status.Units.Count == 2
                    && (primary is null || status.Primary == primary)
                )
            )
            {
                return;
            }

            await Task.Delay(500, TestContext.Current.CancellationToken);
        }

        Assert.Fail(
            $"the units are not ready after 60 s: "
                + $"{string.Join(" | ", Units.Select(unit => JsonSerializer.Serialize(Status(unit), Json)))}; logs in {_folder}"
        );
    }

    /// <summary>Runs the CLI on a unit.</summary>
    public string Hitless(string unit, params IEnumerable<string> words) =>
        Tool.Run(Path.Combine(Prerequisites.Out, "hitless"), ["--socket", SocketOf(unit), .. words]);

    /// <summary>The rules of a unit with their counters.</summary>
    public string Rules(string unit) => Tool.Run("ip", ["netns", "exec", NamespaceOf(unit), "nft", "list", "table", "inet", "filter"]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var name in Namespaces.Where(Network.Namespaces.Exists))
        {
            Network.Namespaces.KillAll(name);
            _ = Tool.Try("ip", ["netns", "delete", name]);
        }

        foreach (var daemon in _daemons.Values)
        {
            daemon.Dispose();
        }

        var logs = Path.Combine(Prerequisites.Out, "test", "lab", "by-hand");
        Directory.CreateDirectory(logs);
        foreach (var log in Directory.EnumerateFiles(_folder, "*.log"))
        {
            File.Copy(log, Path.Combine(logs, Path.GetFileName(log)), overwrite: true);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string SocketOf(string unit) => Path.Combine(_folder, $"{unit}.sock");

    private static string ShortestFile(string unit)
    {
        var number = unit[^1] - '0';
        return $$"""
            cluster:
              name: edge
              group: 7
              mode: active-passive
              key-file: cluster.key
            unit:
              name: {{unit}}
              priority: {{300 - (100 * number)}}
              override: false
            heartbeat:
              links:
                - { interface: hb0, address: 10.10.9.{{number}}, peers: [10.10.9.{{3 - number}}] }
              interval: 20ms
              lost-threshold: 4
            interfaces:
              - { name: lan0, virtual-addresses: [10.10.1.1/24, "fd00:1::1/64"], monitor: true }
              - { name: wan0, virtual-addresses: [10.10.2.1/24], monitor: true }

            """;
    }

    private void StartUnit(string unit, string text)
    {
        var file = Path.Combine(_folder, $"{unit}.yaml");
        File.WriteAllText(file, text);
        _daemons[unit] = Tool.Start(
            "ip",
            [
                "netns",
                "exec",
                NamespaceOf(unit),
                "sh",
                "-c",
                "log=$1; shift; exec \"$@\" >\"$log\" 2>&1",
                "start",
                Path.Combine(_folder, $"{unit}.log"),
                Path.Combine(Prerequisites.Out, "hitlessd"),
                "--config",
                file,
                "--state",
                Path.Combine(_folder, $"{unit}.state"),
                "--socket",
                SocketOf(unit),
            ],
            redirectInput: true
        );
    }

    private void MakeNetwork(string firewall)
    {
        var lines = new StringBuilder();
        foreach (var name in Namespaces)
        {
            lines.AppendLine($"netns add {name}");
        }

        Batch(null, lines);
        Batch(
            $"{_prefix}-switch",
            new StringBuilder("link add lan type bridge\nlink add wan type bridge\nlink set lan up\nlink set wan up\n")
        );
        Cable("lan", Client, "eth0");
        Cable("wan", Server, "eth0");
        Batch(null, new StringBuilder($"link add hb0 netns {NamespaceOf("gw1")} type veth peer name hb0 netns {NamespaceOf("gw2")}\n"));
        foreach (var unit in Units)
        {
            var number = unit[^1] - '0';
            Cable("lan", NamespaceOf(unit), "lan0");
            Cable("wan", NamespaceOf(unit), "wan0");
            Batch(
                NamespaceOf(unit),
                new StringBuilder(
                    $"""
                    link set lo up
                    link set lan0 up
                    link set wan0 up
                    link set hb0 up
                    address add 10.10.1.{1 + number}/24 dev lan0
                    address add 10.10.2.{1 + number}/24 dev wan0
                    address add 10.10.9.{number}/24 dev hb0

                    """
                )
            );
            Tool.Run(
                "ip",
                [
                    "netns",
                    "exec",
                    NamespaceOf(unit),
                    "sysctl",
                    "-q",
                    "-w",
                    "net.ipv4.ip_forward=1",
                    "net.netfilter.nf_conntrack_tcp_loose=0",
                ]
            );
            Tool.Run("ip", ["netns", "exec", NamespaceOf(unit), "nft", "-f", "-"], firewall);
        }

        Host(
            Client,
            [.. Network.Addresses.PlainSources, .. Network.Addresses.ServedSources, .. Network.Addresses.HiddenSources],
            "default via 10.10.1.1"
        );
        Host(Server, [Network.Addresses.Server], "10.10.1.0/24 via 10.10.2.1");
    }

    private void Cable(string bridge, string netNamespace, string port)
    {
        var end = $"{bridge}-{netNamespace[(_prefix.Length + 1)..]}";
        Batch(null, new StringBuilder($"link add {end} netns {_prefix}-switch type veth peer name {port} netns {netNamespace}\n"));
        Batch($"{_prefix}-switch", new StringBuilder($"link set {end} master {bridge} up\n"));
    }

    private static void Host(string netNamespace, IEnumerable<string> addresses, string route)
    {
        var lines = new StringBuilder("link set lo up\nlink set eth0 up\n").AppendJoin(
            "",
            addresses.Select(address => $"address add {address}/24 dev eth0\n")
        );
        Batch(netNamespace, lines.AppendLine($"route add {route}"));
    }

    private static void Batch(string? netNamespace, StringBuilder lines) => Network.Topology.Batch(netNamespace, lines);
}
