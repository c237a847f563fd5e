using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hitless.Core.Importing;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Traffic;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>
/// Configurations of keepalived and conntrackd, of three shapes, which those accept: each unit imports its own, what the report leaves to
/// decide is decided as it says, and the cluster carries traffic through a switch.
/// </summary>
public sealed partial class ImportedTests
{
    // Multicast adverts on the ports, one instance a side, a password. A conntrackd that has a cable of its own.
    private const string TwoSides = """
        global_defs {
            router_id GW{number}
            vrrp_garp_master_delay 1
        }
        vrrp_sync_group edge {
            group {
                inside
                outside
            }
        }
        vrrp_instance inside {
            state BACKUP
            nopreempt
            interface lan0
            virtual_router_id 51
            priority {priority}
            advert_int 1
            authentication {
                auth_type PASS
                auth_pass s3cret
            }
            virtual_ipaddress {
                10.10.1.1/24 dev lan0
            }
        }
        vrrp_instance outside {
            state BACKUP
            nopreempt
            interface wan0
            virtual_router_id 52
            priority {priority}
            advert_int 1
            virtual_ipaddress {
                10.10.2.1/24 dev wan0
            }
        }
        """;

    private const string Conntrackd = """
        Sync {
            Mode FTFW {
                DisableExternalCache On
            }
            UDP {
                IPv4_address 10.10.9.{number}
                IPv4_Destination_Address 10.10.9.{other}
                Port 3780
                Interface hb0
                Checksum on
            }
        }
        General {
            HashSize 32768
            HashLimit 131072
            LockFile /tmp/hitless-import.lock
            UNIX {
                Path /tmp/hitless-import.ctl
            }
            Filter From Userspace {
                Protocol Accept {
                    TCP
                    UDP
                    ICMP
                }
                Address Ignore {
                    IPv4_address 127.0.0.1
                    IPv4_address 10.10.9.{number}
                }
            }
        }
        """;

    // Unicast on a cable, tracked ports, a script, addresses left out of the adverts, a route, a command.
    private const string Unicast = """
        global_defs {
            script_user root
            enable_script_security
        }
        vrrp_script chk_forward {
            script "/bin/grep -q 1 /proc/sys/net/ipv4/ip_forward"
            interval 2
            weight -20
        }
        vrrp_instance gw {
            state BACKUP
            nopreempt
            interface hb0
            virtual_router_id 7
            priority {priority}
            advert_int 1
            unicast_src_ip 10.10.9.{number}
            unicast_peer {
                10.10.9.{other}
            }
            track_interface {
                lan0
                wan0
            }
            track_script {
                chk_forward
            }
            virtual_ipaddress {
                10.10.1.1/24 dev lan0
                10.10.2.1/24 dev wan0
            }
            virtual_ipaddress_excluded {
                fd00:1::1/64 dev lan0
            }
            virtual_routes {
                10.99.0.0/16 via 10.10.2.10 dev wan0
            }
            notify_master "/bin/touch {folder}/primary-{number}"
        }
        """;

