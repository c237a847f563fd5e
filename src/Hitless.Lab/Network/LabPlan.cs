using System.Text.RegularExpressions;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Network;

/// <summary>
/// What a lab is: its name, how many units, where its binaries and its folder are. Kept in <c>lab.json</c> of the lab's folder,
/// so that every later command finds the same lab.
/// </summary>
public sealed partial record LabPlan(
    string Name,
    string Folder,
    string Binaries,
    int UnitCount,
    int HeartbeatLinks,
    bool StaticRouter,
    string? Image,
    string? Trust
)
{
    /// <summary>hb0 is a cable from gw1 to gw2 without a switch between: each sees when the other's end is dead.</summary>
    public bool DirectCable { get; init; }

    /// <summary>The units have a network for sessions alone, on the port <see cref="SessionPort"/>.</summary>
    public bool SessionLink { get; init; }

    /// <summary>A unit's port on the session link.</summary>
    public const string SessionPort = "ss0";

    /// <summary>The namespace that holds the switches (bridges lan, wan, hb0…).</summary>
    public const string Switch = "switch";

    /// <summary>The host on the lan side.</summary>
    public const string Client = "client";

    /// <summary>The host on the wan side.</summary>
    public const string Server = "server";

    /// <summary>
    /// Where labs live unless told otherwise, one folder per lab. Root of a user namespace only may not write there; /run is its own then.
    /// </summary>
    public static string DefaultRoot { get; } = Writable("/var/lib") ? "/var/lib/hitless-lab" : "/run/hitless-lab";

    /// <summary>The firewall hides sources behind the first address of wan0 (<c>masquerade</c>), not behind the virtual one.</summary>
    public bool Masquerade { get; init; }

    /// <summary>The standbys carry flows too; those that the firewall translates stay on the primary.</summary>
    public bool ActiveActive { get; init; }

    /// <summary>How long an upgrade watches its new primary.</summary>
    public int SoakSeconds { get; init; } = 3;

    /// <summary>
    /// The state directory of every unit is a file system of its own (in memory) of so many MB, so that it can be full; null: a folder like
    /// any other.
    /// </summary>
    public int? DiskMegabytes { get; init; }

    /// <summary>The units are emulated machines with a Debian 12 of their own, not namespaces of this one.</summary>
    public bool Machines { get; init; }

    /// <summary>
    /// The kernel of emulated machines: 6.1 (Debian 12, also when null) or 6.8 (Ubuntu 24.04). Units that are namespaces have this
    /// machine's; with a version here their daemons use of it only what that version has.
    /// </summary>
    public string? Kernel { get; init; }

    /// <summary>
    /// Emulated machines have a boot loader of their own: GRUB reads its menu from the machine's disk, and starts the kernel that the
    /// machine itself has chosen (<see cref="Kernel"/> is null or 6.1 then).
    /// </summary>
    public bool BootLoader { get; init; }

    /// <summary>A folder whose files an operator would have put onto every emulated machine; null: none.</summary>
    public string? MachineFiles { get; init; }

    /// <summary>The kernel of Debian 12.</summary>
    public const string DebianKernel = "6.1";

    /// <summary>Emulated machines need so many times longer for everything than the namespaces of the machine that emulates them.</summary>
    public int Slowness => Machines ? 10 : 1;

    /// <summary>gw1, gw2…</summary>
    public IEnumerable<string> Units => Enumerable.Range(1, UnitCount).Select(number => $"gw{number}");

    /// <summary>Every node that is a namespace, the switch first.</summary>
    public IEnumerable<string> Nodes => [Switch, Client, Server, .. Machines ? [] : Units];

    /// <summary>hb0, hb1…</summary>
    public IEnumerable<string> HeartbeatPorts => Enumerable.Range(0, HeartbeatLinks).Select(number => $"hb{number}");

    /// <summary>The ports between units: hb0, hb1…, and the session link's.</summary>
    public IEnumerable<string> LinkPorts => SessionLink ? [.. HeartbeatPorts, SessionPort] : HeartbeatPorts;

    /// <summary>A unit's ports: lan0, wan0 and those between units.</summary>
    public IEnumerable<string> UnitPorts => ["lan0", "wan0", .. LinkPorts];

    /// <summary>Whether no switch is at the other end of a unit's port.</summary>
    public bool IsDirect(string port) => DirectCable && port == "hb0";

    /// <summary>1 for gw1, 2 for gw2…</summary>
    public static int NumberOf(string unit) => int.Parse(unit.AsSpan(2));

    /// <summary>The network namespace of a node.</summary>
    public string NamespaceOf(string node) => $"hl-{Name}-{node}";

    /// <summary>The switch's end of a unit's port: lan0 of gw1 is lan-gw1, hb0 is hb0-gw1.</summary>
    public static string SwitchPort(string port, string unit) =>
        port switch
        {
            "lan0" => $"lan-{unit}",
            "wan0" => $"wan-{unit}",
            "mgmt0" => $"mgmt-{unit}",
            _ => $"{port}-{unit}",
        };

    /// <summary>The unit by that name, or a clear refusal.</summary>
    public string RequireUnit(string name) =>
        Units.Contains(name, StringComparer.Ordinal)
            ? name
            : throw new LabException($"there is no unit {name} in lab {Name}", $"its units are {string.Join(", ", Units)}");

    /// <summary>The path of hitless or hitless-boot, or a clear refusal.</summary>
    public string Program(string name)
    {
        var file = Path.Combine(Binaries, name);
        return File.Exists(file)
            ? file
            : throw new LabException(
                $"there is no {name} in {Binaries}",
                "run `./dev build`, or say where the binaries are with --bin DIR"
            );
    }

    /// <summary>Writes <c>lab.json</c>.</summary>
    public void Save()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "lab.json"), LabJson.WriteIndented(this));
    }

    /// <summary>The lab that <c>up</c> made.</summary>
    public static LabPlan Load(string root, string name)
    {
        var file = Path.Combine(root, RequireName(name), "lab.json");
        return File.Exists(file)
            ? LabJson.Read<LabPlan>(File.ReadAllText(file))
                ?? throw new LabException($"{file} is empty", "`hitless lab down`, then `up` again")
            : throw new LabException($"there is no lab {name} (no {file})", "start one with `hitless lab up`");
    }

    /// <summary>
    /// Names go into names of namespaces and folders; without dashes one lab's prefix is never the beginning of another's.
    /// </summary>
    public static string RequireName(string name) =>
        NamePattern().IsMatch(name)
            ? name
            : throw new LabException($"'{name}' is no name for a lab", "use 1 to 20 small letters and digits");

    private static bool Writable(string folder)
    {
        try
        {
            var probe = Path.Combine(folder, $".hitless-lab-{Environment.ProcessId}");
            Directory.CreateDirectory(probe);
            Directory.Delete(probe);
            return true;
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
        {
            return false;
        }
    }

    [GeneratedRegex("^[a-z0-9]{1,20}$", RegexOptions.ExplicitCapture)]
    private static partial Regex NamePattern();
}
