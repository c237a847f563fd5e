using System.Net;
using System.Text;
using Hitless.Core.Balance;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

public sealed partial class UnitFileTests
{
    internal const string Minimal = """
        cluster:
          name: edge
          group: 7                      # 0-1023, part of the virtual MAC
          mode: active-passive          # or active-active
          key-file: cluster.key         # made by: hitless key generate
        unit:
          name: gw1
          priority: 200                 # 0-255, default 128, higher wins
          override: false
        heartbeat:
          links:
            - { interface: hb0, address: 10.10.9.1, peers: [10.10.9.2] }
          interval: 20ms                # the project picks defaults
          lost-threshold: 4
        interfaces:
          - { name: lan0, virtual-addresses: [10.10.1.1/24, "fd00:1::1/64"], monitor: true }
          - { name: wan0, virtual-addresses: [10.10.2.1/24], monitor: true }

        """;

    internal const string Full =
        Minimal
        + """
            sessions:
              pickup: { tcp: true, connectionless: true, expectations: true, nat: true, delay: 0s }
              critical: ["tcp dport 5432"]
            configuration:
              files:
                - { path: /etc/nftables.conf, check: "nft -c -f {file}", apply: "nft -f {file}" }
            health:
              - { name: upstream, ping: 10.10.2.10, interval: 1s, fail-after: 3 }
            upgrade:
              soak: 10s
              uptime-margin: 300s
              windows: ["sat 02:00-04:00", "mon-fri 22:30-01:00"]

            """;

    [Fact]
    public void The_full_file_of_the_contract_is_read()
    {
        var settings = Read(Full);
        Assert.Equal(new ClusterSettings("edge", 7, false, "/etc/hitless/cluster.key"), settings.Cluster);
        Assert.Equal(new IdentitySettings("gw1", 200, false), settings.Unit);
        Assert.Equal("hb0", settings.Heartbeat.Links[0].Interface);
        Assert.Equal(IPAddress.Parse("10.10.9.1"), settings.Heartbeat.Links[0].Address);
        Assert.Equal([IPAddress.Parse("10.10.9.2")], settings.Heartbeat.Links[0].Peers);
        Assert.Equal(["lan0", "wan0"], settings.Interfaces.Select(i => i.Name));
        Assert.Equal(["10.10.1.1/24", "fd00:1::1/64"], settings.Interfaces[0].VirtualAddresses.Select(a => a.ToString()));
        Assert.Equal(["tcp dport 5432"], settings.Sessions.Critical.Select(each => each.ToString()));
        Assert.Equal([new ManagedFileSettings("/etc/nftables.conf", "nft -c -f {file}", "nft -f {file}")], settings.Files);
        Assert.Equal(["sat 02:00-04:00", "mon-fri 22:30-01:00"], settings.Upgrade.Windows.Select(w => w.Text));
        Assert.Equal(
            [new ProbeSettings("upstream", new ProbeTarget.Ping(IPAddress.Parse("10.10.2.10")), TimeSpan.FromSeconds(1), 3)],
            settings.Health
        );
    }

    [Fact]
    public void Every_kind_of_probe_is_read()
    {
        var settings = Read(
            Full.Replace(
                "- { name: upstream, ping: 10.10.2.10, interval: 1s, fail-after: 3 }",
                """
                - { name: bank, tcp: "10.10.2.10:443", weight: 5 }
                  - { name: shop, http: "http://10.10.2.10/health" }
                  - { name: memory, memory: 90 }
                  - { name: busy, load: 300 }
                election: { probe-threshold: 5, flip-guard: 60m, witness: 10.10.2.254 }
                """,
                StringComparison.Ordinal
            )
        );
        Assert.Equal(
            [
                new ProbeSettings("bank", new ProbeTarget.Tcp(IPEndPoint.Parse("10.10.2.10:443")), TimeSpan.FromSeconds(1), 3, Weight: 5),
                new ProbeSettings("shop", new ProbeTarget.Http(new Uri("http://10.10.2.10/health")), TimeSpan.FromSeconds(1), 3),
                new ProbeSettings("memory", new ProbeTarget.Memory(90), TimeSpan.FromSeconds(1), 3),
                new ProbeSettings("busy", new ProbeTarget.Load(300), TimeSpan.FromSeconds(1), 3),
            ],
            settings.Health
        );
        Assert.Equal(new ElectionSettings(5, TimeSpan.FromMinutes(60), IPAddress.Parse("10.10.2.254")), settings.Election);
    }

