using System.Globalization;
using System.Net;
using static Hitless.Core.Importing.ImportOutcome;

namespace Hitless.Core.Importing;

/// <summary>
/// A unit.yaml made of a keepalived.conf (keepalived.conf(5), 2.2), and what became of each statement. Hitless has one primary for the
/// whole cluster, so all instances become one.
/// </summary>
public sealed class KeepalivedImport
{
    private const string OnPrimary = "primary";
    private const string OnStandby = "standby";
    private const string OnFault = "fault";
    private readonly ImportedUnit _unit = new();
    private readonly IReadOnlyDictionary<string, IReadOnlyList<string>> _own;
    private readonly HashSet<string> _scripts = new(StringComparer.Ordinal);

    private KeepalivedImport(IReadOnlyDictionary<string, IReadOnlyList<string>> own) => _own = own;

    /// <summary>Translates a file that <see cref="ConfigText"/> has read.</summary>
    /// <param name="lines">The file.</param>
    /// <param name="conntrackd">conntrackd.conf; null: there is none.</param>
    /// <param name="own">The addresses that this machine has, by interface; where it is another one: empty.</param>
    public static ImportResult Run(
        IReadOnlyList<ConfigLine> lines,
        IReadOnlyList<ConfigLine>? conntrackd,
        IReadOnlyDictionary<string, IReadOnlyList<string>> own
    )
    {
        var import = new KeepalivedImport(own);
        foreach (var line in lines)
        {
            import.Top(line);
        }

        var instances = lines.Where(line => line.Keyword == "vrrp_instance").ToList();
        import.Heartbeats(instances);
        ConntrackdImport.Run(conntrackd ?? [], import._unit);
        import.Missing(instances);
        return new ImportResult(import._unit.ToYaml(), import._unit.Findings);
    }

    private void Top(ConfigLine line)
    {
        switch (line.Keyword)
        {
            case "global_defs":
                (line.Below ?? []).ToList().ForEach(Global);
                break;
            case "vrrp_script":
                Script(line);
                break;
            case "vrrp_instance":
                Instance(line);
                break;
            case "vrrp_sync_group":
                _unit.Find(line, Equal, "the whole cluster moves together, with all its addresses");
                (line.Below ?? [])
                    .Where(each => each.Keyword.StartsWith("notify", StringComparison.Ordinal))
                    .ToList()
                    .ForEach(each => Notify(each, line.Argument(0), "GROUP"));
                break;
            case "virtual_server" or "virtual_server_group":
                _unit.Find(
                    line,
                    Impossible,
                    "Hitless balances no servers (IPVS): keep keepalived's checkers for it, without vrrp_instance, or a proxy"
                );
                break;
            case "vrrp_track_process" or "track_process":
                _unit.Find(
                    line,
                    Decide,
                    "a process: watch it under health (exec: pidof NAME), or list it under services (unit of systemd)"
                );
                break;
            case "vrrp_track_file" or "track_file" or "bfd_instance":
                _unit.Find(line, Impossible, "there is no probe of this kind; health has ping, tcp, http, memory, load and exec");
                break;
            case "include":
                _unit.Find(line, Decide, "this file was not found here: import it too");
                break;
            case "net_namespace" or "instance":
                _unit.Find(
                    line,
                    Decide,
                    "hitlessd runs in the network namespace that it is started in: NetworkNamespacePath= in its service"
                );
                break;
            default:
                _unit.Find(line, Decide, "not known to this version of the import");
                break;
        }
    }

    private void Global(ConfigLine line)
    {
        switch (line.Keyword)
        {
            case "router_id":
                _unit.Unit = ImportedUnit.Name(line.Argument(0), "gw1");
                _unit.Find(line, Taken, $"unit.name: {_unit.Unit}");
                break;
            case "notification_email"
            or "notification_email_from"
            or "smtp_server"
            or "smtp_connect_timeout"
            or "smtp_alert"
            or "smtp_alert_vrrp":
                _unit.Find(line, Impossible, "Hitless sends no mail; hooks run a command at each change of role");
                break;
            case "enable_script_security" or "script_user":
                _unit.Find(line, Decide, "hooks run as root: let them change the user themselves where they should");
                break;
            case "vrrp_mcast_group4" or "vrrp_mcast_group6" or "vrrp_version" or "vrrp_strict" or "vrrp_iptables" or "vrrp_ipsets":
                _unit.Find(line, Equal, "Hitless speaks no VRRP: heartbeats go to the peers' addresses");
                break;
            case "enable_snmp_vrrp" or "enable_snmp_rfc" or "enable_traps" or "snmp_socket" or "enable_dbus":
                _unit.Find(line, Impossible, "there is no SNMP and no D-Bus; hitless status --json and hitless events --follow say more");
                break;
            default:
                _unit.Find(
                    line,
                    line.Keyword.StartsWith("vrrp_garp", StringComparison.Ordinal)
                    || line.Keyword.Contains("priority", StringComparison.Ordinal)
                        ? Equal
                        : Decide,
                    "announcements and scheduling are Hitless's own"
                );
                break;
        }
    }

