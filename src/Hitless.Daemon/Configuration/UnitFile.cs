using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text.Unicode;
using Hitless.Core.Api;
using Hitless.Core.Balance;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Core.Notices;
using Hitless.Core.Sessions;
using Hitless.Daemon.Configuration.Yaml;
using Hitless.Firmware.Slots;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// Reads <c>unit.yaml</c> (contract.md, "A unit"), and <c>cluster.yaml</c> over it. Whatever is in the files, the answer is settings or a
/// list of everything that is wrong, never an exception.
/// </summary>
public static class UnitFile
{
    /// <summary>A larger file is refused without being read.</summary>
    public const int LengthMaxBytes = 1 << 20;

    /// <summary>
    /// Reads the file at <paramref name="path"/>, and the one at <paramref name="clusterPath"/> over it if it is there. On false,
    /// <paramref name="problems"/> has at least one entry.
    /// </summary>
    public static bool TryRead(
        string path,
        string clusterPath,
        [NotNullWhen(true)] out UnitSettings? settings,
        out IReadOnlyList<UnitFileProblem> problems
    )
    {
        settings = null;
        return TryReadBytes(path, out var content, out problems)
            && TryReadCluster(clusterPath, out var cluster, out problems)
            && TryParse(content, path, cluster, out settings, out problems);
    }

    /// <summary>
    /// As <see cref="TryRead"/>, from bytes; <paramref name="path"/> is used in messages and as the base of relative paths.
    /// </summary>
    public static bool TryParse(
        ReadOnlySpan<byte> content,
        string path,
        byte[]? cluster,
        [NotNullWhen(true)] out UnitSettings? settings,
        out IReadOnlyList<UnitFileProblem> problems
    )
    {
        settings = TryReadSection(content, path, cluster, out problems) is { } root ? SettingsFrom(root, FolderOf(path)) : null;
        return settings is not null;
    }

    /// <summary>
    /// As <see cref="TryParse"/>, but the values as the table of keys has them, each under its name; null when something is wrong.
    /// </summary>
    public static Section? TryReadSection(
        ReadOnlySpan<byte> content,
        string path,
        byte[]? cluster,
        out IReadOnlyList<UnitFileProblem> problems
    )
    {
        var found = new Problems(path);
        var root = Read(content, UnitKeys.Root, found, out _);
        if (found.None && cluster is not null)
        {
            found = new Problems(ClusterFile.Path);
            var shared = Read(cluster, UnitKeys.ClusterWide, found, out var given);
            var own = TextOf(root!.Under("unit"), "commands-from") == UnitKeys.OwnCommands;
            foreach (var key in given.Where(key => !own || !UnitKeys.ListsCommands(key)))
            {
                if (key == "upgrade" && (own || shared?.Under(key).Find("trust-file") is null))
                {
                    // Whose images are believed is a right to run commands, too; and who sets a soak time does not mean to believe nobody.
                    shared?.Under(key).Replace("trust-file", root.Under(key).Find("trust-file"));
                }

                if (key == "sessions")
                {
                    // The session link has the unit's own address.
                    shared?.Under(key).Set("link", root.Under(key).Find("link"));
                }

                root.Set(key, shared?.Find(key));
            }
        }

        if (root is not null)
        {
            UnitRules.Check(root, path, found);
        }

        problems = found.Found;
        return found.None ? root : null;
    }

    /// <summary>Which sections a cluster.yaml gives on a unit whose whole settings are <paramref name="root"/>.</summary>
    public static IReadOnlyList<string> SectionsOf(byte[]? cluster, Section root)
    {
        IReadOnlyList<string> given = [];
        _ = cluster is null ? null : Read(cluster, UnitKeys.ClusterWide, new Problems(ClusterFile.Path), out given);
        var own = TextOf(root.Under("unit"), "commands-from") == UnitKeys.OwnCommands;
        return [.. given.Where(key => !own || !UnitKeys.ListsCommands(key))];
    }

    /// <summary>One document; <paramref name="given"/>: which of its top keys it really has.</summary>
    private static Section? Read(ReadOnlySpan<byte> content, SectionShape shape, Problems found, out IReadOnlyList<string> given)
    {
        given = [];
        if (!TryDecode(content, found, out var text))
        {
            return null;
        }

        var node = Document.Read(text, found) ?? (found.None ? new MapNode(Place.Start, []) : null);
        given = node is MapNode map ? [.. map.Entries.Where(e => e.Value is not TextNode { IsNothing: true }).Select(e => e.Key.Text)] : [];
        return node is null ? null : shape.Read(node, "", found)?.Value as Section;
    }

    private static bool TryReadCluster(string path, out byte[]? content, out IReadOnlyList<UnitFileProblem> problems)
    {
        (content, problems) = (null, []);
        return !File.Exists(path) || TryReadBytes(path, out content, out problems);
    }