    [Fact]
    public void Gates_and_comparisons_are_read_with_their_defaults()
    {
        var settings = Read(
            Minimal
                + """
                upgrade:
                  expect: ["listener udp 0.0.0.0:68"]
                  gates:
                    - { name: change-board }
                    - { name: quiet, before: [start, final-primary], alerts: "http://10.0.0.5/api/v2/alerts", timeout: 10m }
                compare: [{ name: ospf, command: "vtysh -c 'show ip ospf neighbor'" }]

                """
        );
        Assert.Equal(["listener udp 0.0.0.0:68"], settings.Upgrade.Expect);
        Assert.Equal([new ComparedCommand("ospf", "vtysh -c 'show ip ospf neighbor'")], settings.Compared);
        Assert.Equal(("change-board", null, 3_600_000), Told(settings.Upgrade.Gates[0]));
        Assert.Equal([OutsideGate.Switch], settings.Upgrade.Gates[0].Before);
        Assert.Equal(("quiet", "http://10.0.0.5/api/v2/alerts", 600_000), Told(settings.Upgrade.Gates[1]));
        Assert.Equal([OutsideGate.Start, OutsideGate.End], settings.Upgrade.Gates[1].Before);

        static (string, string?, long) Told(OutsideGate gate) => (gate.Name, gate.Alerts, gate.TimeoutMs);
    }

    [Theory]
    [InlineData("compare: [{ name: a, command: x }, { name: a, command: y }]\n", "the command a")]
    [InlineData("upgrade: { gates: [{ name: a }, { name: a }] }\n", "the gate a")]
    [InlineData("upgrade: { gates: [{ name: a, before: [reboot] }] }\n", "before[1]: \"reboot\" is not valid")]
    [InlineData("upgrade: { gates: [{ name: a, alerts: ftp://x }] }\n", "alerts")]
    [InlineData("compare: [{ name: a }]\n", "command is missing")]
    public void What_is_wrong_with_a_gate_or_a_comparison_is_named(string section, string problem) =>
        Assert.Contains(problem, Assert.Single(Refuse(Minimal + section)).ToString(), StringComparison.Ordinal);

