using System.Text;
using Hitless.Core.Configuration;
using Hitless.Core.Importing;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Tests.Api;
using Hitless.Daemon.Tests.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Importing;

/// <summary>Files as people have them; each becomes a unit.yaml that a unit reads.</summary>
public sealed class KeepalivedImportTests
{
    private static readonly Dictionary<string, IReadOnlyList<string>> Own = new(StringComparer.Ordinal)
    {
        ["eth0"] = ["192.0.2.11"],
        ["eth1"] = ["198.51.100.11"],
    };

    private static string Folder => Path.Combine(UnitFileTests.RepositoryRoot(), "tests", "Hitless.Daemon.Tests", "Importing", "samples");

    /// <summary>Name of the sample, and a line that its report has, by outcome.</summary>
    public static TheoryData<string, string, string> Samples =>
        new()
        {
            { "01-simplest", "decide", "192.168.200.16/32" },
            { "02-gateway-pair", "taken", "hooks.primary" },
            { "03-unicast", "taken", "heartbeat.links" },
            { "04-scripts", "taken", "exec: \"/usr/bin/killall -0 haproxy\"" },
            { "05-ipv6", "taken", "interfaces[eth0].virtual-addresses" },
            { "06-vmac", "equal", "the virtual MAC is on the port itself" },
            { "07-routes", "decide", "routes without one gateway" },
            { "08-variables", "taken", "unit.priority: 110" },
            { "09-host-lines", "taken", "unit.priority: 200" },
            { "10-notify", "taken", "hooks.primary, standby, fault" },
            { "11-load-shared", "decide", "one unit is primary of all" },
            { "12-lvs", "impossible", "balances no servers" },
            { "13-quotes", "taken", "hooks.primary" },
            { "14-preempt-delay", "taken", "interfaces[eth1].monitor" },
            { "15-many-addresses", "taken", "interfaces[eth1].virtual-addresses" },
            { "16-process", "impossible", "no probe of this kind" },
            { "17-global-timers", "impossible", "no SNMP" },
            { "18-three-units", "taken", "heartbeat.links" },
            { "19-vlans", "decide", "192.0.2.1" },
        };

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_file_becomes_a_unit_yaml_and_a_report(string sample, string outcome, string said)
    {
        var lines = Read(sample);
        var result = KeepalivedImport.Run(lines, null, Own);
        Assert.NotEmpty(Settings(result).Interfaces);
        Assert.Contains(result.Findings, each => each.Outcome == outcome && each.Text.Contains(said, StringComparison.Ordinal));

        // Every statement that stands alone is in the report, or its lines are.
        var reported = result.Findings.Select(each => each.Line).ToHashSet();
        Assert.All(lines, line =>
            Assert.True(All(line).Any(each => reported.Contains(each.Line)), $"line {line.Line}: {line} is not reported")
        );
    }

    [Fact]
    public void What_two_sides_of_a_gateway_say_is_one_unit()
    {
        var settings = Settings(KeepalivedImport.Run(Read("02-gateway-pair"), null, Own));
        Assert.Equal(
            ("gw-a", 150, false, 61),
            (settings.Unit.Name, settings.Unit.Priority, settings.Unit.Override, settings.Cluster.Group)
        );
        Assert.Equal(["eth1", "eth0"], settings.Interfaces.Select(port => port.Name));
        Assert.Equal(["198.51.100.11", "192.0.2.11"], settings.Heartbeat.Links.Select(link => $"{link.Address}"));
    }

    [Fact]
    public void Peers_probes_and_routes_are_taken()
    {
        Assert.Equal(
            ["10.10.9.1", "10.10.9.2"],
            Settings(KeepalivedImport.Run(Read("18-three-units"), null, Own)).Heartbeat.Links[0].Peers.Select(p => $"{p}")
        );
        var probes = Settings(KeepalivedImport.Run(Read("04-scripts"), null, Own)).Health;
        Assert.Equal(["chk-ping", "chk-haproxy", "chk-web", "chk-ssh"], probes.Select(probe => probe.Name));
        var routes = KeepalivedImport.Run(Read("07-routes"), null, Own).UnitFile;
        Assert.Contains("{ to: default, via: 198.51.100.254 }", routes, StringComparison.Ordinal);
        Assert.Contains("source: 198.51.100.1", routes, StringComparison.Ordinal);
        Assert.Contains("{ priority: 500, from: 10.20.0.0/16, table: 100 }", routes, StringComparison.Ordinal);
    }

