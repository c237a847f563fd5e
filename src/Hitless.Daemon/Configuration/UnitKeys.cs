using System.Text.Json;
using System.Text.RegularExpressions;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration.Yaml;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// The one table of the keys of <c>unit.yaml</c> and <c>cluster.yaml</c>: the reader, the defaults and docs/*.schema.json all come from it.
/// </summary>
public static partial class UnitKeys
{
    private static readonly ScalarShape Name = Scalars.Word(
        "a name of at most 32 letters a-z, digits and dashes, not beginning with a dash",
        NamePattern()
    );
    private static readonly ScalarShape Interface = Scalars.Word(
        "the name of an interface, at most 15 letters, digits and _ . @ + -",
        InterfacePattern()
    );
    private static readonly ScalarShape ManagedPath = Scalars.Word(
        "an absolute path of letters, digits and _ . @ + : = , - without .. in it",
        PathPattern()
    );
    private static readonly ScalarShape FilePath = Scalars.Line("the path of a file", 1024);
    private static readonly ScalarShape ProbeCommand = Scalars.Line("a shell command on one line", 2000);
    private static readonly ScalarShape Command = Scalars.Line("a shell command on one line, with {file} for the path", 2000);

    /// <summary>The value of <c>unit.commands-from</c> with which cluster.yaml lists none.</summary>
    public const string OwnCommands = "unit";

    private static readonly ScalarShape Hook = Scalars.Line(
        "a shell command on one line; the environment has HITLESS_ROLE, _EPOCH, _REASON, _UNIT and _CLUSTER",
        2000
    );

    private static readonly SectionShape Cluster = new([
        new("name", Name, "Name of the cluster, the same on every unit.", Mandatory: true),
        new(
            "group",
            Scalars.Integer(0, 1023),
            "Number of the cluster, part of its virtual MAC; another cluster on the same network needs another.",
            "0"
        ),
        new(
            "mode",
            Scalars.Choice("active-passive", "active-active"),
            "active-active: standbys carry traffic too (docs/active-active.md); the same on every unit.",
            "active-passive"
        ),
        new("key-file", FilePath, "Key of the cluster, made by hitless key generate; relative to this file's folder.", "cluster.key"),
    ]);

    private static readonly SectionShape Unit = new([
        new("name", Name, "Name of this unit, different on every unit.", Mandatory: true),
        new("priority", Scalars.Integer(0, 255), "Higher wins the choice of primary.", "128"),
        new("weight", Scalars.Integer(1, 100), "Its share of the traffic by balance.schedule weighted-round-robin.", "1"),
        new("override", Scalars.Boolean, "Priority comes before age: a better unit takes over when it joins (preemption).", "false"),
        new(
            "slots",
            Scalars.Choice("directory", "rauc"),
            "What firmware is installed in: directory, two folders under the state directory (the default); rauc, two whole systems "
                + "in the hands of RAUC."
        ),
        new(
            "commands-from",
            Scalars.Choice("cluster", OwnCommands),
            "Who says which files are written and which commands are run on this unit: cluster, cluster.yaml too; unit, this file alone: "
                + "configuration, health, services, hooks and upgrade.trust-file of cluster.yaml do not count here.",
            "cluster"
        ),
        new(
            "values",
            new MapShape("names of letters, digits and . _ -", ValueNamePattern(), Scalars.Line("one line of text", 500), 200),
            "What {{name}} stands for on this unit in managed files that are templates."
        ),
    ]);

    private static readonly SectionShape Link = LinkShape("Interface of the heartbeat link.");
    private static readonly SectionShape SessionLink = LinkShape("Interface of the session link.");