    [Fact]
    public void Load_balancing_is_read_and_wants_virtual_macs()
    {
        const string AsBalanced = "balance: { schedule: weighted-round-robin, on-primary: [10.10.1.192/26] }\n";
        var settings = Read(
            Minimal
                .Replace("mode: active-passive", "mode: active-active", StringComparison.Ordinal)
                .Replace("name: gw1", "name: gw1\n  weight: 3", StringComparison.Ordinal) + AsBalanced
        );
        Assert.True(settings.Cluster.ActiveActive);
        Assert.Equal((BalanceSchedule.WeightedRoundRobin, 3), (settings.Schedule, settings.Unit.Weight));
        Assert.Equal(["10.10.1.192/26"], settings.KeptOnPrimary.Select(each => each.ToString()));
        Assert.Equal((BalanceSchedule.Ip, 1), (Read(Minimal).Schedule, Read(Minimal).Unit.Weight));

        var sides = Read(
            """
            cluster: { name: edge }
            unit: { name: gw1 }
            heartbeat: { links: [{ interface: hb0, address: 10.10.9.1, peers: [10.10.9.2] }] }
            interfaces: [{ name: lan0, side: inside }, { name: wan0, side: outside }, { name: dmz0 }]
            """
        );
        Assert.Equal([PortSide.Inside, PortSide.Outside, null], sides.Interfaces.Select(port => port.Side));
        Assert.Contains(
            "active-active needs a virtual MAC on every interface",
            Assert
                .Single(
                    Refuse(
                        """
                        cluster: { name: edge, mode: active-active }
                        unit: { name: gw1 }
                        heartbeat: { links: [{ interface: hb0, address: 10.10.9.1, peers: [10.10.9.2] }] }
                        interfaces: [{ name: lan0, virtual-mac: off }]
                        """
                    )
                )
                .ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Sessions_prefer_a_link_of_their_own_where_there_is_one()
    {
        Assert.Equal(["hb0"], Read(Full).SessionLinks.Select(link => link.Interface));
        var own = Read(Minimal + "sessions: { link: { interface: ss0, address: 10.10.8.1, peers: [10.10.8.2] } }\n");
        Assert.Equal(["ss0", "hb0"], own.SessionLinks.Select(link => link.Interface));
        Assert.Contains(
            "sessions.link.peers is missing",
            Assert.Single(Refuse(Minimal + "sessions: { link: { interface: ss0, address: 10.10.8.1 } }\n")).ToString(),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "link address 10.10.9.2 stands in line 12 already",
            Assert.Single(Refuse(Minimal + "sessions: { link: { interface: ss0, address: 10.10.8.1, peers: [10.10.9.2] } }\n")).ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_is_not_given_has_its_default()
    {
        var settings = Read(
            """
            cluster: { name: edge }
            unit: { name: gw1 }
            heartbeat: { links: [{ interface: hb0, address: 10.10.9.1, peers: [10.10.9.2] }] }
            interfaces: [{ name: lan0 }]
            health:
            """
        );
        Assert.Equal(new ClusterSettings("edge", 0, false, "/etc/hitless/cluster.key"), settings.Cluster);
        Assert.Equal(new IdentitySettings("gw1", 128, false), settings.Unit);
        Assert.Equal(
            (TimeSpan.FromMilliseconds(20), 4, 8417),
            (settings.Heartbeat.Interval, settings.Heartbeat.LostThreshold, settings.Heartbeat.Port)
        );
        Assert.True(settings.Interfaces[0].Monitor);
        Assert.Empty(settings.Interfaces[0].VirtualAddresses);
        Assert.Equal(
            (true, true, true, true, TimeSpan.Zero),
            (
                settings.Sessions.Tcp,
                settings.Sessions.Connectionless,
                settings.Sessions.Expectations,
                settings.Sessions.Nat,
                settings.Sessions.Delay
            )
        );
        Assert.Empty(settings.Files);
        Assert.Empty(settings.Health);
        Assert.Equal(
            new UpgradeSettings(
                TimeSpan.FromSeconds(10),
                TimeSpan.FromSeconds(300),
                TimeSpan.FromMinutes(30),
                TimeSpan.FromMinutes(5),
                null,
                0.01
            )
            {
                Windows = settings.Upgrade.Windows,
                Gates = settings.Upgrade.Gates,
                Expect = settings.Upgrade.Expect,
            },
            settings.Upgrade
        );
        Assert.Empty(settings.Upgrade.Windows);
        Assert.Empty(settings.Upgrade.Gates);
        Assert.Empty(settings.Upgrade.Expect);
        Assert.Empty(settings.Compared);
    }

    [Fact]
    public void Routes_and_rules_are_read_for_both_families()
    {
        var settings = Read(
            Minimal.Replace(
                "[10.10.2.1/24], monitor: true",
                """
                [10.10.2.1/24], routes: [
                      { to: default, via: 10.10.2.254, source: 10.10.2.1 },
                      { to: default, via: "fe80::9", table: 77, metric: 5 },
                      { to: 192.0.2.0/24, table: main }]
                """,
                StringComparison.Ordinal
            )
                + """
                forwarding:
                  rules:
                    - { priority: 100, from: 10.10.1.0/24, incoming: lan0, table: 77 }
                    - { priority: 101, mark: 7, to: default, table: default }

                """
        );
        Assert.Equal(
            [
                "default via 10.10.2.254 dev wan0 src 10.10.2.1",
                "default (IPv6) via fe80::9 dev wan0 table 77 metric 5",
                "192.0.2.0/24 dev wan0",
            ],
            settings.Interfaces[1].Routes.Select(route => $"{route.AsRoute()}")
        );
        Assert.Equal(
            [
                "100: from 10.10.1.0/24 iif lan0 lookup 77",
                "101: from all fwmark 0x7 lookup default",
                "101: from all fwmark 0x7 lookup default (IPv6)",
            ],
            settings.Rules.Select(rule => $"{rule}")
        );
    }

    [Theory]
    [InlineData("{ to: default }", "17:69: default is of IPv4 or IPv6 by via or source")]
    [InlineData(
        "{ to: 192.0.2.1/24 }",
        "17:69: interfaces[2].routes[1].to: \"192.0.2.1/24\" has bits behind its prefix length (did you mean 192.0.2.0/24?)"
    )]
    [InlineData("{ to: default, via: \"fd00::9\", source: 10.10.2.1 }", "17:102: 10.10.2.1 is of another address family than fd00::9")]
    [InlineData("{ to: 192.0.2.0/24, via: 10.10.2.1 }", "17:88: 10.10.2.1 is a virtual address of this cluster")]
    [InlineData("{ to: 192.0.2.0/24, source: 10.10.2.7 }", "17:91: 10.10.2.7 is no virtual address")]
    [InlineData(
        "{ to: 192.0.2.0/24, table: 255 }",
        "17:90: interfaces[2].routes[1].table: \"255\" is not valid; expected main, default or the number"
    )]
    [InlineData("{ to: 192.0.2.0/24, metric: -1 }", "17:91: interfaces[2].routes[1].metric: \"-1\" is out of range")]
    [InlineData(
        "{ to: 192.0.2.0/24 }, { to: 192.0.2.0/24, via: 10.10.2.9 }",
        "17:85: a route to 192.0.2.0/24 of the same table and metric stands in line 17 already"
    )]
    [InlineData("{ via: 10.10.2.9 }", "17:63: interfaces[2].routes[1].to is missing")]
    public void A_route_that_cannot_be_is_refused_with_its_place(string routes, string problem)
    {
        var text = Minimal.Replace("[10.10.2.1/24]", $"[10.10.2.1/24], routes: [{routes}]", StringComparison.Ordinal);
        var found = Assert.Single(Refuse(text)).ToString();
        Assert.StartsWith("/etc/hitless/unit.yaml:" + problem, found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ priority: 100, table: 77 }", "the rule matches every packet; expected from, to, incoming, outgoing or mark")]
    [InlineData("{ priority: 40000, mark: 1, table: 77 }", "priority: \"40000\" is out of range")]
    [InlineData("{ priority: 1, from: 10.0.0.0/8, to: \"fd00::/8\", table: 77 }", "fd00::/8 is of another address family than 10.0.0.0/8")]
    [InlineData(
        "{ priority: 1, mark: 1, table: 7 }, { priority: 1, mark: 1, table: 7 }",
        "the rule 1: from all fwmark 0x1 lookup 7 stands in line 18 already"
    )]
    public void A_rule_that_cannot_be_is_refused(string rules, string problem)
    {
        var found = Assert.Single(Refuse(Minimal + $"forwarding: {{ rules: [{rules}] }}\n")).ToString();
        Assert.StartsWith("/etc/hitless/unit.yaml:18:", found, StringComparison.Ordinal);
        Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Fact]
    public void Services_and_hooks_follow_the_role()
    {
        var settings = Read(
            Minimal
                + """
                services: [{ unit: isc-dhcp-server.service }, { unit: "backup@lan0.timer", runs-on: standby }]
                hooks: { primary: /etc/hitless/primary.sh, standby: "logger standby; true", timeout: 5s }

                """
        );
        Assert.Equal(
            [new ServiceSettings("isc-dhcp-server.service", OnPrimary: true), new ServiceSettings("backup@lan0.timer", OnPrimary: false)],
            settings.Services
        );
        Assert.Equal(
            new HookSettings("/etc/hitless/primary.sh", "logger standby; true", null, null, TimeSpan.FromSeconds(5)),
            settings.Hooks
        );
        Assert.Equal((0, HookSettings.None), (Read(Minimal).Services.Count, Read(Minimal).Hooks));
    }

    [Theory]
    [InlineData("services: [{ unit: isc-dhcp-server }]", "is not valid; expected a unit of systemd with its type")]
    [InlineData("services: [{ unit: \"-h.service --now\" }]", "is not valid; expected a unit of systemd with its type")]
    [InlineData("services: [{ unit: a.service, runs-on: master }]", "expected primary or standby")]
    [InlineData(
        "services: [{ unit: a.service }, { unit: a.service, runs-on: standby }]",
        "the unit of systemd a.service stands in line 18 already"
    )]
    [InlineData("hooks: { master: /bin/true }", "unknown key \"master\" in hooks")]
    [InlineData("hooks: { primary: \"\" }", "hooks.primary: \"\" is empty")]
    [InlineData("hooks: { timeout: 20m }", "is out of range; expected a duration from 100ms to 10m")]
    public void A_service_or_hook_that_cannot_be_is_refused(string words, string problem)
    {
        var found = Assert.Single(Refuse(Minimal + words + "\n")).ToString();
        Assert.StartsWith("/etc/hitless/unit.yaml:18:", found, StringComparison.Ordinal);
        Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Fact]
    public void Sessions_are_named_by_expressions()
    {
        var settings = Read(
            Minimal + "sessions: { exclude: [\"udp dport { 53, 5353 }\"], critical: [\"tcp dport 5432\", \"ct mark 7\"] }\n"
        );
        Assert.Equal(["udp dport { 53, 5353 }"], settings.Sessions.Exclude.Select(each => each.ToString()));
        Assert.Equal(["tcp dport 5432", "ct mark 7"], settings.Sessions.Critical.Select(each => each.ToString()));
    }

    [Fact]
    public void Whose_the_slots_are_is_the_unit_s_own()
    {
        Assert.True(Read(Full.Replace("  override: false", "  slots: rauc", StringComparison.Ordinal)).Unit.RaucSlots);
        Assert.False(Read(Full).Unit.RaucSlots);
        Assert.True(UnitKeys.IsUnitLocal("unit.slots"));
    }

    [Fact]
    public void An_interface_may_have_the_id_of_its_virtual_mac_by_hand_and_no_two_the_same()
    {
        const string byHand = "interfaces: [{ name: lan0, virtual-mac-id: 0 }, { name: wan0, virtual-mac: off }]\n";
        Assert.True(TryWith(byHand, out var settings, out _));
        Assert.Equal([true, false], settings!.Interfaces.Select(port => port.HasVirtualMac));
        Assert.Equal([0, null], settings.Interfaces.Select(port => port.VirtualMacId));

        const string same = "interfaces: [{ name: lan0, virtual-mac-id: 7 }, { name: wan0, virtual-mac-id: 7 }]\n";
        Assert.False(TryWith(same, out _, out var problems));
        Assert.StartsWith("cluster.yaml:1:79: the id of a virtual MAC 7 stands in line 1 already", Assert.Single(problems).ToString());
    }

    [Fact]
    public void A_section_of_cluster_yaml_replaces_that_of_unit_yaml_and_others_stay()
    {
        Assert.True(
            TryWith(
                "sessions: { pickup: { delay: 30s } }\nhealth:\ninterfaces: [{ name: lan7, virtual-addresses: [10.9.9.1/24] }]\n",
                out var settings,
                out _
            )
        );
        Assert.Equal((TimeSpan.FromSeconds(30), 0), (settings!.Sessions.Delay, settings.Sessions.Critical.Count));
        Assert.Equal("lan7", Assert.Single(settings.Interfaces).Name);
        Assert.Equal("upstream", Assert.Single(settings.Health).Name);
        Assert.Equal(("gw1", TimeSpan.FromSeconds(10)), (settings.Unit.Name, settings.Upgrade.Soak));
        Assert.True(TryWith("# nothing yet\n", out settings, out _));
        Assert.Equal(2, settings!.Interfaces.Count);
    }

    [Theory]
    [InlineData(
        "unit: { priority: 7 }",
        "cluster.yaml:1:1: unknown key \"unit\"; expected interfaces, sessions, configuration, health, forwarding, balance, services, "
            + "hooks, notices, election, upgrade"
    )]
    [InlineData("sessions: { pickup: { delay: soon } }", "cluster.yaml:1:30: sessions.pickup.delay: \"soon\" is not a duration")]
    [InlineData(
        "interfaces: [{ name: lan0, virtual-addresses: [10.10.9.1/24] }]",
        "cluster.yaml:1:48: virtual address 10.10.9.1 is a link address of this unit"
    )]
    [InlineData("interfaces: []", "cluster.yaml:1:13: interfaces has 0 entries")]
    [InlineData("\"", "cluster.yaml:1:")]
    public void What_is_wrong_in_cluster_yaml_is_refused_with_its_place(string text, string expected)
    {
        Assert.False(TryWith(text, out _, out var problems));
        Assert.StartsWith(expected, problems[0].ToString());
    }

    [Theory]
    [InlineData("unit.schema.json", false)]
    [InlineData("cluster.schema.json", true)]
    public void The_schemas_in_docs_are_what_the_table_of_keys_says(string name, bool ofCluster)
    {
        var path = Path.Combine(RepositoryRoot(), "docs", name);
        if (Environment.GetEnvironmentVariable("HITLESS_WRITE") == "1")
        {
            File.WriteAllText(path, UnitKeys.JsonSchema(ofCluster));
        }

        Assert.True(
            File.Exists(path) && File.ReadAllText(path) == UnitKeys.JsonSchema(ofCluster),
            $"docs/{name} is old: run this test with HITLESS_WRITE=1"
        );
    }

    private static bool TryWith(string cluster, out UnitSettings? settings, out IReadOnlyList<UnitFileProblem> problems) =>
        UnitFile.TryParse(
            Encoding.UTF8.GetBytes(Full),
            "/etc/hitless/unit.yaml",
            Encoding.UTF8.GetBytes(cluster),
            out settings,
            out problems
        );

    internal static UnitSettings Read(string text)
    {
        var read = UnitFile.TryParse(Encoding.UTF8.GetBytes(text), "/etc/hitless/unit.yaml", null, out var settings, out var problems);
        Assert.True(read, string.Join("\n", problems));
        return settings!;
    }

    private static IReadOnlyList<UnitFileProblem> Refuse(string text)
    {
        Assert.False(UnitFile.TryParse(Encoding.UTF8.GetBytes(text), "/etc/hitless/unit.yaml", null, out _, out var problems));
        return problems;
    }

    internal static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Hitless.slnx")))
        {
            folder = Path.GetDirectoryName(folder.TrimEnd('/')) ?? throw new InvalidOperationException("no Hitless.slnx above the tests");
        }

        return folder;
    }
}
