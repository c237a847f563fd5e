namespace Hitless.Linux.Traffic;

/// <summary>What a unit does with the virtual addresses (docs/decisions/0001).</summary>
public enum TrafficState
{
    /// <summary>Standby: silent for the virtual addresses in both directions.</summary>
    Muted,

    /// <summary>Primary: takes what comes for them and answers for them.</summary>
    Claimed,

    /// <summary>Former primary: still forwards what comes, answers no more.</summary>
    Draining,
}
