namespace Hitless.Core.Upgrade;

/// <summary>A step of a run: a goal that is reached or not, so that it can be repeated by whoever drives the run on.</summary>
public readonly record struct RunStep(string Name, string? Target)
{
    /// <summary>All is as a run needs it.</summary>
    public const string Preflight = "preflight";

    /// <summary>Every unit has a backup file of its configuration.</summary>
    public const string Backup = "backup";

    /// <summary>Configuration frozen, preemption held.</summary>
    public const string Freeze = "freeze";

    /// <summary>The primary carries all flows, and no standby forwards any (mode active-active).</summary>
    public const string BalanceOff = "load-balancing-off";

    /// <summary>Standbys may carry flows again (mode active-active).</summary>
    public const string BalanceOn = "load-balancing-on";

    /// <summary>The image is in the target's store.</summary>
    public const string Copy = "copy";

    /// <summary>The image is in the target's spare slot.</summary>
    public const string Install = "install";

    /// <summary>Two other units are ready: the target may be taken out (<c>--keep-redundancy</c>).</summary>
    public const string Redundancy = "redundancy";

    /// <summary>The target starts from its spare slot, on trial.</summary>
    public const string Trial = "trial";

    /// <summary>The target is back, on the new version, and ready.</summary>
    public const string Rejoin = "rejoin";

    /// <summary>The target holds the sessions and the configuration.</summary>
    public const string Verify = "verify";

    /// <summary>The target keeps its new slot.</summary>
    public const string Confirm = "confirm";

    /// <summary>The target is primary.</summary>
    public const string Switchover = "switchover";

    /// <summary>The sessions of before the switch are on the new primary.</summary>
    public const string ServiceCheck = "service-check";

    /// <summary>The new primary has carried the traffic for the soak time.</summary>
    public const string Soak = "soak";

    /// <summary>The cluster's rules have chosen who ends as primary.</summary>
    public const string FinalPrimary = "final-primary";

    /// <summary>Configuration free, preemption as before.</summary>
    public const string Release = "release";

    /// <summary>The target is primary for a while, before anything is upgraded.</summary>
    public const string TrialSwitchover = "trial-switchover";

    /// <summary>The target runs its old slot again.</summary>
    public const string Revert = "revert";

    /// <summary>The target is back, on the old version, and ready.</summary>
    public const string Return = "return";

    /// <summary>
    /// The target was away, or did not settle, for longer than a run waits: it is left as it is. No step of a plan; a failed one in the
    /// journal.
    /// </summary>
    public const string Left = "left";

    /// <summary>
    /// A question to the target: does its spare slot still hold the version that a rollback goes back to? No step of a plan.
    /// </summary>
    public const string Spare = "spare";

    /// <summary>A question to the target: how many bytes are free where its slots and images lie? No step of a plan.</summary>
    public const string Room = "room";

    /// <summary>A question: can the unit reboot its machine?</summary>
    public const string Reboot = "reboot";

    /// <summary>The run waits for the gate that is its target (<c>upgrade.gates</c>). No step of a plan.</summary>
    public const string GateWaits = "gate-waits";

    /// <summary>Somebody has opened that gate. No step of a plan.</summary>
    public const string GateOpened = "gate-opened";

    /// <summary>What an operator has said. No step of a plan.</summary>
    public const string Command = "command";

    /// <summary>The target, or all of them where a step is taken on several units together (<c>gw2+gw3</c>).</summary>
    public IReadOnlyList<string> Targets => Target?.Split('+') ?? [];

    /// <inheritdoc/>
    public override string ToString() => Target is null ? Name : $"{Name} {Target}";
}
