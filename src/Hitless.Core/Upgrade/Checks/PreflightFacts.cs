using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Firmware;

namespace Hitless.Core.Upgrade.Checks;

/// <summary>Everything that the checks of a run are judged by, at one moment. Who gathers it decides nothing.</summary>
public sealed record PreflightFacts
{
    /// <summary>The run that is asked for.</summary>
    public required RunHeader Header { get; init; }

    /// <summary>It is the open run itself that asks.</summary>
    public required bool DuringRun { get; init; }

    /// <summary>What this cluster's configuration demands.</summary>
    public required PreflightRules Rules { get; init; }

    /// <summary>The time; maintenance windows are held against the unit's local time.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The unit that is primary; null: none is.</summary>
    public required string? Primary { get; init; }

    /// <summary>Every unit, this one first.</summary>
    public required IReadOnlyList<PreflightUnit> Units { get; init; }

    /// <summary>A run is open.</summary>
    public required bool RunIsOpen { get; init; }

    /// <summary>The image; null for a run that takes one back, which needs none.</summary>
    public required PreflightImage? Image { get; init; }

    /// <summary>For a run that takes one back: whether each unit still holds what it is to go back to.</summary>
    public required IReadOnlyList<CheckResult> OldSlots { get; init; }

    /// <summary>What each standby says of its way to forward.</summary>
    public required IReadOnlyList<PreflightForwarding> Forwarding { get; init; }

    /// <summary>Which revision each unit has.</summary>
    public required SyncReport Configuration { get; init; }

    /// <summary>The primary's sessions against those of each standby that is ready.</summary>
    public required IReadOnlyList<PreflightSessions> Sessions { get; init; }
}

/// <summary>What a cluster's configuration demands of a run.</summary>
/// <param name="Units">How many units the cluster has.</param>
/// <param name="HeartbeatLinks">How many heartbeat links they have.</param>
/// <param name="MinimumVersion"><c>upgrade.minimum-version</c>; null: none is too old.</param>
/// <param name="Windows"><c>upgrade.windows</c>; none: at any time.</param>
/// <param name="SessionDifferenceLimit"><c>upgrade.session-difference-limit</c>: the share of sessions that may break, 0 to 1.</param>
public sealed record PreflightRules(
    int Units,
    int HeartbeatLinks,
    string? MinimumVersion,
    IReadOnlyList<MaintenanceWindow> Windows,
    double SessionDifferenceLimit
);

/// <summary>One unit as its heartbeat tells of it, and what it says of the place for an image.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">Its state, as in <c>hitless status</c>.</param>
/// <param name="Present">It is heard.</param>
/// <param name="Ready">It could be primary now.</param>
/// <param name="Version">What it runs.</param>
/// <param name="Failures">How many interfaces and probes fail there.</param>
/// <param name="FreeBytes">The free bytes of its disk; null: it does not say.</param>
/// <param name="CanReboot">Its hitless-boot can reboot the machine; null: it does not say.</param>
public sealed record PreflightUnit(
    string Name,
    UnitStateWord State,
    bool Present,
    bool Ready,
    string Version,
    int Failures,
    long? FreeBytes,
    bool? CanReboot
);

/// <summary>An image, as this unit finds it.</summary>
/// <param name="Missing">Why it cannot be read; null: it can, and the rest holds.</param>
/// <param name="Manifest">What it says of itself.</param>
/// <param name="Signer">Who has signed it.</param>
/// <param name="Forged">Why its signature or its content is not believed; null: it is.</param>
/// <param name="SlotKind">The kind of slots here.</param>
/// <param name="OtherSlots">Why it does not go into them; null: it does.</param>
/// <param name="Bytes">What it needs on a disk, in bytes: itself, and unpacked.</param>
/// <param name="Conversion">What its converter would make of the configuration; null: it was not asked.</param>
/// <param name="Running">What runs here, with the configuration's schema.</param>
public sealed record PreflightImage(
    Refusal? Missing,
    ImageManifest? Manifest,
    string? Signer,
    Refusal? Forged,
    string SlotKind,
    Refusal? OtherSlots,
    long Bytes,
    CheckResult? Conversion,
    RunningFirmware Running
);

/// <summary>What a standby says of its way to forward. <c>Silence</c>: why it says nothing.</summary>
public sealed record PreflightForwarding(string Unit, ForwardingStatus? Status, string? Silence);

/// <summary>The primary's sessions against a standby's.</summary>
public sealed record PreflightSessions(string Standby, SessionDifference Difference);