    private static readonly SectionShape Heartbeat = new([
        new("links", new ListShape(Link, 1, 8), "Heartbeat links; a peer is alive while it is heard on any of them.", Mandatory: true),
        new("interval", Scalars.Duration(TimeSpan.FromMilliseconds(5), TimeSpan.FromSeconds(10)), "Time between heartbeats.", "20ms"),
        new("lost-threshold", Scalars.Integer(2, 255), "A peer is lost after so many intervals of silence.", "4"),
        // The two ports above it are taken too: sessions (+1) and the units' own API (+2).
        new("port", Scalars.Integer(1, 65533), "UDP port of the heartbeats; the next two are used as well (sessions, units' API).", "8417"),
    ]);

    private static readonly SectionShape DeclaredRoute = new([
        new("to", Scalars.Network, "Where the route leads: default (of the family of via or source) or a network.", Mandatory: true),
        new("via", Scalars.Address, "The gateway; left out: the network is at the interface itself."),
        new("table", Scalars.Table, "The routing table.", "main"),
        new("metric", Scalars.Integer(0, int.MaxValue), "The lowest of several to the same network counts; 0: the kernel's default.", "0"),
        new("source", Scalars.Address, "Source address of what the unit itself sends there: a virtual address of any interface."),
    ]);

    private static readonly SectionShape DeclaredRule = new([
        new("priority", Scalars.Integer(1, 32_765), "Lower is asked first; the table main has 32766.", Mandatory: true),
        new("from", Scalars.Network, "Packets from this network."),
        new("to", Scalars.Network, "Packets to this network."),
        new("incoming", Interface, "Packets that come in by this interface."),
        new("outgoing", Interface, "Packets of this unit's own whose socket is bound to this interface."),
        new("mark", Scalars.Integer(1, int.MaxValue), "Packets with this firewall mark."),
        new("table", Scalars.Table, "The routing table that they go by.", Mandatory: true),
    ]);

    private static readonly SectionShape Port = new([
        new("name", Interface, "Name of the interface.", Mandatory: true),
        new("virtual-addresses", new ListShape(Scalars.Prefix, 0, 256), "Addresses that the primary answers for."),
        new(
            "virtual-mac",
            Scalars.Choice("on", "off"),
            "off: virtual addresses are answered with the unit's own MAC, and a switch is known to hosts by gratuitous ARP and "
                + "unsolicited neighbour advertisements alone; where the network lets no second MAC pass.",
            "on"
        ),
        new(
            "virtual-mac-id",
            Scalars.Integer(0, VirtualMac.IdMax),
            "Last part of the virtual MAC, instead of the one that comes from the name; 0 to 63 never come from a name."
        ),
        new(
            "routes",
            new ListShape(DeclaredRoute, 0, 256),
            "Routes by this interface that every unit has; they are put back when they vanish."
        ),
        new(
            "side",
            Scalars.Choice("inside", "outside"),
            "Which side of the gateway this interface is on, for active-active; left out: outside if a default route leads out of it."
        ),
        new("monitor", Scalars.Boolean, "A failure of this interface counts in the choice of primary.", "true"),
    ]);

    private static readonly SectionShape Pickup = new([
        new("tcp", Scalars.Boolean, "Replicate TCP sessions.", "true"),
        new("connectionless", Scalars.Boolean, "Replicate UDP, ICMP and other sessions without a connection.", "true"),
        new("expectations", Scalars.Boolean, "Replicate expected sessions (FTP, SIP, TFTP).", "true"),
        new("nat", Scalars.Boolean, "Replicate sessions behind NAT.", "true"),
        new("delay", Scalars.Duration(TimeSpan.Zero, TimeSpan.FromHours(1)), "Replicate only sessions older than this.", "0s"),
    ]);

    private static readonly SectionShape Sessions = new([
        new("pickup", Pickup, "Which sessions are replicated."),
        new("link", SessionLink, "A network of its own for sessions; where it fails they take the heartbeat links."),
        new("exclude", new ListShape(Scalars.Sessions, 0, 256), "Sessions that are not replicated, by expressions in nftables' words."),
        new(
            "critical",
            new ListShape(Scalars.Sessions, 0, 256),
            "Sessions that an upgrade must not lose, by expressions in nftables' words."
        ),
    ]);