    // VRRPv3 with virtual MACs and fast adverts, variables, lines for one host alone, several addresses, preemption.
    private const string VirtualMacs = """
        $FAST=0.1
        @gw1 $PRIORITY=150
        @gw2 $PRIORITY=100
        vrrp_instance lan {
            state BACKUP
            interface lan0
            use_vmac
            version 3
            virtual_router_id 7
            priority $PRIORITY
            advert_int $FAST
            virtual_ipaddress {
                10.10.1.1/24
                10.10.1.7/24
            }
        }
        vrrp_instance wan {
            state BACKUP
            interface wan0
            use_vmac
            version 3
            virtual_router_id 8
            priority $PRIORITY
            advert_int $FAST
            track_interface {
                lan0
            }
            virtual_ipaddress {
                10.10.2.1/24
            }
        }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario]
    public Task Two_instances_in_a_sync_group_and_a_conntrackd_become_a_cluster() => RunsAsync(TwoSides, Conntrackd, links: 3);

    [Scenario]
    public Task Unicast_with_tracking_routes_and_a_command_becomes_a_cluster() => RunsAsync(Unicast, null, links: 1);

    [Scenario]
    public Task Virtual_macs_and_lines_for_one_host_become_a_cluster() => RunsAsync(VirtualMacs, null, links: 2);

    private static async Task RunsAsync(string keepalived, string? conntrackd, int links)
    {
        Prerequisites.NeedPrograms("keepalived");
        using var cluster = HandMadeCluster.Start((made, unit) => Import(made, unit, keepalived, conntrackd, links));
        await cluster.UntilReadyAsync(primary: null);
        var (primary, standby) = cluster.Status("gw1")!.Primary == "gw1" ? ("gw1", "gw2") : ("gw2", "gw1");
        if (keepalived == Unicast)
        {
            await LabCluster.UntilAsync("the hook has run", () => File.Exists(Path.Combine(cluster.Folder, $"primary-{primary[^1]}")));
        }

        using var traffic = await TrafficRun.StartAsync(
            cluster.Client,
            cluster.Server,
            connections: 100,
            ratePerSecond: 50,
            ipv4Only: true
        );
        await traffic.WaitUntilStandingAsync(TimeSpan.FromSeconds(30), Cancellation);
        cluster.Hitless(primary, "switchover", "--wait");
        await cluster.UntilReadyAsync(standby);
        await Task.Delay(TimeSpan.FromSeconds(2), Cancellation);
        var report = await traffic.FinishAsync();
        Assert.Equal((0L, 0L), (report.ConnectionsLost, report.PacketsLost));
    }

    private static string Import(HandMadeCluster cluster, string unit, string keepalived, string? conntrackd, int links)
    {
        var file = Write(cluster, unit, "keepalived", keepalived);
        var inside = (string[])["netns", "exec", cluster.NamespaceOf(unit)];
        Tool.Run("ip", [.. inside, "keepalived", "-t", "-i", unit, "-f", file]);
        List<string> words = ["import", "keepalived", file, "--host", unit, "--json"];
        if (conntrackd is not null)
        {
            words.AddRange(["--conntrackd", Write(cluster, unit, "conntrackd", conntrackd)]);
        }

        var said = Tool.Run("ip", [.. inside, Path.Combine(Prerequisites.Out, "hitless"), .. words]);
        var result = JsonSerializer.Deserialize<ImportResult>(said, JsonSerializerOptions.Web)!;
        Assert.DoesNotContain(result.Findings, finding => finding.Outcome == "impossible");
        File.Copy(Path.Combine(Prerequisites.Out, "images", "trust.pem"), Path.Combine(cluster.Folder, "trust.pem"), overwrite: true);
        var text = Decided(result.UnitFile, unit);
        Assert.Equal(links, OwnAddress().Count(text));
        return text;
    }

    private static string Write(HandMadeCluster cluster, string unit, string name, string text)
    {
        var number = unit[^1] - '0';
        var file = Path.Combine(cluster.Folder, $"{unit}.{name}.conf");
        File.WriteAllText(
            file,
            text.Replace("{number}", $"{number}", StringComparison.Ordinal)
                .Replace("{other}", $"{3 - number}", StringComparison.Ordinal)
                .Replace("{priority}", $"{200 - (50 * number)}", StringComparison.Ordinal)
                .Replace("{folder}", cluster.Folder, StringComparison.Ordinal) + "\n"
        );
        return file;
    }

    // "write the other unit's address in peers"; the names of both units where the file has none.
    private static string Decided(string text, string unit)
    {
        var number = unit[^1] - '0';
        string Answer(Match link)
        {
            var (net, host) = (link.Groups["net"].Value, int.Parse(link.Groups["host"].ValueSpan, CultureInfo.InvariantCulture));
            return $"address: {net}{host}, peers: [{net}{host + 3 - (2 * number)}]";
        }

        text = OwnAddress().Replace(text, link => link.Groups["peers"].Length > 0 ? link.Value : Answer(link));
        return UnitName().Replace(text, $"unit:\n  name: {unit}\n");
    }

    [GeneratedRegex(@"address: (?<net>\d+\.\d+\.\d+\.)(?<host>\d+), peers: \[(?<peers>[^]]*)\]", RegexOptions.ExplicitCapture)]
    private static partial Regex OwnAddress();

    [GeneratedRegex(@"unit:\n  name: .*\n", RegexOptions.ExplicitCapture)]
    private static partial Regex UnitName();
}
