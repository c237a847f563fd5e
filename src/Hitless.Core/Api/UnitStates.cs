namespace Hitless.Core.Api;

/// <summary>Values of <see cref="UnitStatus.State"/> that programs decide by; there are more.</summary>
public static class UnitStates
{
    /// <summary>Fully able in its role.</summary>
    public const string Ready = "ready";

    /// <summary>Not heard.</summary>
    public const string Absent = "absent";

    /// <summary>An operator holds it.</summary>
    public const string Held = "held";
}

/// <summary>Values of <see cref="UnitStatus.Role"/> that programs decide by.</summary>
public static class UnitRoles
{
    /// <summary>It carries the traffic.</summary>
    public const string Primary = "primary";
}
