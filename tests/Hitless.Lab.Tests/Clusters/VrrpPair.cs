using System.Globalization;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Tests.Clusters;

/// <summary>
/// Two routers of another make on the lab's lan: keepalived, VRRPv3, with the cluster's own group number as virtual router id, so that only
/// the kind of virtual MAC tells both apart.
/// </summary>
internal sealed class VrrpPair : IDisposable
{
    public const string Address = "10.10.1.250";

    private const int RouterId = 7;
    private static readonly string[] Names = ["r1", "r2"];
    private readonly LabPlan plan;
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-vrrp-").FullName;

    public VrrpPair(LabPlan plan)
    {
        this.plan = plan;
        foreach (var (number, name) in Names.Index())
        {
            var space = NamespaceOf(name);
            Tool.Run("ip", ["netns", "add", space]);
            Ip(
                "link",
                "add",
                $"lan-{name}",
                "netns",
                plan.NamespaceOf(LabPlan.Switch),
                "type",
                "veth",
                "peer",
                "name",
                "lan0",
                "netns",
                space
            );
            Ip("-n", plan.NamespaceOf(LabPlan.Switch), "link", "set", $"lan-{name}", "master", "lan", "up");
            Ip("-n", space, "link", "set", "lan0", "up");
            Ip("-n", space, "address", "add", string.Create(CultureInfo.InvariantCulture, $"10.10.1.{251 + number}/24"), "dev", "lan0");
            var file = Path.Combine(folder, $"{name}.conf");
            File.WriteAllText(
                file,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $$"""
                    global_defs {
                        router_id {{name}}
                        vrrp_version 3
                    }
                    vrrp_instance lan {
                        state BACKUP
                        interface lan0
                        virtual_router_id {{RouterId}}
                        priority {{200 - (50 * number)}}
                        advert_int 0.1
                        use_vmac
                        virtual_ipaddress {
                            {{Address}}/24
                        }
                    }

                    """
                )
            );
            Tool.Run(
                "ip",
                [
                    "netns",
                    "exec",
                    space,
                    "sh",
                    "-c",
                    $"keepalived -l -n -f {file} -p {folder}/{name}.pid -r {folder}/{name}.vrrp.pid >{LogOf(name)} 2>&1 &",
                ]
            );
        }
    }

    /// <summary>How often the routers have changed their states.</summary>
    public IReadOnlyList<string> Changes =>
        [
            .. Names.SelectMany(name =>
                File.ReadLines(LogOf(name))
                    .Where(line => line.Contains("Entering", StringComparison.Ordinal))
                    .Select(line => $"{name}: {line[line.IndexOf("Entering", StringComparison.Ordinal)..]}")
            ),
        ];

    public void Dispose()
    {
        foreach (var name in Names)
        {
            Namespaces.KillAll(NamespaceOf(name));
            _ = Tool.Try("ip", ["netns", "delete", NamespaceOf(name)]);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static void Ip(params IEnumerable<string> words) => Tool.Run("ip", words);

    private string LogOf(string name) => Path.Combine(folder, $"{name}.log");

    private string NamespaceOf(string name) => plan.NamespaceOf(name);
}