    private void Script(ConfigLine script)
    {
        var name = ImportedUnit.Name(script.Argument(0), "probe");
        var command = script.All("script").Select(line => string.Join(' ', line.Words.Skip(1))).FirstOrDefault() ?? "";
        var every = script.All("interval").Select(line => line.Argument(0)).FirstOrDefault() ?? "1";
        var fall = script.All("fall").Select(line => line.Argument(0)).FirstOrDefault() ?? "1";
        if (ProbeCommand.Read(command) is not { } probe)
        {
            _unit.Find(script.Line, $"{script}: {command}", Decide, "it has no script: name the command under health, as exec");
            return;
        }

        _scripts.Add(script.Argument(0));
        _unit.Probes.Add(
            $"{{ name: {name}, {probe}, interval: {Seconds(every)}, "
                + $"fail-after: {(int.TryParse(fall, out var misses) && misses > 0 ? misses : 1)} }}"
        );
        _unit.Find(script.Line, $"{script}: {command}", Taken, $"health: {probe}");
    }

    private void Instance(ConfigLine instance)
    {
        var port = instance.All("interface").Select(line => line.Argument(0)).FirstOrDefault() ?? "";
        var tracksPrimary = !instance.All("dont_track_primary").Any();
        foreach (var line in instance.Below ?? [])
        {
            InstanceLine(instance, line, port);
        }

        if (port.Length > 0 && _unit.Interfaces.Contains(port))
        {
            _unit.Monitor(port, tracksPrimary);
        }

        if (!instance.All("use_vmac").Any())
        {
            _unit.Find(
                instance,
                Decide,
                "keepalived moved the addresses with the port's own MAC; Hitless has a virtual one (virtual-mac: off if the network "
                    + "lets no second MAC pass)"
            );
        }
    }

    private void InstanceLine(ConfigLine instance, ConfigLine line, string port)
    {
        switch (line.Keyword)
        {
            case "interface" or "unicast_src_ip" or "unicast_peer" or "mcast_src_ip":
                break;
            case "state":
                _unit.Find(line, Equal, "priority and age choose the primary");
                break;
            case "virtual_router_id":
                Group(line);
                break;
            case "priority":
                Priority(line);
                break;
            case "advert_int":
                _unit.Find(line, Equal, "heartbeat.interval and lost-threshold: 20 ms × 4 unless you set them");
                break;
            case "nopreempt":
                _unit.Override = false;
                _unit.Find(line, Taken, "unit.override: false");
                break;
            case "preempt" or "preempt_delay":
                _unit.Find(line, Equal, "a unit takes over only when it holds the sessions; a change of primary is followed by a rest");
                break;
            case "authentication":
                _unit.Find(line, Equal, "the cluster's key: every heartbeat is encrypted and authenticated");
                break;
            case "virtual_ipaddress" or "virtual_ipaddress_excluded":
                (line.Below ?? []).ToList().ForEach(each => Address(each, port));
                break;
            case "virtual_routes":
                (line.Below ?? []).ToList().ForEach(each => Route(each, port));
                break;
            case "virtual_rules" or "track_interface":
                (line.Below ?? []).ToList().ForEach(line.Keyword[0] == 'v' ? Rule : Track);
                break;
            case "track_script":
                (line.Below ?? [])
                    .Where(each => !_scripts.Contains(each.Keyword))
                    .ToList()
                    .ForEach(each => _unit.Find(each, Decide, "its script became no probe, see there"));
                break;
            case "use_vmac"
            or "vmac_xmit_base"
            or "accept"
            or "no_accept"
            or "native_ipv6"
            or "version"
            or "dont_track_primary"
            or "promote_secondaries":
                _unit.Find(line, Equal, "the virtual MAC is on the port itself; rules on its name go on matching");
                break;
            default:
                Other(instance, line);
                break;
        }
    }