    private static readonly SectionShape ManagedFile = new([
        new("path", ManagedPath, "The file, the same on every unit.", Mandatory: true),
        new("check", Command, "Fails when the candidate {file} is wrong; runs on every unit before anything is changed."),
        new("apply", Command, "Makes the file's content take effect."),
        new("verify", Command, "Fails when what was applied does not work; then it is taken back on every unit."),
        new("owner", Scalars.Word("user:group", OwnerPattern()), "Owner of the file (default: as it is)."),
        new(
            "mode",
            Scalars.Word("an octal mode in quotes such as \"0640\"", ModePattern()),
            "Permissions of the file (default: as they are)."
        ),
        new("order", Scalars.Integer(-1000, 1000), "Files of a lower order are applied first.", "0"),
        new("template", Scalars.Boolean, "{{name}} in the file stands for a unit-local value.", "false"),
        new("secret", Scalars.Boolean, "Left out of backups without secrets.", "false"),
    ]);

    private static readonly SectionShape Configuration = new([
        new("files", new ListShape(ManagedFile, 0, 1000), "Files that the cluster keeps the same on every unit."),
        new("keep-revisions", Scalars.Integer(10, 10_000), "So many of the newest revisions keep their files.", "200"),
        new(
            "backup-every",
            Scalars.Duration(TimeSpan.Zero, TimeSpan.FromDays(31)),
            "How often this unit backs up the whole cluster's configuration by itself; 0s: never.",
            "24h"
        ),
        new(
            "keep-backups",
            Scalars.Integer(1, 1000),
            "So many of the newest backups of each kind (scheduled, before a run) are kept.",
            "14"
        ),
    ]);

