using System.Text.Json.Serialization;

namespace Hitless.Core.Api;

/// <summary>Who a unit is, in <see cref="UnitStatus.Role"/>.</summary>
[JsonConverter(typeof(WordConverter<UnitRoleWord>))]
public readonly record struct UnitRoleWord(string? Word) : IWord<UnitRoleWord>
{
    /// <summary>It carries the traffic.</summary>
    public static readonly UnitRoleWord Primary = new("primary");

    /// <summary>It could carry it.</summary>
    public static readonly UnitRoleWord Standby = new("standby");

    /// <summary>Neither.</summary>
    public static readonly UnitRoleWord None = new("none");

    /// <inheritdoc/>
    public static UnitRoleWord Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}

/// <summary>How a unit is, in <see cref="UnitStatus.State"/>.</summary>
[JsonConverter(typeof(WordConverter<UnitStateWord>))]
public readonly record struct UnitStateWord(string? Word) : IWord<UnitStateWord>
{
    /// <summary>It listens before it takes a role.</summary>
    public static readonly UnitStateWord Starting = new("starting");

    /// <summary>A standby that lacks sessions of the primary.</summary>
    public static readonly UnitStateWord Syncing = new("syncing");

    /// <summary>Fully able in its role.</summary>
    public static readonly UnitStateWord Ready = new("ready");

    /// <summary>A former primary that forwards what is in flight.</summary>
    public static readonly UnitStateWord Draining = new("draining");

    /// <summary>It has failed interfaces or probes that others do not have.</summary>
    public static readonly UnitStateWord Fault = new("fault");

    /// <summary>A run has it restart.</summary>
    public static readonly UnitStateWord Upgrading = new("upgrading");

    /// <summary>Not heard.</summary>
    public static readonly UnitStateWord Absent = new("absent");

    /// <summary>An operator holds it.</summary>
    public static readonly UnitStateWord Held = new("held");

    /// <summary>What a unit goes through that restarts: not heard, listening, or without all sessions yet.</summary>
    public bool ComesBack => this == Absent || this == Starting || this == Syncing;

    /// <summary>It is as well as it can be: ready, or held by an operator.</summary>
    public bool IsUp => this == Ready || this == Held;

    /// <inheritdoc/>
    public static UnitStateWord Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}

/// <summary>How a cluster is, in <see cref="ClusterStatus.Health"/>.</summary>
[JsonConverter(typeof(WordConverter<ClusterCondition>))]
public readonly record struct ClusterCondition(string? Word) : IWord<ClusterCondition>
{
    /// <summary>All is well.</summary>
    public static readonly ClusterCondition Ok = new("ok");

    /// <summary>The traffic is carried, and there are problems.</summary>
    public static readonly ClusterCondition Degraded = new("degraded");

    /// <summary>Nobody is heard to carry the traffic.</summary>
    public static readonly ClusterCondition Down = new("down");

    /// <inheritdoc/>
    public static ClusterCondition Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}

/// <summary>What services and hooks are told of, in <see cref="ServicesStatus.Role"/>.</summary>
[JsonConverter(typeof(WordConverter<ServiceRoleWord>))]
public readonly record struct ServiceRoleWord(string? Word) : IWord<ServiceRoleWord>
{
    /// <summary>The unit is primary.</summary>
    public static readonly ServiceRoleWord Primary = new("primary");

    /// <summary>It is not.</summary>
    public static readonly ServiceRoleWord Standby = new("standby");

    /// <summary>It is not, and has failed interfaces or probes.</summary>
    public static readonly ServiceRoleWord Fault = new("fault");

    /// <summary>Its daemon stops.</summary>
    public static readonly ServiceRoleWord Stop = new("stop");

    /// <inheritdoc/>
    public static ServiceRoleWord Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}

/// <summary>How far services and hooks have followed, in <see cref="ServicesStatus.State"/>.</summary>
[JsonConverter(typeof(WordConverter<ServicesState>))]
public readonly record struct ServicesState(string? Word) : IWord<ServicesState>
{
    /// <summary>For the role to settle, or to try again.</summary>
    public static readonly ServicesState Waiting = new("waiting");

    /// <summary>They are at it.</summary>
    public static readonly ServicesState Running = new("running");

    /// <summary>They are there.</summary>
    public static readonly ServicesState Done = new("done");

    /// <summary>Something failed, and is not tried again.</summary>
    public static readonly ServicesState Failed = new("failed");

    /// <inheritdoc/>
    public static ServicesState Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}

/// <summary>What a probe has found, in <see cref="HealthStatus.Result"/>.</summary>
[JsonConverter(typeof(WordConverter<ProbeResult>))]
public readonly record struct ProbeResult(string? Word) : IWord<ProbeResult>
{
    /// <summary>It answers.</summary>
    public static readonly ProbeResult Passing = new("passing");

    /// <summary>It has failed as often as counts.</summary>
    public static readonly ProbeResult Failing = new("failing");

    /// <summary>It was not tried yet.</summary>
    public static readonly ProbeResult Unknown = new("unknown");

    /// <inheritdoc/>
    public static ProbeResult Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}
