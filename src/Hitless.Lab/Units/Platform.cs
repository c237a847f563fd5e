using Hitless.Lab.Network;
using Hitless.Lab.Units.Machines;

namespace Hitless.Lab.Units;

/// <summary>What a lab's units are made of: how they are made and switched, and how one gets in.</summary>
public abstract class Platform
{
    /// <summary>The platform of a lab's units.</summary>
    public static Platform Of(LabPlan plan) => plan.Machines ? new MachinePlatform() : new NamespacePlatform();

    /// <summary>Where the operator's firewall lies in a unit.</summary>
    public abstract string FirewallFile { get; }

    /// <summary>The timings in <c>unit.yaml</c>.</summary>
    public abstract string Timings(LabPlan plan);

    /// <summary>
    /// Whether a shell that was opened on a unit goes on when the unit restarts; else a run is followed by asking whoever answers.
    /// </summary>
    public abstract bool ShellOutlivesRestart { get; }

    /// <summary>Makes the lab's network and units, and boots them.</summary>
    public abstract void Up(LabPlan plan, Action<string> say);

    /// <summary>Copies what a unit has written where the lab's folder does not hold it.</summary>
    public abstract void KeepLogs(LabPlan plan, string target);

    /// <summary>True when the unit is switched on.</summary>
    public abstract bool IsOn(LabUnit unit);

    /// <summary>The words, after <c>ip</c>, that run a command inside the unit.</summary>
    public abstract IEnumerable<string> Inside(LabUnit unit, IEnumerable<string> command);

    /// <summary>The program and arguments that run the CLI for the unit.</summary>
    public abstract (string Program, IEnumerable<string> Arguments) Cli(LabUnit unit, IEnumerable<string> words);

    /// <summary>The path of a file of ours where the unit's CLI runs; it is carried there if need be.</summary>
    public abstract string Carry(LabUnit unit, string file);

    /// <summary>Boots the unit.</summary>
    public abstract void Boot(LabUnit unit);

    /// <summary>Everything in the unit ends at once and its kernel forgets. The unit is off afterwards.</summary>
    public abstract void Reset(LabUnit unit);

    /// <summary>The power goes, and with it every carrier in the same instant.</summary>
    public abstract void PowerOff(LabUnit unit);

    /// <summary>kill -9 of the daemon alone.</summary>
    public abstract void KillDaemon(LabUnit unit);

    /// <summary>A signal for everything that is the unit (STOP, CONT).</summary>
    public abstract void Signal(LabUnit unit, string signal);

    /// <summary>A line about the unit for who looks at the lab.</summary>
    public abstract string Describe(LabUnit unit);
}