    private void Other(ConfigLine instance, ConfigLine line)
    {
        if (line.Keyword.StartsWith("notify", StringComparison.Ordinal))
        {
            Notify(line, instance.Argument(0), "INSTANCE");
        }
        else if (
            line.Keyword.StartsWith("garp", StringComparison.Ordinal) || line.Keyword.StartsWith("down_timer", StringComparison.Ordinal)
        )
        {
            _unit.Find(line, Equal, "announcements are Hitless's own: at 0, 5, 20, 75, 400 and 1500 ms");
        }
        else if (line.Keyword is "smtp_alert")
        {
            _unit.Find(line, Impossible, "Hitless sends no mail; hooks run a command at each change of role");
        }
        else
        {
            _unit.Find(line, Decide, "not known to this version of the import");
        }
    }

    private void Group(ConfigLine line)
    {
        if (_unit.Group is null && int.TryParse(line.Argument(0), out var group))
        {
            _unit.Group = group;
            _unit.Find(line, Taken, $"cluster.group: {group}");
        }
        else
        {
            _unit.Find(line, Equal, "one group for the whole cluster");
        }
    }

    private void Priority(ConfigLine line)
    {
        if (!int.TryParse(line.Argument(0), out var priority) || priority is < 0 or > 255)
        {
            _unit.Find(line, Decide, "not a priority of 0 to 255");
        }
        else if (_unit.Priority is null || _unit.Priority == priority)
        {
            _unit.Priority = priority;
            _unit.Find(line, Taken, $"unit.priority: {priority}");
        }
        else
        {
            _unit.Find(
                line,
                Decide,
                $"instances with priorities of their own shared the load; one unit is primary of all: unit.priority is {_unit.Priority}"
            );
        }
    }

    private void Address(ConfigLine line, string port)
    {
        var (prefix, dev) = (line.Keyword, line.After("dev"));
        if (!IPAddress.TryParse(prefix.Split('/')[0], out var address))
        {
            _unit.Find(line, Decide, "not an address that this version of the import knows");
            return;
        }

        var on = dev.Length > 0 ? dev : port;
        var bare = !prefix.Contains('/', StringComparison.Ordinal);
        var whole = bare ? $"{prefix}/{(address.GetAddressBytes().Length == 4 ? 32 : 128)}" : prefix;
        _unit.AddAddress(on, whole);
        _unit.Find(
            line,
            bare ? Decide : Taken,
            bare
                ? $"interfaces[{on}].virtual-addresses: {whole}, as keepalived does; give the network's prefix where it is a gateway's"
                : $"interfaces[{on}].virtual-addresses"
        );
    }

    private void Route(ConfigLine line, string port)
    {
        var words = line.Words.ToList();
        var to =
            line.After("to") is { Length: > 0 } named ? named
            : words[0] == "src" ? words.Skip(2).FirstOrDefault() ?? ""
            : words[0];
        var dev = line.After("dev") is { Length: > 0 } given ? given : port;
        if (
            !to.Contains('.', StringComparison.Ordinal) && !to.Contains(':', StringComparison.Ordinal) && to != "default"
            || words.Contains("nexthop")
        )
        {
            _unit.Find(
                line,
                Decide,
                "routes without one gateway and one interface: put it into the network's own configuration, on every unit"
            );
            return;
        }

        var parts = new List<string> { $"to: {ImportedUnit.Quoted(to is "0.0.0.0/0" or "::/0" ? "default" : Network(to))}" };
        Add(parts, "via", line.After("via") is { Length: > 0 } via ? via : line.After("gw"));
        Add(parts, "table", line.After("table"));
        Add(parts, "metric", line.After("metric"));
        Add(parts, "source", line.After("src"));
        _unit.AddRoute(dev, $"{{ {string.Join(", ", parts)} }}");
        _unit.Find(line, Taken, $"interfaces[{dev}].routes; every unit has it, muted or not");
    }

    private void Rule(ConfigLine line)
    {
        var parts = new List<string>();
        var priority = line.After("priority") is { Length: > 0 } first ? first : line.After("pref");
        Add(parts, "priority", priority.Length > 0 ? priority : "16384");
        Add(parts, "from", Network(line.After("from")));
        Add(parts, "to", Network(line.After("to")));
        Add(parts, "incoming", line.After("iif"));
        Add(parts, "table", line.After("table") is { Length: > 0 } table ? table : line.After("lookup"));
        if (line.Words.Contains("not") || parts.All(part => !part.StartsWith("table", StringComparison.Ordinal)))
        {
            _unit.Find(line, Decide, "not a rule of the forms that forwarding.rules has");
            return;
        }

        _unit.Rules.Add($"{{ {string.Join(", ", parts)} }}");
        _unit.Find(
            line,
            priority.Length > 0 ? Taken : Decide,
            $"forwarding.rules{(priority.Length > 0 ? "" : ", with the priority that keepalived gives, 16384")}"
        );
    }

