using System.Text;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Units;

/// <summary>
/// Writes what an operator would write for a unit: unit.yaml, the cluster's key, the certificate that images are checked
/// with.
/// </summary>
public static class UnitFiles
{
    /// <summary>Makes the folders and files of every unit. What stands from a former life of the lab is removed before.</summary>
    public static void Write(LabPlan plan)
    {
        var key = plan.StaticRouter ? null : MakeKey(plan);
        foreach (var unit in plan.Units.Select(name => new LabUnit(plan, name)))
        {
            if (Directory.Exists(unit.Folder))
            {
                Directory.Delete(unit.Folder, recursive: true);
            }

            foreach (var (_, behind) in LabUnit.Places)
            {
                Directory.CreateDirectory(Path.Combine(unit.Folder, behind));
            }

            UnitDisk.Mount(unit);
            var etc = Path.Combine(unit.Folder, "etc");
            File.WriteAllText(Path.Combine(etc, "sysctl.conf"), "net.ipv4.tcp_keepalive_intvl = 75\n");
            File.WriteAllText(Path.Combine(etc, "unit.yaml"), Settings(unit));
            if (key is not null)
            {
                File.Copy(key, Path.Combine(etc, "cluster.key"));
            }

            if (plan.Trust is not null)
            {
                File.Copy(plan.Trust, Path.Combine(etc, "trust.pem"));
            }
        }
    }

    /// <summary>The unit's <c>unit.yaml</c> (contract.md, "A unit").</summary>
    public static string Settings(LabUnit unit)
    {
        var text = new StringBuilder(
            $"""
            cluster:
              name: {unit.Plan.Name}
              group: 7
              mode: {(unit.Plan.ActiveActive ? "active-active" : "active-passive")}
              key-file: cluster.key
            unit:
              name: {unit.Name}
              priority: {Math.Max(10, 250 - (50 * unit.Number))}
              override: false
            heartbeat:
              links:

            """
        );
        foreach (var port in unit.Plan.HeartbeatPorts)
        {
            text.AppendLine($"    - {Link(unit, port)}");
        }

        text.Append(
            $$"""
            interfaces:
              - { name: lan0, virtual-addresses: [{{Addresses.VirtualLan}}/24, "{{Addresses.VirtualLan6}}/64"], monitor: true }
              - { name: wan0, virtual-addresses: [{{Addresses.VirtualWan}}/24, "{{Addresses.VirtualWan6}}/64"], monitor: true }
            sessions:
              pickup: { tcp: true, connectionless: true, expectations: true, nat: true, delay: 0s }
              critical: ["tcp dport {{Ports.Echo}}"]{{(unit.Plan.SessionLink ? $"\n  link: {Link(unit, LabPlan.SessionPort)}" : "")}}
            configuration:
              files:
                - { path: {{unit.Platform.FirewallFile}}, check: "nft -c -f {file}", apply: "nft -f {file}" }
                - { path: /etc/hitless/sysctl.conf, apply: "sysctl -q -p {file}" }
                - { path: {{LabWeb.SecretsInside}}, mode: "0600" }
            health:
              - { name: upstream, ping: {{Addresses.Server}}, interval: 1s, fail-after: 3 }

            """
        );

        if (unit.Plan.ActiveActive)
        {
            text.AppendLine($"balance: {{ on-primary: [{string.Join(", ", Addresses.Translated.Select(each => $"\"{each}\""))}] }}");
        }

        text.Append(unit.Platform.Timings(unit.Plan));
        return text.ToString();
    }

    private static string Link(LabUnit unit, string port)
    {
        var peers = unit.Plan.Units.Where(name => name != unit.Name).Select(name => Addresses.Link(port, LabPlan.NumberOf(name)));
        return $"{{ interface: {port}, address: {Addresses.Link(port, unit.Number)}, peers: [{string.Join(", ", peers)}] }}";
    }

    private static string MakeKey(LabPlan plan)
    {
        var file = Path.Combine(plan.Folder, "cluster.key");
        File.Delete(file);
        Tool.Run(plan.Program("hitless"), ["key", "generate", file]);
        return file;
    }
}
