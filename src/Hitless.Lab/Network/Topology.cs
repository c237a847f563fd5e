using System.Text;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Network;

/// <summary>
/// Makes and removes the lab's namespaces: client – lan – units – wan – server, with the bridges in a namespace of their own, so that
/// they learn addresses like switches do and a cable can be pulled at the switch.
/// </summary>
public static class Topology
{
    private const string HostPort = "eth0";

    /// <summary>
    /// Makes namespaces, bridges, and the addresses of client and server. Units are attached, and get their addresses, later.
    /// </summary>
    public static void Create(LabPlan plan)
    {
        var root = new StringBuilder();
        foreach (var node in plan.Nodes)
        {
            root.AppendLine($"netns add {plan.NamespaceOf(node)}");
        }

        Batch(null, root);
        foreach (var node in plan.Nodes)
        {
            string[] quiet = ["net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.accept_ra=0"];
            SetSysctls(plan.NamespaceOf(node), node == LabPlan.Switch ? ["net.ipv6.conf.default.disable_ipv6=1"] : quiet);
        }

        MakeSwitches(plan);
        Attach(plan, "lan", LabPlan.Client, HostPort);
        Attach(plan, "wan", LabPlan.Server, HostPort);
        if (plan.DirectCable)
        {
            Batch(
                null,
                new StringBuilder($"link add hb0 netns {plan.NamespaceOf("gw1")} type veth peer name hb0 netns {plan.NamespaceOf("gw2")}\n")
            );
        }

        Host(
            plan,
            LabPlan.Client,
            [.. Addresses.PlainSources, .. Addresses.ServedSources, .. Addresses.HiddenSources],
            [.. Addresses.PlainSources6, .. Addresses.ServedSources6, .. Addresses.HiddenSources6],
            [$"route add default via {Addresses.VirtualLan}", $"route add ::/0 via {Addresses.VirtualLan6}"]
        );
        Host(
            plan,
            LabPlan.Server,
            [Addresses.Server],
            [Addresses.Server6],
            [$"route add 10.10.1.0/24 via {Addresses.VirtualWan}", $"route add fd00:1::/64 via {Addresses.VirtualWan6}"]
        );
    }

    /// <summary>Ends every process in the lab's namespaces and deletes them. Needs nothing but the name.</summary>
    public static void Remove(string lab)
    {
        var standing = Namespaces.OfLab(lab);
        foreach (var name in standing)
        {
            Namespaces.KillAll(name);
        }

        foreach (var name in standing)
        {
            Tool.Run("ip", ["netns", "delete", name]);
        }
    }

    /// <summary>Runs `ip` once with one command per line, in a namespace or (null) where we are.</summary>
    public static void Batch(string? name, StringBuilder lines) =>
        Tool.Run("ip", name is null ? ["-batch", "-"] : ["-n", name, "-batch", "-"], lines.ToString());

    /// <summary>Sets sysctls (key=value) in a namespace.</summary>
    public static void SetSysctls(string name, IEnumerable<string> settings) =>
        Tool.Run("ip", ["netns", "exec", name, "sysctl", "-q", "-w", .. settings]);

    /// <summary>Makes one more switch.</summary>
    public static void AddSwitch(LabPlan plan, string name) =>
        Batch(
            plan.NamespaceOf(LabPlan.Switch),
            new($"link add {name} type bridge forward_delay 0 stp_state 0 mcast_snooping 0\nlink set {name} up\n")
        );

    private static void MakeSwitches(LabPlan plan)
    {
        foreach (var bridge in (IEnumerable<string>)["lan", "wan", .. plan.LinkPorts])
        {
            AddSwitch(plan, bridge);
        }
    }

    /// <summary>Gives a unit that is a namespace the interfaces that it has not (yet, or because somebody has deleted them).</summary>
    public static void AttachMissing(LabPlan plan, string unit)
    {
        var there = Tool.Run("ip", ["-n", plan.NamespaceOf(unit), "-o", "link"]);
        foreach (var port in plan.UnitPorts.Where(port => !plan.IsDirect(port) && !there.Contains($" {port}@", StringComparison.Ordinal)))
        {
            Attach(plan, BridgeOf(port), unit, port);
        }
    }

    private static string BridgeOf(string port) => port[..3] is "lan" or "wan" ? port[..3] : port;

    private static void Attach(LabPlan plan, string bridge, string node, string port)
    {
        var switchEnd = $"{bridge}-{node}";
        Batch(
            null,
            new StringBuilder(
                $"link add {switchEnd} netns {plan.NamespaceOf(LabPlan.Switch)} type veth peer name {port} netns {plan.NamespaceOf(node)}\n"
            )
        );
        Batch(plan.NamespaceOf(LabPlan.Switch), new StringBuilder($"link set {switchEnd} master {bridge} up\n"));
    }

    private static void Host(
        LabPlan plan,
        string node,
        IEnumerable<string> addresses,
        IEnumerable<string> addresses6,
        IEnumerable<string> routes
    )
    {
        var lines = new StringBuilder("link set lo up\n").AppendLine($"link set {HostPort} up");
        foreach (var address in addresses)
        {
            lines.AppendLine($"address add {address}/24 dev {HostPort}");
        }

        foreach (var address in addresses6)
        {
            lines.AppendLine($"address add {address}/64 dev {HostPort} nodad");
        }

        Batch(plan.NamespaceOf(node), lines.AppendJoin('\n', routes).AppendLine());
    }
}
