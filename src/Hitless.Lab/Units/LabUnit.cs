using Hitless.Lab.Network;

namespace Hitless.Lab.Units;

/// <summary>
/// One gateway of the lab and its folder. Inside the unit the folder appears at the usual places (<c>etc</c> at /etc/hitless,
/// <c>state</c> at /var/lib/hitless, <c>run</c> at /run/hitless), so that every unit has the same paths in its configuration.
/// </summary>
public sealed record LabUnit(LabPlan Plan, string Name)
{
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

    /// <summary>What the unit is made of.</summary>
    public Platform Platform => Platform.Of(Plan);

    /// <summary>True when the unit is switched on.</summary>
    public bool Running => Platform.IsOn(this);

    /// <summary>The words, after <c>ip</c>, that run a command inside the unit, as an operator there would.</summary>
    public IEnumerable<string> Inside(params IEnumerable<string> command) => Platform.Inside(this, command);
}
