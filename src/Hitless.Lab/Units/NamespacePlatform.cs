using System.Text;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Units;

/// <summary>
/// Units that are network namespaces of this machine. What a restart of the machine would do is done for real: a unit's processes end, what
/// the kernel held in its namespace is cleared (conntrack, nftables, addresses, routes, neighbours, sysctls), then it boots like a
/// distribution does, and <c>hitless-boot</c> starts the daemon from its slot.
/// </summary>
public sealed class NamespacePlatform : Platform
{
    // `ip netns exec` has given us a mount namespace of our own. Where a place cannot be made (root of a user namespace only), its parent
    // gets an overlay in which it can.
    private const string Enter = """
        set -e; b=$1; shift
        for place in /etc/hitless:etc /var/lib/hitless:state /run/hitless:run; do
            inside=${place%:*} parent=$(dirname ${place%:*})
            if [ ! -d $inside ]; then
                over=$(mktemp -d $b/over.XXXXXX); mkdir $over/upper $over/work
                mount -t overlay overlay -o lowerdir=$parent,upperdir=$over/upper,workdir=$over/work $parent
                mkdir $inside
            fi
            mount --bind $b/${place#*:} $inside
        done
        exec "$@"
        """;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public override string FirewallFile => "/etc/hitless/nftables.conf";

    /// <inheritdoc/>
    public override bool ShellOutlivesRestart => true;

    /// <summary>Short enough to watch.</summary>
    public override string Timings(LabPlan plan) =>
        $$"""
            election: { flip-guard: 5s }
            upgrade:
              soak: {{plan.SoakSeconds}}s
              rejoin-timeout: 30s
              confirm-timeout: 20s
              trust-file: trust.pem

            """;

    /// <inheritdoc/>
    public override void Up(LabPlan plan, Action<string> say)
    {
        UnitFiles.Write(plan);
        foreach (var (inside, _) in LabUnit.Places)
        {
            MakePlace(inside);
        }

        Topology.Create(plan);
        foreach (var unit in LabSite.UnitsOf(plan))
        {
            File.WriteAllText(Path.Combine(unit.Folder, "etc", "nftables.conf"), Firewall.Text(plan.Masquerade));
            Topology.AttachMissing(plan, unit.Name);
        }

        Task.WhenAll(LabSite.UnitsOf(plan).Select(unit => Task.Run(() => Prepare(plan, unit)))).GetAwaiter().GetResult();
        foreach (var unit in LabSite.UnitsOf(plan))
        {
            Boot(unit);
        }

        foreach (var unit in plan.StaticRouter ? [] : LabSite.UnitsOf(plan))
        {
            SetDefaultRoute(unit);
        }
    }

    private static void Prepare(LabPlan plan, LabUnit unit)
    {
        File.WriteAllText(unit.KernelDefaults, ReadSysctls(unit));
        if (!plan.StaticRouter)
        {
            Install(unit, plan.Image!, plan.Trust!);
        }
    }

    /// <inheritdoc/>
    public override void KeepLogs(LabPlan plan, string target) { }

    /// <inheritdoc/>
    public override bool IsOn(LabUnit unit) => Namespaces.Exists(unit.Namespace) && Namespaces.Processes(unit.Namespace).Count > 0;

    /// <summary>Its network, and its folder at the usual places; /sys is the namespace's own.</summary>
    public override IEnumerable<string> Inside(LabUnit unit, IEnumerable<string> command) =>
        ["netns", "exec", unit.Namespace, "sh", "-c", Enter, "enter", unit.Folder, .. command];

    /// <inheritdoc/>
    public override (string Program, IEnumerable<string> Arguments) Cli(LabUnit unit, IEnumerable<string> words) =>
        (unit.Plan.Program("hitless"), ["--socket", unit.Socket, .. words]);

    /// <inheritdoc/>
    public override string Carry(LabUnit unit, string file) => file;

