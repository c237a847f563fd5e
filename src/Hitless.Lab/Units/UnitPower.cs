using System.Text;
using Hitless.Lab.Machines;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Units;

/// <summary>
/// The power switch of a unit. What a restart of the machine would do is done for real: its processes end, what the kernel held in its
/// namespace is cleared (conntrack, nftables, addresses, routes, neighbours, sysctls), then it boots like a distribution does, and
/// <c>hitless-boot</c> starts the daemon from its slot.
/// </summary>
public static class UnitPower
{
    /// <summary>
    /// Boots: ports up, the links' addresses, the operator's sysctls and firewall, then hitless-boot in a session of its own, its output in
    /// the unit's log. The own addresses of lan0 and wan0 come late,
    /// as from a DHCP server: behind the virtual ones, mostly.
    /// </summary>
    public static void Boot(LabUnit unit)
    {
        if (unit.Plan.Machines)
        {
            MachinePower.On(unit);
            return;
        }

        Note(unit, "boot");
        if (unit.Plan.StaticRouter)
        {
            BringUp(unit, unit.Plan.UnitPorts, StaticRouter.GatewayAddresses(unit));
            return;
        }

        BringUp(unit, unit.Plan.LinkPorts, StaticRouter.None);

        Tool.Run("ip", unit.Inside(
            "sh", "-c", "log=$1; shift; setsid \"$@\" >>\"$log\" 2>&1 </dev/null & echo $!", "boot", unit.Log,
            unit.Plan.Program("hitless-boot"),
            "--state", "/var/lib/hitless", "--config", "/etc/hitless/unit.yaml", "--socket", "/run/hitless/hitless.sock",
            "--reboot-command", string.Join(' ', [.. LabProgram.Command, "reset-unit", unit.Name, "--name", unit.Plan.Name, "--root", Path.GetDirectoryName(unit.Plan.Folder)!])));
        var late = new StringBuilder();
        AddOwn(late, unit, unit.Plan.UnitPorts.Except(unit.Plan.LinkPorts), StaticRouter.None);
        Topology.Batch(unit.Namespace, late);

        // As networkd does: a route whose source is not there yet is tried again until it is. Mostly Hitless has put it back by then; on a
        // machine that is new, nobody else has it.
        const string route = "for i in $(seq 100); do ip route show default | grep -q . && exit; ip route add default via $1 src $2 2>/dev/null && exit; sleep 0.1; done";
        Tool.Run("ip", ["netns", "exec", unit.Namespace, "sh", "-c", $"setsid sh -c '{route}' route {Addresses.Server} {Addresses.VirtualWan} >/dev/null 2>&1 </dev/null &"]);
    }

    /// <summary>
    /// The operator's default route, with the virtual address as its source: it can be set only once that stands, and Hitless has to bring
    /// it back after each reboot. Waits for the virtual address, and
    /// until the unit has noted the route: whoever pulls the plug in that moment loses it, as anything else that was not saved.
    /// </summary>
    public static void SetDefaultRoute(LabUnit unit)
    {
        const int looksMax = 200;
        string[] route = ["-n", unit.Namespace, "route", "replace", "default", "via", Addresses.Server, "src", Addresses.VirtualWan];
        var noted = Path.Combine(unit.State, "routes");
        var set = false;
        for (var looks = 0; looks < looksMax && !(set && File.Exists(noted) && new FileInfo(noted).Length > 0); looks++)
        {
            set = set || Tool.Try("ip", route).Ok;
            Thread.Sleep(LookAgain);
        }
    }

    /// <summary>Writes down the settings that a new namespace begins with.</summary>
    public static void RememberDefaults(LabUnit unit) => File.WriteAllText(unit.KernelDefaults, ReadSysctls(unit));

    /// <summary>Puts an image into slot a of a unit that does not run, as a factory does.</summary>
    public static void Install(LabUnit unit, string image, string trust)
    {
        Tool.Run("ip", unit.Inside(unit.Plan.Program("hitless-boot"), "--install", Path.GetFullPath(image), "--trust", Path.GetFullPath(trust), "--state", "/var/lib/hitless"));
    }

    /// <summary>Every process ends at once and the kernel forgets. The unit is off afterwards.</summary>
    public static void Reset(LabUnit unit)
    {
        if (unit.Plan.Machines)
        {
            MachinePower.Off(unit);
            return;
        }

        Namespaces.KillAll(unit.Namespace);
        Note(unit, "reset");

        // A machine that starts finds all its interfaces.
        Topology.AttachMissing(unit.Plan, unit.Name);
        var lines = new StringBuilder();
        foreach (var port in unit.Plan.UnitPorts)
        {
            lines.AppendLine($"link set {port} down").AppendLine($"address flush dev {port}");
        }

        Topology.Batch(unit.Namespace, lines);
        Tool.Run("ip", ["netns", "exec", unit.Namespace, "nft", "flush", "ruleset"]);
        _ = Tool.Try("ip", ["netns", "exec", unit.Namespace, "conntrack", "-F"]);
        RestoreSysctls(unit);
        File.Delete(unit.Socket);
    }

    /// <summary>Off and on again.</summary>
    public static void Restart(LabUnit unit)
    {
        Reset(unit);
        Boot(unit);
    }

    /// <summary>A line of the lab itself in the unit's log.</summary>
    public static void Note(LabUnit unit, string text) =>
        File.AppendAllText(unit.Log, $"---- {DateTimeOffset.UtcNow:O} lab: {text}{Environment.NewLine}");

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    private static void BringUp(LabUnit unit, IEnumerable<string> withAddresses, IReadOnlyDictionary<string, string[]> more)
    {
        var lines = new StringBuilder("link set lo up\n");
        foreach (var port in unit.Plan.UnitPorts)
        {
            lines.AppendLine($"link set {port} up");
        }

        AddOwn(lines, unit, withAddresses, more);
        Topology.Batch(unit.Namespace, lines);
        Topology.SetSysctls(unit.Namespace, Firewall.Sysctls);
        Tool.Run("ip", unit.Inside("nft", "-f", "/etc/hitless/nftables.conf"));
    }

    private static void AddOwn(StringBuilder lines, LabUnit unit, IEnumerable<string> ports, IReadOnlyDictionary<string, string[]> more)
    {
        foreach (var port in ports)
        {
            foreach (var address in Addresses.Own(port, unit.Number).Concat(more.GetValueOrDefault(port, [])))
            {
                lines.AppendLine($"address replace {address} dev {port}{(address.Contains(':') ? " nodad" : "")}");
            }
        }
    }

    private static string ReadSysctls(LabUnit unit) =>
        Tool.Try("ip", ["netns", "exec", unit.Namespace, "sysctl", "-a", "-r", "^net\\.(ipv4|ipv6|netfilter)\\."]).Output;

    private static void RestoreSysctls(LabUnit unit)
    {
        var defaults = File.ReadAllLines(unit.KernelDefaults).ToHashSet(StringComparer.Ordinal);
        var changed = ReadSysctls(unit).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !defaults.Contains(line)).Select(KeyOf).ToHashSet(StringComparer.Ordinal);
        var settings = defaults.Where(line => changed.Contains(KeyOf(line))).Select(line => line.Replace(" = ", "=", StringComparison.Ordinal)).ToArray();
        if (settings.Length > 0)
        {
            // Some keys only count (nf_conntrack_count) and refuse a write; that is no fault.
            _ = Tool.Try("ip", ["netns", "exec", unit.Namespace, "sysctl", "-q", "-w", .. settings]);
        }
    }

    private static string KeyOf(string line) => line[..Math.Max(0, line.IndexOf(" =", StringComparison.Ordinal))];
}
