namespace Hitless.Core.Api;

/// <summary>The values of <see cref="ClusterEvent.Kind"/>; readers pass over those that they do not know.</summary>
public static class EventKinds
{
    /// <summary>A change of primary, with its reason in the text (<c>hitless history</c>).</summary>
    public const string Role = "role";

    /// <summary>A unit joined, left, started, stopped or changed its state.</summary>
    public const string Unit = "unit";

    /// <summary>A port or a probe changed.</summary>
    public const string Health = "health";

    /// <summary>A bulk transfer, an overrun, a resync.</summary>
    public const string Sessions = "sessions";

    /// <summary>A commit, a rollback, a drift.</summary>
    public const string Configuration = "configuration";

    /// <summary>An image came or went; a slot was written, tried, confirmed.</summary>
    public const string Firmware = "firmware";

    /// <summary>A step of a run.</summary>
    public const string Upgrade = "upgrade";

    /// <summary>A problem of <c>status</c> was raised or cleared; told where there are <c>notices</c>.</summary>
    public const string Problem = "problem";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Role, Unit, Health, Sessions, Configuration, Firmware, Upgrade, Problem];
}