    [Fact]
    public void Filters_of_conntrackd_become_exclusions()
    {
        Assert.True(
            ConfigText.TryRead(
                """
                Sync {
                    Mode FTFW { DisableExternalCache On }
                    UDP { IPv4_address 10.10.9.1
                          Port 3780 }
                }
                General {
                    Filter From Userspace {
                        Protocol Accept { TCP
                          UDP }
                        Address Ignore {
                            IPv4_address 127.0.0.1
                            IPv4_address 192.0.2.11
                        }
                    }
                }
                """,
                "gw1",
                out var conntrackd,
                out _
            )
        );
        var result = KeepalivedImport.Run(Read("01-simplest"), conntrackd, Own);
        var settings = Settings(result);
        Assert.Equal(2, settings.Sessions.Exclude.Count);
        Assert.Contains("pickup: { tcp: true, connectionless: true }", result.UnitFile, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UDP", "IPv4_address 10.10.9.1", "IPv4_Destination_Address 10.10.9.2", "taken", "peers: [10.10.9.2]")]
    [InlineData("UDP Default", "IPv6_address fd00:9::1", "IPv6_Destination_Address fd00:9::2", "taken", "peers: [\"fd00:9::2\"]")]
    [InlineData("Multicast", "IPv4_interface 10.10.9.1", "IPv4_address 225.0.0.50", "decide", "peers: []")]
    [InlineData("UDP", "IPv4_address nowhere", "IPv4_Destination_Address 10.10.9.2", "equal", null)]
    public void The_network_of_conntrackd_becomes_a_heartbeat_link(string kind, string own, string other, string outcome, string? peers)
    {
        var text = $"Sync {{\n {kind} {{\n {own}\n {other}\n Port 3780\n Interface hb0\n }}\n}}\n";
        Assert.True(ConfigText.TryRead(text, "gw1", out var conntrackd, out _));
        var result = KeepalivedImport.Run(Read("01-simplest"), conntrackd, Own);
        Assert.Contains(result.Findings, each => (each.Source, each.Line, each.Outcome) == ("conntrackd.conf", 2, outcome));
        Assert.Equal(peers is not null, result.UnitFile.Contains($"interface: hb0", StringComparison.Ordinal));
        Assert.Contains(peers ?? "", result.UnitFile, StringComparison.Ordinal);
        Assert.Equal(peers is null ? 1 : 2, Settings(result).Heartbeat.Links.Count);
    }

    [Theory]
    [InlineData("a {\n", "line 1: a brace is not closed")]
    [InlineData("a\n}\n", "line 2: a brace is closed that was not opened")]
    [InlineData("{\n}\n", "line 1: a brace is opened, and nothing stands before it")]
    public void What_is_no_such_file_is_refused_with_its_line(string text, string said)
    {
        Assert.False(ConfigText.TryRead(text, "gw1", out _, out var problem));
        Assert.Equal(said, problem);
        Assert.False(ConfigText.TryRead(string.Concat(Enumerable.Repeat("a {\n", 1000)), "gw1", out _, out _));
    }

    [Fact]
    public async Task The_command_prints_the_file_and_the_report()
    {
        await using var bench = await ApiBench.StartAsync();
        File.WriteAllText(bench.File("keepalived.conf"), "global_defs { router_id GW }\ninclude conf.d/*.conf\ninclude gone.conf\n");
        Directory.CreateDirectory(bench.File("conf.d"));
        File.Copy(Path.Combine(Folder, "03-unicast.conf"), bench.File("conf.d/a.conf"));
        var ran = await bench.HitlessAsync("import", "keepalived", bench.File("keepalived.conf"));
        Assert.Equal(0, ran.Code);
        Assert.Contains("{ interface: eth2, address: 10.10.9.1, peers: [10.10.9.2] }", ran.Output, StringComparison.Ordinal);
        Assert.Contains("taken      line 1: router_id GW: unit.name: gw", ran.Error, StringComparison.Ordinal);
        Assert.Contains("include gone.conf: this file was not found", ran.Error, StringComparison.Ordinal);
        Assert.Equal(
            0,
            (await bench.HitlessAsync("import", "keepalived", bench.File("keepalived.conf"), "--out", bench.File("u.yaml"))).Code
        );
        Assert.Equal(
            1,
            (await bench.HitlessAsync("import", "keepalived", bench.File("keepalived.conf"), "--out", bench.File("u.yaml"))).Code
        );
    }

    [Fact]
    public void A_file_without_addresses_says_what_is_missing() =>
        Assert.Contains(KeepalivedImport.Run(Read("20-nothing"), null, Own).Findings, each => each is { Line: 0, Outcome: "decide" });

    private static IEnumerable<ConfigLine> All(ConfigLine line) => (line.Below ?? []).SelectMany(All).Prepend(line);

    private static IReadOnlyList<ConfigLine> Read(string sample)
    {
        Assert.True(
            ConfigText.TryRead(File.ReadAllText(Path.Combine(Folder, $"{sample}.conf")), "gw1", out var lines, out var problem),
            problem
        );
        return lines;
    }

    private static UnitSettings Settings(ImportResult result)
    {
        Assert.True(
            UnitFile.TryParse(Encoding.UTF8.GetBytes(result.UnitFile), "/etc/hitless/unit.yaml", null, out var settings, out var problems),
            $"{string.Join('\n', problems)}\n{result.UnitFile}"
        );
        return settings;
    }
}
