using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;

namespace Hitless.Bench.Failover;

/// <summary>
/// keepalived and conntrackd in the same namespaces with the same firewall: VRRPv3 on both ports in one sync group, no preemption;
/// conntrackd FTFW with direct injection, which is its best (facts.md). IPv4 only.
/// </summary>
internal sealed class KeepalivedPair : IGatewayPair
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string interval;

    public KeepalivedPair(LabPlan plan, string advertisementInterval)
    {
        if (!File.Exists("/usr/sbin/keepalived") || !File.Exists("/usr/sbin/conntrackd"))
        {
            throw new LabException("keepalived and conntrackd are not installed", "apt-get install -y keepalived conntrackd");
        }

        Plan = plan;
        interval = advertisementInterval;
        LabSite.Up(plan);
        foreach (var unit in LabSite.UnitsOf(plan))
        {
            Begin(unit);
        }
    }

    public LabPlan Plan { get; }

    public async Task<string> UntilReadyAsync()
    {
        var until = DateTimeOffset.UtcNow + Patience;
        while (DateTimeOffset.UtcNow < until)
        {
            var masters = Plan.Units.Where(Carries).ToArray();
            if (masters.Length == 1 && LabSite.UnitsOf(Plan).All(unit => unit.Running))
            {
                // The other one must have left its start-up behind.
                await Task.Delay(3000);
                return masters[0];
            }

            await Task.Delay(200);
        }

        throw new LabException("keepalived has no single master after 60 s", $"look into {Plan.Folder}");
    }

    public Task SwitchAsync(string primary)
    {
        Signal(new LabUnit(Plan, primary), "TERM");
        return Task.CompletedTask;
    }

    public void PowerOff(string unit) => Faults.PowerOff(new LabUnit(Plan, unit));

    public void PowerOn(string unit)
    {
        var target = new LabUnit(Plan, unit);
        Faults.SetCables(target, Plan.UnitPorts, up: true);
        if (!target.Running)
        {
            UnitPower.Boot(target);
        }

        Begin(target);
    }

    public void KillDaemon(string unit)
    {
        Signal(new LabUnit(Plan, unit), "KILL");
        StartKeepalived(new LabUnit(Plan, unit));
    }

    public bool IsBack(string unit) => LabSite.UnitsOf(Plan).All(each => each.Running) && Plan.Units.Count(Carries) == 1;

    public string Reign() => string.Join(" + ", Plan.Units.Where(Carries));

    public string Margin() => "";

    public void Dispose() => LabSite.Down(Path.GetDirectoryName(Plan.Folder)!, Plan.Name);

    private bool Carries(string unit) =>
        Tool.Run("ip", ["-n", Plan.NamespaceOf(unit), "-4", "address", "show", "lan0"])
            .Contains($" {Addresses.VirtualLan}/", StringComparison.Ordinal);

    private static void Signal(LabUnit unit, string signal)
    {
        var keepalived = Namespaces
            .Processes(unit.Namespace)
            .Where(pid => File.ReadAllText($"/proc/{pid}/comm").StartsWith("keepalived", StringComparison.Ordinal))
            .ToArray();
        Namespaces.Signal(keepalived, signal);
    }

    /// <summary>The virtual addresses go (a static router has them by hand), VRRP may pass, and what does not run is started.</summary>
    private void Begin(LabUnit unit)
    {
        var running = Namespaces
            .Processes(unit.Namespace)
            .Select(pid => File.ReadAllText($"/proc/{pid}/comm").Trim())
            .ToHashSet(StringComparer.Ordinal);
        if (!running.Contains("keepalived"))
        {
            Run(unit, $"ip address del {Addresses.VirtualLan}/24 dev lan0; ip address del {Addresses.VirtualWan}/24 dev wan0; true");
            Run(unit, "nft insert rule inet gateway input ip protocol 112 accept; nft insert rule inet gateway input iifname hb0 accept");
        }

        if (!running.Contains("conntrackd"))
        {
            File.WriteAllText(Path.Combine(unit.Folder, "conntrackd.conf"), Conntrackd(unit));
            Run(
                unit,
                $"rm -f {unit.Folder}/conntrackd.lock {unit.Folder}/conntrackd.ctl; conntrackd -d -C {unit.Folder}/conntrackd.conf "
                    + $">>{unit.Log} 2>&1"
            );
            Run(unit, $"sleep 0.5; conntrackd -C {unit.Folder}/conntrackd.conf -n >>{unit.Log} 2>&1; true");
        }

        if (!running.Contains("keepalived"))
        {
            File.WriteAllText(Path.Combine(unit.Folder, "keepalived.conf"), Keepalived(unit));
            StartKeepalived(unit);
        }
    }

    private static void StartKeepalived(LabUnit unit) =>
        Run(
            unit,
            $"keepalived -f {unit.Folder}/keepalived.conf -p {unit.Folder}/keepalived.pid -r {unit.Folder}/vrrp.pid >>{unit.Log} 2>&1"
        );

    private static void Run(LabUnit unit, string script) => Tool.Run("ip", ["netns", "exec", unit.Namespace, "sh", "-c", script]);

    private string Keepalived(LabUnit unit)
    {
        var priority = 250 - (50 * unit.Number);
        return $$"""
            global_defs {
                router_id {{unit.Name}}
                vrrp_version 3
            }
            vrrp_sync_group gateway {
                group {
                    lan
                    wan
                }
            }
            vrrp_instance lan {
                state BACKUP
                nopreempt
                interface lan0
                virtual_router_id 51
                priority {{priority}}
                advert_int {{interval}}
                virtual_ipaddress {
                    {{Addresses.VirtualLan}}/24 dev lan0
                }
            }
            vrrp_instance wan {
                state BACKUP
                nopreempt
                interface wan0
                virtual_router_id 52
                priority {{priority}}
                advert_int {{interval}}
                virtual_ipaddress {
                    {{Addresses.VirtualWan}}/24 dev wan0
                }
            }

            """;
    }

    private static string Conntrackd(LabUnit unit) =>
        $$"""
            Sync {
                Mode FTFW {
                    DisableExternalCache On
                }
                UDP {
                    IPv4_address {{Addresses.Link("hb0", unit.Number)}}
                    IPv4_Destination_Address {{Addresses.Link("hb0", 3 - unit.Number)}}
                    Port 3780
                    Interface hb0
                    SndSocketBuffer 16777216
                    RcvSocketBuffer 16777216
                    Checksum on
                }
            }
            General {
                HashSize 65536
                HashLimit 1048576
                LogFile off
                Syslog off
                LockFile {{unit.Folder}}/conntrackd.lock
                UNIX {
                    Path {{unit.Folder}}/conntrackd.ctl
                }
                NetlinkBufferSize 33554432
                NetlinkBufferSizeMaxGrowth 134217728
                Filter From Userspace {
                    Protocol Accept {
                        TCP
                        UDP
                        ICMP
                    }
                }
            }

            """;
}
