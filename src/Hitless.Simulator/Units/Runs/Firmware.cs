using Hitless.Core.Firmware;

namespace Hitless.Simulator.Units.Runs;

/// <summary>The two versions that lives are about, and how good the new one is.</summary>
internal enum Firmware
{
    /// <summary>The new version works.</summary>
    Good,

    /// <summary>Its daemon exits at once.</summary>
    ExitsAtOnce,

    /// <summary>Its daemon starts, and never holds the sessions.</summary>
    NeverReady,

    /// <summary>Its daemon starts, and a health probe fails from then on.</summary>
    Unhealthy,
}

/// <summary>Versions and hashes.</summary>
internal static class FirmwareVersions
{
    public const string OldImage = "old";
    public const string NewImage = "new";

    public static SemanticVersion Old { get; } = new(1, 0, 0);

    public static SemanticVersion New { get; } = new(1, 1, 0);

    /// <summary>How long a trial may stay unconfirmed.</summary>
    public static TimeSpan ConfirmTimeout { get; } = TimeSpan.FromSeconds(12);

    /// <summary>The state of a unit that has only ever run the old version.</summary>
    public static BootState Initial { get; } = BootRules.Installed(BootState.Empty, Slot.A, Old, OldImage);

    /// <summary>The newer version speaks a newer minor version of the wire protocol.</summary>
    public static byte WireMinorOf(SemanticVersion version) => (byte)(version == New ? 1 : 0);
}