    /// <summary>
    /// Ports up, the links' addresses, the operator's sysctls and firewall, then hitless-boot in a session of its own, its output in the
    /// unit's log. The own addresses of lan0 and wan0 come late, as from a DHCP server: behind the virtual ones, mostly.
    /// </summary>
    public override void Boot(LabUnit unit)
    {
        UnitPower.Note(unit, "boot");
        if (unit.Plan.StaticRouter)
        {
            BringUp(unit, unit.Plan.UnitPorts, StaticRouter.GatewayAddresses(unit));
            return;
        }

        BringUp(unit, unit.Plan.LinkPorts, StaticRouter.None);

        Tool.Run(
            "ip",
            unit.Inside(
                "sh",
                "-c",
                "log=$1 HITLESS_KERNEL=$2; export HITLESS_KERNEL; shift 2; setsid \"$@\" >>\"$log\" 2>&1 </dev/null & echo $!",
                "boot",
                unit.Log,
                unit.Plan.Kernel ?? "",
                unit.Plan.Program("hitless-boot"),
                "--state",
                "/var/lib/hitless",
                "--config",
                "/etc/hitless/unit.yaml",
                "--socket",
                "/run/hitless/hitless.sock",
                "--reboot-command",
                string.Join(
                    ' ',
                    [
                        .. LabProgram.Command,
                        "reset-unit",
                        unit.Name,
                        "--name",
                        unit.Plan.Name,
                        "--root",
                        Path.GetDirectoryName(unit.Plan.Folder)!,
                    ]
                )
            )
        );
        var late = new StringBuilder();
        AddOwn(late, unit, unit.Plan.UnitPorts.Except(unit.Plan.LinkPorts), StaticRouter.None);
        Topology.Batch(unit.Namespace, late);

        // As networkd does: a route whose source is not there yet is tried again until it is. Mostly Hitless has put it back by then; on a
        // machine that is new, nobody else has it.
        const string route =
            "for i in $(seq 100); do ip route show default | grep -q . && exit; ip route add default via $1 src $2 2>/dev/null && "
            + "exit; sleep 0.1; done";
        Tool.Run(
            "ip",
            [
                "netns",
                "exec",
                unit.Namespace,
                "sh",
                "-c",
                $"setsid sh -c '{route}' route {Addresses.Server} {Addresses.VirtualWan} >/dev/null 2>&1 </dev/null &",
            ]
        );
    }