    private void Track(ConfigLine line)
    {
        _unit.Monitor(line.Keyword, on: true);
        _unit.Find(line, Taken, $"interfaces[{line.Keyword}].monitor: a failed one costs the unit its role");
    }

    private void Notify(ConfigLine line, string name, string kind)
    {
        var command = string.Join(' ', line.Words.Skip(1));
        (string Hook, string State)[] hooks = line.Keyword switch
        {
            "notify_master" => [(OnPrimary, "")],
            "notify_backup" => [(OnStandby, "")],
            "notify_fault" => [(OnFault, "")],
            "notify_stop" => [("stop", "")],
            "notify" => [(OnPrimary, "MASTER"), (OnStandby, "BACKUP"), (OnFault, "FAULT")],
            _ => [],
        };
        foreach (var (hook, state) in hooks)
        {
            var whole = state.Length == 0 ? command : $"{command} {kind} {name} {state} {_unit.Priority ?? 100}";
            if (_unit.Hooks.TryGetValue(hook, out var there) && there != whole)
            {
                _unit.Find(line, Decide, $"hooks.{hook} runs another command already: run both from one script");
                return;
            }

            _unit.Hooks[hook] = whole;
        }

        _unit.Find(
            line,
            hooks.Length > 0 ? Taken : Impossible,
            hooks.Length > 0 ? $"hooks.{string.Join(", ", hooks.Select(each => each.Hook))}" : "there is no hook for it"
        );
    }

    // Each interface that VRRP was spoken on is a heartbeat link.
    private void Heartbeats(List<ConfigLine> instances)
    {
        foreach (var instance in instances)
        {
            var port = instance.All("interface").Select(line => line.Argument(0)).FirstOrDefault();
            if (port is null || _unit.IsLink(port))
            {
                continue;
            }

            var peers = instance.All("unicast_peer").SelectMany(line => line.Below ?? []).Select(line => line.Keyword).ToList();
            var said = instance
                .All("unicast_src_ip")
                .Concat(instance.All("mcast_src_ip"))
                .Select(line => line.Argument(0))
                .FirstOrDefault();
            var address = said ?? (_own.GetValueOrDefault(port, []) is [var first, ..] ? first : null);
            var place = instance.All("interface").First();
            var placeholder = $"192.0.2.{_unit.Links.Count + 1}";
            if (address is null)
            {
                _unit.Find(
                    place,
                    Decide,
                    $"heartbeat.links: write the own address of {port} in the place of {placeholder}, and the other unit's in peers"
                );
            }
            else if (peers.Count == 0)
            {
                _unit.Find(
                    place,
                    Decide,
                    "heartbeat.links: write the other unit's address in peers (keepalived used multicast), or let it hitless join"
                );
            }
            else
            {
                _unit.Find(place, Taken, "heartbeat.links");
            }

            _unit.AddLink(port, address ?? placeholder, peers.Where(peer => IPAddress.TryParse(peer, out _)).Take(3));
        }
    }

    private void Missing(List<ConfigLine> instances)
    {
        if (instances.Count == 0)
        {
            _unit.Find(0, "vrrp_instance", Decide, "there is none: no addresses and no heartbeat link were found");
        }
        else if (_unit.Links.Count == 1)
        {
            _unit.Find(
                0,
                "heartbeat.links",
                Decide,
                "a second link, best a cable of its own, keeps both units from being primary when the first one breaks"
            );
        }
    }

    private static void Add(List<string> parts, string key, string value)
    {
        if (value.Length > 0)
        {
            parts.Add($"{key}: {ImportedUnit.Quoted(value)}");
        }
    }

    // keepalived takes a host without a prefix.
    private static string Network(string network) =>
        network.Length == 0 || network.Contains('/', StringComparison.Ordinal) || !IPAddress.TryParse(network, out var host) ? network
        : host.GetAddressBytes().Length == 4 ? $"{network}/32"
        : $"{network}/128";

    private static string Seconds(string text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(Math.Round(seconds * 1000), 100):F0}ms")
            : "1s";
}
