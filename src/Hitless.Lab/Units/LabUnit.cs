using Hitless.Lab.Machines;
using Hitless.Lab.Network;

namespace Hitless.Lab.Units;

/// <summary>
/// One gateway of the lab and its folder. Inside the unit the folder appears at the usual places (<c>etc</c> at /etc/hitless,
/// <c>state</c> at /var/lib/hitless, <c>run</c> at /run/hitless), so that every unit has the same paths in its configuration.
/// </summary>
public sealed record LabUnit(LabPlan Plan, string Name)
{
    // `ip netns exec` has given us a mount namespace of our own. Where a place cannot be made (root of a user namespace only), its parent gets an
    // overlay in which it can.
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

    /// <summary>The places inside a unit, and the folders that stand behind them.</summary>
    public static IReadOnlyList<(string Inside, string Behind)> Places { get; } =
        [("/etc/hitless", "etc"), ("/var/lib/hitless", "state"), ("/run/hitless", "run")];

    /// <summary>1 for gw1.</summary>
    public int Number => LabPlan.NumberOf(Name);

    /// <summary>The unit's network namespace.</summary>
    public string Namespace => Plan.NamespaceOf(Name);

    /// <summary>Everything that is the unit's own.</summary>
    public string Folder => Path.Combine(Plan.Folder, Name);

    /// <summary>What hitless-boot and hitlessd say; it goes on over reboots.</summary>
    public string Log => Path.Combine(Folder, "unit.log");

    /// <summary>The unit's socket as seen from outside.</summary>
    public string Socket => Path.Combine(Folder, "run", "hitless.sock");

    /// <summary>The unit's state directory as seen from outside.</summary>
    public string State => Path.Combine(Folder, "state");

    /// <summary>The settings that the kernel had before the first boot; a reboot goes back to them.</summary>
    public string KernelDefaults => Path.Combine(Folder, "sysctl.default");

    /// <summary>True when a process of the unit runs.</summary>
    public bool Running => Plan.Machines
        ? MachinePower.Process(this) is not null
        : Namespaces.Exists(Namespace) && Namespaces.Processes(Namespace).Count > 0;

    /// <summary>
    /// The words, after `ip`, that run a command inside the unit: its network, and its folder at the usual places (/sys is the namespace's
    /// own); or on the machine that it is.
    /// </summary>
    public IEnumerable<string> Inside(params IEnumerable<string> command) => Plan.Machines
        ? MachinePower.Enter(this, command)
        : ["netns", "exec", Namespace, "sh", "-c", Enter, "enter", Folder, .. command];
}