    /// <inheritdoc/>
    public override void Reset(LabUnit unit)
    {
        Namespaces.KillAll(unit.Namespace);
        UnitPower.Note(unit, "reset");

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

    /// <summary>
    /// Every cable is dead at the same instant, by one transaction on the switch and, where one is a direct cable, by a second program that
    /// is told in the same moment; the other heartbeat links die just before, for who sees a direct cable fall asks on them at once. What
    /// the unit still says is dropped before the switch could learn where its addresses are. Then every process ends, the switch sees the
    /// carriers fall, and the kernel has forgotten.
    /// </summary>
    public override void PowerOff(LabUnit unit)
    {
        var ends = unit
            .Plan.UnitPorts.Where(port => !unit.Plan.IsDirect(port))
            .ToLookup(unit.Plan.LinkPorts.Contains, port => $"\"{LabPlan.SwitchPort(port, unit.Name)}\"");
        var table = $"off-{unit.Name}";
        string Drop(string chain, IEnumerable<string> names) =>
            $$"""
                table bridge {{table}} {
                  chain {{chain}}-in {
                    type filter hook prerouting priority -300; policy accept;
                    iifname { {{string.Join(", ", names)}} } drop
                  }
                  chain {{chain}}-out {
                    type filter hook forward priority 0; policy accept;
                    oifname { {{string.Join(", ", names)}} } drop
                  }
                }

                """;

        string[] onSwitch = [.. Tool.Urgent, "ip", "netns", "exec", unit.Plan.NamespaceOf(LabPlan.Switch), "nft"];
        var direct = unit.Plan.UnitPorts.Where(unit.Plan.IsDirect).ToArray();
        using var switches = new PrimedTool([.. onSwitch, "-f", "-"]);
        using var cable = new PrimedTool([.. Tool.Urgent, "ip", "-n", unit.Namespace, "-batch", "-"]);
        PrimedTool.Settle(switches, cable);
        if (direct.Length > 0)
        {
            Tool.Run(onSwitch[0], onSwitch[1..].Append(Drop("links", ends[true])));
        }

        switches.Tell(Drop("traffic", direct.Length > 0 ? ends[false] : ends.SelectMany(group => group)));
        cable.Tell(string.Concat(direct.Select(port => $"link set {port} down\n")));
        switches.Wait();
        cable.Wait();
        Namespaces.KillAll(unit.Namespace);
        UnitPower.Note(unit, "power off");
        Faults.SetCables(unit, unit.Plan.UnitPorts, up: false);
        Tool.Run(onSwitch[0], [.. onSwitch[1..], "delete", "table", "bridge", table]);
        Reset(unit);
    }

    /// <inheritdoc/>
    public override void KillDaemon(LabUnit unit)
    {
        var daemons = Namespaces.Processes(unit.Namespace).Where(IsDaemon).ToArray();
        if (daemons.Length == 0)
        {
            throw new LabException($"no hitlessd runs in {unit.Name}", $"look at {unit.Log}");
        }

        UnitPower.Note(unit, $"kill -9 {string.Join(' ', daemons)}");
        Namespaces.Signal(daemons, "KILL");
    }

    /// <inheritdoc/>
    public override void Signal(LabUnit unit, string signal) => Namespaces.Signal(unit.Namespace, signal);

    /// <inheritdoc/>
    public override string Describe(LabUnit unit) => $"{unit.Name}: hitless --socket {unit.Socket} status";

    /// <summary>Puts an image into slot a of a unit that does not run, as a factory does.</summary>
    public static void Install(LabUnit unit, string image, string trust) =>
        Tool.Run(
            "ip",
            unit.Inside(
                unit.Plan.Program("hitless-boot"),
                "--install",
                Path.GetFullPath(image),
                "--trust",
                Path.GetFullPath(trust),
                "--state",
                "/var/lib/hitless"
            )
        );

    /// <summary>
    /// The operator's default route, with the virtual address as its source: it can be set only once that stands, and Hitless has to bring
    /// it back after each reboot. Waits for the virtual address, and
    /// until the unit has noted the route: whoever pulls the plug in that moment loses it, as anything else that was not saved.
    /// </summary>
    private static void SetDefaultRoute(LabUnit unit)
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
        var changed = ReadSysctls(unit)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !defaults.Contains(line))
            .Select(KeyOf)
            .ToHashSet(StringComparer.Ordinal);
        var settings = defaults
            .Where(line => changed.Contains(KeyOf(line)))
            .Select(line => line.Replace(" = ", "=", StringComparison.Ordinal))
            .ToArray();
        if (settings.Length > 0)
        {
            // Some keys only count (nf_conntrack_count) and refuse a write; that is no fault.
            _ = Tool.Try("ip", ["netns", "exec", unit.Namespace, "sysctl", "-q", "-w", .. settings]);
        }
    }

    private static string KeyOf(string line) => line[..Math.Max(0, line.IndexOf(" =", StringComparison.Ordinal))];

    private static void MakePlace(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (UnauthorizedAccessException)
        {
            // Root of a user namespace only: LabUnit.Inside helps itself.
        }
    }

    // Whatever hitless-boot has started is the daemon, also when an image's hitlessd is a script.
    private static bool IsDaemon(int pid) =>
        Read(pid, "comm").StartsWith("hitlessd", StringComparison.Ordinal)
        || Read(ParentOf(pid), "comm").StartsWith("hitless-boot", StringComparison.Ordinal);

    private static int ParentOf(int pid)
    {
        // proc(5): pid (comm) state ppid …; comm may hold spaces.
        var words = Read(pid, "stat").Split(") ") is [_, .., var rest] ? rest.Split(' ') : [];
        return words.Length > 1 ? int.Parse(words[1]) : 0;
    }

    private static string Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
