using System.Net;
using System.Text;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

public sealed class UnitFileTests
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

    internal const string Full = Minimal + """
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
        Assert.Equal([new ProbeSettings("upstream", new ProbeTarget.Ping(IPAddress.Parse("10.10.2.10")), TimeSpan.FromSeconds(1), 3)], settings.Health);
    }

    [Fact]
    public void Every_kind_of_probe_is_read()
    {
        var settings = Read(Full.Replace("- { name: upstream, ping: 10.10.2.10, interval: 1s, fail-after: 3 }", """
            - { name: bank, tcp: "10.10.2.10:443", weight: 5 }
              - { name: shop, http: "http://10.10.2.10/health" }
              - { name: memory, memory: 90 }
              - { name: busy, load: 300 }
            election: { probe-threshold: 5, flip-guard: 60m, witness: 10.10.2.254 }
            """, StringComparison.Ordinal));
        Assert.Equal(
            [
                new ProbeSettings("bank", new ProbeTarget.Tcp(IPEndPoint.Parse("10.10.2.10:443")), TimeSpan.FromSeconds(1), 3, Weight: 5),
                new ProbeSettings("shop", new ProbeTarget.Http(new Uri("http://10.10.2.10/health")), TimeSpan.FromSeconds(1), 3),
                new ProbeSettings("memory", new ProbeTarget.Memory(90), TimeSpan.FromSeconds(1), 3),
                new ProbeSettings("busy", new ProbeTarget.Load(300), TimeSpan.FromSeconds(1), 3),
            ],
            settings.Health);
        Assert.Equal(new ElectionSettings(5, TimeSpan.FromMinutes(60), IPAddress.Parse("10.10.2.254")), settings.Election);
    }

    [Fact]
    public void Sessions_prefer_a_link_of_their_own_where_there_is_one()
    {
        Assert.Equal(["hb0"], Read(Full).SessionLinks.Select(link => link.Interface));
        var own = Read(Minimal + "sessions: { link: { interface: ss0, address: 10.10.8.1, peers: [10.10.8.2] } }\n");
        Assert.Equal(["ss0", "hb0"], own.SessionLinks.Select(link => link.Interface));
        Assert.Contains("sessions.link.peers is missing", Assert.Single(Refuse(Minimal + "sessions: { link: { interface: ss0, address: 10.10.8.1 } }\n")).ToString(), StringComparison.Ordinal);
        Assert.Contains("link address 10.10.9.2 stands in line 12 already", Assert.Single(Refuse(Minimal + "sessions: { link: { interface: ss0, address: 10.10.8.1, peers: [10.10.9.2] } }\n")).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_given_has_its_default()
    {
        var settings = Read("""
            cluster: { name: edge }
            unit: { name: gw1 }
            heartbeat: { links: [{ interface: hb0, address: 10.10.9.1, peers: [10.10.9.2] }] }
            interfaces: [{ name: lan0 }]
            health:
            """);
        Assert.Equal(new ClusterSettings("edge", 0, false, "/etc/hitless/cluster.key"), settings.Cluster);
        Assert.Equal(new IdentitySettings("gw1", 128, false), settings.Unit);
        Assert.Equal((TimeSpan.FromMilliseconds(20), 4, 8417), (settings.Heartbeat.Interval, settings.Heartbeat.LostThreshold, settings.Heartbeat.Port));
        Assert.True(settings.Interfaces[0].Monitor);
        Assert.Empty(settings.Interfaces[0].VirtualAddresses);
        Assert.Equal((true, true, true, true, TimeSpan.Zero), (settings.Sessions.Tcp, settings.Sessions.Connectionless, settings.Sessions.Expectations, settings.Sessions.Nat, settings.Sessions.Delay));
        Assert.Empty(settings.Files);
        Assert.Empty(settings.Health);
        Assert.Equal(
            new UpgradeSettings(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(300), TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(5), null, 0.01) { Windows = settings.Upgrade.Windows },
            settings.Upgrade);
        Assert.Empty(settings.Upgrade.Windows);
    }

    [Fact]
    public void Routes_and_rules_are_read_for_both_families()
    {
        var settings = Read(Minimal.Replace("[10.10.2.1/24], monitor: true", """
            [10.10.2.1/24], routes: [
                  { to: default, via: 10.10.2.254, source: 10.10.2.1 },
                  { to: default, via: "fe80::9", table: 77, metric: 5 },
                  { to: 192.0.2.0/24, table: main }]
            """, StringComparison.Ordinal) + """
            forwarding:
              rules:
                - { priority: 100, from: 10.10.1.0/24, incoming: lan0, table: 77 }
                - { priority: 101, mark: 7, to: default, table: default }

            """);
        Assert.Equal(
            [
                "default via 10.10.2.254 dev wan0 src 10.10.2.1",
                "default (IPv6) via fe80::9 dev wan0 table 77 metric 5",
                "192.0.2.0/24 dev wan0",
            ],
            settings.Interfaces[1].Routes.Select(route => $"{route.AsRoute()}"));
        Assert.Equal(
            [
                "100: from 10.10.1.0/24 iif lan0 lookup 77",
                "101: from all fwmark 0x7 lookup default",
                "101: from all fwmark 0x7 lookup default (IPv6)",
            ],
            settings.Rules.Select(rule => $"{rule}"));
    }

    [Theory]
    [InlineData("{ to: default }", "17:69: default is of IPv4 or IPv6 by via or source")]
    [InlineData(
        "{ to: 192.0.2.1/24 }",
        "17:69: interfaces[2].routes[1].to: \"192.0.2.1/24\" has bits behind its prefix length (did you mean 192.0.2.0/24?)")]
    [InlineData("{ to: default, via: \"fd00::9\", source: 10.10.2.1 }", "17:102: 10.10.2.1 is of another address family than fd00::9")]
    [InlineData("{ to: 192.0.2.0/24, via: 10.10.2.1 }", "17:88: 10.10.2.1 is a virtual address of this cluster")]
    [InlineData("{ to: 192.0.2.0/24, source: 10.10.2.7 }", "17:91: 10.10.2.7 is no virtual address")]
    [InlineData(
        "{ to: 192.0.2.0/24, table: 255 }",
        "17:90: interfaces[2].routes[1].table: \"255\" is not valid; expected main, default or the number")]
    [InlineData("{ to: 192.0.2.0/24, metric: -1 }", "17:91: interfaces[2].routes[1].metric: \"-1\" is out of range")]
    [InlineData(
        "{ to: 192.0.2.0/24 }, { to: 192.0.2.0/24, via: 10.10.2.9 }",
        "17:85: a route to 192.0.2.0/24 of the same table and metric stands in line 17 already")]
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
        "the rule 1: from all fwmark 0x1 lookup 7 stands in line 18 already")]
    public void A_rule_that_cannot_be_is_refused(string rules, string problem)
    {
        var found = Assert.Single(Refuse(Minimal + $"forwarding: {{ rules: [{rules}] }}\n")).ToString();
        Assert.StartsWith("/etc/hitless/unit.yaml:18:", found, StringComparison.Ordinal);
        Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Fact]
    public void Services_and_hooks_follow_the_role()
    {
        var settings = Read(Minimal + """
            services: [{ unit: isc-dhcp-server.service }, { unit: "backup@lan0.timer", runs-on: standby }]
            hooks: { primary: /etc/hitless/primary.sh, standby: "logger standby; true", timeout: 5s }

            """);
        Assert.Equal(
            [
                new ServiceSettings("isc-dhcp-server.service", OnPrimary: true),
                new ServiceSettings("backup@lan0.timer", OnPrimary: false),
            ],
            settings.Services);
        Assert.Equal(
            new HookSettings("/etc/hitless/primary.sh", "logger standby; true", null, null, TimeSpan.FromSeconds(5)),
            settings.Hooks);
        Assert.Equal((0, HookSettings.None), (Read(Minimal).Services.Count, Read(Minimal).Hooks));
    }

    [Theory]
    [InlineData("services: [{ unit: isc-dhcp-server }]", "is not valid; expected a unit of systemd with its type")]
    [InlineData("services: [{ unit: \"-h.service --now\" }]", "is not valid; expected a unit of systemd with its type")]
    [InlineData("services: [{ unit: a.service, runs-on: master }]", "expected primary or standby")]
    [InlineData(
        "services: [{ unit: a.service }, { unit: a.service, runs-on: standby }]",
        "the unit of systemd a.service stands in line 18 already")]
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
        var settings = Read(Minimal + "sessions: { exclude: [\"udp dport { 53, 5353 }\"], critical: [\"tcp dport 5432\", \"ct mark 7\"] }\n");
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

    [Theory]
    [InlineData("  priority: 200", "  prioritty: 200", "8:3: unknown key \"prioritty\" in unit; expected name, priority, override, slots, values (did you mean \"priority\"?)")]
    [InlineData("  priority: 200", "  priority: 256", "8:13: unit.priority: \"256\" is out of range; expected a whole number from 0 to 255")]
    [InlineData("  priority: 200", "  priority: \"200\"", "8:13: unit.priority: \"200\" is in quotes; expected a whole number from 0 to 255")]
    [InlineData("  priority: 200", "  priority: [200]", "8:13: unit.priority is a list; expected a whole number from 0 to 255")]
    [InlineData("  priority: 200", "  name: gw2", "8:3: \"name\" is given twice in unit; expected it once")]
    [InlineData("  override: false", "  override: no", "9:13: unit.override: \"no\" is not valid; expected true or false")]
    [InlineData("  override: false", "  slots: rauk", "9:10: unit.slots: \"rauk\" is not valid (did you mean \"rauc\"?); expected directory or rauc")]
    [InlineData("  group: 7 ", "  group: 1024 ", "3:10: cluster.group: \"1024\" is out of range; expected a whole number from 0 to 1023")]
    [InlineData("active-passive ", "active-pasive ", "4:9: cluster.mode: \"active-pasive\" is not valid (did you mean \"active-passive\"?); expected active-passive or active-active")]
    [InlineData("name: gw1", "name: Gw1", "7:9: unit.name: \"Gw1\" is not valid; expected a name of at most 32 letters a-z, digits and dashes, not beginning with a dash")]
    [InlineData("  name: gw1", "", "8:3: unit.name is missing; expected a name")]
    [InlineData("\"tcp dport 5432\"", "\"tcp dprot 5432\"", "20:14: sessions.critical[1]: \"tcp dprot 5432\" is not understood at \"dprot\"; expected words of nftables' such as")]
    [InlineData("interval: 20ms", "interval: 20", "13:13: heartbeat.interval: \"20\" has no unit (ms, s, m, h); expected a duration from 5ms to 10s")]
    [InlineData("interval: 20ms", "interval: 4ms", "13:13: heartbeat.interval: \"4ms\" is out of range; expected a duration from 5ms to 10s")]
    [InlineData("lost-threshold: 4", "lost-threshold: 1", "14:19: heartbeat.lost-threshold: \"1\" is out of range; expected a whole number from 2 to 255")]
    [InlineData("ping: 10.10.2.10", "weight: 2", "25:5: the probe has no target; expected exactly one of ping, tcp, http, memory, load")]
    [InlineData("ping: 10.10.2.10", "ping: 10.10.2.10, load: 100", "25:5: the probe has ping and load; expected exactly one of ping, tcp, http, memory, load")]
    [InlineData("ping: 10.10.2.10", "tcp: 10.10.2.10", "25:28: health[1].tcp: \"10.10.2.10\" is not an address with a port; expected an address and port such as 10.10.2.10:443 or [fd00:2::10]:443")]
    [InlineData("ping: 10.10.2.10", "http: ftp://10.10.2.10/", "25:29: health[1].http: \"ftp://10.10.2.10/\" is not the address of a page; expected a page such as http://10.10.2.10/health")]
    [InlineData("peers: [10.10.9.2]", "peers: [fd00::2]", "12:53: peer fd00::2 is of another address family than the link's own address 10.10.9.1; expected both IPv4 or both IPv6")]
    [InlineData("peers: [10.10.9.2]", "peers: []", "12:52: heartbeat.links[1].peers has 0 entries; expected 1 to 3")]
    [InlineData("peers: [10.10.9.2]", "peers: [10.10.9]", "12:53: heartbeat.links[1].peers[1]: \"10.10.9\" is not an IP address; expected an IP address")]
    [InlineData("[10.10.2.1/24]", "[10.10.1.1/25]", "17:39: virtual address 10.10.1.1 stands in line 16 already; expected each only once")]
    [InlineData("[10.10.2.1/24]", "[10.10.2.0/24]", "17:39: interfaces[2].virtual-addresses[1]: \"10.10.2.0/24\" is the network, not an address in it")]
    [InlineData("[10.10.2.1/24]", "[10.10.2.1]", "17:39: interfaces[2].virtual-addresses[1]: \"10.10.2.1\" has no prefix length")]
    [InlineData("[10.10.2.1/24]", "[10.10.2.1/33]", "17:39: interfaces[2].virtual-addresses[1]: \"10.10.2.1/33\" has a prefix length outside 1 to 32")]
    [InlineData("name: wan0", "name: lan0", "17:13: the interface lan0 stands in line 16 already")]
    [InlineData("name: wan0", "name: a-very-long-port-name", "17:13: interfaces[2].name: \"a-very-long-port-name\" is not valid; expected the name of an interface")]
    [InlineData(
        "name: wan0",
        "virtual-mac-id: 16384, name: wan0",
        "17:23: interfaces[2].virtual-mac-id: \"16384\" is out of range; expected a whole number from 0 to 16383")]
    [InlineData("sat 02:00-04:00", "sat 02:00-24:00", "29:13: upgrade.windows[1]: \"sat 02:00-24:00\" is not valid; expected a time of the week as")]
    [InlineData("path: /etc/nftables.conf", "path: /etc/../root/x", "23:15: configuration.files[1].path: \"/etc/../root/x\" is not valid; expected an absolute path")]
    [InlineData("path: /etc/nftables.conf", "path: /etc/hitless/cluster.key", "23:15: /etc/hitless/cluster.key is this unit's own; expected a file that is the same on every unit")]
    [InlineData("name: edge", "name: &a edge", "2:9: an anchor or a tag; expected the plain value")]
    [InlineData("name: edge", "name: *a", "2:9: alias *a; expected the value itself (anchors and aliases are not used here)")]
    [InlineData("  name: edge", "\tname: edge", "2:1: not YAML: a line is indented with a tab; expected spaces")]
    public void What_is_wrong_is_refused_with_its_place_and_what_was_expected(string right, string wrong, string message)
    {
        Assert.Contains(right, Full, StringComparison.Ordinal);
        var index = Full.IndexOf(right, StringComparison.Ordinal);
        var problems = Refuse(Full[..index] + wrong + Full[(index + right.Length)..]);
        Assert.StartsWith("/etc/hitless/unit.yaml:" + message, Assert.Single(problems).ToString());
    }

    [Fact]
    public void All_problems_are_listed_in_the_order_of_the_file()
    {
        var problems = Refuse(Full.Replace("group: 7", "group: -1").Replace("soak: 10s", "soak: soon").Replace("10.10.2.1/24", "10.10.1.1/24").Replace("health:", "heath:"));
        Assert.Equal([3, 17, 24, 27], problems.Select(p => p.Line));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("just text")]
    [InlineData("[a, list]")]
    [InlineData("a: 1\n---\nb: 2\n")]
    public void A_file_that_is_no_map_of_sections_is_refused(string text) => Assert.NotEmpty(Refuse(text));

    [Fact]
    public void Invalid_UTF8_is_refused_with_its_place()
    {
        Assert.False(UnitFile.TryParse([.. "cluster:\n  name: "u8, 0xff, (byte)'\n'], "unit.yaml", null, out _, out var problems));
        Assert.Equal("unit.yaml:2:9: byte 0xff is not UTF-8; expected text in UTF-8", Assert.Single(problems).ToString());
    }

    [Fact]
    public void A_file_that_is_too_large_or_too_deep_is_refused()
    {
        Assert.Contains("larger than 1024 KiB", Assert.Single(Refuse(new string('#', UnitFile.LengthMaxBytes + 1))).Text);
        Assert.Contains("nested too deep", Assert.Single(Refuse(new string('[', 100_000))).Text);
        Assert.Contains("nested too deep", Assert.Single(Refuse(string.Concat(Enumerable.Repeat("- ", 100_000)))).Text);
    }

    [Fact]
    public void A_file_that_cannot_be_opened_is_a_problem_like_others()
    {
        Assert.False(UnitFile.TryRead("/nowhere/unit.yaml", "/nowhere/cluster.yaml", out _, out var problems));
        Assert.Contains("cannot be read", Assert.Single(problems).Text);
    }

    [Fact]
    public void Mutated_files_are_read_or_refused_but_nothing_is_ever_thrown()
    {
        var random = new Random(20260401);
        var alphabet = "{}[]:,-&*!|>'\"%@`#? \n\t\0ä0aZ/."u8.ToArray();
        var valid = Encoding.UTF8.GetBytes(Full);
        for (var i = 0; i < 3_000; i++)
        {
            var bytes = (byte[])valid.Clone();
            for (var n = random.Next(1, 12); n > 0; n--)
            {
                var at = random.Next(bytes.Length);
                bytes = random.Next(4) switch
                {
                    0 => [.. bytes[..at], alphabet[random.Next(alphabet.Length)], .. bytes[at..]],
                    1 => [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(30))..]],
                    2 => [.. bytes[..at], .. bytes[random.Next(bytes.Length)..]],
                    _ => Changed(bytes, at, (byte)random.Next(256)),
                };
                bytes = bytes.Length is 0 or > 8192 ? [(byte)'a'] : bytes;
            }

            var read = i % 2 == 0 ? UnitFile.TryParse(bytes, "unit.yaml", null, out _, out var problems) : UnitFile.TryParse(valid, "unit.yaml", bytes, out _, out problems);
            Assert.Equal(read, problems.Count == 0);
            Assert.All(problems, p => Assert.True(p.Line >= 1 && p.Column >= 1 && !p.Text.Contains('\n')));
        }
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
        Assert.True(TryWith("sessions: { pickup: { delay: 30s } }\nhealth:\ninterfaces: [{ name: lan7, virtual-addresses: [10.9.9.1/24] }]\n", out var settings, out _));
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
        "cluster.yaml:1:1: unknown key \"unit\"; expected interfaces, sessions, configuration, health, forwarding, services, "
            + "hooks, election, upgrade")]
    [InlineData("sessions: { pickup: { delay: soon } }", "cluster.yaml:1:30: sessions.pickup.delay: \"soon\" is not a duration")]
    [InlineData("interfaces: [{ name: lan0, virtual-addresses: [10.10.9.1/24] }]", "cluster.yaml:1:48: virtual address 10.10.9.1 is a link address of this unit")]
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

        Assert.True(File.Exists(path) && File.ReadAllText(path) == UnitKeys.JsonSchema(ofCluster), $"docs/{name} is old: run this test with HITLESS_WRITE=1");
    }

    private static bool TryWith(string cluster, out UnitSettings? settings, out IReadOnlyList<UnitFileProblem> problems) =>
        UnitFile.TryParse(Encoding.UTF8.GetBytes(Full), "/etc/hitless/unit.yaml", Encoding.UTF8.GetBytes(cluster), out settings, out problems);

    private static byte[] Changed(byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }

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

    private static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Hitless.slnx")))
        {
            folder = Path.GetDirectoryName(folder.TrimEnd('/')) ?? throw new InvalidOperationException("no Hitless.slnx above the tests");
        }

        return folder;
    }
}