    private static bool TryReadBytes(string path, [NotNullWhen(true)] out byte[]? content, out IReadOnlyList<UnitFileProblem> problems)
    {
        (content, problems) = (null, []);
        try
        {
            using var file = File.OpenRead(path);
            content = new byte[LengthMaxBytes + 1];
            content = content[..file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false)];
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problems = [new(path, 1, 1, $"cannot be read: {e.Message}")];
            return false;
        }
    }

    private static bool TryDecode(ReadOnlySpan<byte> content, Problems problems, out string text)
    {
        text = "";
        if (content.Length > LengthMaxBytes)
        {
            problems.Add(Place.Start, $"larger than {LengthMaxBytes / 1024} KiB; expected a file of a few KiB");
            return false;
        }

        if (content.StartsWith("\uFEFF"u8))
        {
            content = content[3..];
        }

        var characters = new char[content.Length];
        var status = Utf8.ToUtf16(content, characters, out var read, out var written, replaceInvalidSequences: false);
        text = new string(characters, 0, written);
        if (status == OperationStatus.Done)
        {
            return true;
        }

        var line = text.AsSpan().Count('\n') + 1;
        var column = text.Length - text.LastIndexOf('\n');
        problems.Add(new Place(line, column), $"byte 0x{content[read]:x2} is not UTF-8; expected text in UTF-8");
        return false;
    }

    private static UnitSettings SettingsFrom(Section root, string folder)
    {
        var (cluster, unit, heartbeat) = (root.Under("cluster"), root.Under("unit"), root.Under("heartbeat"));
        var (sessions, configuration, upgrade) = (root.Under("sessions"), root.Under("configuration"), root.Under("upgrade"));
        var election = root.Under("election");
        var pickup = sessions.Under("pickup");
        return new UnitSettings(
            new ClusterSettings(
                cluster.Get<string>("name"),
                cluster.Get<int>("group"),
                cluster.Get<string>("mode") == "active-active",
                Path.GetFullPath(cluster.Get<string>("key-file"), folder)
            ),
            IdentityFrom(unit),
            new HeartbeatSettings(
                [.. heartbeat.Sections("links").Select(LinkFrom)],
                heartbeat.Get<TimeSpan>("interval"),
                heartbeat.Get<int>("lost-threshold"),
                heartbeat.Get<int>("port")
            ),
            [.. root.Sections("interfaces").Select(PortFrom)],
            new SessionSettings(
                pickup.Get<bool>("tcp"),
                pickup.Get<bool>("connectionless"),
                pickup.Get<bool>("expectations"),
                pickup.Get<bool>("nat"),
                pickup.Get<TimeSpan>("delay"),
                ValuesOf<SessionExpression>(sessions, "critical")
            )
            {
                Exclude = ValuesOf<SessionExpression>(sessions, "exclude"),
            },
            [.. configuration.Sections("files").Select(ManagedFileFrom)],
            [.. root.Sections("health").Select(ProbeFrom)],
            UpgradeFrom(upgrade, folder)
        )
        {
            Election = new ElectionSettings(
                election.Get<int>("probe-threshold"),
                election.Get<TimeSpan>("flip-guard"),
                election.Find("witness")?.Value as IPAddress
            ),
            SessionLink = sessions.Find("link") is null ? null : LinkFrom(sessions.Under("link")),
            Compared = [.. root.Sections("compare").Select(ComparedFrom)],
            Ignored = ValuesOf<string>(root.Under("forwarding"), "ignore"),
            Rules = [.. root.Under("forwarding").Sections("rules").SelectMany(RoutingRules.RulesFrom)],
            Schedule = root.Under("balance").Get<BalanceSchedule>("schedule"),
            KeptOnPrimary = ValuesOf<AddressPrefix>(root.Under("balance"), "on-primary"),
            Services = [.. root.Sections("services").Select(ServiceFrom)],
            Hooks = HooksFrom(root.Under("hooks")),
            Notices = [.. root.Sections("notices").Select(each => NoticeFrom(each, folder))],
            Keep = KeepFrom(configuration),
            Values = unit.Get<Dictionary<string, Located>>("values")
                .ToDictionary(v => v.Key, v => (string)v.Value.Value, StringComparer.Ordinal),
        };
    }

    private static IdentitySettings IdentityFrom(Section unit) =>
        new(unit.Get<string>("name"), unit.Get<int>("priority"), unit.Get<bool>("override"))
        {
            Weight = unit.Get<int>("weight"),
            OwnCommands = TextOf(unit, "commands-from") == UnitKeys.OwnCommands,
            RaucSlots = TextOf(unit, "slots") == RaucBackend.Kind,
        };

    private static UpgradeSettings UpgradeFrom(Section upgrade, string folder) =>
        new(
            upgrade.Get<TimeSpan>("soak"),
            upgrade.Get<TimeSpan>("uptime-margin"),
            upgrade.Get<TimeSpan>("rejoin-timeout"),
            upgrade.Get<TimeSpan>("confirm-timeout"),
            TextOf(upgrade, "trust-file") is { } trust ? Path.GetFullPath(trust, folder) : null,
            upgrade.Get<double>("session-difference-limit")
        )
        {
            Gates = [.. upgrade.Sections("gates").Select(GateFrom)],
            Expect = ValuesOf<string>(upgrade, "expect"),
            MinimumVersion = TextOf(upgrade, "minimum-version"),
            Feed = TextOf(upgrade, "feed"),
            Windows =
            [
                .. ValuesOf<string>(upgrade, "windows")
                    .Select(text => MaintenanceWindow.TryParse(text, out var window) ? window : null)
                    .OfType<MaintenanceWindow>(),
            ],
        };

    private static ComparedCommand ComparedFrom(Section each) => new(each.Get<string>("name"), each.Get<string>("command"));

    private static OutsideGate GateFrom(Section gate) =>
        new(
            gate.Get<string>("name"),
            ValuesOf<string>(gate, "before") is { Count: > 0 } given ? given : [OutsideGate.Switch],
            (gate.Find("alerts")?.Value as Uri)?.AbsoluteUri,
            (long)gate.Get<TimeSpan>("timeout").TotalMilliseconds
        );

    private static ServiceSettings ServiceFrom(Section service) =>
        new(service.Get<string>("unit"), ServiceRoleWord.Of(service.Get<string>("runs-on")) == ServiceRoleWord.Primary);

    private static HookSettings HooksFrom(Section hooks) =>
        new(
            TextOf(hooks, ServiceRoleWord.Primary.ToString()),
            TextOf(hooks, ServiceRoleWord.Standby.ToString()),
            TextOf(hooks, ServiceRoleWord.Fault.ToString()),
            TextOf(hooks, ServiceRoleWord.Stop.ToString()),
            hooks.Get<TimeSpan>("timeout")
        );

    private static KeepSettings KeepFrom(Section configuration) =>
        new(configuration.Get<int>("keep-revisions"), configuration.Get<TimeSpan>("backup-every"), configuration.Get<int>("keep-backups"));

    private static NoticeSettings NoticeFrom(Section notice, string folder) =>
        new(
            notice.Get<string>("name"),
            notice.Find("url")?.Value as Uri,
            notice.Find("syslog")?.Value as IPEndPoint,
            TextOf(notice, "secret-file") is { } secret ? Path.GetFullPath(secret, folder) : null,
            ValuesOf<string>(notice, "kinds")
        );

    private static ManagedFileSettings ManagedFileFrom(Section file) =>
        new(
            file.Get<string>("path"),
            TextOf(file, "check"),
            TextOf(file, "apply"),
            TextOf(file, "verify"),
            TextOf(file, "owner"),
            TextOf(file, "mode") is { } mode ? mode.PadLeft(4, '0') : null,
            file.Get<int>("order"),
            file.Get<bool>("template"),
            file.Get<bool>("secret")
        );

    private static HeartbeatLinkSettings LinkFrom(Section link) =>
        new(link.Get<string>("interface"), link.Get<IPAddress>("address"), ValuesOf<IPAddress>(link, "peers"));

    private static PortSettings PortFrom(Section port) =>
        new(port.Get<string>("name"), ValuesOf<AddressPrefix>(port, "virtual-addresses"), port.Get<bool>("monitor"))
        {
            HasVirtualMac = port.Get<string>("virtual-mac") == "on",
            VirtualMacId = port.Find("virtual-mac-id")?.Value as int?,
            Side = TextOf(port, "side") switch
            {
                "inside" => PortSide.Inside,
                "outside" => PortSide.Outside,
                _ => null,
            },
            Routes = [.. port.Sections("routes").Select(route => RoutingRules.RouteFrom(port.Get<string>("name"), route))],
        };

    private static ProbeSettings ProbeFrom(Section probe) =>
        new(
            probe.Get<string>("name"),
            TargetOf(probe),
            probe.Get<TimeSpan>("interval"),
            probe.Get<int>("fail-after"),
            probe.Get<int>("weight")
        );

    /// <summary><see cref="UnitRules"/> has seen that exactly one of the keys is there.</summary>
    private static ProbeTarget TargetOf(Section probe) =>
        probe switch
        {
            _ when probe.Find("tcp")?.Value is IPEndPoint service => new ProbeTarget.Tcp(service),
            _ when probe.Find("http")?.Value is Uri page => new ProbeTarget.Http(page),
            _ when probe.Find("memory")?.Value is int percent => new ProbeTarget.Memory(percent),
            _ when probe.Find("load")?.Value is int percent => new ProbeTarget.Load(percent),
            _ when probe.Find("exec")?.Value is string command => new ProbeTarget.Exec(command),
            _ => new ProbeTarget.Ping(probe.Get<IPAddress>("ping")),
        };

    private static string? TextOf(Section section, string key) => section.Find(key)?.Value as string;

    private static IReadOnlyList<T> ValuesOf<T>(Section section, string key) =>
        [.. section.Items(key).Select(item => item.Value).OfType<T>()];

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
}