    private static readonly SectionShape Probe = new([
        new("name", Name, "Name of the probe.", Mandatory: true),
        new("ping", Scalars.Address, "Address that answers ICMP echo. Each probe has exactly one of ping, tcp, http, memory, load, exec."),
        new("tcp", Scalars.Service, "Address and port that takes TCP connections."),
        new("http", Scalars.Page, "Page that answers GET with a status below 400."),
        new("memory", Scalars.Integer(1, 100), "More of this unit's memory in use, in percent, is a miss."),
        new("load", Scalars.Integer(1, 100_000), "A higher load average of this unit, in percent of its processors, is a miss."),
        new(
            "exec",
            ProbeCommand,
            "Command that exits with 0 within the interval, 5 s at most, while all is well; run as root on each unit. A folder of scripts: "
                + "run-parts --exit-on-error DIR."
        ),
        new("weight", Scalars.Integer(1, 1000), "What a failure costs in the choice of primary; a failed port costs 1.", "1"),
        new("interval", Scalars.Duration(TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)), "Time between probes.", "1s"),
        new("fail-after", Scalars.Integer(1, 1000), "Failing after so many misses in a row.", "3"),
    ]);

    private static readonly SectionShape Notice = new([
        new("name", Name, "Name of who is told.", Mandatory: true),
        new("url", Scalars.Page, "Page that each event is posted to, as JSON, over and over until it answers 2xx. Either url or syslog."),
        new("syslog", Scalars.Service, "Address and port of a collector of syslog messages (RFC 5424, by UDP)."),
        new("secret-file", FilePath, "File whose content signs what is posted: HMAC-SHA-256, in the header Hitless-Signature."),
        new(
            "kinds",
            new ListShape(Scalars.Choice([.. Core.Api.EventKinds.All]), 0, 32),
            "Only events of these kinds; without it all of them."
        ),
    ]);

    private static readonly SectionShape Forwarding = new([
        new(
            "rules",
            new ListShape(DeclaredRule, 0, 256),
            "Policy rules that every unit has, for both families where neither from nor to is given; "
                + "they are put back when they vanish."
        ),
        new(
            "ignore",
            new ListShape(
                Scalars.Line("a name as hitless status prints it, such as \"route 10.9.0.0/16\" or \"nftables table ip docker*\"", 200),
                0,
                256
            ),
            "What units may have differently without being less ready for it; * stands for any characters."
        ),
    ]);

    private static readonly SectionShape Balance = new([
        new("schedule", Scalars.Schedule, "How active-active shares flows out: by the inside address, or not at all.", "ip"),
        new(
            "on-primary",
            new ListShape(Scalars.Network, 0, 256),
            "Networks whose flows stay on the primary, whichever end they are: all inside addresses that the firewall translates (SNAT), "
                + "all that use a service which it translates (DNAT), and the hosts behind such a service."
        ),
    ]);

    private static readonly SectionShape Service = new([
        new(
            "unit",
            Scalars.Word("a unit of systemd with its type such as isc-dhcp-server.service", SystemdUnitPattern()),
            "The unit of systemd. Leave it disabled: Hitless starts and stops it.",
            Mandatory: true
        ),
        new(
            "runs-on",
            Scalars.Choice(ServiceRoleWord.Primary.ToString(), ServiceRoleWord.Standby.ToString()),
            "Where it runs.",
            ServiceRoleWord.Primary.ToString()
        ),
    ]);

    private static readonly SectionShape Hooks = new([
        new(ServiceRoleWord.Primary.ToString(), Hook, "Runs when the unit has become primary."),
        new(ServiceRoleWord.Standby.ToString(), Hook, "Runs when the unit is not primary any more, or has started as standby."),
        new(
            ServiceRoleWord.Fault.ToString(),
            Hook,
            "Runs instead of standby's while the unit has failed interfaces or probes; "
                + "without it such a unit is a standby like any other."
        ),
        new(ServiceRoleWord.Stop.ToString(), Hook, "Runs when hitlessd stops for good, after it has handed over; 3 s at most."),
        new(
            "timeout",
            Scalars.Duration(TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10)),
            "A hook, or the start or stop of services, that takes longer is killed.",
            "10s"
        ),
    ]);

    private static readonly SectionShape Election = new([
        new("probe-threshold", Scalars.Integer(1, 65_535), "Failing probes count from this sum of their weights on.", "1"),
        new(
            "flip-guard",
            Scalars.Duration(TimeSpan.Zero, TimeSpan.FromDays(7)),
            "After a switch that probes asked for, they ask for none more for so long.",
            "10m"
        ),
        new(
            "witness",
            Scalars.Address,
            "Address that both units reach by ICMP echo: who hears no other unit and does not reach it either, does not speak for "
                + "the virtual addresses."
        ),
    ]);

    private static readonly SectionShape Compared = new([
        new("name", Name, "Name of the command, in the report.", Mandatory: true),
        new(
            "command",
            ProbeCommand,
            "Run as root on each unit, 5 s at most; what it prints should change with the state alone: no times, no counters.",
            Mandatory: true
        ),
    ]);

    private static readonly SectionShape Upgrade = UpgradeKeys.Make(Name, FilePath);

    /// <summary>
    /// The whole of cluster.yaml: the sections that travel. What a unit needs before it hears the others (cluster, heartbeat) and what is
    /// its own (unit) is not among them.
    /// </summary>
    public static SectionShape ClusterWide { get; } =
        new([
            new("interfaces", new ListShape(Port, 1, PortSettings.Max), "The ports that carry traffic."),
            new("sessions", new SectionShape([.. Sessions.Keys.Where(key => key.Name != "link")]), "Replication of sessions."),
            new("configuration", Configuration, "The cluster-wide configuration."),
            new("health", new ListShape(Probe, 0, 64), "Probes that the choice of primary and an upgrade watch."),
            new(
                "forwarding",
                Forwarding,
                "What standbys are compared with the primary by, beside sessions and configuration: routes, rules, sysctls, "
                    + "interfaces, nftables."
            ),
            new("balance", Balance, "Load balancing, in mode active-active."),
            new("services", new ListShape(Service, 0, 64), "Units of systemd that run on the primary alone, or on standbys alone."),
            new("hooks", Hooks, "Commands that are run when the role of a unit changes."),
            new("notices", new ListShape(Notice, 0, 16), "Who is told of each unit's events."),
            new("election", Election, "The choice of primary, beside priority and override."),
            new("upgrade", Upgrade, "Limits of an upgrade."),
            new("compare", new ListShape(Compared, 0, 16), "Commands whose output is compared before and after a run."),
        ]);

    /// <summary>The whole of unit.yaml.</summary>
    public static SectionShape Root { get; } =
        new([
            new("cluster", Cluster, "What all units share.", Mandatory: true),
            new("unit", Unit, "What is this unit's own; it never travels.", Mandatory: true),
            new("heartbeat", Heartbeat, "How units hear each other.", Mandatory: true),
            .. ClusterWide.Keys.Select(key =>
                key with
                {
                    Mandatory = key.Name == "interfaces",
                    Shape = key.Name == "sessions" ? Sessions : key.Shape,
                }
            ),
        ]);

    /// <summary>Whether a section lists files that are written, or commands that are run.</summary>
    public static bool ListsCommands(string section) => section is "configuration" or "health" or "services" or "hooks" or "compare";

    /// <summary>
    /// Whether a setting is the unit's own: name, priority, override, values, heartbeat and session links, and where the key lies. All
    /// others should be the same on every unit.
    /// </summary>
    public static bool IsUnitLocal(string key) =>
        key.StartsWith("unit.", StringComparison.Ordinal)
        || key.StartsWith("heartbeat.links[", StringComparison.Ordinal)
        || key.StartsWith("sessions.link.", StringComparison.Ordinal)
        || key is "cluster.key-file";

    /// <summary>
    /// <see cref="Root"/> or <see cref="ClusterWide"/> as JSON Schema, for editors (docs/unit.schema.json, docs/cluster.schema.json).
    /// </summary>
    public static string JsonSchema(bool ofCluster)
    {
        var schema = (ofCluster ? ClusterWide : Root).Schema();
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", $"{(ofCluster ? ClusterFile.Path : "unit.yaml")} of Hitless");
        return schema.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
    }

    private static SectionShape LinkShape(string about) =>
        new([
            new("interface", Interface, about, Mandatory: true),
            new("address", Scalars.Address, "This unit's own address on it.", Mandatory: true),
            new("peers", new ListShape(Scalars.Address, 0, 3), "The other units' addresses on it; none yet: [].", Mandatory: true),
        ]);

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,31}$", RegexOptions.ExplicitCapture)]
    private static partial Regex NamePattern();

    [GeneratedRegex(
        @"^[A-Za-z0-9_.:@\\-]{1,200}\.(service|target|timer|socket|path|mount|slice|scope|swap|automount)$",
        RegexOptions.ExplicitCapture
    )]
    private static partial Regex SystemdUnitPattern();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9_.@+-]{0,14}$", RegexOptions.ExplicitCapture)]
    private static partial Regex InterfacePattern();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", RegexOptions.ExplicitCapture)]
    private static partial Regex ValueNamePattern();

    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$", RegexOptions.ExplicitCapture)]
    private static partial Regex OwnerPattern();

    [GeneratedRegex("^0?[0-7]{3}$", RegexOptions.ExplicitCapture)]
    private static partial Regex ModePattern();

    private const string Day = "(sun|mon|tue|wed|thu|fri|sat)";
    private const string Days = $"{Day}(-{Day})?";
    private const string Clock = "([01][0-9]|2[0-3]):[0-5][0-9]";

    [GeneratedRegex($"^(daily|{Days}(,{Days}){{0,6}}) {Clock}-{Clock}$", RegexOptions.ExplicitCapture)]
    internal static partial Regex WindowPattern();

    [GeneratedRegex(@"^(/(?!\.{1,2}(/|$))[A-Za-z0-9_.@+:=,-]{1,255}){1,64}$", RegexOptions.ExplicitCapture)]
    internal static partial Regex PathPattern();
}
